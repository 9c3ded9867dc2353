"""The letter to a college's registrar about one student's certificate."""

import datetime as dt

from provider.credits.models import CreditRequest
from provider.credits.rules import recommended
from provider.mail.actions import post
from provider.mail.models import OutboxLetter
from provider.mail.rules import Letter, Mailbox, Value

TEMPLATE = "credit_to_registrar"


def send_letter(request: CreditRequest, *, at: dt.datetime) -> OutboxLetter:
    """Post the letter that states what the student agreed to have told, and asks for receipt and decision."""
    values: dict[str, Value] = {
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
    letter = Letter(
        template=TEMPLATE,
        recipient=request.college.registrar_email,
        event=request.reference,
        about=request.about,
        mailbox=Mailbox.COLLEGE_CREDITS,
        values=values,
    )
    return post(letter, at=at)
