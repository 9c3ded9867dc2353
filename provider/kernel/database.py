"""The database: typed base, UTC instants, naming of constraints, and the unit of work that is the only commit."""

import datetime as dt
import enum
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, cast

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, make_transient_to_detached, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from provider.kernel.errors import DomainError
from provider.kernel.writers import Writers

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
M = TypeVar("M", bound="Model")

BUSY_SECONDS = 5.0
TRIES = 5
_RETRYABLE = frozenset({"40001", "40P01", "23505"})

Cents = Annotated[int, mapped_column(sa.BigInteger)]
Ref = Annotated[str, mapped_column(sa.String(16))]
Line = Annotated[str, mapped_column(sa.String(200))]
EmailText = Annotated[str, mapped_column(sa.String(254))]


class NaiveTime(TypeError):
    """A time without a zone was about to be stored."""


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An instant: refuses naive values and comes back in UTC on both engines."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 - signature
        """Store UTC, refuse naive."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTime(value.isoformat())
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 - signature
        """Return UTC; SQLite forgets the zone, which is always UTC here."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Model(DeclarativeBase):
    """The typed base of every table."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dt.datetime: UtcDateTime(),
        enum.StrEnum: sa.Enum(
            enum.StrEnum,
            native_enum=False,
            length=32,
            create_constraint=False,
            values_callable=lambda kind: [member.value for member in kind],
        ),
        dict[str, Any]: sa.JSON(),
        list[Any]: sa.JSON(),
    }


db = SQLAlchemy(metadata=Model.metadata)


def table(model: type[Model]) -> sa.Table:
    """Return a model's table, for statements that need no objects: without them one costs a fraction."""
    return cast("sa.Table", model.__table__)


def known(column: str, kind: type[enum.StrEnum]) -> sa.CheckConstraint:
    """Return the CHECK that lets only the enum's values into the column."""
    values = ", ".join(f"'{member.value}'" for member in kind)
    return sa.CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")


class Busy(DomainError):
    """The database could not be written to in time."""

    status = 503
    code = "busy"
    sentence = "The school's records are busy. Nothing was changed. Wait a few seconds and try again."


_writing: ContextVar[Connection | None] = ContextVar("writing", default=None)


def engine_options(url: str) -> dict[str, Any]:
    """Return the engine's options for either database; PostgreSQL's time-outs are unlimited unless set.

    Reading on PostgreSQL begins no transaction: in READ COMMITTED each statement sees the newest rows in any case, and
    the two round trips were a seventh of an enrollment. A write outside of a unit of work is refused by the database.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS, "check_same_thread": False}}
    timeouts = "-c lock_timeout=5s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
    return {
        "pool_pre_ping": True,
        "isolation_level": "AUTOCOMMIT",
        "connect_args": {
            "options": f"{timeouts} -c timezone=UTC -c default_transaction_read_only=on",
            "connect_timeout": 5,
        },
    }


def writing_options() -> dict[str, Any]:
    """Return the options of a connection that writes, in one transaction."""
    return {"immediate": True} if is_sqlite() else {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}


def install(app: Flask) -> None:
    """Bind the database to the application and teach SQLite to behave."""
    db.init_app(app)
    with app.app_context():
        if is_sqlite():
            sa.event.listen(db.engine, "connect", _prepare_sqlite)
            sa.event.listen(db.engine, "begin", _begin_sqlite)


def is_sqlite() -> bool:
    """Say which of the two engines is in use."""
    return db.engine.dialect.name == "sqlite"


def not_by_index(column: sa.SQLColumnExpression[int]) -> sa.SQLColumnExpression[int]:
    """Return a number that SQLite does not look up in an index, where another of the statement leads to fewer rows.

    PostgreSQL weighs both by what it knows of the column, which ``+ 0`` would take from it.
    """
    return column + 0 if is_sqlite() else column


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own
    connection.isolation_level = None
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "busy_timeout=5000"):
        connection.execute(f"pragma {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("immediate"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # waits for nothing and cannot fail, so it need not go the long way
        cast("Any", connection.connection.driver_connection).execute("BEGIN")


class NestedUnit(RuntimeError):
    """A unit of work was opened inside another: an action tried to commit."""


class NoUnit(RuntimeError):
    """Rows were about to be written outside of a unit of work."""


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Everything inside is committed whole or not at all; what was read before is read again."""
    if _writing.get() is not None:
        raise NestedUnit
    db.session.rollback()
    writers = _queue(db.engine.url.database) if is_sqlite() else None
    if writers is not None and not writers.enter(BUSY_SECONDS):
        raise Busy
    token = None
    try:
        token = _writing.set(db.session.connection(execution_options=writing_options()))
        yield
        db.session.commit()
    except sa.exc.OperationalError as error:
        db.session.rollback()
        if _is_lock_timeout(error):
            raise Busy from error
        raise
    except BaseException:
        db.session.rollback()
        raise
    finally:
        if token is not None:
            _writing.reset(token)
        if writers is not None:
            writers.leave()


