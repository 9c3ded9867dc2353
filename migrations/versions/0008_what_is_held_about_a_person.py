"""What is held about a person is found by index: messages by the address, files, ended sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ANSWERED = sa.text("reply_to IS NOT NULL")


def upgrade() -> None:
    op.create_index(op.f("ix_file_about"), "file", ["about"])
    op.create_index(
        op.f("ix_letter_reply_to"), "letter", ["reply_to"], sqlite_where=ANSWERED, postgresql_where=ANSWERED
    )
    op.create_index(op.f("ix_person_session_person_id_id"), "person_session", ["person_id", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_person_session_person_id_id"), "person_session")
    op.drop_index(op.f("ix_letter_reply_to"), "letter")
    op.drop_index(op.f("ix_file_about"), "file")
