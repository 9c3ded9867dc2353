"""Papers with a code: a certificate falls with its tuition, and a letter to a college says what was asked."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.credits.models import College, CreditRequest
from provider.credits.rules import AT_COLLEGE, college_key, recommended
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
    """A letter to a registrar has a paper with a code, which names the college and the credit of its request.

    The newest paper tells of the letter that went last. It stands while a college has the letter, and none stands of a
    request that waits to be sent.
    """
    newest = sa.select(sa.func.max(IssuedDocument.id)).group_by(IssuedDocument.kind, IssuedDocument.subject_reference)
    issued = sa.and_(
        IssuedDocument.id.in_(newest),
        IssuedDocument.subject_reference == CreditRequest.reference,
        IssuedDocument.kind == IssuedKind.CREDIT_LETTER,
        IssuedDocument.about == CreditRequest.about,
    )
    query = (
        sa.select(CreditRequest.reference, CreditRequest.credits, CreditRequest.state, CreditRequest.sent_at)
        .add_columns(College.name, College.key, IssuedDocument.facts, IssuedDocument.revoked_at)
        .join(College, College.id == CreditRequest.college_id)
        .outerjoin(IssuedDocument, issued)
        .where(sa.or_(CreditRequest.sent_at.is_not(None), IssuedDocument.revoked_at.is_(None)))
    )
    for row in rows(query):
        said = dict(row.facts or ())
        credit = {recommended(row.credits, confirmed=confirmed) for confirmed in (True, False)}
        if row.sent_at is None:
            if said:
                yield row.reference, "waits to be sent, and a letter of it stands"
        elif not said:
            yield row.reference, "was sent to a college, and no paper with a code was issued of it"
        elif row.state in AT_COLLEGE and row.revoked_at is not None:
            yield row.reference, "is with a college, and its letter was revoked"
        elif said.get("Credit") not in credit or college_key(said.get("To the registrar of", "")) != row.key:
            yield row.reference, f"asks {row.name} for {row.credits} credits, and its letter says something else"


CHECKS = (
    certificate_is_of_a_completed_program,
    no_certificate_stands_after_a_refund,
    credit_letter_says_what_was_asked,
)
