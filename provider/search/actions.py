"""Filing records under their words."""

from provider.kernel import text
from provider.kernel.database import insert_all
from provider.search.models import SearchWord

LONGEST_WORD = 64


def file_under(*, kind: str, subject_id: int, texts: list[str | None]) -> None:
    """Make a record findable by the words of these texts (and by each whole e-mail or reference)."""
    found = dict.fromkeys(
        word[:LONGEST_WORD]
        for given in texts
        if given
        for word in (*text.words(given), *([given.casefold()] if " " not in given else []))
    )
    insert_all(SearchWord, [{"word": word, "kind": kind, "subject_id": subject_id} for word in found])
