"""Whom an evaluation was asked of, so that a change of the preceptor is seen."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evaluation", sa.Column("asked_of", sa.String(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("evaluation", "asked_of")
