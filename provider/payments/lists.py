"""The list of payments that staff page through: only the columns it shows, limited before joined."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.enrollments.rules import SEARCH_KIND
from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort
from provider.payments.models import FOR_RETURN_ROWS, Payment
from provider.payments.rules import PaymentMethod, PaymentState
from provider.search.queries import has_word, typed_words

NEWEST = Sort("newest", "Newest first", "Recorded")
OLDEST = Sort("oldest", "Oldest first", "Recorded", ascending=True, earlier="Older", later="Newer")
LARGEST = Sort("largest", "Largest first", "Amount", earlier="Larger", later="Smaller")
SORTS = (NEWEST, OLDEST, LARGEST)
_E, _P = table(Enrollment).c, table(Payment).c


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of payments is narrowed to; ``typed`` are words of the student's enrollment."""

    typed: str = ""
    state: PaymentState | None = None
    for_return: bool = False


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment as a list shows it."""

    id: int
    reference: str
    enrollment: str
    legal_name: str
    claimed_email: str
    method: PaymentMethod
    state: PaymentState
    amount_cents: int
    refunded_cents: int
    external_reference: str
    received_at: dt.datetime
    recorded_at: dt.datetime
    for_return: bool


_LINES = sa.select(
    _P.id,
    _P.reference,
    _E.reference,
    _E.legal_name,
    _E.claimed_email,
    _P.method,
    _P.state,
    _P.amount_cents,
    _P.refunded_cents,
    _P.external_reference,
    _P.received_at,
    _P.recorded_at,
    _P.for_return,
).join_from(table(Payment), table(Enrollment))


def _ways(every: sa.Select[Any], filters: Filters, words: Words) -> list[sa.Select[Any]]:
    """Return the ways through the indexes: by size each state is one of its own."""
    every = every.where(*(has_word(SEARCH_KIND, word, _P.enrollment_id) for word in words))
    if filters.for_return:
        # Not by its plain column: SQLite would go through all captured payments then, not through these few.
        return [every.where(FOR_RETURN_ROWS, _P.state.concat("") == PaymentState.CAPTURED.value)]
    if filters.state is not None:
        return [every.where(_P.state == filters.state)]
    by_size = _P.amount_cents in every.selected_columns.values()
    return [every.where(_P.state == state) for state in PaymentState] if by_size else [every]


staff_page = Lines(
    PaymentLine,
    _LINES,
    sorts=SORTS,
    by={LARGEST: _P.amount_cents},
    ways=_ways,
    typed=lambda one: typed_words(SEARCH_KIND, one.typed),
).page
