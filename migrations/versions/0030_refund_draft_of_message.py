"""A draft of a refund names the message that seems to ask for it, whichever door that came in by."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("refund_draft", schema=None) as batch_op:
        batch_op.add_column(sa.Column("message", sa.String(length=16), nullable=True))
    # What went down as a message that no mail brought stands in the column of mails under its own reference.
    op.execute(
        "UPDATE refund_draft SET message = COALESCE("
        "(SELECT reference FROM thread_message WHERE thread_message.incoming = refund_draft.mail), mail)"
    )
    with op.batch_alter_table("refund_draft", schema=None) as batch_op:
        batch_op.alter_column("message", existing_type=sa.String(length=16), nullable=False)
        batch_op.create_index(batch_op.f("ix_refund_draft_message"), ["message"], unique=False)
        batch_op.drop_index(batch_op.f("ix_refund_draft_thread"))
        batch_op.drop_column("thread")
        batch_op.drop_column("mail")


def downgrade() -> None:
    with op.batch_alter_table("refund_draft", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("thread", sa.String(length=16), nullable=True))
    op.execute(
        "UPDATE refund_draft SET"
        " mail = COALESCE((SELECT incoming FROM thread_message"
        " WHERE thread_message.reference = refund_draft.message), message),"
        " thread = COALESCE((SELECT thread.reference FROM thread_message"
        " JOIN thread ON thread.id = thread_message.thread_id"
        " WHERE thread_message.reference = refund_draft.message), '')"
    )
    with op.batch_alter_table("refund_draft", schema=None) as batch_op:
        batch_op.alter_column("mail", existing_type=sa.String(length=16), nullable=False)
        batch_op.alter_column("thread", existing_type=sa.String(length=16), nullable=False)
        batch_op.create_index(batch_op.f("ix_refund_draft_thread"), ["thread"], unique=False)
        batch_op.drop_index(batch_op.f("ix_refund_draft_message"))
        batch_op.drop_column("message")
