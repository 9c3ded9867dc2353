# ruff: noqa: S608 - statements of our own
"""Somebody with the database's own tools: what the audit has to find, because no guard stopped it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask

from provider.kernel import triggers
from provider.kernel.database import db, writing_options
from tests.harness.story import Told


@dataclass(slots=True)
class Vandal:
    """Somebody with the database's own tools, whom no constraint and no trigger stops."""

    connection: sa.Connection
    told: Told
    bared: set[str] = field(default_factory=set)

    def bare(self, *tables: str) -> None:
        """Take every guard off some tables."""
        lite = self.connection.dialect.name == "sqlite"
        for table in tables:
            self.do(f"CREATE TABLE bare AS SELECT * FROM {table}")
            self.do(f"DROP TABLE {table}{'' if lite else ' CASCADE'}")
            self.do(f"ALTER TABLE bare RENAME TO {table}")
        self.bared.update(tables)

    def do(self, statement: str, **values: object) -> int:
        return self.connection.execute(sa.text(statement), values).rowcount

    def one(self, statement: str, **values: object) -> object:
        return self.connection.execute(sa.text(statement), values).scalar_one()

    def change(self, statement: str, **values: object) -> None:
        """Change exactly one row."""
        assert self.do(statement, **values) == 1, statement

    def copy(self, table: str, where: str, **changes: str) -> None:
        """Copy rows, with some columns changed to other expressions."""
        columns = [column["name"] for column in sa.inspect(self.connection).get_columns(table)]
        names = ", ".join(f'"{name}"' for name in columns)
        taken = ", ".join(changes.get(name, f'"{name}"') for name in columns)
        assert self.do(f"INSERT INTO {table} ({names}) SELECT {taken} FROM {table} WHERE {where}") >= 1

    def post(self, debit: str, credit: str, cents: int, *, about: str | None = None) -> None:
        """Write a balanced posting that nothing in the school caused."""
        self.bare("ledger_entry", "ledger_posting")
        self.copy(
            "ledger_posting",
            f"subject_reference = '{self.told.active}'",
            id="99999",
            kind="'waived'",
            subject_reference="'X-PLANTED'",
            about=f"'{about or self.told.active}'",
        )
        for number, (account, side) in enumerate(((debit, "debit"), (credit, "credit"))):
            self.copy(
                "ledger_entry",
                "id = (SELECT min(id) FROM ledger_entry)",
                id=str(99990 + number),
                posting_id="99999",
                account=f"'{account}'",
                side=f"'{side}'",
                cents=str(cents),
            )


def plant(app: Flask, told: Told, act: Callable[[Vandal], None]) -> None:
    """Do something that no guard allows; the triggers that went with their tables are put back before."""
    with app.app_context():
        engine = db.engine
        with engine.connect().execution_options(**writing_options()) as connection:
            if engine.dialect.name == "sqlite":
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.cursor().execute("PRAGMA foreign_keys = off")
            vandal = Vandal(connection, told)
            act(vandal)
            if vandal.bared.intersection(triggers.APPEND_ONLY):
                triggers.install(connection)
            connection.commit()
        engine.dispose()