def in_unit_of_work() -> bool:
    """Say whether a unit of work is open here, so that rows may be locked."""
    return _writing.get() is not None


def _connection() -> Connection:
    """Return the connection of this unit of work; the session itself takes ten steps to find it."""
    connection = _writing.get()
    if connection is None:
        raise NoUnit
    return connection


@cache
def _queue(file: str | None) -> Writers:
    """Return the queue of those who write to a SQLite file."""
    return Writers(None if file in {None, "", ":memory:"} else file)


def _is_lock_timeout(error: sa.exc.OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "55P03" or "database is locked" in str(error.orig)


def insert_unless(model: type[Model]) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT that can be told what to do on a conflict; each database has its own, and not all are loaded."""
    dialect = import_module(f"sqlalchemy.dialects.{db.engine.dialect.name}")
    return cast("postgresql.Insert | sqlite.Insert", dialect.insert(table(model)))


@cache
def _insertion(model: type[Model]) -> sa.Insert:
    return sa.insert(table(model))


def insert(model: type[Model], **values: Any) -> int:  # noqa: ANN401 - each column has its own type
    """Insert a row that nobody goes on with as an object, and return its id.

    It takes a third of the time of an object in the session, and it does not wait for the session's next flush.
    """
    inserted = _connection().execute(_insertion(model), values).inserted_primary_key
    return cast("int", inserted[0]) if inserted else 0


def hold(row: M) -> M:
    """Insert a new object now, and let the session hold it like one that was read; a third of the time of a flush."""
    state, values = sa.inspect(row), vars(row)
    for name, value in _unset(type(row)):
        values.setdefault(name, value)
    given = {name: value for name, value in values.items() if name != "_sa_instance_state"}
    inserted = _connection().execute(_insertion(type(row)), given).inserted_primary_key
    for column, value in zip(state.mapper.primary_key, inserted or (), strict=False):
        values[state.mapper.get_property_by_column(column).key] = value
    make_transient_to_detached(row)
    db.session.add(row)
    return row


@cache
def _unset(model: type[Model]) -> list[tuple[str, Any]]:
    """Return what the columns hold that nobody sets: their default, or nothing."""
    columns = [column for column in table(model).columns if not column.primary_key]
    defaults = {column.name: column.default for column in columns}
    return [
        (name, default.arg if isinstance(default, sa.ColumnDefault) else None)
        for name, default in defaults.items()
        if default is None or default.is_scalar
    ]


def insert_all(model: type[Model], rows: list[dict[str, Any]]) -> None:
    """Insert rows that nobody goes on with as objects, in one statement."""
    _connection().execute(_insertion(model), rows)


def rows_changed(statement: sa.Update | sa.Delete) -> int:
    """Run a conditional update or delete and return how many rows it touched; the guard of many a promise."""
    return cast("sa.CursorResult[Any]", db.session.execute(statement)).rowcount


def retrying(work: Callable[[], T]) -> T:
    """Run the work in a unit of work; repeat the whole of it when two writers collided, five times at most.

    Only for work that may be repeated: it starts from what it reads inside.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with unit_of_work():
                return work()
        except sa.exc.DBAPIError as error:
            if attempt == TRIES or not _collided(error):
                raise
            time.sleep(0.01 * attempt)
    raise Busy


def _collided(error: sa.exc.DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE or "UNIQUE constraint failed" in str(error.orig)
