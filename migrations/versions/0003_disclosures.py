"""What was told about people to whom."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor_kind", sa.String(length=32), nullable=False),
        sa.Column("actor_reference", sa.String(length=16), nullable=True),
        sa.Column("request_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "actor_kind IN ('student', 'staff', 'link', 'visitor', 'system')",
            name=op.f("ck_disclosure_actor_kind_known"),
        ),
        sa.CheckConstraint("kind = 'export' OR about IS NOT NULL", name=op.f("ck_disclosure_told_about_somebody")),
        sa.CheckConstraint(
            "kind IN ('export', 'copy_for_person', 'site', 'college', 'ace')", name=op.f("ck_disclosure_kind_known")
        ),
        sa.CheckConstraint(
            "kind NOT IN ('ace', 'college', 'site') OR consent_at IS NOT NULL",
            name=op.f("ck_disclosure_outside_with_consent"),
        ),
        sa.CheckConstraint("row_count >= 0", name=op.f("ck_disclosure_row_count_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        sa.UniqueConstraint("reference", name=op.f("uq_disclosure_reference")),
    )
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosure_about_id"), ["about", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosure_kind_id"), ["kind", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("disclosure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disclosure_kind_id"))
        batch_op.drop_index(batch_op.f("ix_disclosure_about_id"))

    op.drop_table("disclosure")
