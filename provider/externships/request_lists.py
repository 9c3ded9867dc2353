"""The queue of externship requests: the oldest first, each with the clock of its guarantee; limited before joined."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.accounts.rules import Permission
from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.clocks.waiting import lines
from provider.enrollments.models import Agreement, Enrollment
from provider.enrollments.rules import SEARCH_KIND
from provider.externships.models import ExternshipRequest
from provider.externships.rules import OPEN_REQUESTS, RequestState
from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort, up_to
from provider.kernel.promises import Queue
from provider.search.queries import has_word, typed_words

OLDEST = Sort("oldest", "Oldest first", "Asked", ascending=True, earlier="Older", later="Newer")
NEWEST = Sort("newest", "Newest first", "Asked")
SORTS = (OLDEST, NEWEST)
_R, _E, _A, _C = table(ExternshipRequest).c, table(Enrollment).c, table(Agreement).c, table(Clock).c


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to; no states are all that are open."""

    typed: str = ""
    states: tuple[RequestState, ...] = ()
    program_id: int | None = None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request as the queue shows it; the dates are those of its guarantee."""

    id: int
    reference: str
    enrollment: str
    legal_name: str
    program_code: str
    state: RequestState
    zip: str
    miles: int
    asked_at: dt.datetime
    clock: ClockState | None
    due_on: dt.date | None
    overdue_on: dt.date | None


_LINES = sa.select(
    _R.id,
    _R.reference,
    _E.reference,
    _E.legal_name,
    _A.program_code,
    _R.state,
    _R.zip,
    _R.miles,
    _R.asked_at,
    _C.state,
    _C.due_on,
    _C.overdue_on,
).select_from(
    table(ExternshipRequest)
    .join(table(Enrollment), _E.id == _R.enrollment_id)
    .join(table(Agreement), _A.enrollment_id == _E.id)
    .outerjoin(table(Clock), sa.and_(_C.kind == ClockKind.GUARANTEE, _C.subject_reference == _R.reference))
)


def _ways(every: sa.Select[Any], filters: Filters, words: Words) -> list[sa.Select[Any]]:
    every = every.where(*(has_word(SEARCH_KIND, word, _R.enrollment_id) for word in words))
    if filters.program_id is not None:
        joined = table(ExternshipRequest).join(table(Enrollment), _E.id == _R.enrollment_id)
        every = every.select_from(joined).where(_E.program_id == filters.program_id)
    return [every.where(_R.state == state) for state in filters.states or sorted(OPEN_REQUESTS)]


staff_page = Lines(
    RequestLine,
    _LINES,
    sorts=SORTS,
    by=dict.fromkeys(SORTS, _R.asked_at),
    ways=_ways,
    typed=lambda one: typed_words(SEARCH_KIND, one.typed),
).page


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of requests that look for a place."""
    return up_to(sa.select(_R.id).where(_R.state == RequestState.READY))


QUEUE = Queue(
    "Students to place",
    Permission.SEE_PLACEMENTS,
    waiting,
    lambda: url_for("staff_externships.index", state=RequestState.READY.value),
    lines(
        ClockKind.GUARANTEE,
        sa.select(_R.reference, _R.state, _E.legal_name).join(table(Enrollment), _E.id == _R.enrollment_id),
        text=lambda row: f"{row.legal_name}, {row.state.label.lower()}",
        endpoint="staff_externships.show",
        team="Any coordinator",
    ),
    rank=25,
)
