"""The list of refunds that staff page through: only the columns it shows, limited before joined."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.enrollments.rules import SEARCH_KIND
from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort
from provider.refunds.models import Refund
from provider.refunds.rules import RefundBasis, RefundState
from provider.search.queries import has_word, typed_words

NEWEST = Sort("newest", "Newest first", "Asked")
OLDEST = Sort("oldest", "Oldest first", "Asked", ascending=True, earlier="Older", later="Newer")
SORTS = (NEWEST, OLDEST)
_E, _R = table(Enrollment).c, table(Refund).c


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of refunds is narrowed to; ``typed`` are words of the student's enrollment."""

    typed: str = ""
    state: RefundState | None = None


@dataclass(frozen=True, slots=True)
class RefundLine:
    """One refund as a list shows it."""

    id: int
    reference: str
    enrollment: str
    legal_name: str
    claimed_email: str
    state: RefundState
    basis: RefundBasis
    amount_cents: int
    asked_at: dt.datetime
    decided_at: dt.datetime
    due_on: dt.date | None
    overdue_on: dt.date | None
    settled_at: dt.datetime | None


_LINES = sa.select(
    _R.id,
    _R.reference,
    _E.reference,
    _E.legal_name,
    _E.claimed_email,
    _R.state,
    _R.basis,
    _R.amount_cents,
    _R.asked_at,
    _R.decided_at,
    _R.due_on,
    _R.overdue_on,
    _R.settled_at,
).join_from(table(Refund), table(Enrollment))


def _ways(every: sa.Select[Any], filters: Filters, words: Words) -> list[sa.Select[Any]]:
    every = every.where(*(has_word(SEARCH_KIND, word, _R.enrollment_id) for word in words))
    return [every if filters.state is None else every.where(_R.state == filters.state)]


staff_page = Lines(
    RefundLine, _LINES, sorts=SORTS, ways=_ways, typed=lambda one: typed_words(SEARCH_KIND, one.typed)
).page
