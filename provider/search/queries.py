"""Finding records by the beginnings of words."""

import sqlalchemy as sa

from provider.kernel import text
from provider.search.models import SearchWord

LAST = "\U0010ffff"
MOST_WORDS = 5


def matching(kind: str, typed: str) -> list[sa.Select[int]]:
    """Return one id query per typed word; a record matches when it is in all of them. Empty when nothing was typed."""
    whole = typed.strip().casefold()
    parts = [whole] if "@" in whole or ("-" in whole and " " not in whole) else text.words(typed)[:MOST_WORDS]
    return [
        sa.select(SearchWord.subject_id).where(
            SearchWord.kind == kind, SearchWord.word >= part, SearchWord.word < part + LAST
        )
        for part in parts
    ]
