"""Loads many rows fast: by one INSERT … SELECT per table, with indexes built afterwards and foreign keys not asked."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, cast

import sqlalchemy as sa

from provider.kernel.database import Model, db, is_sqlite

_SQLITE = ("foreign_keys=off", "journal_mode=off", "synchronous=off", "cache_size=-400000", "temp_store=memory")
_POSTGRES = (
    "default_transaction_read_only = off",
    "session_replication_role = replica",
    "synchronous_commit = off",
    "maintenance_work_mem = '400MB'",
    "work_mem = '200MB'",
    "statement_timeout = 0",
)


class Driver(Protocol):
    """A connection of SQLite's or PostgreSQL's own driver."""

    def execute(self, query: str, /) -> Any: ...  # noqa: ANN401 - the driver's cursor


class Bulk:
    """A connection that writes rows for the numbers of a range, each column by an expression of ``n``."""

    def __init__(self, connection: Driver, first: int, last: int) -> None:
        self.connection, self.first, self.last = connection, first, last
        self.sqlite = is_sqlite()

    def rows(self, model: type[Model], *, where: str = "", **values: str) -> None:
        """Insert a row per number; a column that nobody names is empty or has its default."""
        named = {name: value for name, value in {**self._defaults(model), **values}.items() if value}
        columns, expressions = ", ".join(f'"{name}"' for name in named), ", ".join(named.values())
        condition = f" WHERE {where}" if where else ""
        self.run(f"INSERT INTO {model.__tablename__} ({columns}) SELECT {expressions} FROM {self.numbers}{condition}")  # noqa: S608 - our own words

    def run(self, statement: str) -> None:
        """Send a statement."""
        self.connection.execute(statement)

    def instant(self, seconds: str, since: dt.datetime) -> str:
        """Return the expression of an instant so many seconds after another."""
        began = int(since.timestamp())
        if self.sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%S.000000', {began} + ({seconds}), 'unixepoch')"
        return f"to_timestamp({began} + ({seconds}))"

    def day(self, seconds: str, since: dt.datetime) -> str:
        """Return the expression of a date, in UTC, so many seconds after an instant."""
        return f"date({self.instant(seconds, since)})"

    def json(self, written: str) -> str:
        """Return the expression of a JSON text."""
        return f"'{written}'" if self.sqlite else f"'{written}'::json"

    def scalar(self, query: str) -> int:
        """Return one number."""
        return int(self.connection.execute(query).fetchone()[0])

    @property
    def numbers(self) -> str:
        """The numbers, as what stands after FROM."""
        if not self.sqlite:
            return f"generate_series({self.first}, {self.last}) n"
        counting = f"SELECT {self.first} AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {self.last}"  # noqa: S608 - our own numbers
        return f"(WITH RECURSIVE numbers(n) AS ({counting}) SELECT n FROM numbers)"  # noqa: S608 - our own numbers

    @staticmethod
    def _defaults(model: type[Model]) -> dict[str, str]:
        """Return what columns hold that must hold something and that say themselves what."""
        found: dict[str, str] = {}
        for column in model.__table__.columns:
            default = column.default
            if isinstance(default, sa.ColumnDefault) and default.is_scalar and not column.nullable:
                value = default.arg
                found[column.name] = str(value).lower() if isinstance(value, bool | int) else f"'{value}'"
        return found


@contextmanager
def loading(models: Sequence[type[Model]], first: int, last: int) -> Iterator[Bulk]:
    """Give a connection for loading rows ``first`` to ``last`` into these tables; at the end all is as it was.

    It is the driver's own: what SQLAlchemy begins and ends around statements would only be in the way.
    """
    names = [model.__tablename__ for model in models]
    pooled = db.engine.raw_connection()
    connection = cast("Driver", pooled.driver_connection)
    if not is_sqlite():
        connection.autocommit = True  # type: ignore[attr-defined]
    for setting in _SQLITE if is_sqlite() else _POSTGRES:
        connection.execute(f"pragma {setting}" if is_sqlite() else f"SET {setting}")
    indexes = _indexes(connection, names)
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    yield Bulk(connection, first, last)
    for _, statement in indexes:
        connection.execute(statement)
    _settle(connection, names)
    pooled.invalidate()  # its settings were for loading only


def _indexes(connection: Driver, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return name and statement of the indexes that no constraint made."""
    listed = ", ".join(f"'{name}'" for name in names)
    if is_sqlite():
        query = (
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({listed})"  # noqa: S608 - our own names
        )
    else:
        query = (
            f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({listed}) "  # noqa: S608 - our own names
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
    return [(name, statement) for name, statement in connection.execute(query).fetchall()]


def _settle(connection: Driver, names: Sequence[str]) -> None:
    """Let ids go on after the last, and do what a database's own housekeeping would have done by then."""
    if is_sqlite():
        connection.execute("pragma journal_mode=wal")
        return
    for name in names:
        if "id" in Model.metadata.tables[name].columns:
            last = f"(SELECT max(id) FROM {name})"  # noqa: S608 - our own names
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last})")
    connection.execute("VACUUM ANALYZE")
