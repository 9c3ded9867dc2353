"""Mail as it came in, and the last time that a sender was told so."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incoming_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("mailbox", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("envelope_from", sa.String(length=320), nullable=True),
        sa.Column("peer", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("judged", sa.String(length=32), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thread", sa.String(length=16), nullable=True),
        sa.CheckConstraint("(state = 'stored') = (filed_at IS NULL)", name=op.f("ck_incoming_mail_filed_has_instant")),
        sa.CheckConstraint("(state = 'stored') = (judged IS NULL)", name=op.f("ck_incoming_mail_filed_is_judged")),
        sa.CheckConstraint(
            "judged IN ('person', 'automatic', 'own', 'bounce', 'complaint')",
            name=op.f("ck_incoming_mail_judged_known"),
        ),
        sa.CheckConstraint(
            "mailbox IN ('enquiries', 'externship', 'collegecredits')", name=op.f("ck_incoming_mail_mailbox_known")
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_incoming_mail_size_counted")),
        sa.CheckConstraint(
            "state IN ('stored', 'filed', 'quarantined', 'ignored')", name=op.f("ck_incoming_mail_state_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('filed', 'quarantined') OR thread IS NOT NULL", name=op.f("ck_incoming_mail_filed_in_thread")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mail")),
        sa.UniqueConstraint("mailbox", "sha256", name=op.f("uq_incoming_mail_mailbox_sha256")),
        sa.UniqueConstraint("reference", name=op.f("uq_incoming_mail_reference")),
    )
    with op.batch_alter_table("incoming_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incoming_mail_thread"), ["thread"], unique=False)
        batch_op.create_index(
            "ix_incoming_mail_stored",
            ["received_at"],
            unique=False,
            sqlite_where=sa.text("state = 'stored'"),
            postgresql_where=sa.text("state = 'stored'"),
        )
    op.create_table(
        "acknowledged",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sender_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledged")),
        sa.UniqueConstraint("sender_hash", name=op.f("uq_acknowledged_sender_hash")),
    )
    with op.batch_alter_table("acknowledged", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_acknowledged_at"), ["at"], unique=False)
    op.create_table(
        "refund_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("mail", sa.String(length=16), nullable=False),
        sa.Column("thread", sa.String(length=16), nullable=False),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=16), nullable=True),
        sa.Column("refund", sa.String(length=16), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_refund_draft_decided_has_instant")),
        sa.CheckConstraint(
            "(state = 'entered') = (refund IS NOT NULL)", name=op.f("ck_refund_draft_entered_is_refund")
        ),
        sa.CheckConstraint(
            "standing IN ('proved', 'claimed', 'unknown', 'staff_unproved')",
            name=op.f("ck_refund_draft_standing_known"),
        ),
        sa.CheckConstraint("state IN ('open', 'entered', 'dismissed')", name=op.f("ck_refund_draft_state_known")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_refund_draft_enrollment_id_enrollment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_draft")),
        sa.UniqueConstraint("reference", name=op.f("uq_refund_draft_reference")),
    )
    with op.batch_alter_table("refund_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_draft_thread"), ["thread"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_draft_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index(
            "uq_refund_draft_open",
            ["enrollment_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )


def downgrade() -> None:
    op.drop_table("refund_draft")
    op.drop_table("acknowledged")
    op.drop_table("incoming_mail")
