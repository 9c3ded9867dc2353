"""Letters about records: the record itself when an externship is completed, and that one was revoked."""

from provider.enrollments.queries import recipient
from provider.fieldwork.models import ExternshipRecord
from provider.fieldwork.recording import hours
from provider.mail.rules import Letter, Mailbox, Value
from provider.verification.rules import written_code

COMPLETED = "externship_completed"


def completed(record: ExternshipRecord) -> Letter:
    """Congratulate, and hand over the record, which is added as a file when the letter leaves; or a new one of it."""
    return _letter(
        record,
        COMPLETED,
        record.reference,
        {
            "anew": record.number > 1,
            "hours": hours(record.content),
            "record": record.reference,
            "record_path": "/my/externship/record",
            "verify_path": f"/verify/{written_code(record.document.code)}",
        },
    )


def revoked(record: ExternshipRecord) -> Letter:
    """Tell the student that a record is not stood by any more."""
    return _letter(
        record, "record_revoked", f"{record.reference}:revoked", {"public_reason": record.document.public_reason}
    )


def _letter(record: ExternshipRecord, template: str, event: str, values: dict[str, Value]) -> Letter:
    enrollment = record.placement.enrollment
    known: dict[str, Value] = {
        "name": enrollment.legal_name,
        "program": enrollment.agreement.program_title,
        "site": record.content["site"],
        "reference": enrollment.reference,
    }
    return Letter(
        template=template,
        recipient=recipient(enrollment),
        event=event,
        about=enrollment.reference,
        mailbox=Mailbox.EXTERNSHIP,
        values=known | values,
    )
