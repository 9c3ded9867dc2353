"""The real thing on loopback: prepare, gunicorn and the worker as processes, each ended by its own id."""

import contextlib
import datetime as dt
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.harness.moved import CLOCK_FILE

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".venv/bin"
START_SECONDS = 30.0


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Server:
    """One school's processes, with a folder, a database and a port of its own."""

    def __init__(
        self, folder: Path, *, database_url: str = "", mail_url: str = "", settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.mail_port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.clock_file = folder / "clock"
        self.log = folder / "log"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))},
            "PORT": str(self.port),
            "MAILROOM_PORT": str(self.mail_port),
            "INSTANCE_DIR": str(folder / "instance"),
            "DATABASE_URL": database_url,
            "MAIL_URL": mail_url,
            "WEB_WORKERS": "1",
            "PASSWORD_MEMORY_KIB": "64",
            "PASSWORD_ROUNDS": "1",
            CLOCK_FILE: str(self.clock_file),
            **(settings or {}),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def flask(self, *arguments: str, status: int = 0) -> str:
        """Run one of our commands to its end; return what it printed."""
        command = [str(BIN / "flask"), "--app", "tests.harness.moved", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == status, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def prepare(self) -> str:
        """Make the instance ready; return the path of the link that makes the first administrator."""
        printed = self.flask("prepare")
        match = re.search(rf"{re.escape(self.base_url)}(/links/\S+)", printed)
        assert match is not None, printed
        return match[1]

    def start_web(self) -> None:
        """Start gunicorn and wait until it answers."""
        gunicorn = [str(BIN / "gunicorn"), "--config", "python:provider.server", "--no-control-socket"]
        self._start("web", [*gunicorn, "tests.harness.moved:create_app()"])
        self.wait_for_web()

    def wait_for_web(self) -> None:
        """Wait until the web process answers."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self._running["web"].poll() is None, f"the web process ended:\n{self.log.read_text()}"
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
                connection.request("GET", "/health/live")
                connection.getresponse().read()
                connection.close()
                return
            time.sleep(0.05)
        message = f"no answer in {START_SECONDS:.0f} s:\n{self.log.read_text()}"
        raise AssertionError(message)

    def start_worker(self) -> None:
        """Start the worker."""
        self._start("worker", [str(BIN / "flask"), "--app", "tests.harness.moved", "worker"])

    def start_mailroom(self) -> None:
        """Start the mailroom and wait until it listens."""
        self._start("mailroom", [str(BIN / "flask"), "--app", "tests.harness.moved", "mailroom"])
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.mail_port), 1):
                return
            time.sleep(0.05)
        raise AssertionError(f"the mailroom does not listen:\n{self.log.read_text()}")

    def _start(self, name: str, command: list[str]) -> None:
        with self.log.open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """End a process and its children at once, as a power cut would."""
        self._end(name, signal.SIGKILL)

    def end(self, name: str) -> None:
        """End a process as its operator would."""
        self._end(name, signal.SIGTERM)

    def stop(self) -> None:
        """End everything that was started here."""
        for name in tuple(self._running):
            self._end(name, signal.SIGTERM)

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(15)

    def set_clock(self, instant: dt.datetime | None) -> None:
        """Let the running processes read this instant as now; None gives them the real time back."""
        draft = self.clock_file.with_suffix(".new")
        draft.write_text("" if instant is None else instant.isoformat())
        draft.rename(self.clock_file)

    def clock(self) -> dt.datetime | None:
        """Return the instant that the running processes read as now; None for the real time."""
        written = self.clock_file.read_text() if self.clock_file.exists() else ""
        return dt.datetime.fromisoformat(written) if written else None

    def audit(self) -> str:
        """Recompute the invariants from the tables; fails with what was found when one is broken."""
        return self.flask("audit")


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """Stop a server's processes at the end, whatever happened."""
    try:
        yield server
    finally:
        server.stop()
