"""The list of enrollments that staff search and page through: only the columns it shows, limited before joined."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.enrollments.models import PAST_DUE_ROWS, Agreement, Enrollment, Installment
from provider.enrollments.rules import SEARCH_KIND, UNPAID_STATES, EnrollmentState
from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import MOST_COUNTED, Sort, up_to
from provider.search.queries import has_word, typed_words

NEWEST = Sort("newest", "Newest first", "Enrolled")
OLDEST = Sort("oldest", "Oldest first", "Enrolled", ascending=True, earlier="Older", later="Newer")
SORTS = (NEWEST, OLDEST)
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


def waiting_for_payment() -> sa.ScalarSelect[int]:
    """Return the count of enrollments whose first payment is awaited."""
    return up_to(sa.select(_E.id).where(_E.state.in_(UNPAID_STATES)))


def late() -> sa.ScalarSelect[int]:
    """Return the count of enrollments with an installment past due or a hold."""
    first = [branch.limit(MOST_COUNTED).subquery() for branch in _LATE]
    return up_to(sa.union(*(sa.select(few.c.id) for few in first)).subquery().select())


# The ways to what is late, each through an index that holds nothing else: installments past due, and holds.
_LATE: tuple[sa.Select[Any], ...] = (
    sa.select(_I.enrollment_id.label("id")).distinct().where(PAST_DUE_ROWS),
    sa.select(_E.id).where(_E.hold_on.is_not(None)),
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


def _ways(every: sa.Select[Any], filters: Filters, words: Words) -> list[sa.Select[Any]]:
    """Return the ways through the indexes that together hold what is wanted: one for each state."""
    branches = _LATE if filters.late else [every.where(_E.state == state) for state in filters.states] or [every]
    return [_narrowed(branch, filters, words) for branch in branches]


def _narrowed(branch: sa.Select[Any], filters: Filters, words: Words) -> sa.Select[Any]:
    """Return a way on which only those stand that fit the other filters, too."""
    of_installments = branch is _LATE[0]
    if filters.program_id is not None and of_installments:
        branch = branch.join_from(table(Installment), table(Enrollment))
    if filters.program_id is not None:
        branch = branch.where(_E.program_id == filters.program_id)
    subject = _I.enrollment_id if of_installments else _E.id
    return branch.where(*(has_word(SEARCH_KIND, word, subject) for word in words))


staff_page = Lines(
    EnrollmentLine, _LINES, sorts=SORTS, ways=_ways, typed=lambda one: typed_words(SEARCH_KIND, one.typed)
).page
