"""The tables that are only ever added to, and the triggers that keep them so on both engines."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

APPEND_ONLY = ("history", "ledger_posting", "ledger_entry", "disclosure", "erasure")


def install(connection: Connection) -> None:
    """(Re-)create the triggers of every append-only table that exists; a batch migration drops them silently."""
    present = {name for name in APPEND_ONLY if connection.dialect.has_table(connection, name)}
    if connection.dialect.name == "sqlite":
        for table in sorted(present):
            for verb in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    connection.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in sorted(present):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}")
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def missing(connection: Connection) -> list[str]:
    """Return the triggers that should keep the tables append-only, and are not there or switched off."""
    if connection.dialect.name == "sqlite":
        wanted = {f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")}
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        wanted = {f"{table}_no_change" for table in APPEND_ONLY}
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    return sorted(wanted.difference(connection.scalars(sa.text(query))))
