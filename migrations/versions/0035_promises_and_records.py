"""A guarantee knows in how many days a place was promised; a placement may have a new record after a revoked one."""

import datetime as dt
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None

DAY_SECONDS = 86_400
GIVEN = "ck_clock_guarantee_has_days"
ONE_RECORD = "uq_externship_record_placement_id"
NUMBERED = "uq_externship_record_placement_id_number"
POSITIVE = "ck_externship_record_number_positive"
NOT_NEGATIVE = "ck_clock_days_not_negative"
GONE = "The school went back to a version of its program that keeps one record of a placement."


def upgrade() -> None:
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("days", sa.Integer(), nullable=True))
    _fill(op.get_bind())
    with op.batch_alter_table("externship_record", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), server_default="1", nullable=False))
        batch_op.drop_constraint(op.f(ONE_RECORD), type_="unique")
        batch_op.create_unique_constraint(op.f(NUMBERED), ["placement_id", "number"])
        batch_op.create_check_constraint(op.f(POSITIVE), "number > 0")
    with op.batch_alter_table("externship_record", schema=None) as batch_op:
        batch_op.alter_column("number", server_default=None)
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f(GIVEN), "(kind = 'guarantee') = (days IS NOT NULL)")
        batch_op.create_check_constraint(op.f(NOT_NEGATIVE), "days IS NULL OR days >= 0")


def downgrade() -> None:
    _revoke_later(op.get_bind())
    op.execute("DELETE FROM externship_record WHERE number > 1")  # there was one of each placement, which stays revoked
    with op.batch_alter_table("externship_record", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(POSITIVE), type_="check")
        batch_op.drop_constraint(op.f(NUMBERED), type_="unique")
        batch_op.create_unique_constraint(op.f(ONE_RECORD), ["placement_id"])
        batch_op.drop_column("number")
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(NOT_NEGATIVE), type_="check")
        batch_op.drop_constraint(op.f(GIVEN), type_="check")
        batch_op.drop_column("days")


def _revoke_later(bind: sa.Connection) -> None:
    """Revoke the codes of the records that go: nobody is to read that what is gone stands."""
    record = sa.table("externship_record", sa.column("document_id", sa.Integer()), sa.column("number", sa.Integer()))
    document = sa.table(
        "issued_document",
        sa.column("id", sa.Integer()),
        sa.column("revoked_at", sa.DateTime(timezone=True)),
        sa.column("revoked_because", sa.Text()),
    )
    later = sa.select(record.c.document_id).where(record.c.number > 1)
    standing = document.update().where(document.c.id.in_(later), document.c.revoked_at.is_(None))
    bind.execute(standing.values(revoked_at=dt.datetime.now(dt.UTC), revoked_because=GONE))


def _fill(bind: sa.Connection) -> None:
    """Derive the days of each promise from its dates: what lies between, less the whole days that it stood still."""
    zone = _zone(bind)
    clock = sa.table(
        "clock",
        *(sa.column(name, sa.Integer()) for name in ("id", "days", "paused_seconds")),
        sa.column("kind", sa.String()),
        sa.column("started_at", sa.DateTime(timezone=True)),
        sa.column("due_on", sa.Date()),
    )
    query = sa.select(clock.c.id, clock.c.started_at, clock.c.due_on, clock.c.paused_seconds)
    for row in bind.execute(query.where(clock.c.kind == "guarantee")).all():
        started_at = row.started_at if row.started_at.tzinfo else row.started_at.replace(tzinfo=dt.UTC)
        days = (row.due_on - started_at.astimezone(zone).date()).days - row.paused_seconds // DAY_SECONDS
        bind.execute(clock.update().where(clock.c.id == row.id).values(days=max(days, 0)))


def _zone(bind: sa.Connection) -> ZoneInfo:
    """Return the zone that dates of the school count in: the operator's where one is given, else that of its page."""
    known = current_app.extensions["settings"]
    setting = sa.table("school_setting", sa.column("key", sa.String()), sa.column("value", sa.String()))
    own = bind.scalar(sa.select(setting.c.value).where(setting.c.key == "SCHOOL_ZONE"))
    return ZoneInfo(own) if own and "SCHOOL_ZONE" not in known.given else known.SCHOOL_ZONE
