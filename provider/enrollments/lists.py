"""The list of enrollments that staff search and page through: only the columns it shows, limited before joined."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from provider.enrollments.models import Agreement, Enrollment, Installment
from provider.enrollments.rules import UNPAID_STATES, EnrollmentState, InstallmentState
from provider.kernel.database import db, table
from provider.kernel.finding import Typed
from provider.kernel.paging import Page, limited, turned, up_to
from provider.search.queries import has_word, typed_words

SEARCH_KIND = "enrollment"
Direction = Literal["before", "after"]
_E, _A, _I = table(Enrollment).c, table(Agreement).c, table(Installment).c


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of enrollments is narrowed to; nothing given shows all."""

    typed: str = ""
    states: tuple[EnrollmentState, ...] = ()
    program_id: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class EnrollmentLine:
    """One enrollment as a list shows it; ``paid_cents`` is what its installments have received."""

    id: int
    reference: str
    legal_name: str
    claimed_email: str
    state: EnrollmentState
    accepted_at: dt.datetime
    purchased_at: dt.datetime | None
    hold_on: dt.date | None
    program_code: str
    plan_title: str
    total_cents: int
    paid_cents: int


def staff_page(
    filters: Filters, *, before: int | None = None, after: int | None = None, size: int = 50
) -> Page[EnrollmentLine]:
    """Return a page of enrollments, newest first, at a cost that does not grow with the table.

    One statement, and one before it where words were typed.
    """
    direction: Direction | None = "after" if after is not None else "before" if before is not None else None
    query = _page(filters, typed_words(SEARCH_KIND, filters.typed), direction, size)
    found = db.session.execute(query, {"key": before if after is None else after})
    return turned([EnrollmentLine(*tuple(row)) for row in found], before=before, after=after, size=size)


@lru_cache(maxsize=256)
def _page(filters: Filters, words: tuple[Typed, ...], direction: Direction | None, size: int) -> sa.Select[Any]:
    """Return the query of a page whose key is still to be given; building it takes as long as running it."""
    bounds = {} if direction is None else {direction: sa.bindparam("key", type_=sa.Integer)}
    ids = limited(_narrowed(filters, words), _E.id, size=size, **bounds).subquery()
    return _LINES.join(ids, ids.c.id == _E.id).order_by(_E.id.asc() if direction == "after" else _E.id.desc())


def waiting_for_payment() -> sa.ScalarSelect[int]:
    """Return the count of enrollments whose first payment is awaited."""
    return up_to(sa.select(_E.id).where(_E.state.in_(UNPAID_STATES)))


def late() -> sa.ScalarSelect[int]:
    """Return the count of enrollments with an installment past due or a hold."""
    return up_to(sa.select(_E.id).where(_LATE))


# By the ids of late installments, of which there are few, not by asking every enrollment.
_LATE = _E.id.in_(
    sa.select(_I.enrollment_id)
    .where(_I.state == InstallmentState.PAST_DUE)
    .union(sa.select(_E.id).where(_E.hold_on.is_not(None)))
)
_PAID = (
    # PostgreSQL adds whole numbers up to a decimal one.
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(_I.paid_cents), 0), sa.BigInteger))
    .where(_I.enrollment_id == _E.id)
    .correlate(table(Enrollment))
    .scalar_subquery()
)
_LINES = sa.select(
    _E.id,
    _E.reference,
    _E.legal_name,
    _E.claimed_email,
    _E.state,
    _E.accepted_at,
    _E.purchased_at,
    _E.hold_on,
    _A.program_code,
    _A.plan_title,
    _A.total_cents,
    _PAID,
).join_from(table(Enrollment), table(Agreement))


def _narrowed(filters: Filters, words: tuple[Typed, ...]) -> sa.Select[Any]:
    query = sa.select(_E.id)
    if filters.program_id is not None:
        query = query.where(_E.program_id == filters.program_id)
    if len(filters.states) == 1:
        query = query.where(_E.state == filters.states[0])
    elif filters.states:
        query = query.where(_E.state.in_(filters.states))
    if filters.late:
        query = query.where(_LATE)
    return query.where(*(has_word(SEARCH_KIND, word, _E.id) for word in words))
