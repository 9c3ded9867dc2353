"""Taking a letter to a college back: because the school does not stand by it, or because it went astray."""

import datetime as dt

from provider.accounts.links import revoke_links
from provider.credits import letters, queries, registrar
from provider.credits.ending import undecided_key
from provider.credits.models import College, CreditRequest
from provider.credits.refusals import CollegeUnchanged
from provider.credits.rules import AT_COLLEGE, UNSENT, CreditState, agree_again, still_agreed
from provider.credits.working import step
from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key
from provider.verification import actions as verification
from provider.verification import queries as issued
from provider.verification.models import IssuedDocument

ASTRAY = "The college or the mailbox of its registrar was set right."
ASTRAY_PUBLIC = "It had gone to a wrong mailbox or under a wrong name. A new letter has a code of its own."
# Whose college may still be set right: all that waits for staff or a college. Whoever is asked reads it in the form.
MOVABLE = AT_COLLEGE | UNSENT - {CreditState.NEEDS_INFORMATION}


def revoke(
    *, request: CreditRequest, reason: str, public_reason: str | None, actor: Actor, at: dt.datetime
) -> IssuedDocument:
    """Stop standing by the letter of a request; tell the college, without a name, and the student.

    The links of the letter are closed. A request that a college had is checked again: it can be sent anew, or closed.
    What was decided stays. Raises RevokedAlready when no letter stands.
    """
    document = _take_back(request, reason, public_reason, actor, at)
    at_college = request.state in AT_COLLEGE
    if at_college:
        _back(request, CreditState.REQUESTED, actor, at)
    post(letters.revoked(request, document, checked_again=at_college), at=at)
    return document


def use_corrected(*, request: CreditRequest, actor: Actor, at: dt.datetime) -> CreditRequest:
    """Let a request go on with its college as staff set it right; a letter that went astray is taken back.

    Where the mailbox is another one, the student is asked first: the consent named the one that was wrong (R20, R24).
    Raises CollegeUnchanged where nothing was set right, or nothing is left to send.
    """
    right = request.college.replaced_by
    if right is None or request.state not in MOVABLE:
        raise CollegeUnchanged
    document = _take_back(request, ASTRAY, ASTRAY_PUBLIC, actor, at) if request.state in AT_COLLEGE else None
    if not still_agreed(mailbox=request.college.registrar_email, corrected=right.registrar_email):
        request.answer, request.asked_for = None, agree_again(
            college=right.name, mailbox=right.registrar_email, was_sent=document is not None
        )  # fmt: skip
        _back(request, CreditState.NEEDS_INFORMATION, actor, at)
        post(letters.information(request, at), at=at)
        return request
    _rename(request, right, actor, at)
    if document is not None:
        _back(request, CreditState.REQUESTED, actor, at)
        post(letters.revoked(request, document, checked_again=True), at=at)
    return request


def _take_back(
    request: CreditRequest, reason: str, public_reason: str | None, actor: Actor, at: dt.datetime
) -> IssuedDocument:
    standing = next((one for one in queries.letters_of(request.reference) if one.revoked_at is None), None)
    if standing is None:
        raise verification.RevokedAlready
    document = issued.by_reference(standing.reference)
    verification.revoke(document, reason=reason, public_reason=public_reason, actor=actor, at=at)
    revoke_links(purpose=registrar.ANSWER_LINK, subject=request.reference, at=at)
    note(request, "credit_request.taken_back", actor=actor, at=at, about=request.about)
    registrar.send_word_of_taking_back(request, document, at=at)
    return document


def _back(request: CreditRequest, to: CreditState, actor: Actor, at: dt.datetime) -> None:
    """Let a request wait for staff or its student; reminders count from the next letter, if there is one."""
    finish_by_key(key=undecided_key(request), at=at)
    request.sent_at = request.received_at = None  # the database wants this together with the state
    request.reminded_days = 0
    step(request, to, actor, at)


def _rename(request: CreditRequest, right: College, actor: Actor, at: dt.datetime) -> None:
    told = {"old": {"college": request.college.name}, "new": {"college": right.name}}
    request.college = right
    data = {"fields": ["college"]}
    note(request, "credit_request.changed", actor=actor, at=at, about=request.about, data=data, personal=told)
