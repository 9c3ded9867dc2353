"""The list of threads that staff page through, and what of them waits: only the columns it shows."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.database import db, table
from provider.kernel.days import day_of
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort, up_to
from provider.kernel.promises import NOBODY, Asked, Promise, Queue
from provider.kernel.settings import settings
from provider.mail.rules import Mailbox
from provider.search.queries import has_word, typed_words
from provider.threads.models import WAITING_ROWS, Thread
from provider.threads.rules import SEARCH_KIND, Standing, ThreadState

LONGEST = Sort(
    "longest", "Waiting longest first", "Waits since", ascending=True, earlier="Waiting longer", later="Waiting shorter"
)
NEWEST = Sort("newest", "Latest mail first", "Last mail", earlier="Later", later="Earlier")
OLDEST = Sort("oldest", "Earliest mail first", "Last mail", ascending=True, earlier="Earlier", later="Later")
SORTS = (LONGEST, NEWEST, OLDEST)
SEES = {
    Mailbox.ENQUIRIES: Permission.SEE_ENQUIRIES,
    Mailbox.EXTERNSHIP: Permission.SEE_EXTERNSHIP_MAIL,
    Mailbox.COLLEGE_CREDITS: Permission.SEE_CREDIT_MAIL,
}
_T = table(Thread).c


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; ``owner`` is a person's reference, `NOBODY`, or empty for everybody's."""

    mailboxes: tuple[Mailbox, ...]
    states: tuple[ThreadState, ...] = ()
    typed: str = ""
    standing: Standing | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """One thread as a list shows it."""

    id: int
    reference: str
    mailbox: Mailbox
    subject: str
    correspondent: str
    correspondent_name: str
    standing: Standing
    about: str | None
    state: ThreadState
    last_at: dt.datetime
    waiting_since: dt.datetime | None
    assigned_to: str | None

    @property
    def writer(self) -> str:
        """Name the writer as the mail did, or by the address."""
        return self.correspondent_name or self.correspondent


_LINES = sa.select(*(_T[name] for name in ThreadLine.__dataclass_fields__))


def _ways(every: sa.Select[Any], filters: Filters, words: Words) -> list[sa.Select[Any]]:
    """Return the ways through the indexes: one for each state that is asked for."""
    narrowed = every.where(_T.mailbox.in_(filters.mailboxes), *(has_word(SEARCH_KIND, word, _T.id) for word in words))
    if filters.standing is not None:
        narrowed = narrowed.where(_T.standing == filters.standing)
    if filters.owner:
        mine = _T.assigned_to.is_(None) if filters.owner == NOBODY else _T.assigned_to == filters.owner
        narrowed = narrowed.where(mine)
    if not filters.states:
        return [narrowed.where(_T.state != ThreadState.MERGED)]
    return [narrowed.where(_T.state == state) for state in filters.states]


staff_page = Lines(
    ThreadLine,
    _LINES,
    sorts=SORTS,
    ways=_ways,
    by={LONGEST: _T.waiting_since, NEWEST: _T.last_at, OLDEST: _T.last_at},
    typed=lambda one: typed_words(SEARCH_KIND, one.typed),
).page


def seen() -> tuple[Mailbox, ...]:
    """Return the mailboxes whose mail whoever looks may see."""
    return tuple(mailbox for mailbox, needs in SEES.items() if may(needs))


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of threads that wait for whoever looks, those of the list; held ones are tasks."""
    waits = sa.select(_T.id).where(WAITING_ROWS, _T.state == ThreadState.WAITING)
    return up_to(waits.where(_T.mailbox.in_(seen())))


_FIRST = sa.select(
    _T.reference, _T.mailbox, _T.subject, _T.correspondent, _T.correspondent_name, _T.waiting_since, _T.assigned_to,
    _T.about,
).where(_T.state == ThreadState.WAITING)  # fmt: skip


def rows(asked: Asked) -> list[Promise]:
    """Return the threads that wait longest, in the mailboxes of whoever looks."""
    query = _FIRST.where(_T.mailbox.in_(seen()))
    if asked.owner:
        query = query.where(_T.assigned_to.is_(None) if asked.owner == NOBODY else _T.assigned_to == asked.owner)
    found = db.session.execute(query.order_by(_T.waiting_since, _T.id).limit(asked.most))
    return [
        Promise(
            label=f"Message to {row.mailbox}@",
            text=f"{row.correspondent_name or row.correspondent}: {row.subject}",
            href=url_for("staff_messages.show", reference=row.reference),
            turn_on=day_of(row.waiting_since, settings().SCHOOL_ZONE),
            owner=row.assigned_to,
            about=row.about,
        )
        for row in found
    ]


QUEUE = Queue(
    "Messages to answer", Permission.SEE_MESSAGES, waiting, lambda: url_for("staff_messages.index"), rows, rank=26
)
