"""History is searched: by who did it, by request, by kind and by event, and stretches of it by their instants."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SIGNED = sa.text("actor_kind NOT IN ('system', 'visitor')")
BY_SOMEBODY = sa.text("actor_reference IS NOT NULL")
UNCOMMON = sa.text("event NOT IN ('enrollment.started', 'letter.queued', 'letter.sending', 'letter.sent')")
INDEXES = (
    ("ix_history_actor", ["actor_reference", "id"], BY_SOMEBODY),
    ("ix_history_capacity", ["actor_kind", "id"], SIGNED),
    ("ix_history_request", ["request_id"], BY_SOMEBODY),
    ("ix_history_kind", ["subject_kind", "id"], UNCOMMON),
    ("ix_history_event", ["event", "id"], UNCOMMON),
)


def upgrade() -> None:
    for name, columns, rows in INDEXES:
        op.create_index(name, "history", columns, sqlite_where=rows, postgresql_where=rows)
    op.create_table(
        "history_block",
        sa.Column("first_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("earliest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id <= last_id", name=op.f("ck_history_block_in_order")),
        sa.PrimaryKeyConstraint("first_id", name=op.f("pk_history_block")),
    )


def downgrade() -> None:
    op.drop_table("history_block")
    for name, _columns, _rows in INDEXES:
        op.drop_index(name, table_name="history")
