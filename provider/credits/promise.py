"""The clock of a credit request, from asking to the letter that leaves, and the task that goes with it."""

import datetime as dt

from provider.clocks import actions as clocks
from provider.clocks import queries as clock_rows
from provider.clocks.rules import ClockKind, ClockState
from provider.credits import queries
from provider.credits.models import CreditRequest
from provider.credits.rules import AT_ITS_COLLEGE, ENDED, NEEDS_STUDENT, UNSENT, CreditState
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.policies.rules import business_day_after
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

KIND = ClockKind.CREDIT_SENT


def start(request: CreditRequest, *, at: dt.datetime) -> None:
    """Start timing: the day of asking is day 0, the last business day counts whole."""
    known = settings()
    last_on = business_day_after(day_of(at, known.SCHOOL_ZONE), known.CREDIT_DAYS)
    clocks.start(kind=KIND, subject=request.reference, about=request.about, at=at, due_on=last_on, overdue_on=last_on)


def keep(request: CreditRequest, *, at: dt.datetime) -> None:
    """Let the clock stand as it should after each transition, and keep one task while staff have something to do."""
    subject = request.reference
    if request.state in UNSENT:
        clocks.run_again(kind=KIND, subject=subject, reason=AT_ITS_COLLEGE, at=at)
        reason = NEEDS_STUDENT if request.state is CreditState.NEEDS_INFORMATION else None
        clocks.keep_paused(kind=KIND, subject=subject, reason=reason, at=at)
    else:
        over = request.state in ENDED and request.sent_at is None
        clocks.end(kind=KIND, subject=subject, at=at, state=ClockState.STOPPED if over else ClockState.MET)
    if request.state is CreditState.REQUESTED:
        _raise(request, at)
    elif request.state is not CreditState.VERIFIED:
        finish_by_key(key=task_key(request), at=at)


def due_on(request: CreditRequest) -> dt.date | None:
    """Return the day by which a request is checked and sent."""
    clock = clock_rows.of(KIND, request.reference)
    return clock.due_on if clock else None


def forget_task(request: CreditRequest, *, at: dt.datetime) -> None:
    """Close the task about what the student wrote before; what is written now gets its own."""
    finish_by_key(key=task_key(request), at=at)


def task_key(request: CreditRequest) -> str:
    """Name the task to check a request: one for each time that the student has written it or answered by mail.

    Where its letter came back, it is another one again.
    """
    gone = len(queries.letters_of(request.reference))
    said_at = max(request.consent_at, request.answer_recorded_at or request.consent_at)
    return f"credit:{request.reference}:{said_at:%Y%m%d%H%M%S%f}{f':{gone}' if gone else ''}"


def _raise(request: CreditRequest, at: dt.datetime) -> None:
    raise_task(
        kind=TaskKind.CHECK_CREDIT_REQUEST,
        key=task_key(request),
        about=request.about,
        sentence=f"{request.person.name} asks that {request.college.name} be told of the {request.credential.code} "
        f"certificate, {request.reference}. Check it, and send it.",
        due_on=due_on(request),
        at=at,
    )
