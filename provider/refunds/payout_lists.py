"""The list of payouts that the bursar pages through: only the columns it shows, limited before joined."""

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
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import PayoutState, RefundState
from provider.search.queries import has_word, typed_words

NEWEST = Sort("newest", "Newest first", "Approved")
OLDEST = Sort("oldest", "Oldest first", "Approved", ascending=True, earlier="Older", later="Newer")
SORTS = (NEWEST, OLDEST)
_E, _O, _P, _R = table(Enrollment).c, table(Payout).c, table(Payment).c, table(Refund).c


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of payouts is narrowed to; ``typed`` are words of the student's enrollment."""

    typed: str = ""
    state: PayoutState | None = None


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payout as a list shows it; the dates are those of its refund's promise."""

    id: int
    reference: str
    refund: str
    refund_state: RefundState
    enrollment: str
    legal_name: str
    payment: str
    state: PayoutState
    method: PaymentMethod
    amount_cents: int
    external_reference: str | None
    decided_at: dt.datetime
    due_on: dt.date | None
    overdue_on: dt.date | None
    sent_at: dt.datetime | None
    failure: str | None


def staff_page(
    filters: Filters = Filters(),
    *,
    sort: Sort = NEWEST,
    before: int | None = None,
    after: int | None = None,
    size: int = 50,
) -> Page[PayoutLine]:
    """Return a page of payouts, newest first unless told, at a cost that does not grow with the table."""
    direction, key = way(before, after)
    query = _page(filters, typed_words(SEARCH_KIND, filters.typed), sort, direction, size)
    found = [PayoutLine(*tuple(row)) for row in db.session.execute(query, {KEY: key} if direction else {})]
    return turned(found, before=before, after=after, size=size, sort=sort)


@lru_cache(maxsize=256)
def _page(
    filters: Filters, words: tuple[Typed, ...], sort: Sort, direction: Direction | None, size: int
) -> sa.Select[Any]:
    every = sa.select(_O.id)
    if words:
        every = every.join_from(table(Payout), table(Refund), _R.id == _O.refund_id)
        every = every.where(*(has_word(SEARCH_KIND, word, _R.enrollment_id) for word in words))
    if filters.state is not None:
        every = every.where(_O.state == filters.state)
    ids = walk([every], direction=direction, ascending=sort.ascending, size=size)
    lines = _LINES.join(ids, ids.c.id == _O.id)
    return lines.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))


_LINES = sa.select(
    _O.id,
    _O.reference,
    _R.reference,
    _R.state,
    _E.reference,
    _E.legal_name,
    _P.reference,
    _O.state,
    _O.method,
    _O.amount_cents,
    _O.external_reference,
    _R.decided_at,
    _R.due_on,
    _R.overdue_on,
    _O.sent_at,
    _O.failure,
).select_from(
    table(Payout)
    .join(table(Refund), _R.id == _O.refund_id)
    .join(table(Enrollment), _E.id == _R.enrollment_id)
    .join(table(Payment), _P.id == _O.payment_id)
)
