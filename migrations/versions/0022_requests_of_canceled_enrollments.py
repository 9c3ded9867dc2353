"""An externship request, an offer and a placement may end because the enrollment was canceled."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

REASONS = (
    "'site_closed', 'agreement_ended', 'site_asked', 'student_withdrew', 'refunded', 'withdrawn_from_program', "
    "'coordinator', 'other_dates'"
)
WHERE = {"externship_request": "end_reason", "offer": "end_reason", "placement": "release_reason"}


def upgrade() -> None:
    for table, column in WHERE.items():
        _allow(table, column, f"{REASONS}, 'enrollment_canceled'")


def downgrade() -> None:
    for table, column in WHERE.items():
        op.execute(f"UPDATE {table} SET {column} = 'withdrawn_from_program' WHERE {column} = 'enrollment_canceled'")  # noqa: S608 - constants of this file
        _allow(table, column, REASONS)


def _allow(table: str, column: str, values: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{column}_known"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{column}_known"), f"{column} IN ({values})")
