"""Filing records under their words."""

import sqlalchemy as sa

from provider.kernel import text
from provider.kernel.database import db, table
from provider.search.models import SearchWord

LONGEST_WORD = 64
_FILE = sa.insert(table(SearchWord))


def file_under(*, kind: str, subject_id: int, texts: list[str | None]) -> None:
    """Make a record findable by the words of these texts (and by each whole e-mail or reference)."""
    found = dict.fromkeys(
        word[:LONGEST_WORD]
        for given in texts
        if given
        for word in (*text.words(given), *([given.casefold()] if " " not in given else []))
    )
    db.session.execute(_FILE, [{"word": word, "kind": kind, "subject_id": subject_id} for word in found])
