"""Changes of the address of an account."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "email_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("old_email", sa.String(length=254), nullable=False),
        sa.Column("new_email", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "old_email = lower(old_email) AND new_email = lower(new_email) AND old_email <> new_email",
            name=op.f("ck_email_change_another_lower_email"),
        ),
        sa.CheckConstraint(
            "(confirmed_at IS NOT NULL) = (state IN ('confirmed', 'undone'))",
            name=op.f("ck_email_change_confirmed_has_instant"),
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'confirmed', 'stopped', 'undone')", name=op.f("ck_email_change_state_known")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_email_change_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_change")),
        sa.UniqueConstraint("reference", name=op.f("uq_email_change_reference")),
    )
    with op.batch_alter_table("email_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_change_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_email_change_asked",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("email_change", schema=None) as batch_op:
        batch_op.drop_index("uq_email_change_asked")
        batch_op.drop_index(batch_op.f("ix_email_change_person_id"))
    op.drop_table("email_change")
