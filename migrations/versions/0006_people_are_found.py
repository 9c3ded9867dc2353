"""People are found by their own words: file those who are there already under name, e-mail, reference and telephone."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
LONGEST_WORD = 64
WORD = re.compile(r"[^\W_]+")
PEOPLE = sa.text(
    "SELECT p.id, p.name, p.email, p.reference, coalesce(p.phone, (SELECT max(e.phone) FROM enrollment e"
    " WHERE e.person_id = p.id)) AS phone FROM person p WHERE p.id > :last ORDER BY p.id LIMIT :most"
)
FILE = sa.text(
    "INSERT INTO search_word (word, kind, subject_id) VALUES (:word, 'person', :subject_id) ON CONFLICT DO NOTHING"
)


def upgrade() -> None:
    connection, last = op.get_bind(), 0
    while people := connection.execute(PEOPLE, {"last": last, "most": AT_ONCE}).all():
        rows = [
            {"word": word, "subject_id": person.id}
            for person in people
            for word in _words(person.name, person.email, person.reference, *_phone(person.phone))
        ]
        connection.execute(FILE, rows)
        last = people[-1].id


def downgrade() -> None:
    op.execute("DELETE FROM search_word WHERE kind = 'person'")


def _words(*texts: str) -> list[str]:
    found = dict.fromkeys(
        word[:LONGEST_WORD]
        for given in texts
        for word in (*WORD.findall(_plain(given)), *([given.casefold()] if " " not in given else []))
    )
    return list(found)


def _plain(given: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", given) if not unicodedata.combining(c)).casefold()


def _phone(given: str | None) -> list[str]:
    digits = re.sub("[^0-9]", "", given or "")
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    return [digits, digits[-7:]] if len(digits) >= 7 else []
