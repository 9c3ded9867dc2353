"""Letters to the student about a credit request; all leave from the mailbox of college credit."""

import datetime as dt
from collections.abc import Mapping

from provider.credits import queries
from provider.credits.models import CreditRequest
from provider.credits.rules import REMIND_REGISTRAR_DAYS, recommended
from provider.mail.rules import Letter, Mailbox, Value
from provider.verification.models import IssuedDocument


def asked(request: CreditRequest, due_on: dt.date | None) -> Letter:
    """Word that the request is in, what the college will be told, and by when it is sent."""
    values: dict[str, Value] = {
        "due_on": due_on.isoformat() if due_on else None,
        "mailbox": request.college.registrar_email,
        "legal_name": request.legal_name,
        "student_number": request.student_number,
        "stated": recommended(request.credits, confirmed=request.recommendation.confirmed_on is not None),
        "badge_claimed": request.badge_claimed,
        "sample_credit": request.recommendation.sample,
    }
    return _letter("credit_asked", request, request.reference, values)


def information(request: CreditRequest, at: dt.datetime) -> Letter:
    """Word that something is needed before the letter can go, and that the clock stands still."""
    values: dict[str, Value] = {"asked_for": request.asked_for}
    return _letter("credit_information", request, f"{request.reference}:{at.isoformat()}", values)


def sent(request: CreditRequest) -> Letter:
    """Word that the letter has gone to the college, what the student does now, and when the college is reminded."""
    values: dict[str, Value] = {
        "mailbox": request.college.registrar_email,
        "reminders": list(REMIND_REGISTRAR_DAYS),
        "badge_claimed": request.badge_claimed,
    }
    return _letter("credit_sent", request, round_of(request), values)


def round_of(request: CreditRequest) -> str:
    """Name what letters about a sending are about: the request, and which letter it is once one was taken back."""
    gone = len(queries.letters_of(request.reference))
    return request.reference if gone <= 1 else f"{request.reference}:{gone}"


def received(request: CreditRequest) -> Letter:
    """Word that the college has the letter."""
    return _letter("credit_received", request, round_of(request), {})


def revoked(request: CreditRequest, document: IssuedDocument, *, checked_again: bool) -> Letter:
    """Word that a letter to the college is not stood by any more, and what happens with the request."""
    values: dict[str, Value] = {"public_reason": document.public_reason, "checked_again": checked_again}
    return _letter("credit_letter_revoked", request, f"{document.reference}:revoked", values)


def decided(request: CreditRequest) -> Letter:
    """Word what the college decided, as it said it, and what can be done about it."""
    values: dict[str, Value] = {
        "decision": request.decision.value if request.decision else "",
        "granted": request.decision_credits,
        "credits": request.credits,
        "course": request.decision_course,
        "why": request.decision_reason,
    }
    return _letter("credit_decided", request, request.reference, values)


def withdrawn(request: CreditRequest) -> Letter:
    """Word that nothing was sent and nothing will be, and why."""
    return _letter("credit_withdrawn", request, request.reference, _end(request))


def closed(request: CreditRequest) -> Letter:
    """Word that the request is closed, and why."""
    values = {**_end(request), "was_sent": request.sent_at is not None}
    return _letter("credit_closed", request, request.reference, values)


def _end(request: CreditRequest) -> dict[str, Value]:
    return {
        "reason": request.end_reason.value if request.end_reason else "",
        "words": request.end_words,
        "taken_back": queries.taken_back(request),
    }


def _letter(template: str, request: CreditRequest, event: str, values: Mapping[str, Value]) -> Letter:
    known: dict[str, Value] = {
        "name": request.person.name,
        "credential": request.credential.code,
        "college": request.college.name,
        "reference": request.reference,
        "request_path": f"/my/credit-requests/{request.reference}",
    }
    return Letter(
        template=template,
        recipient=request.person.email,
        event=event,
        about=request.about,
        mailbox=Mailbox.COLLEGE_CREDITS,
        values={**known, **values},
    )
