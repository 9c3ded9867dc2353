"""Colleges that were set right name what followed them, and letters that do not reach a registrar become tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TASKS = (
    "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', "
    "'credit_already_sent', 'audit_breach', 'follow_up', 'erase_person', 'check_card_payment', 'answer_dispute', "
    "'payout_failed', 'outside_refund', 'close_day', 'check_document', 'place_student', 'site_declined', "
    "'site_offers', 'agreement_ends', 'countersign_agreement', 'placement_held', 'preceptor_asks', 'evaluation_late', "
    "'check_exam_result', 'check_credit_request', 'credit_undecided', 'refund_by_mail', 'staff_unproved'"
)


def upgrade() -> None:
    with op.batch_alter_table("college", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaced_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_college_replaced_by_id_college"), "college", ["replaced_by_id"], ["id"]
        )
        batch_op.create_check_constraint(batch_op.f("ck_college_replaced_by_another"), "replaced_by_id <> id")
        batch_op.create_index(batch_op.f("ix_college_replaced_by_id"), ["replaced_by_id"], unique=False)
    _allow(f"{TASKS}, 'registrar_unreached'")
    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_credit_request_withdrawn_unsent"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_credit_request_unsent_has_no_instant"),
            "state NOT IN ('requested', 'verified', 'needs_information', 'withdrawn') OR sent_at IS NULL",
        )


def downgrade() -> None:
    with op.batch_alter_table("credit_request", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_credit_request_unsent_has_no_instant"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_credit_request_withdrawn_unsent"), "state <> 'withdrawn' OR sent_at IS NULL"
        )
    op.execute("UPDATE task SET kind = 'follow_up' WHERE kind = 'registrar_unreached'")
    _allow(TASKS)
    with op.batch_alter_table("college", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_college_replaced_by_id"))
        batch_op.drop_constraint(batch_op.f("ck_college_replaced_by_another"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_college_replaced_by_id_college"), type_="foreignkey")
        batch_op.drop_column("replaced_by_id")


def _allow(kinds: str) -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_task_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_task_kind_known"), f"kind IN ({kinds})")
