"""The letter to a college's registrar about one student's certificate: issued with a code, answered by its link."""

import datetime as dt

from provider.accounts.links import make_link
from provider.accounts.models import SignedLink
from provider.credits import letters, registrar_papers
from provider.credits.models import CreditRequest
from provider.credits.rules import LINK_DAYS, recommended
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.mail import queries as mail
from provider.mail.actions import post
from provider.mail.models import OutboxLetter
from provider.mail.rules import AddressState, Letter, Mailbox, Value
from provider.verification import actions as verification
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind, written_code

TEMPLATE = "credit_to_registrar"
REMINDER = "credit_reminder"
TAKEN_BACK = "credit_taken_back"
ANSWER_LINK = "credit_answer"


def send_letter(request: CreditRequest, *, at: dt.datetime, actor: Actor = SYSTEM) -> OutboxLetter:
    """Post the letter that states what the student agreed to have told, as PDF with a code, and asks for an answer."""
    values = said(request)
    document = _issue(request, values, actor, at)
    values |= {
        "document": document.reference,
        "verify_path": f"/verify/{written_code(document.code)}",
        "written_on": day_of(at, settings().SCHOOL_ZONE).isoformat(),
    }
    return post(_letter(TEMPLATE, request, letters.round_of(request), values | _answered_by(request, at)), at=at)


def send_reminder(request: CreditRequest, *, days: int, at: dt.datetime) -> OutboxLetter:
    """Post the reminder of a number of days after the letter, with a link of its own; the one before still opens."""
    values = said(request) | {
        "sent_on": _day(request.sent_at),
        "received_on": _day(request.received_at),
        "days": days,
    }
    event = f"{letters.round_of(request)}:{days}"
    return post(_letter(REMINDER, request, event, values | _answered_by(request, at)), at=at)


def send_word_of_taking_back(request: CreditRequest, document: IssuedDocument, *, at: dt.datetime) -> None:
    """Tell whoever has a letter that the school took it back: by its code, and without a word about the student.

    Nothing goes to a mailbox from which letters come back.
    """
    health = mail.health(request.college.registrar_email)
    if health is not None and health.state is AddressState.BOUNCED:
        return
    values: dict[str, Value] = {
        "reference": request.reference,
        "college": request.college.name,
        "sent_on": _day(document.issued_at),
        "public_reason": document.public_reason,
        "verify_path": f"/verify/{written_code(document.code)}",
    }
    post(_letter(TAKEN_BACK, request, document.reference, values), at=at)


def said(request: CreditRequest) -> dict[str, Value]:
    """Return what a college is told, and no more: the page of its link reads nothing else."""
    return {
        "college": request.college.name,
        "student": request.legal_name,
        "student_number": request.student_number,
        "credential": request.credential.code,
        "credential_name": request.credential.name,
        "body": request.credential.body,
        "taken_on": request.result.taken_on.isoformat(),
        "certificate_number": request.result.certificate_number,
        "stated": recommended(request.credits, confirmed=request.recommendation.confirmed_on is not None),
        "level": request.level,
        "subject": request.subject,
        "sample_credit": request.recommendation.sample,
        "reference": request.reference,
    }


def _answered_by(request: CreditRequest, at: dt.datetime) -> dict[str, Value]:
    link: SignedLink = make_link(
        purpose=ANSWER_LINK, subject=request.reference, at=at, lasts=dt.timedelta(days=LINK_DAYS)
    )
    return {"answer_link": link.reference, "opens_until": _day(link.expires_at)}


def _issue(request: CreditRequest, values: dict[str, Value], actor: Actor, at: dt.datetime) -> IssuedDocument:
    """Give the letter the code by which its college can see that the school wrote it."""
    return verification.issue(
        kind=IssuedKind.CREDIT_LETTER,
        subject=request.reference,
        about=request.about,
        holder=request.legal_name,
        title=registrar_papers.TITLE,
        facts=registrar_papers.public_facts(values),
        actor=actor,
        at=at,
    )


def _day(at: dt.datetime | None) -> str | None:
    return day_of(at, settings().SCHOOL_ZONE).isoformat() if at else None


def _letter(template: str, request: CreditRequest, event: str, values: dict[str, Value]) -> Letter:
    return Letter(
        template=template,
        recipient=request.college.registrar_email,
        event=event,
        about=request.about,
        mailbox=Mailbox.COLLEGE_CREDITS,
        values=values,
    )
