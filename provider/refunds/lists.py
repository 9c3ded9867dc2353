"""The list of refunds that staff page through: only the columns it shows, limited before joined."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.enrollments.rules import SEARCH_KIND
from provider.kernel.database import db, table
from provider.kernel.finding import Typed
from provider.kernel.paging import KEY, Direction, Page, Sort, outer_order, turned, walk, way
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


def staff_page(
    filters: Filters = Filters(),
    *,
    sort: Sort = NEWEST,
    before: int | None = None,
    after: int | None = None,
    size: int = 50,
) -> Page[RefundLine]:
    """Return a page of refunds, newest first unless told, at a cost that does not grow with the table."""
    direction, key = way(before, after)
    query = _page(filters, typed_words(SEARCH_KIND, filters.typed), sort, direction, size)
    found = [RefundLine(*tuple(row)) for row in db.session.execute(query, {KEY: key} if direction else {})]
    return turned(found, before=before, after=after, size=size, sort=sort)


@lru_cache(maxsize=256)
def _page(
    filters: Filters, words: tuple[Typed, ...], sort: Sort, direction: Direction | None, size: int
) -> sa.Select[Any]:
    every = sa.select(_R.id).where(*(has_word(SEARCH_KIND, word, _R.enrollment_id) for word in words))
    if filters.state is not None:
        every = every.where(_R.state == filters.state)
    ids = walk([every], direction=direction, ascending=sort.ascending, size=size)
    lines = _LINES.join(ids, ids.c.id == _R.id)
    return lines.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))


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
