"""Finding records by the beginnings of words."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from provider.kernel.database import table
from provider.kernel.finding import Typed
from provider.kernel.paging import counted, up_to
from provider.search.models import SearchWord
from provider.search.rules import LONGEST_WORD, beginnings

LAST = "\U0010ffff"
COMMON = 2_000
_WORDS = table(SearchWord).c


def typed_words(kind: str, typed: str) -> tuple[Typed, ...]:
    """Return the words to look for among records of a kind, none when nothing was typed; at most one statement."""
    return typed_in([kind], typed)[kind]


def typed_in(kinds: Collection[str], typed: str) -> dict[str, tuple[Typed, ...]]:
    """Return the words to look for among records of each kind, in one statement; a word is common in one or not."""
    parts = beginnings(typed)
    counts = counted(
        {
            f"{kind}{number}": up_to(_ids(kind, part), COMMON)
            for kind in kinds
            if kind
            for number, part in enumerate(parts)
        }
    )
    return {
        kind: tuple(Typed(part, counts.get(f"{kind}{number}") == COMMON) for number, part in enumerate(parts))
        for kind in kinds
    }


def has_word(kind: str, word: Typed, subject_id: sa.Column[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a record has such a word.

    The few records of a rare word are looked up; one that walks through a list asks each whether it has a common one.
    """
    ids = _ids(kind, word.beginning)
    return ids.where(_WORDS.subject_id == subject_id).exists() if word.common else subject_id.in_(ids)


def ids_under(kind: str, word: str) -> sa.Select[int]:
    """Return the query of the records of a kind that are filed under exactly this e-mail address or reference."""
    return sa.select(_WORDS.subject_id).where(_WORDS.kind == kind, _WORDS.word == word[:LONGEST_WORD])


def has_all(kind: str, words: Sequence[Typed], subject_id: sa.Column[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a record has all of these words, put together from the records of each.

    It costs as much as those records are, whatever stands in the list: the way when hardly any has two common words.
    """
    return subject_id.in_(sa.intersect(*(_ids(kind, word.beginning) for word in words)))


def _ids(kind: str, beginning: str) -> sa.Select[int]:
    return sa.select(_WORDS.subject_id).where(
        _WORDS.kind == kind, _WORDS.word >= beginning, _WORDS.word < beginning + LAST
    )
