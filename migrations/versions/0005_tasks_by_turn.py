"""Tasks that staff write themselves, and the day that orders tasks in their lists."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KINDS = "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', 'credit_already_sent', 'audit_breach'"
INDEXES = (
    ["state", "turn_on", "id"],
    ["state", "kind", "turn_on", "id"],
    ["owner_reference", "state", "turn_on", "id"],
)


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turn_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE task SET turn_on = CASE WHEN state = 'done' THEN date(done_at) ELSE coalesce(due_on, date(created_at)) END"
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.alter_column("turn_on", existing_type=sa.Date(), nullable=False)
        batch_op.drop_constraint(batch_op.f("ck_task_kind_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_task_kind_known"), f"kind IN ({KINDS}, 'follow_up')")
        batch_op.drop_index(batch_op.f("ix_task_state_kind_id"))
        for columns in INDEXES:
            batch_op.create_index(batch_op.f(f"ix_task_{'_'.join(columns)}"), columns)


def downgrade() -> None:
    op.execute("UPDATE task SET kind = 'answer_message' WHERE kind = 'follow_up'")
    with op.batch_alter_table("task", schema=None) as batch_op:
        for columns in INDEXES:
            batch_op.drop_index(batch_op.f(f"ix_task_{'_'.join(columns)}"))
        batch_op.create_index(batch_op.f("ix_task_state_kind_id"), ["state", "kind", "id"])
        batch_op.drop_constraint(batch_op.f("ck_task_kind_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_task_kind_known"), f"kind IN ({KINDS})")
        batch_op.drop_column("turn_on")
