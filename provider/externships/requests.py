"""Asking for an externship, changing the wishes, looking at the documents; what a request's own steps are."""

import datetime as dt

from provider.clocks import queries as clocks
from provider.clocks.rules import ClockKind
from provider.documents.queries import Need, standings
from provider.documents.rules import Standing
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.externships import guarantee, letters, queries, wishes
from provider.externships.models import ExternshipRequest
from provider.externships.rules import (
    REQUEST_LIFECYCLE,
    REQUEST_PREFIX,
    UNPLACED_REQUESTS,
    RequestState,
    why_not_eligible,
)
from provider.externships.wishes import Wishes
from provider.history.actions import difference, move, note
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.payments import queries as payments
from provider.policies.rules import reason_problem

_R = RequestState


class NotEligible(DomainError):
    """The program is not completed, or the enrollment has ended, or the externship was done."""

    code = "not_eligible"


class AskedAlready(DomainError):
    """One request at a time; the second one is led to the first."""

    code = "asked_already"
    sentence = "You have asked for this externship already. This page shows how it stands."

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference


class NoAccount(DomainError):
    """An externship needs an account: documents are uploaded and offers answered there."""

    code = "no_account"
    sentence = "The student has to confirm the e-mail address first: documents and offers need an account."


class ReasonRefused(DomainError):
    """A reason that says too little to be understood years later."""

    status = 422
    code = "reason_refused"


class WishesFixed(DomainError):
    """While a place is offered or taken, the wishes it was chosen by stay as they are."""

    code = "wishes_fixed"
    sentence = "Your wishes cannot be changed now. Answer the offer first; if you decline it, you can change them."


def ask(
    *, enrollment: Enrollment, wanted: Wishes, actor: Actor, at: dt.datetime, early_reason: str | None = None
) -> ExternshipRequest:
    """Let a graduate ask for a place: the clock of the guarantee starts, and the documents are looked at.

    ``early_reason`` is why staff let somebody ask who is still in the program (R13). Raises NotEligible, AskedAlready,
    NoAccount, ReasonRefused, and WishRefused.
    """
    enrollment = payments.hold(enrollment.id)
    check_eligible(enrollment, early_reason=early_reason)
    found = queries.open_of(enrollment.id)
    if found is not None:
        raise AskedAlready(found.reference)
    request = ExternshipRequest(
        reference=references.new(REQUEST_PREFIX),
        enrollment=enrollment,
        state=_R.REQUESTED,
        asked_at=at,
        early_reason=early_reason if enrollment.state is EnrollmentState.ACTIVE else None,
        reminded_days=0,
        preferences=[],
    )
    wishes.set_on(request, wanted, program_id=enrollment.program_id, today=_today(at))
    db.session.add(request)
    db.session.flush()  # the index of open requests speaks here, whoever else asks at the same instant
    personal = {"reason": early_reason} if request.early_reason else None
    note(request, "externship_request.requested", actor=actor, at=at, about=enrollment.reference, new=request.state,
         data={"early": True} if request.early_reason else None, personal=personal)  # fmt: skip
    guarantee.start(request, at=at)
    look_at_documents(request, at=at, actor=actor)
    _tell_asked(request, at)
    return request


def check_eligible(enrollment: Enrollment, *, early_reason: str | None = None) -> None:
    """Pass whoever may ask for an externship; raises NotEligible, NoAccount, ReasonRefused."""
    refusal = why_not_eligible(enrollment.state)
    if refusal is not None and (early_reason is None or enrollment.state is not EnrollmentState.ACTIVE):
        raise NotEligible(refusal)
    if refusal is not None and early_reason is not None:
        problem = reason_problem(early_reason)
        if problem is not None:
            raise ReasonRefused(problem)
    if enrollment.person_id is None:
        raise NoAccount
    last = queries.newest_of(enrollment.id)
    if last is not None and last.state is _R.COMPLETED:
        raise NotEligible("You have completed your externship in this program.")


def _tell_asked(request: ExternshipRequest, at: dt.datetime) -> None:
    clock = clocks.of(ClockKind.GUARANTEE, request.reference)
    letter = letters.asked(
        request,
        recipient=enrollments.recipient(request.enrollment),
        due_on=clock.due_on if clock else _today(at),
        missing=missing(needs_of(request, at)),
        located=request.point is not None,
    )
    post(letter, at=at)


