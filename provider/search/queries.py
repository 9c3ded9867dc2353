"""Finding records by the beginnings of words."""

from dataclasses import dataclass

import sqlalchemy as sa

from provider.kernel import text
from provider.kernel.database import table
from provider.kernel.paging import counted, up_to
from provider.search.models import SearchWord

LAST = "\U0010ffff"
MOST_WORDS = 5
COMMON = 2_000
_WORDS = table(SearchWord).c


@dataclass(frozen=True, slots=True)
class Typed:
    """The beginning of a word as somebody typed it; ``common`` when `COMMON` records or more have such a word."""

    beginning: str
    common: bool


def typed_words(kind: str, typed: str) -> tuple[Typed, ...]:
    """Return the words to look for among records of a kind, none when nothing was typed; at most one statement."""
    whole = typed.strip().casefold()
    parts = [whole] if "@" in whole or ("-" in whole and " " not in whole) else text.words(typed)[:MOST_WORDS]
    counts = counted({f"word{number}": up_to(_ids(kind, part), COMMON) for number, part in enumerate(parts)})
    return tuple(Typed(part, count == COMMON) for part, count in zip(parts, counts.values(), strict=True))


def has_word(kind: str, word: Typed, subject_id: sa.Column[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a record has such a word.

    The few records of a rare word are looked up; one that walks through a list asks each whether it has a common one.
    """
    ids = _ids(kind, word.beginning)
    return ids.where(_WORDS.subject_id == subject_id).exists() if word.common else subject_id.in_(ids)


def _ids(kind: str, beginning: str) -> sa.Select[int]:
    return sa.select(_WORDS.subject_id).where(
        _WORDS.kind == kind, _WORDS.word >= beginning, _WORDS.word < beginning + LAST
    )
