"""The queue of credit requests: the oldest first, each with its clock; limited before joined."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.accounts.models import Person
from provider.accounts.rules import SEARCH_KIND, Permission
from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.clocks.waiting import lines
from provider.credits.models import College, CreditRequest
from provider.credits.rules import ENDED, CreditState
from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort, up_to
from provider.kernel.promises import NOBODY, Queue
from provider.programs.models import Credential
from provider.search.queries import has_word, typed_words

OLDEST = Sort("oldest", "Oldest first", "Asked", ascending=True, earlier="Older", later="Newer")
NEWEST = Sort("newest", "Newest first", "Asked")
SORTS = (OLDEST, NEWEST)
ACTIVE = tuple(state for state in CreditState if state not in ENDED)
TO_DO = (CreditState.REQUESTED, CreditState.VERIFIED)  # what waits for staff
_R, _P, _G, _K, _C = (table(one).c for one in (CreditRequest, Person, College, Credential, Clock))
_OWNERS = table(Person).alias("owner")
_OWNER = _OWNERS.c


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to; ``owner`` is a person's reference, `NOBODY`, or empty for everybody's."""

    typed: str = ""
    states: tuple[CreditState, ...] = TO_DO
    owner: str = ""


@dataclass(frozen=True, slots=True)
class CreditLine:
    """One request as the queue shows it; the dates are those of its clock."""

    id: int
    reference: str
    student: str
    student_reference: str
    email: str
    credential: str
    credits: int
    college: str
    mailbox: str
    state: CreditState
    requested_at: dt.datetime
    sent_at: dt.datetime | None
    decided_at: dt.datetime | None
    granted: int | None
    clock: ClockState | None
    due_on: dt.date | None
    overdue_on: dt.date | None
    owner: str | None


_LINES = sa.select(
    _R.id,
    _R.reference,
    _P.name,
    _P.reference,
    _P.email,
    _K.code,
    _R.credits,
    _G.name,
    _G.registrar_email,
    _R.state,
    _R.requested_at,
    _R.sent_at,
    _R.decided_at,
    _R.decision_credits,
    _C.state,
    _C.due_on,
    _C.overdue_on,
    _OWNER.name,
).select_from(
    table(CreditRequest)
    .join(table(Person), _P.id == _R.person_id)
    .join(table(College), _G.id == _R.college_id)
    .join(table(Credential), _K.id == _R.credential_id)
    .outerjoin(table(Clock), sa.and_(_C.kind == ClockKind.CREDIT_SENT, _C.subject_reference == _R.reference))
    .outerjoin(_OWNERS, _OWNER.reference == _R.assigned_to)
)


def _ways(every: sa.Select[Any], filters: Filters, words: Words) -> list[sa.Select[Any]]:
    every = every.where(*(has_word(SEARCH_KIND, word, _R.person_id) for word in words))
    if filters.owner:
        every = every.where(_R.assigned_to.is_(None) if filters.owner == NOBODY else _R.assigned_to == filters.owner)
    return [every.where(_R.state == state) for state in filters.states]


staff_page = Lines(
    CreditLine, _LINES, sorts=SORTS, ways=_ways, typed=lambda one: typed_words(SEARCH_KIND, one.typed)
).page


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of requests that wait for staff: to be checked, or to be sent."""
    return up_to(sa.select(_R.id).where(_R.state.in_(TO_DO)))


QUEUE = Queue(
    "Credit requests to check or send",
    Permission.SEE_CREDITS,
    waiting,
    lambda: url_for("staff_credits.index"),
    lines(
        ClockKind.CREDIT_SENT,
        sa.select(_R.reference, _R.state, _P.name, _K.code, _R.assigned_to.label("owner"))
        .join(table(Person), _P.id == _R.person_id)
        .join(table(Credential), _K.id == _R.credential_id),
        text=lambda row: f"{row.name}, {row.code}: {row.state.label.lower()}",
        endpoint="staff_credits.show",
        team="Any credit officer",
    ),
    rank=27,
)