def change(*, request: ExternshipRequest, wanted: Wishes, actor: Actor, at: dt.datetime) -> ExternshipRequest:
    """Change what a student wishes, as long as nothing is offered. Raises WishesFixed, WishRefused."""
    request = queries.by_reference(request.reference, lock=True)
    if request.state not in UNPLACED_REQUESTS:
        raise WishesFixed
    before = wishes.of(request)
    wishes.set_on(request, wanted, program_id=request.enrollment.program_id, today=_today(at))
    changed = difference(_plain(before), _plain(wanted))
    if changed:
        about = request.enrollment.reference
        fields = sorted({name for side in changed.values() for name in side})
        note(request, "externship_request.changed", actor=actor, at=at, about=about, data={"fields": fields},
             personal=changed)  # fmt: skip
    return request


def _plain(wanted: Wishes) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(wanted, name) for name in Wishes.__slots__}
    return values | {"locations": list(wanted.locations)}


def needs_of(request: ExternshipRequest, at: dt.datetime) -> tuple[Need, ...]:
    """Say how the documents stand that the program asks of everybody, on the day."""
    enrollment, today = request.enrollment, _today(at)
    if enrollment.person_id is None:
        return ()
    return standings(enrollment.person_id, enrollment.program_id, None, through=today, today=today)


def missing(needs: tuple[Need, ...]) -> list[str]:
    """Name the documents that it is the student's turn to bring."""
    return [one.kind.label for one in needs if one.standing.waits_for_student]


def look_at_documents(request: ExternshipRequest, *, at: dt.datetime, actor: Actor = SYSTEM) -> None:
    """Bring a request that nothing is offered to where its documents put it, and its clock with it (R14).

    Everything on file and accepted: ready. Something missing, refused or expired: the student's turn, from when on
    the days are counted. Being checked: the school's turn, so nothing is counted. A sleeping request wakes as soon as
    nothing is the student's turn. While a place is offered or taken, that place's own documents count, not these.
    """
    if request.state not in UNPLACED_REQUESTS:
        return
    needs = needs_of(request, at)
    lacking = bool(missing(needs))
    if request.state is _R.LAPSED:
        if lacking:
            return
        _wake(request, needs, actor, at)
    to = _R.READY if all(one.standing is Standing.HOLDS for one in needs) else _R.DOCUMENTS
    if request.state is not to:
        step(request, to, actor=actor, at=at)
    _count_missing(request, at if lacking else None)
    guarantee.keep(request, at=at)


def _count_missing(request: ExternshipRequest, since: dt.datetime | None) -> None:
    """Count the days from when documents are missing; what is missing already goes on counting."""
    if since is None or request.missing_since is None:
        request.missing_since, request.reminded_days = since, 0


def _wake(request: ExternshipRequest, needs: tuple[Need, ...], actor: Actor, at: dt.datetime) -> None:
    step(request, _R.DOCUMENTS, actor=actor, at=at)
    request.missing_since, request.reminded_days = None, 0
    guarantee.keep(request, at=at)
    clock = clocks.of(ClockKind.GUARANTEE, request.reference)
    letter = letters.reopened(
        request,
        recipient=enrollments.recipient(request.enrollment),
        due_on=clock.due_on if clock else None,
        checking=[one.kind.label for one in needs if one.standing is Standing.BEING_CHECKED],
        at=at,
    )
    post(letter, at=at)


def step(request: ExternshipRequest, to: RequestState, *, actor: Actor, at: dt.datetime) -> None:
    """Let a request go a step of its lifecycle, on the timeline of its enrollment; raises IllegalTransition."""
    move(request, to, REQUEST_LIFECYCLE, actor=actor, at=at, about=request.enrollment.reference)


def documents_changed(person_id: int, at: dt.datetime) -> None:
    """Look at each open request of a person whose documents, or what is required of them, changed."""
    for reference in queries.open_references_of(person_id):
        look_at_documents(queries.by_reference(reference, lock=True), at=at)


def _today(at: dt.datetime) -> dt.date:
    return day_of(at, settings().SCHOOL_ZONE)
