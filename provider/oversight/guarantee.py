"""The clock of the guarantee: it runs, stands still, is met or stopped as the request says, and adds up (R14)."""

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from provider.clocks.models import Clock, ClockPause
from provider.clocks.rules import ClockKind, ClockState, days_moved, due_after
from provider.enrollments.models import Enrollment
from provider.externships.models import ExternshipRequest, Offer, Placement
from provider.externships.rules import (
    HOLDING_OFFERS,
    PLACED_REQUESTS,
    RequestState,
    pause_reason,
)
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.oversight.checks import Finding, findings, rows

_R = RequestState
_MISSING = (_R.DOCUMENTS, _R.LAPSED)
AT_ONCE = dt.timedelta(minutes=1)  # of two who act at once the first to come may be the second to be served
ROUNDED = dt.timedelta(seconds=1)  # of each pause, since what a clock stood still is kept in whole seconds


def guarantee_stands_as_its_request() -> Iterator[Finding]:
    """The clock of a request is met with a place, stopped without one, and else stands still on the student's turn."""
    lasting = sa.and_(ClockPause.clock_id == Clock.id, ClockPause.ended_at.is_(None))
    timed = sa.and_(Clock.kind == ClockKind.GUARANTEE, Clock.subject_reference == ExternshipRequest.reference)
    # A placement that went with its request had kept the promise: the clock stays met.
    until_then = sa.exists().where(
        Placement.request_id == ExternshipRequest.id, Placement.released_at == ExternshipRequest.ended_at
    )
    query = (
        sa.select(
            ExternshipRequest.reference.label("subject"),
            ExternshipRequest.state,
            ExternshipRequest.missing_since,
            Offer.state.label("offer"),
            Enrollment.reference.label("enrollment"),
            Clock.state.label("clock"),
            Clock.about,
            ClockPause.reason,
            until_then.label("was_placed"),
        )
        .join(Enrollment, Enrollment.id == ExternshipRequest.enrollment_id)
        .outerjoin(Offer, sa.and_(Offer.request_id == ExternshipRequest.id, Offer.state.in_(HOLDING_OFFERS)))
        .outerjoin(Clock, timed)
        .outerjoin(ClockPause, lasting)
    )
    for row in rows(query):
        sentence = _difference(row)
        if sentence is not None:
            yield row.subject, sentence


def _difference(row: sa.Row[Any]) -> str | None:
    if row.clock is None or row.about != row.enrollment:
        return "has no clock of its guarantee"
    state, reason = _expected(row)
    if row.clock is not state:
        return f"is {row.state.value}, so its clock should be {state.value}; it is {row.clock.value}"
    if row.reason != reason:
        return f"is {row.state.value}, and its clock stands still for {row.reason}; it should for {reason}"
    return None


def _expected(row: sa.Row[Any]) -> tuple[ClockState, str | None]:
    """Return how the clock should stand, and why it stands still."""
    if row.state is _R.WITHDRAWN:
        return (ClockState.MET if row.was_placed else ClockState.STOPPED), None
    if row.state in PLACED_REQUESTS:
        return ClockState.MET, None
    reason = pause_reason(row.state, row.offer, documents_missing=row.missing_since is not None)
    return (ClockState.PAUSED if reason else ClockState.RUNNING), reason


def missing_documents_are_the_students_turn() -> Iterator[Finding]:
    """The days of missing documents are counted while a request waits for them, or sleeps, and at no other time."""
    counted = ExternshipRequest.missing_since.is_not(None)
    wrong = sa.or_(
        sa.and_(counted, ExternshipRequest.state.not_in(_MISSING)),
        sa.and_(~counted, ExternshipRequest.state == _R.LAPSED),
        sa.and_(~counted, ExternshipRequest.reminded_days > 0, ExternshipRequest.state.not_in((_R.WITHDRAWN,))),
    )
    query = sa.select(
        ExternshipRequest.reference.label("subject"), ExternshipRequest.state, ExternshipRequest.missing_since
    ).where(wrong)
    return findings(query, "is {state}, and counts missing documents since {missing_since}")


def guarantee_adds_up() -> Iterator[Finding]:
    """A guarantee is due after the days it was made with and those of its pauses, which lie in it in turn."""
    query = (
        sa.select(
            Clock.subject_reference.label("subject"),
            Clock.started_at,
            Clock.ended_at,
            Clock.paused_seconds,
            Clock.days,
            Clock.due_on,
            Clock.overdue_on,
            ClockPause.began_at,
            ClockPause.ended_at.label("over_at"),
        )
        .outerjoin(ClockPause, ClockPause.clock_id == Clock.id)
        .where(Clock.kind == ClockKind.GUARANTEE)
        .order_by(Clock.id, ClockPause.began_at, ClockPause.id)
    )
    for subject, group in groupby(rows(query), key=lambda row: row.subject):
        pauses = list(group)
        sentence = _unsound(pauses[0], [row for row in pauses if row.began_at is not None])
        if sentence is not None:
            yield str(subject), sentence


def _unsound(clock: sa.Row[Any], pauses: list[sa.Row[Any]]) -> str | None:
    free_from: dt.datetime = clock.started_at
    stood = dt.timedelta(0)
    for pause in pauses:
        if pause.began_at < free_from - AT_ONCE:
            return "has a pause that began before the clock, or in another pause"
        if pause.over_at is None:
            break  # at most one lasts, and it is the last
        stood += pause.over_at - pause.began_at
        free_from = max(free_from, pause.over_at)
    if clock.ended_at is not None and free_from - AT_ONCE > clock.ended_at:
        return "has a pause that ended after its clock"
    kept = dt.timedelta(seconds=clock.paused_seconds)
    if not kept <= stood <= kept + ROUNDED * len(pauses):
        return f"stood still for {stood}, and its clock counts {kept}"
    right = due_after(day_of(clock.started_at, settings().SCHOOL_ZONE), days=clock.days, paused=kept)
    if (clock.due_on, clock.overdue_on) != (right, right):
        return (
            f"is due on {clock.due_on}, which {clock.days} days and {days_moved(kept)} of standing still make {right}"
        )
    return None


CHECKS = (guarantee_stands_as_its_request, missing_documents_are_the_students_turn, guarantee_adds_up)
