"""Letters about certificates of completion: one issued anew, and that one was revoked."""

from provider.enrollments.models import Enrollment
from provider.enrollments.queries import recipient
from provider.enrollments.telling import letter
from provider.mail.rules import Letter, Value
from provider.verification.models import IssuedDocument
from provider.verification.rules import written_code

ISSUED = "certificate_issued"


def taken_along(enrollment: Enrollment, document: IssuedDocument) -> dict[str, Value]:
    """Return what a letter says that takes a certificate along; the file is made when the letter leaves."""
    return {
        "certificate": document.reference,
        "certificate_path": f"/my/enrollments/{enrollment.reference}",
        "verify_path": f"/verify/{written_code(document.code)}",
    }


def issued(enrollment: Enrollment, document: IssuedDocument) -> Letter:
    """Hand over a certificate that was issued anew."""
    return _letter(enrollment, ISSUED, document.reference, taken_along(enrollment, document))


def revoked(enrollment: Enrollment, document: IssuedDocument) -> Letter:
    """Tell the student that a certificate is not stood by any more."""
    values: dict[str, Value] = {"public_reason": document.public_reason}
    return _letter(enrollment, "certificate_revoked", f"{document.reference}:revoked", values)


def _letter(enrollment: Enrollment, template: str, event: str, values: dict[str, Value]) -> Letter:
    return letter(template, event, enrollment, recipient(enrollment), values)
