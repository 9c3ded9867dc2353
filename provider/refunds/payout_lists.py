"""The list of payouts that the bursar pages through: only the columns it shows, limited before joined."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.enrollments.rules import SEARCH_KIND
from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import PayoutState
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


_LINES = sa.select(
    _O.id,
    _O.reference,
    _R.reference,
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


def _ways(every: sa.Select[Any], filters: Filters, words: Words) -> list[sa.Select[Any]]:
    if words:
        every = every.join_from(table(Payout), table(Refund), _R.id == _O.refund_id)
        every = every.where(*(has_word(SEARCH_KIND, word, _R.enrollment_id) for word in words))
    return [every if filters.state is None else every.where(_O.state == filters.state)]


staff_page = Lines(
    PayoutLine, _LINES, sorts=SORTS, ways=_ways, typed=lambda one: typed_words(SEARCH_KIND, one.typed)
).page
