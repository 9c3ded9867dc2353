"""An answer about a credit request that came by mail knows when staff wrote it down, and from which messages."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

NAMED = "ck_credit_request_thread_was_recorded"


def upgrade() -> None:
    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answer_recorded_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("answer_thread", sa.String(length=16), nullable=True))
        batch_op.create_check_constraint(batch_op.f(NAMED), "answer_thread IS NULL OR answer_recorded_at IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(NAMED), type_="check")
        batch_op.drop_column("answer_thread")
        batch_op.drop_column("answer_recorded_at")
