"""How Alembic reaches the database: in one transaction, with foreign keys off on SQLite and triggers put back."""

from typing import Literal

import sqlalchemy as sa
from alembic import context
from flask import current_app

from provider.kernel import triggers
from provider.kernel.database import Model, UtcDateTime, writing_options

database = current_app.extensions["migrate"].db


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our instants as plain SQL types, so that no migration imports the application."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.Enum):
        return "sa.String(length=32)"
    return False


def compare_type(
    _context: object, _inspected: object, _column: object, inspected_type: object, metadata_type: object
) -> bool | None:
    """Our enumerations are plain text of 32 characters in the database."""
    if isinstance(metadata_type, sa.Enum):
        return getattr(inspected_type, "length", None) != 32
    if isinstance(metadata_type, UtcDateTime):
        return not isinstance(inspected_type, sa.DateTime)
    return None


def run() -> None:
    """Run the migrations, all of them or none."""
    engine = database.engine
    with engine.connect().execution_options(**writing_options()) as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.connection.dbapi_connection.execute("pragma foreign_keys=off")
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_as_batch=True,
            compare_type=compare_type,
            render_item=render_item,
            transaction_per_migration=False,
            transactional_ddl=True,  # SQLite can, since we begin ourselves; Alembic would let the triggers go unsaved
        )
        with context.begin_transaction():
            context.run_migrations()
            triggers.install(connection)
            if sqlite and connection.exec_driver_sql("pragma foreign_key_check").first() is not None:
                message = "the migration left a row whose parent is missing; nothing was changed"
                raise RuntimeError(message)
        if sqlite:
            connection.connection.dbapi_connection.execute("pragma foreign_keys=on")


run()
