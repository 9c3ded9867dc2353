"""Filing records under their words."""

from collections.abc import Sequence

import sqlalchemy as sa

from provider.kernel import text
from provider.kernel.database import db, insert_all
from provider.search.models import SearchWord
from provider.search.rules import LONGEST_WORD


def file_under(*, kind: str, subject_id: int, texts: Sequence[str | None]) -> None:
    """Make a record findable by the words of these texts (and by each whole e-mail or reference)."""
    insert_all(SearchWord, [{"word": word, "kind": kind, "subject_id": subject_id} for word in _words(texts)])


def file_anew(*, kind: str, subject_id: int, texts: Sequence[str | None]) -> None:
    """Make a record findable by the words of these texts and by no others, whatever it was filed under before."""
    forget(kind=kind, subject_id=subject_id)
    if any(texts):
        file_under(kind=kind, subject_id=subject_id, texts=texts)


def forget(*, kind: str, subject_id: int) -> None:
    """Let a record not be found any more."""
    db.session.execute(sa.delete(SearchWord).where(SearchWord.kind == kind, SearchWord.subject_id == subject_id))


def _words(texts: Sequence[str | None]) -> list[str]:
    found = dict.fromkeys(
        word[:LONGEST_WORD]
        for given in texts
        if given
        for word in (*text.words(given), *([given.casefold()] if " " not in given else []))
    )
    return list(found)
