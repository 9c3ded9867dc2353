"""The index of installments past due begins with their state, so that SQLite takes it and need not sort."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PAST_DUE = sa.text("state = 'past_due'")
NAME, TABLE = "ix_installment_past_due", "installment"


def upgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, ["state", "enrollment_id"], sqlite_where=PAST_DUE, postgresql_where=PAST_DUE)


def downgrade() -> None:
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, ["enrollment_id"], sqlite_where=PAST_DUE, postgresql_where=PAST_DUE)
