"""Certificates of completion: issued with a code when a program is completed, issued anew by staff, and revoked."""

import datetime as dt

from provider.enrollments import certificate_letters, certificate_papers
from provider.enrollments.certificate_papers import standing
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.kernel.actors import Actor
from provider.kernel.errors import DomainError
from provider.mail.actions import post
from provider.verification import actions as verification
from provider.verification import queries as issued
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind

REFUNDED = "The enrollment was refunded."


class NotCompleted(DomainError):
    """Only a completed program has a certificate, and only while its tuition has not gone back."""

    code = "not_completed"
    sentence = "There is a certificate only of a program that was completed and whose tuition did not go back."


class CertificateStands(DomainError):
    """One certificate of an enrollment stands at a time."""

    code = "certificate_stands"
    sentence = "A certificate of this program stands already. Revoke it first if it is wrong."


def issue(enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> IssuedDocument:
    """Issue the certificate of a program that was just completed; the caller's letter takes it along."""
    return verification.issue(
        kind=IssuedKind.COMPLETION_CERTIFICATE,
        subject=enrollment.reference,
        about=enrollment.reference,
        holder=enrollment.legal_name,
        title=certificate_papers.TITLE,
        facts=certificate_papers.facts(enrollment),
        actor=actor,
        at=at,
    )


def issue_anew(*, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> IssuedDocument:
    """Issue a certificate where none stands, because the one before was wrong or there was none yet.

    The student gets it by letter. Raises NotCompleted, CertificateStands.
    """
    if enrollment.completed_at is None or enrollment.state is EnrollmentState.REFUNDED:
        raise NotCompleted
    if standing(enrollment.reference) is not None:
        raise CertificateStands
    document = issue(enrollment, actor=actor, at=at)
    post(certificate_letters.issued(enrollment, document), at=at)
    return document


def revoke(
    *, enrollment: Enrollment, reason: str, public_reason: str | None, actor: Actor, at: dt.datetime
) -> IssuedDocument:
    """Stop standing by the certificate of an enrollment and tell the student; raises RevokedAlready if none stands."""
    document = standing(enrollment.reference)
    if document is None:
        raise verification.RevokedAlready
    document = issued.by_reference(document.reference)
    verification.revoke(document, reason=reason, public_reason=public_reason, actor=actor, at=at)
    post(certificate_letters.revoked(enrollment, document), at=at)
    return document


def revoke_refunded(enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> None:
    """Revoke what stands of an enrollment whose tuition goes back (R5), in the transaction that decides it."""
    if standing(enrollment.reference) is not None:
        revoke(enrollment=enrollment, reason=REFUNDED, public_reason=None, actor=actor, at=at)
