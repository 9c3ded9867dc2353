"""How a credit request ends: taken back, with the enrollment it rests on (R5), or closed."""

import datetime as dt

from provider.credits import letters, promise, queries
from provider.credits.models import CreditRequest
from provider.credits.refusals import RequestOver, RequestSent
from provider.credits.rules import ENDED, LIFECYCLE, UNSENT, CreditState, EndReason
from provider.enrollments.models import Enrollment
from provider.history import actions as history
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind


def withdraw(*, request: CreditRequest, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Let a student take back what was not sent; raises RequestOver, RequestSent."""
    if request.state in ENDED:
        raise RequestOver
    if request.state not in UNSENT:
        raise RequestSent
    _withdraw(request, EndReason.STUDENT_WITHDREW, actor, at)
    return request


def _withdraw(request: CreditRequest, reason: EndReason, actor: Actor, at: dt.datetime) -> None:
    _end(request, CreditState.WITHDRAWN, reason, None, actor=actor, at=at)
    post(letters.withdrawn(request), at=at)


def _end(
    request: CreditRequest, to: CreditState, reason: EndReason, words: str | None, *, actor: Actor, at: dt.datetime
) -> None:
    request.ended_at, request.end_reason, request.end_words = at, reason, words
    data = {"reason": reason.value}
    history.move(request, to, LIFECYCLE, actor=actor, at=at, about=request.about, data=data)
    db.session.flush()
    promise.keep(request, at=at)
    finish_by_key(key=undecided_key(request), at=at)


def undecided_key(request: CreditRequest) -> str:
    """Name the task to ask a college that does not answer: one for each letter, as one may be taken back."""
    return f"credit_undecided:{letters.round_of(request)}"


def sent_key(request: CreditRequest) -> str:
    """Name the task to tell a college of a refund."""
    return f"credit_sent:{request.reference}"


def end_for(enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> None:
    """End what rests on an enrollment whose money goes back, in its transaction (R5).

    What was not sent is withdrawn. A letter that has gone stays, and staff decide what the college has to hear.
    """
    for request in queries.active_of_enrollment(enrollment.id):
        if request.state in UNSENT:
            _withdraw(request, EndReason.REFUNDED, actor, at)
            continue
        raise_task(
            kind=TaskKind.CREDIT_ALREADY_SENT,
            key=sent_key(request),
            about=request.about,
            owner=request.assigned_to,
            sentence=f"The tuition of {request.person.name} was refunded after our letter about the "
            f"{request.credential.code} certificate had gone to {request.college.name}, {request.reference}. Decide "
            "what the college has to hear.",
            at=at,
        )


def close(
    *, request: CreditRequest, reason: EndReason, words: str | None, actor: Actor, at: dt.datetime
) -> CreditRequest:
    """Close a request, in whatever state it is, and tell the student why; raises RequestOver."""
    if request.state in ENDED:
        raise RequestOver
    _end(request, CreditState.CLOSED, reason, words, actor=actor, at=at)
    post(letters.closed(request), at=at)
    return request
