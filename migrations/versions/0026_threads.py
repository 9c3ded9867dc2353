"""Threads of mail, how addresses stand, who wrote a letter, and two tasks that mail brings."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TASKS = (
    "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', "
    "'credit_already_sent', 'audit_breach', 'follow_up', 'erase_person', 'check_card_payment', 'answer_dispute', "
    "'payout_failed', 'outside_refund', 'close_day', 'check_document', 'place_student', 'site_declined', "
    "'site_offers', 'agreement_ends', 'countersign_agreement', 'placement_held', 'preceptor_asks', 'evaluation_late', "
    "'check_exam_result', 'check_credit_request', 'credit_undecided'"
)


def upgrade() -> None:
    op.create_table(
        "address_health",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("soft_bounces", sa.Integer(), nullable=False),
        sa.Column("letter", sa.String(length=16), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('doubtful', 'bounced', 'complained', 'works')", name=op.f("ck_address_health_state_known")
        ),
        sa.CheckConstraint("soft_bounces >= 0", name=op.f("ck_address_health_soft_bounces_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_health")),
        sa.UniqueConstraint("email", name=op.f("uq_address_health_email")),
        sa.UniqueConstraint("reference", name=op.f("uq_address_health_reference")),
    )
    with op.batch_alter_table("address_health", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_health_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("mailbox", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("correspondent", sa.String(length=254), nullable=False),
        sa.Column("correspondent_name", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_to", sa.String(length=16), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f("ck_thread_merged_into_another")
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (waiting_since IS NOT NULL)", name=op.f("ck_thread_waiting_has_instant")
        ),
        sa.CheckConstraint(
            "mailbox IN ('enquiries', 'externship', 'collegecredits')", name=op.f("ck_thread_mailbox_known")
        ),
        sa.CheckConstraint("standing <> 'proved' OR person_id IS NOT NULL", name=op.f("ck_thread_proved_is_somebody")),
        sa.CheckConstraint(
            "standing IN ('proved', 'claimed', 'unknown', 'staff_unproved')", name=op.f("ck_thread_standing_known")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'answered', 'closed', 'quarantined', 'spam', 'merged')",
            name=op.f("ck_thread_state_known"),
        ),
        sa.ForeignKeyConstraint(["merged_into_id"], ["thread.id"], name=op.f("fk_thread_merged_into_id_thread")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_thread_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("reference", name=op.f("uq_thread_reference")),
    )
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_thread_about"), ["about"], unique=False)
        batch_op.create_index(batch_op.f("ix_thread_correspondent"), ["correspondent"], unique=False)
        batch_op.create_index(batch_op.f("ix_thread_last_at_id"), ["last_at", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_thread_merged_into_id"),
            ["merged_into_id"],
            unique=False,
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_thread_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_thread_state_last_at_id"), ["state", "last_at", "id"], unique=False)
        batch_op.create_index(
            "ix_thread_waiting",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'quarantined')"),
            postgresql_where=sa.text("state IN ('waiting', 'quarantined')"),
        )

    op.create_table(
        "thread_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=True),
        sa.Column("sender_name", sa.String(length=200), nullable=True),
        sa.Column("written_by", sa.String(length=16), nullable=True),
        sa.Column("standing", sa.String(length=32), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=True),
        sa.Column("incoming", sa.String(length=16), nullable=True),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.CheckConstraint("(direction = 'in') = (sender IS NOT NULL)", name=op.f("ck_thread_message_in_has_sender")),
        sa.CheckConstraint(
            "(direction = 'in') = (standing IS NOT NULL)", name=op.f("ck_thread_message_in_has_standing")
        ),
        sa.CheckConstraint(
            "(direction = 'out') = (letter_id IS NOT NULL)", name=op.f("ck_thread_message_out_has_letter")
        ),
        sa.CheckConstraint("direction IN ('in', 'out', 'note')", name=op.f("ck_thread_message_direction_known")),
        sa.CheckConstraint(
            "standing IN ('proved', 'claimed', 'unknown', 'staff_unproved')",
            name=op.f("ck_thread_message_standing_known"),
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_thread_message_letter_id_letter")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_thread_message_thread_id_thread")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_message")),
        sa.UniqueConstraint("incoming", name=op.f("uq_thread_message_incoming")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_thread_message_letter_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_thread_message_reference")),
    )
    with op.batch_alter_table("thread_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_thread_message_thread_id_id"), ["thread_id", "id"], unique=False)

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("manner", sa.String(length=32), server_default="generated", nullable=False))
        batch_op.add_column(sa.Column("in_reply_to", sa.String(length=998), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_letter_manner_known"), "manner IN ('generated', 'acknowledgment', 'personal')"
        )
    _allow(f"{TASKS}, 'refund_by_mail', 'staff_unproved'")


def downgrade() -> None:
    op.execute("UPDATE task SET kind = 'follow_up' WHERE kind IN ('refund_by_mail', 'staff_unproved')")
    _allow(TASKS)
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_letter_manner_known"), type_="check")
        batch_op.drop_column("in_reply_to")
        batch_op.drop_column("manner")

    with op.batch_alter_table("thread_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_thread_message_thread_id_id"))

    op.drop_table("thread_message")
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_thread_waiting",
            sqlite_where=sa.text("state IN ('waiting', 'quarantined')"),
            postgresql_where=sa.text("state IN ('waiting', 'quarantined')"),
        )
        batch_op.drop_index(batch_op.f("ix_thread_state_last_at_id"))
        batch_op.drop_index(batch_op.f("ix_thread_person_id"))
        batch_op.drop_index(
            batch_op.f("ix_thread_merged_into_id"),
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_thread_last_at_id"))
        batch_op.drop_index(batch_op.f("ix_thread_correspondent"))
        batch_op.drop_index(batch_op.f("ix_thread_about"))

    op.drop_table("thread")
    with op.batch_alter_table("address_health", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_address_health_state_id"))

    op.drop_table("address_health")


def _allow(kinds: str) -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_task_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_task_kind_known"), f"kind IN ({kinds})")
