"""The list of letters that staff page through: only the columns it shows, never a letter's text."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState

NEWEST = Sort("newest", "Newest first", "Written")
OLDEST = Sort("oldest", "Oldest first", "Written", ascending=True, earlier="Older", later="Newer")
SORTS = (NEWEST, OLDEST)
_L = table(OutboxLetter).c


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter as a list shows it."""

    id: int
    reference: str
    template: str
    subject: str | None
    recipient: str
    about: str | None
    state: LetterState
    queued_at: dt.datetime
    sent_at: dt.datetime | None
    attempts: int

    @property
    def title(self) -> str:
        """What it is: its subject, once it has one."""
        return self.subject or self.template.replace("_", " ").capitalize()


def _ways(every: sa.Select[Any], state: LetterState | None, _words: Words) -> list[sa.Select[Any]]:
    return [every if state is None else every.where(_L.state == state)]


_LINES = sa.select(*(_L[name] for name in LetterLine.__dataclass_fields__))
staff_page = Lines(LetterLine, _LINES, sorts=SORTS, ways=_ways).page
