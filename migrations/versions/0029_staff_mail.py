"""Texts that staff keep for answers, answers that are sent once, and threads that go into older ones."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canned_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("mailbox", sa.String(length=32), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "mailbox IN ('enquiries', 'externship', 'collegecredits')", name=op.f("ck_canned_text_mailbox_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_text")),
        sa.UniqueConstraint("reference", name=op.f("uq_canned_text_reference")),
    )
    with op.batch_alter_table("canned_text", schema=None) as batch_op:
        batch_op.create_index(
            "uq_canned_text_title_in_use",
            ["title"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )
    with op.batch_alter_table("thread_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("submission_key", sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_thread_message_submission_key"), ["submission_key"])
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.create_check_constraint(batch_op.f("ck_thread_merged_into_an_older"), "merged_into_id < id")


def downgrade() -> None:
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_thread_merged_into_an_older"), type_="check")
    with op.batch_alter_table("thread_message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_thread_message_submission_key"), type_="unique")
        batch_op.drop_column("submission_key")
    op.drop_table("canned_text")
