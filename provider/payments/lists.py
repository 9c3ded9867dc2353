"""The list of payments that staff page through: only the columns it shows, limited before joined."""

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


def staff_page(
    filters: Filters = Filters(),
    *,
    sort: Sort = NEWEST,
    before: int | None = None,
    after: int | None = None,
    size: int = 50,
) -> Page[PaymentLine]:
    """Return a page of payments, newest first unless told, at a cost that does not grow with the table."""
    direction, key = way(before, after)
    query = _page(filters, typed_words(SEARCH_KIND, filters.typed), sort, direction, size)
    found = [PaymentLine(*tuple(row)) for row in db.session.execute(query, {KEY: key} if direction else {})]
    return turned(found, before=before, after=after, size=size, sort=sort)


@lru_cache(maxsize=256)
def _page(
    filters: Filters, words: tuple[Typed, ...], sort: Sort, direction: Direction | None, size: int
) -> sa.Select[Any]:
    row = sa.select(_P.amount_cents, _P.id) if sort is LARGEST else None
    every = sa.select(_P.id) if row is None else row
    fitting = every.where(*(has_word(SEARCH_KIND, word, _P.enrollment_id) for word in words))
    ids = walk(_branches(fitting, filters, sort), row=row, direction=direction, ascending=sort.ascending, size=size)
    lines = _LINES.join(ids, ids.c.id == _P.id)
    return lines.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))


def _branches(every: sa.Select[Any], filters: Filters, sort: Sort) -> list[sa.Select[Any]]:
    """Return the ways through the indexes: by size each state is one of its own."""
    if filters.for_return:
        # Not by its plain column: SQLite would go through all captured payments then, not through these few.
        return [every.where(FOR_RETURN_ROWS, _P.state.concat("") == PaymentState.CAPTURED.value)]
    if filters.state is not None:
        return [every.where(_P.state == filters.state)]
    return [every.where(_P.state == state) for state in PaymentState] if sort is LARGEST else [every]


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
