"""Exam results, and the task to check one."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TASKS = (
    "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', "
    "'credit_already_sent', 'audit_breach', 'follow_up', 'erase_person', 'check_card_payment', 'answer_dispute', "
    "'payout_failed', 'outside_refund', 'close_day', 'check_document', 'place_student', 'site_declined', "
    "'site_offers', 'agreement_ends', 'countersign_agreement', 'placement_held', 'preceptor_asks', 'evaluation_late'"
)


def upgrade() -> None:
    op.create_table(
        "exam_result",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("certificate_number", sa.String(length=200), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=16), nullable=True),
        sa.Column("rejection", sa.Text(), nullable=True),
        sa.Column("renew_by", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'rejected') = (rejection IS NOT NULL)", name=op.f("ck_exam_result_rejected_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'reported') = (decided_at IS NULL)", name=op.f("ck_exam_result_decided_has_instant")
        ),
        sa.CheckConstraint(
            "renew_by IS NULL OR (state = 'verified' AND passed)", name=op.f("ck_exam_result_renews_what_was_passed")
        ),
        sa.CheckConstraint("state IN ('reported', 'verified', 'rejected')", name=op.f("ck_exam_result_state_known")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credential.id"], name=op.f("fk_exam_result_credential_id_credential")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_exam_result_file_id_file")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_result_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_result")),
        sa.UniqueConstraint("file_id", name=op.f("uq_exam_result_file_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_exam_result_reference")),
    )
    with op.batch_alter_table("exam_result", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_exam_result_renew_by"),
            ["renew_by"],
            unique=False,
            sqlite_where=sa.text("renew_by IS NOT NULL"),
            postgresql_where=sa.text("renew_by IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_exam_result_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_exam_result_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(
            "ix_exam_result_to_check",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'reported'"),
            postgresql_where=sa.text("state = 'reported'"),
        )
        batch_op.create_index(
            "uq_exam_result_attempt",
            ["person_id", "credential_id", "taken_on"],
            unique=True,
            sqlite_where=sa.text("state <> 'rejected'"),
            postgresql_where=sa.text("state <> 'rejected'"),
        )

    _allow("task", "kind", f"{TASKS}, 'check_exam_result'")


def downgrade() -> None:
    op.execute("UPDATE task SET kind = 'follow_up' WHERE kind = 'check_exam_result'")
    _allow("task", "kind", TASKS)
    with op.batch_alter_table("exam_result", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_exam_result_attempt",
            sqlite_where=sa.text("state <> 'rejected'"),
            postgresql_where=sa.text("state <> 'rejected'"),
        )
        batch_op.drop_index(
            "ix_exam_result_to_check",
            sqlite_where=sa.text("state = 'reported'"),
            postgresql_where=sa.text("state = 'reported'"),
        )
        batch_op.drop_index(batch_op.f("ix_exam_result_state_id"))
        batch_op.drop_index(batch_op.f("ix_exam_result_person_id"))
        batch_op.drop_index(
            batch_op.f("ix_exam_result_renew_by"),
            sqlite_where=sa.text("renew_by IS NOT NULL"),
            postgresql_where=sa.text("renew_by IS NOT NULL"),
        )

    op.drop_table("exam_result")


def _allow(table: str, column: str, values: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{column}_known"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{column}_known"), f"{column} IN ({values})")
