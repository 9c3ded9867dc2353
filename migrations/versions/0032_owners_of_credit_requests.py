"""A credit request has a colleague as its owner, or nobody yet."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("assigned_to", sa.String(length=16), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_credit_request_assigned_to_state_id"), ["assigned_to", "state", "id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_request_assigned_to_state_id"))
        batch_op.drop_column("assigned_to")
