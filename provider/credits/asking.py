"""What a student does: asking that a college be told, setting it right or answering a question, taking it back."""

import datetime as dt

from provider.accounts import queries as people
from provider.accounts.models import Person
from provider.credits import colleges, ending, letters, promise, queries
from provider.credits.models import College, CreditRequest
from provider.credits.refusals import (
    AskedAlready,
    MailboxRefused,
    NotPossible,
    RequestFixed,
    TooManyRequests,
    UnknownCollege,
)
from provider.credits.rules import (
    CONSENT,
    DECIDED,
    LIFECYCLE,
    MOST_REQUESTS,
    REQUEST_PREFIX,
    CreditState,
    EndReason,
    Missing,
    Wanted,
)
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.mail.actions import post
from provider.payments import queries as payments

MOVED = "The registrar does not read this mailbox any more. The right one is {mailbox}."
TOLD = ("college", "legal_name", "student_number", "badge_claimed")


def ask(*, person: Person, slug: str, wanted: Wanted, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Keep a student's request with the recommendation that held on the day of the pass, and put it before staff.

    A decided request for the same credential is closed: the student goes on to another college. Raises NotPossible,
    AskedAlready, TooManyRequests, MailboxRefused, UnknownCollege. The enrollment is held, so that it is not refunded
    meanwhile; the index of active requests speaks when the student asks twice at one instant.
    """
    chance = queries.chance(person.id, slug)
    if chance is None or chance.blocked is not None or chance.enrollment is None or chance.result is None:
        raise NotPossible((chance.blocked if chance else None) or Missing.NOT_VERIFIED)
    if payments.hold(chance.enrollment.id).state not in queries.ENTITLING:
        raise NotPossible(Missing.NO_ENROLLMENT)
    if chance.recommendation is None:
        raise NotPossible(Missing.NO_RECOMMENDATION)
    _end_decided(person, chance.credential.id, actor, at)
    if queries.number_of(person.id) >= MOST_REQUESTS:
        raise TooManyRequests
    advice, college = chance.recommendation, _college(wanted, person, at)
    request = CreditRequest(
        reference=references.new(REQUEST_PREFIX),
        person=people.by_id(person.id),
        about=person.reference,
        enrollment_id=chance.enrollment.id,
        credential=chance.credential,
        result=chance.result,
        recommendation=advice,
        credits=advice.credits,
        level=advice.level,
        subject=advice.subject,
        state=CreditState.REQUESTED,
        requested_at=at,
        reminded_days=0,
        badge_claimed=False,
    )
    _take(request, wanted, college, at)
    db.session.add(request)
    db.session.flush()  # the index of active requests speaks here, whoever else asks at the same instant
    history.born(request, actor=actor, at=at, about=request.about, data={"credential": chance.credential.code})
    promise.start(request, at=at)
    promise.keep(request, at=at)
    post(letters.asked(request, promise.due_on(request)), at=at)
    return request


def _end_decided(person: Person, credential_id: int, actor: Actor, at: dt.datetime) -> None:
    """Close what a college has decided on; anything else that is active keeps a second request out."""
    found = queries.active_of(person.id, credential_id, lock=True)
    if found is None:
        return
    if found.state not in DECIDED:
        raise AskedAlready(found.reference)
    ending.close(request=found, reason=EndReason.ANOTHER_COLLEGE, words=None, actor=actor, at=at)


def _college(wanted: Wanted, person: Person, at: dt.datetime) -> College:
    """Return the college that was chosen or named; a new one is offered to others once it was written to."""
    if wanted.college is not None:
        known = queries.college(wanted.college)
        if known is None:
            raise UnknownCollege
        return known
    named = colleges.named(
        name=wanted.college_name, registrar_email=wanted.registrar_email, students=person.email, at=at
    )
    if named.replaced_by is not None:
        raise MailboxRefused(MOVED.format(mailbox=named.replaced_by.registrar_email))
    return named


def _take(request: CreditRequest, wanted: Wanted, college: College, at: dt.datetime) -> None:
    request.college = college
    request.legal_name, request.student_number = wanted.legal_name, wanted.student_number
    request.badge_claimed = wanted.badge_claimed
    request.consent, request.consent_at = CONSENT.format(credential=request.credential.code), at


def change(
    *, request: CreditRequest, wanted: Wanted, answer: str | None, actor: Actor, at: dt.datetime
) -> CreditRequest:
    """Set right what a college will be told, and answer what staff asked for; the consent is given anew.

    Raises RequestFixed once it was checked, MailboxRefused, UnknownCollege.
    """
    if request.state not in {CreditState.REQUESTED, CreditState.NEEDS_INFORMATION}:
        raise RequestFixed
    before = _told(request)
    promise.forget_task(request, at=at)
    _take(request, wanted, _college(wanted, request.person, at), at)
    changed = history.difference(before, _told(request))
    if request.state is CreditState.NEEDS_INFORMATION:
        request.answer, request.answer_recorded_at, request.answer_thread = answer, None, None
        history.move(
            request, CreditState.REQUESTED, LIFECYCLE, actor=actor, at=at, about=request.about, personal=changed or None
        )
    elif changed:
        fields = sorted({name for side in changed.values() for name in side})
        history.note(request, "credit_request.changed", actor=actor, at=at, about=request.about,
                     data={"fields": fields}, personal=changed)  # fmt: skip
    db.session.flush()
    promise.keep(request, at=at)
    return request


def _told(request: CreditRequest) -> dict[str, object]:
    named = f"{request.college.name}, {request.college.registrar_email}"
    return {"college": named} | {name: getattr(request, name) for name in TOLD[1:]}
