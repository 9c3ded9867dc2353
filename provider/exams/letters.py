"""Letters about exam results."""

import datetime as dt

from provider.exams.models import ExamResult
from provider.mail.rules import Letter, Mailbox, Value

RENEWAL = "exam_renewal"


def verified(result: ExamResult, retake_from: dt.date | None) -> Letter:
    """Word that a result is accepted, and what comes next: renewing the certificate, or the day of the next attempt."""
    values: dict[str, Value] = {
        "passed": result.passed,
        "score": result.score,
        "number": result.certificate_number,
        "renew_by": result.renew_by.isoformat() if result.renew_by else None,
        "retake_from": retake_from.isoformat() if retake_from and not result.passed else None,
    }
    return _letter("exam_verified", result, result.reference, values)


def rejected(result: ExamResult) -> Letter:
    """Word that a result was not accepted, why, and what to do."""
    return _letter("exam_rejected", result, result.reference, {"why": result.rejection})


def renewal(result: ExamResult, event: str) -> Letter:
    """Word by when a certificate has to be renewed with its issuing body."""
    day = result.renew_by.isoformat() if result.renew_by else None
    return _letter(RENEWAL, result, event, {"renew_by": day, "body": result.credential.body})


def _letter(template: str, result: ExamResult, event: str, values: dict[str, Value]) -> Letter:
    known: dict[str, Value] = {
        "name": result.person.name,
        "exam": result.credential.code,
        "taken_on": result.taken_on.isoformat(),
        "reference": result.reference,
        "exams_path": "/my/exams",
    }
    return Letter(
        template=template,
        recipient=result.person.email,
        event=event,
        about=result.person.reference,
        values=known | values,
        mailbox=Mailbox.COLLEGE_CREDITS,
    )
