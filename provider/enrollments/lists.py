"""The list of enrollments that staff search and page through: only the columns it shows, limited before joined."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from provider.enrollments.models import Agreement, Enrollment, Installment
from provider.enrollments.rules import UNPAID_STATES, EnrollmentState, InstallmentState
from provider.kernel.database import db
from provider.kernel.paging import Page, limited, turned, up_to
from provider.search.queries import matching

SEARCH_KIND = "enrollment"


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
    """Return a page of enrollments, newest first, in one statement whose cost does not grow with the table."""
    ids = limited(_narrowed(filters), Enrollment.id, before=before, after=after, size=size).subquery()
    order = Enrollment.id.asc() if after is not None else Enrollment.id.desc()
    query = _LINES.join(ids, ids.c.id == Enrollment.id).order_by(order)
    found = [EnrollmentLine(*tuple(row)) for row in db.session.execute(query)]
    return turned(found, before=before, after=after, size=size)


def waiting_for_payment() -> sa.ScalarSelect[int]:
    """Return the count of enrollments whose first payment is awaited."""
    return up_to(sa.select(Enrollment.id).where(Enrollment.state.in_(UNPAID_STATES)))


def late() -> sa.ScalarSelect[int]:
    """Return the count of enrollments with an installment past due or a hold."""
    return up_to(sa.select(Enrollment.id).where(_LATE))


# By the ids of late installments, of which there are few, not by asking every enrollment.
_LATE = Enrollment.id.in_(
    sa.select(Installment.enrollment_id)
    .where(Installment.state == InstallmentState.PAST_DUE)
    .union(sa.select(Enrollment.id).where(Enrollment.hold_on.is_not(None)))
)
_PAID = (
    # PostgreSQL adds whole numbers up to a decimal one.
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(Installment.paid_cents), 0), sa.BigInteger))
    .where(Installment.enrollment_id == Enrollment.id)
    .correlate(Enrollment)
    .scalar_subquery()
)
_LINES = sa.select(
    Enrollment.id,
    Enrollment.reference,
    Enrollment.legal_name,
    Enrollment.claimed_email,
    Enrollment.state,
    Enrollment.accepted_at,
    Enrollment.purchased_at,
    Enrollment.hold_on,
    Agreement.program_code,
    Agreement.plan_title,
    Agreement.total_cents,
    _PAID,
).join(Agreement, Agreement.enrollment_id == Enrollment.id)


def _narrowed(filters: Filters) -> sa.Select[int]:
    query = sa.select(Enrollment.id)
    if filters.program_id is not None:
        query = query.where(Enrollment.program_id == filters.program_id)
    if len(filters.states) == 1:
        query = query.where(Enrollment.state == filters.states[0])
    elif filters.states:
        query = query.where(Enrollment.state.in_(filters.states))
    if filters.late:
        query = query.where(_LATE)
    for ids in matching(SEARCH_KIND, filters.typed):
        query = query.where(Enrollment.id.in_(ids))
    return query
