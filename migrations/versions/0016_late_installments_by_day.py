"""Installments past due by their day, as the home page reads them: PostgreSQL sorted all of them for the first few."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PAST_DUE = sa.text("state = 'past_due'")
NAME, TABLE = "ix_installment_past_due_by_day", "installment"


def upgrade() -> None:
    op.create_index(NAME, TABLE, ["due_on", "id"], sqlite_where=PAST_DUE, postgresql_where=PAST_DUE)


def downgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
