"""The clock of the guarantee: started by asking, kept right after whatever happens to a request (R14)."""

import datetime as dt

from provider.clocks import actions as clocks
from provider.clocks import queries as clock_rows
from provider.clocks.rules import ClockKind, ClockState, due_after
from provider.externships import queries
from provider.externships.checks import waits_for_payment
from provider.externships.models import ExternshipRequest
from provider.externships.refusals import NotPaid
from provider.externships.rules import PLACED_REQUESTS, WAS_PLACED, RequestState, pause_reason
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

GUARANTEE = ClockKind.GUARANTEE


def start(request: ExternshipRequest, *, at: dt.datetime) -> None:
    """Start timing the promise of a confirmed place; the day of asking is day 0, the last day counts whole."""
    days, first_on = settings().GUARANTEE_DAYS, day_of(at, settings().SCHOOL_ZONE)
    last_on = due_after(first_on, days=days)
    about, subject = request.enrollment.reference, request.reference
    clocks.start(kind=GUARANTEE, subject=subject, about=about, at=at, due_on=last_on, overdue_on=last_on, days=days)


def keep(request: ExternshipRequest, *, at: dt.datetime) -> None:
    """Let the clock of a request stand as it should: met, stopped, paused for a reason, or running.

    To be called after each transition of a request or of its offer; what stands as it should stays untouched.
    """
    subject = request.reference
    if request.state is RequestState.WITHDRAWN:
        clocks.end(kind=GUARANTEE, subject=subject, at=at, state=ClockState.STOPPED)
    elif request.state in PLACED_REQUESTS:
        clocks.end(kind=GUARANTEE, subject=subject, at=at)
    else:
        _keep_running(request, at)
        return
    finish_by_key(key=late_key(request), at=at)


def _keep_running(request: ExternshipRequest, at: dt.datetime) -> None:
    offer = queries.live_offer(request.id)
    missing = request.missing_since is not None
    reason = pause_reason(request.state, offer.state if offer else None, documents_missing=missing)
    clocks.run_again(kind=GUARANTEE, subject=request.reference, reason=WAS_PLACED, at=at)
    clocks.keep_paused(kind=GUARANTEE, subject=request.reference, reason=reason, at=at)


def late_key(request: ExternshipRequest) -> str:
    """Name the task about a place that is overdue: one for each time that the school has to find one."""
    clock = clock_rows.of(GUARANTEE, request.reference)
    before = sum(one.reason == WAS_PLACED for one in clock_rows.pauses(clock)) if clock else 0
    return f"place_student:{request.reference}" + (f":{before}" if before else "")


def tell_late(request: ExternshipRequest, *, at: dt.datetime) -> None:
    """Put a request whose place is overdue before the coordinators, once."""
    clock = clock_rows.of(GUARANTEE, request.reference)
    if clock is None or clock.state is not ClockState.RUNNING or not _passed(clock.overdue_on, at):
        return
    raise_task(
        kind=TaskKind.PLACE_STUDENT,
        key=late_key(request),
        about=request.enrollment.reference,
        sentence=f"The place promised to {request.enrollment.legal_name} ({request.reference}) is overdue. "
        f"{NotPaid.sentence if waits_for_payment(request) else 'Find one.'} Write to the student how it stands.",
        due_on=clock.overdue_on,
        at=at,
    )


def _passed(day: dt.date, at: dt.datetime) -> bool:
    return day_of(at, settings().SCHOOL_ZONE) > day
