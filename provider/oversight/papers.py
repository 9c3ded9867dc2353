"""Papers with a code: a certificate is of a program that was completed, and falls with its tuition."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.oversight.checks import Finding, findings
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind

_CERTIFICATES = (
    sa.select(IssuedDocument.reference.label("subject"), IssuedDocument.subject_reference.label("enrollment"))
    .outerjoin(Enrollment, Enrollment.reference == IssuedDocument.subject_reference)
    .where(IssuedDocument.kind == IssuedKind.COMPLETION_CERTIFICATE)
)


def certificate_is_of_a_completed_program() -> Iterator[Finding]:
    """A certificate was issued of an enrollment whose program was completed."""
    query = _CERTIFICATES.where(Enrollment.completed_at.is_(None))
    return findings(query, "says that {enrollment} was completed, which it never was")


def no_certificate_stands_after_a_refund() -> Iterator[Finding]:
    """The certificate of an enrollment whose tuition went back does not stand any more (R5)."""
    query = _CERTIFICATES.where(Enrollment.state == EnrollmentState.REFUNDED, IssuedDocument.revoked_at.is_(None))
    return findings(query, "stands, though the enrollment {enrollment} was refunded")


CHECKS = (certificate_is_of_a_completed_program, no_certificate_stands_after_a_refund)
