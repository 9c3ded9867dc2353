"""Openings in the order of their last day."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_opening_last_on_id", "opening", ["last_on", "id"])


def downgrade() -> None:
    op.drop_index("ix_opening_last_on_id", "opening")
