"""What staff lists walk through: payments to be returned, payments by amount, installments past due.

None of it is written to when somebody enrolls: the indexes of few rows hold only what is late or has to go back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FOR_RETURN = sa.text("for_return")
PAST_DUE = sa.text("state = 'past_due'")


def upgrade() -> None:
    op.create_index("ix_payment_for_return", "payment", ["id"], sqlite_where=FOR_RETURN, postgresql_where=FOR_RETURN)
    op.create_index(op.f("ix_payment_state_amount_cents_id"), "payment", ["state", "amount_cents", "id"])
    op.create_index(
        "ix_installment_past_due", "installment", ["enrollment_id"], sqlite_where=PAST_DUE, postgresql_where=PAST_DUE
    )


def downgrade() -> None:
    op.drop_index("ix_installment_past_due", table_name="installment")
    op.drop_index(op.f("ix_payment_state_amount_cents_id"), table_name="payment")
    op.drop_index("ix_payment_for_return", table_name="payment")
