"""The table of search words."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Model

_WORD = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")


class SearchWord(Model):
    """One word of one record, in plain lower case."""

    __tablename__ = "search_word"

    word: Mapped[str] = mapped_column(_WORD, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

    __table_args__ = (sa.Index(None, "kind", "subject_id", "word"), sa.Index(None, "kind", "word", "subject_id"))
