"""Credit requests, the colleges they name, level and subject of a recommendation, and their tasks and clock."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TASKS = (
    "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', "
    "'credit_already_sent', 'audit_breach', 'follow_up', 'erase_person', 'check_card_payment', 'answer_dispute', "
    "'payout_failed', 'outside_refund', 'close_day', 'check_document', 'place_student', 'site_declined', "
    "'site_offers', 'agreement_ends', 'countersign_agreement', 'placement_held', 'preceptor_asks', 'evaluation_late', "
    "'check_exam_result'"
)
CLOCKS = "'refund_payout', 'guarantee'"


def upgrade() -> None:
    op.create_table(
        "college",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("registrar_email", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("registrar_email = lower(registrar_email)", name=op.f("ck_college_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_college")),
        sa.UniqueConstraint("reference", name=op.f("uq_college_reference")),
        sa.UniqueConstraint("registrar_email", "key", name=op.f("uq_college_registrar_email_key")),
    )
    with op.batch_alter_table("college", schema=None) as batch_op:
        batch_op.create_index(
            "ix_college_written",
            ["name", "id"],
            unique=False,
            sqlite_where=sa.text("written_at IS NOT NULL"),
            postgresql_where=sa.text("written_at IS NOT NULL"),
        )

    op.create_table(
        "credit_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("recommendation_id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("student_number", sa.String(length=200), nullable=True),
        sa.Column("badge_claimed", sa.Boolean(), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_for", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_days", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("decision_channel", sa.String(length=32), nullable=True),
        sa.Column("decision_credits", sa.Integer(), nullable=True),
        sa.Column("decision_course", sa.String(length=200), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decision_by", sa.String(length=200), nullable=True),
        sa.Column("decision_evidence", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.Column("end_words", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('closed', 'withdrawn')) = (ended_at IS NOT NULL)",
            name=op.f("ck_credit_request_ended_has_instant"),
        ),
        sa.CheckConstraint(
            "decision IN ('granted', 'partly_granted', 'denied')", name=op.f("ck_credit_request_decision_known")
        ),
        sa.CheckConstraint(
            "decision IS NULL OR (decision = 'denied') = (decision_credits IS NULL)",
            name=op.f("ck_credit_request_grants_have_credits"),
        ),
        sa.CheckConstraint(
            "decision_channel IN ('link', 'mail', 'phone', 'post')",
            name=op.f("ck_credit_request_decision_channel_known"),
        ),
        sa.CheckConstraint(
            "end_reason IN ('student_withdrew', 'refunded', 'decided', 'another_college', 'no_answer', 'no_information', 'other')",
            name=op.f("ck_credit_request_end_reason_known"),
        ),
        sa.CheckConstraint(
            "state <> 'needs_information' OR asked_for IS NOT NULL", name=op.f("ck_credit_request_asked_has_words")
        ),
        sa.CheckConstraint("state <> 'withdrawn' OR sent_at IS NULL", name=op.f("ck_credit_request_withdrawn_unsent")),
        sa.CheckConstraint(
            "state IN ('requested', 'verified', 'needs_information', 'sent', 'received', 'granted', 'partly_granted', 'denied', 'closed', 'withdrawn')",
            name=op.f("ck_credit_request_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'partly_granted', 'denied') OR (decision IS NOT NULL AND decision = state)",
            name=op.f("ck_credit_request_decided_as_it_says"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('sent', 'received', 'granted', 'partly_granted', 'denied') OR sent_at IS NOT NULL",
            name=op.f("ck_credit_request_sent_has_instant"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decision IS NULL)", name=op.f("ck_credit_request_decision_has_instant")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decision_channel IS NULL)", name=op.f("ck_credit_request_decision_has_channel")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (end_reason IS NULL)", name=op.f("ck_credit_request_ended_has_reason")
        ),
        sa.CheckConstraint("credits > 0", name=op.f("ck_credit_request_credits_positive")),
        sa.CheckConstraint(
            "decided_at IS NULL OR sent_at IS NOT NULL", name=op.f("ck_credit_request_decided_after_sent")
        ),
        sa.CheckConstraint(
            "decision_credits BETWEEN 1 AND credits", name=op.f("ck_credit_request_granted_at_most_recommended")
        ),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_credit_request_college_id_college")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credential.id"], name=op.f("fk_credit_request_credential_id_credential")
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_credit_request_enrollment_id_enrollment")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_credit_request_person_id_person")),
        sa.ForeignKeyConstraint(
            ["recommendation_id"],
            ["recommendation.id"],
            name=op.f("fk_credit_request_recommendation_id_recommendation"),
        ),
        sa.ForeignKeyConstraint(
            ["result_id"], ["exam_result.id"], name=op.f("fk_credit_request_result_id_exam_result")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_credit_request_reference")),
    )
    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_request_at_college",
            ["sent_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('sent', 'received')"),
            postgresql_where=sa.text("state IN ('sent', 'received')"),
        )
        batch_op.create_index(
            batch_op.f("ix_credit_request_college_id_state_id"), ["college_id", "state", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_credit_request_enrollment_id"), ["enrollment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_request_person_id_id"), ["person_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_request_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_credit_request_active",
            ["person_id", "credential_id"],
            unique=True,
            sqlite_where=sa.text("state NOT IN ('closed', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('closed', 'withdrawn')"),
        )

    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("level", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("subject", sa.String(length=200), nullable=True))
    _allow("task", "kind", f"{TASKS}, 'check_credit_request', 'credit_undecided'")
    _allow("clock", "kind", f"{CLOCKS}, 'credit_sent'")


def downgrade() -> None:
    op.execute("DELETE FROM clock_pause WHERE clock_id IN (SELECT id FROM clock WHERE kind = 'credit_sent')")
    op.execute("DELETE FROM clock WHERE kind = 'credit_sent'")
    _allow("clock", "kind", CLOCKS)
    op.execute("UPDATE task SET kind = 'follow_up' WHERE kind IN ('check_credit_request', 'credit_undecided')")
    _allow("task", "kind", TASKS)
    with op.batch_alter_table("recommendation", schema=None) as batch_op:
        batch_op.drop_column("subject")
        batch_op.drop_column("level")

    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_credit_request_active",
            sqlite_where=sa.text("state NOT IN ('closed', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('closed', 'withdrawn')"),
        )
        batch_op.drop_index(batch_op.f("ix_credit_request_state_id"))
        batch_op.drop_index(batch_op.f("ix_credit_request_person_id_id"))
        batch_op.drop_index(batch_op.f("ix_credit_request_enrollment_id"))
        batch_op.drop_index(batch_op.f("ix_credit_request_college_id_state_id"))
        batch_op.drop_index(
            "ix_credit_request_at_college",
            sqlite_where=sa.text("state IN ('sent', 'received')"),
            postgresql_where=sa.text("state IN ('sent', 'received')"),
        )

    op.drop_table("credit_request")
    with op.batch_alter_table("college", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_college_written",
            sqlite_where=sa.text("written_at IS NOT NULL"),
            postgresql_where=sa.text("written_at IS NOT NULL"),
        )

    op.drop_table("college")


def _allow(table: str, column: str, values: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{column}_known"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{column}_known"), f"{column} IN ({values})")
