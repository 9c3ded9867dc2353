"""The list of letters that staff page through: only the columns it shows, never a letter's text."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from provider.kernel.database import db, table
from provider.kernel.paging import KEY, Direction, Page, Sort, outer_order, turned, walk, way
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


def staff_page(
    *,
    state: LetterState | None = None,
    sort: Sort = NEWEST,
    before: int | None = None,
    after: int | None = None,
    size: int = 50,
) -> Page[LetterLine]:
    """Return a page of letters, newest first unless told, of one state if asked for."""
    direction, key = way(before, after)
    query = _page(state, sort, direction, size)
    found = [LetterLine(*tuple(row)) for row in db.session.execute(query, {KEY: key} if direction else {})]
    return turned(found, before=before, after=after, size=size, sort=sort)


@lru_cache(maxsize=256)
def _page(state: LetterState | None, sort: Sort, direction: Direction | None, size: int) -> sa.Select[Any]:
    every = sa.select(_L.id) if state is None else sa.select(_L.id).where(_L.state == state)
    ids = walk([every], direction=direction, ascending=sort.ascending, size=size)
    lines = sa.select(*(_L[name] for name in LetterLine.__dataclass_fields__)).join(ids, ids.c.id == _L.id)
    return lines.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))
