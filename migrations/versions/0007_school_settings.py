"""What a school sets for itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "school_setting",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(length=16), nullable=True),
        sa.CheckConstraint(
            "key IN ('SCHOOL_NAME', 'SCHOOL_ZONE', 'MAIL_DOMAIN', 'PAYMENT_INSTRUCTIONS', 'ACCENT_COLOR')",
            name=op.f("ck_school_setting_key_known"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_school_setting")),
    )


def downgrade() -> None:
    op.drop_table("school_setting")
