"""What the page of a code may say about why a document was revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issued_document", sa.Column("public_reason", sa.String(length=200), nullable=True))


def downgrade() -> None:
    op.drop_column("issued_document", "public_reason")
