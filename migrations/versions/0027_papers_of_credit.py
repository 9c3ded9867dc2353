"""Papers with codes, one of a kind standing at a time; and one recommendation of a credential on a day."""

import datetime as dt
from itertools import pairwise

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

KINDS = "'externship_record'"
NEW_KINDS = "'completion_certificate', 'credit_letter'"
STANDING = sa.text("revoked_at IS NULL")
LASTING = sa.text("valid_to IS NULL")


def upgrade() -> None:
    _allow("issued_document", "kind", f"{KINDS}, {NEW_KINDS}")
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.create_index(
            "uq_issued_document_standing",
            ["kind", "subject_reference"],
            unique=True,
            sqlite_where=STANDING,
            postgresql_where=STANDING,
        )
    _end_what_was_followed()
    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_recommendation_ends_after_it_begins"), "valid_to IS NULL OR valid_to >= valid_from"
        )
        batch_op.create_index(
            "uq_recommendation_lasting",
            ["credential_id"],
            unique=True,
            sqlite_where=LASTING,
            postgresql_where=LASTING,
        )


def downgrade() -> None:
    _refuse_to_lose_papers()
    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.drop_index("uq_recommendation_lasting", sqlite_where=LASTING, postgresql_where=LASTING)
        batch_op.drop_constraint(op.f("ck_recommendation_ends_after_it_begins"), type_="check")
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.drop_index("uq_issued_document_standing", sqlite_where=STANDING, postgresql_where=STANDING)
    _allow("issued_document", "kind", KINDS)


def _allow(table: str, column: str, values: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{column}_known"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{column}_known"), f"{column} IN ({values})")


def _end_what_was_followed() -> None:
    """End each recommendation on the day before the next one of its credential begins: only the newest was shown."""
    table = sa.table(
        "recommendation",
        sa.column("id", sa.Integer),
        sa.column("credential_id", sa.Integer),
        sa.column("valid_from", sa.Date),
        sa.column("valid_to", sa.Date),
    )
    op.execute(sa.update(table).where(table.c.valid_to < table.c.valid_from).values(valid_to=table.c.valid_from))
    query = sa.select(table).order_by(table.c.credential_id, table.c.valid_from)
    rows = op.get_bind().execute(query).all()
    for one, following in pairwise(rows):
        last_on = following.valid_from - dt.timedelta(days=1)
        if one.credential_id == following.credential_id and (one.valid_to is None or one.valid_to > last_on):
            op.execute(sa.update(table).where(table.c.id == one.id).values(valid_to=last_on))


def _refuse_to_lose_papers() -> None:
    """Stop before what the older version has no place for: papers that people hold in hand and others check."""
    count = sa.text(f"SELECT count(*) FROM issued_document WHERE kind IN ({NEW_KINDS})")  # noqa: S608 - a constant
    if op.get_bind().execute(count).scalar():
        message = "issued_document holds certificates or credit letters, which the older version has no place for"
        raise RuntimeError(message)
