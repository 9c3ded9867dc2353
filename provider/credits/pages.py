"""What the student's pages of a credit request show, ready for their templates."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from provider.clocks import queries as clocks
from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.credits import queries
from provider.credits.models import CreditRequest
from provider.credits.next_steps import Standing, steps
from provider.credits.rules import AT_COLLEGE, ENDED, UNSENT, CreditState, Missing, recommended
from provider.credits.schemas import NO, OTHER, YES
from provider.history import queries as history
from provider.kernel.days import day_of, end_of
from provider.kernel.forms import Choices
from provider.kernel.settings import settings

_S = CreditState
CHANGEABLE = frozenset({_S.REQUESTED, _S.NEEDS_INFORMATION})
_WORDS = {
    _S.REQUESTED: "You asked",
    _S.VERIFIED: "We checked it",
    _S.NEEDS_INFORMATION: "We asked you for something",
    _S.SENT: "Our letter went to the college",
    _S.RECEIVED: "The college has our letter",
    _S.GRANTED: "The college granted the credit",
    _S.PARTLY_GRANTED: "The college granted a part of the credit",
    _S.DENIED: "The college granted no credit",
    _S.CLOSED: "The request was closed",
    _S.WITHDRAWN: "The request was taken back",
}
_ANSWERED = "You answered"
_TAKEN_BACK = {
    _S.REQUESTED: "We took our letter back, and check your request again",
    _S.NEEDS_INFORMATION: "We took our letter back, and asked you for something",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that has happened."""

    at: dt.datetime
    title: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One request as its student sees it."""

    request: CreditRequest
    stated: str
    missing: tuple[Missing, ...]
    next_steps: tuple[str, ...]
    past: tuple[Step, ...]
    clock: Clock | None
    face: str
    deadline: dt.datetime | None

    @property
    def unsent(self) -> bool:
        """Say whether nothing has gone to the college, and something still may."""
        return self.request.state in UNSENT

    @property
    def may_change(self) -> bool:
        """Say whether the student may set it right."""
        return self.request.state in CHANGEABLE


def shown(request: CreditRequest, *, now: dt.datetime) -> Shown:
    """Return a request as it stands."""
    zone = settings().SCHOOL_ZONE
    clock = clocks.of(ClockKind.CREDIT_SENT, request.reference)
    face = _face(clock, day_of(now, zone))
    standing = Standing(
        state=request.state,
        college=request.college.name,
        due_on=clock.due_on if clock else None,
        overdue=face == "overdue",
        sent_on=day_of(request.sent_at, zone) if request.sent_at else None,
        badge_claimed=request.badge_claimed,
        end_reason=request.end_reason,
        was_sent=request.sent_at is not None,
        taken_back=request.state in ENDED and queries.taken_back(request),
    )
    return Shown(
        request=request,
        stated=recommended(request.credits, confirmed=request.recommendation.confirmed_on is not None),
        missing=queries.missing(request) if request.state in UNSENT else (),
        next_steps=steps(standing),
        past=past(request.reference),
        clock=clock,
        face=face,
        deadline=end_of(clock.due_on, zone).replace(microsecond=0) if clock else None,
    )


def _face(clock: Clock | None, today: dt.date) -> str:
    if clock is None:
        return "closed"
    if clock.state is ClockState.RUNNING and today > clock.overdue_on:
        return "overdue"
    return {ClockState.STOPPED: "closed"}.get(clock.state) or clock.state.value


def past(reference: str) -> tuple[Step, ...]:
    """Return what has happened to a request, the newest first, without the names of staff."""
    rows = [told.row for told in history.of_record(reference)]
    found = [Step(row.at, _title(row.old_state, row.new_state)) for row in rows if row.new_state]
    return tuple(reversed(found))


def _title(old: str | None, new: str) -> str:
    if old in AT_COLLEGE and new in _TAKEN_BACK:
        return _TAKEN_BACK[CreditState(new)]
    return _ANSWERED if old == _S.NEEDS_INFORMATION and new == _S.REQUESTED else _WORDS[CreditState(new)]


def college_choices(own: CreditRequest | None = None) -> dict[str, Choices]:
    """Return the colleges that may be chosen, each with its mailbox, and the one to be named."""
    known: Sequence[tuple[str, str]] = [
        (one.reference, f"{one.name} ({one.registrar_email})") for one in queries.colleges()
    ]
    first = [("", "Choose one")] if own is None else []
    return {"college": [*first, *known, (OTHER, "Another college, named below")]}


def filled_in(request: CreditRequest) -> dict[str, str]:
    """Return what a request says, for the form that changes it."""
    college = request.college.replaced_by or request.college
    known = college.written_at is not None
    return {
        "college": college.reference if known else OTHER,
        "college_name": "" if known else college.name,
        "registrar_email": "" if known else college.registrar_email,
        "legal_name": request.legal_name,
        "student_number": request.student_number or "",
        "badge_claimed": YES if request.badge_claimed else NO,
    }
