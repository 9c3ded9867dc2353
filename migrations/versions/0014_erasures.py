"""That people's data was erased, and the task to do it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = "'answer_message', 'return_payment', 'letter_failed', 'job_failed', 'payment_hold', 'pay_out', 'end_placement', 'credit_already_sent', 'audit_breach', 'follow_up'"


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("person_reference", sa.String(length=16), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=32), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("actor_kind", sa.String(length=32), nullable=False),
        sa.Column("actor_reference", sa.String(length=16), nullable=True),
        sa.Column("request_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "actor_kind IN ('student', 'staff', 'link', 'visitor', 'system')", name=op.f("ck_erasure_actor_kind_known")
        ),
        sa.CheckConstraint("basis IN ('asked', 'retention')", name=op.f("ck_erasure_basis_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("about", name=op.f("uq_erasure_about")),
    )
    _allow(f"{KINDS}, 'erase_person'")


def downgrade() -> None:
    op.execute("UPDATE task SET kind = 'follow_up' WHERE kind = 'erase_person'")
    _allow(KINDS)
    op.drop_table("erasure")


def _allow(kinds: str) -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_task_kind_known"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_task_kind_known"), f"kind IN ({kinds})")
