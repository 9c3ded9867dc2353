"""Papers with a code: a certificate falls with its tuition, and a letter to a college says what was asked."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.credits.models import College, CreditRequest
from provider.credits.rules import recommended
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.oversight.checks import Finding, findings, rows
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


def credit_letter_says_what_was_asked() -> Iterator[Finding]:
    """A letter to a registrar has one paper with a code, which names the college and the credit of its request."""
    issued = sa.and_(
        IssuedDocument.subject_reference == CreditRequest.reference,
        IssuedDocument.kind == IssuedKind.CREDIT_LETTER,
        IssuedDocument.about == CreditRequest.about,
    )
    query = (
        sa.select(CreditRequest.reference, CreditRequest.credits, College.name, IssuedDocument.facts)
        .join(College, College.id == CreditRequest.college_id)
        .outerjoin(IssuedDocument, issued)
        .where(CreditRequest.sent_at.is_not(None))
    )
    for row in rows(query):
        said = dict(row.facts or ())
        credit = {recommended(row.credits, confirmed=confirmed) for confirmed in (True, False)}
        if not said:
            yield row.reference, "was sent to a college, and no paper with a code was issued of it"
        elif said.get("Credit") not in credit or said.get("To the registrar of") != row.name:
            yield row.reference, f"asks {row.name} for {row.credits} credits, and its letter says something else"


CHECKS = (
    certificate_is_of_a_completed_program,
    no_certificate_stands_after_a_refund,
    credit_letter_says_what_was_asked,
)
