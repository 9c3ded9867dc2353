"""Search words by record: whether a record has a word is read from the index alone."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("search_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_search_word_kind_subject_id"))
        batch_op.create_index(batch_op.f("ix_search_word_kind_subject_id_word"), ["kind", "subject_id", "word"])


def downgrade() -> None:
    with op.batch_alter_table("search_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_search_word_kind_subject_id_word"))
        batch_op.create_index(batch_op.f("ix_search_word_kind_subject_id"), ["kind", "subject_id"])
