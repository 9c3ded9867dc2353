"""What the tables hold, one digest each: equal before and after means that nothing was stored."""

import hashlib

import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import Model, db

# Counts of tries, and the worker's own list: they may change although nothing was stored.
APART = frozenset({"throttle", "job", "catalog_stamp"})
# What reading leaves behind: that a person's document, or a file of their mail, was read, and by whom.
READ = ("file.read", "thread_message.opened")


def checksums(app: Flask, apart: frozenset[str] = APART) -> dict[str, str]:
    """Return a digest of the rows of each table, but for those apart."""
    with app.app_context():
        db.session.rollback()
        with db.engine.connect() as connection:
            found = {
                name: _digest(connection, table) for name, table in Model.metadata.tables.items() if name not in apart
            }
        db.session.remove()
    return found


def _digest(connection: sa.Connection, table: sa.Table) -> str:
    query = sa.select(table).order_by(*table.primary_key.columns)
    rows = connection.execute(query.where(table.c.event.not_in(READ)) if table.name == "history" else query)
    return hashlib.sha256("\n".join(repr(tuple(row)) for row in rows).encode()).hexdigest()
