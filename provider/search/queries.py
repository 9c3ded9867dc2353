"""Finding records by the beginnings of words."""

import sqlalchemy as sa

from provider.kernel import text
from provider.kernel.database import table
from provider.search.models import SearchWord

LAST = "\U0010ffff"
MOST_WORDS = 5
_WORDS = table(SearchWord).c


def matching(kind: str, typed: str) -> list[sa.Select[int]]:
    """Return one id query per typed word; a record matches when it is in all of them. Empty when nothing was typed."""
    whole = typed.strip().casefold()
    parts = [whole] if "@" in whole or ("-" in whole and " " not in whole) else text.words(typed)[:MOST_WORDS]
    return [
        sa.select(_WORDS.subject_id).where(_WORDS.kind == kind, _WORDS.word >= part, _WORDS.word < part + LAST)
        for part in parts
    ]
