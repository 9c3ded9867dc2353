"""The close of each day: what our books and the payment service said, and who closed it."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STATES = "'awaited', 'agrees', 'differs', 'unreachable', 'offline'"


def upgrade() -> None:
    op.create_table(
        "day_close",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ours", sa.JSON(), nullable=False),
        sa.Column("theirs", sa.JSON(), nullable=True),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=16), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_day_close_state_known")),
        sa.CheckConstraint(
            "(state = 'awaited') = (computed_at IS NULL)", name=op.f("ck_day_close_computed_has_instant")
        ),
        sa.CheckConstraint("remark IS NULL OR closed_at IS NOT NULL", name=op.f("ck_day_close_remark_is_of_closing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_close")),
        sa.UniqueConstraint("day", name=op.f("uq_day_close_day")),
    )


def downgrade() -> None:
    op.drop_table("day_close")
