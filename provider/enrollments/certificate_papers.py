"""Certificates of completion as they are read: on the student's page, by staff, and as PDF."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.kernel.database import db
from provider.kernel.days import counted, day_of, written
from provider.kernel.pdf import render
from provider.kernel.registry import Attachment
from provider.kernel.settings import settings
from provider.verification import queries as issued
from provider.verification.models import IssuedDocument
from provider.verification.rules import IssuedKind, written_code

TITLE = "Certificate of completion"
PROGRAM, COMPLETED_ON, LENGTH, SAMPLE = "Program", "Completed on", "Length of the class", "Sample"
SAMPLE_WORDS = "This program is an example. Nobody can rely on this document."
_KIND = IssuedKind.COMPLETION_CERTIFICATE


def facts(enrollment: Enrollment) -> list[tuple[str, str]]:
    """Return what a certificate states, of the agreement as it was accepted; later changes never reach it."""
    agreed, completed_at = enrollment.agreement, enrollment.completed_at
    if completed_at is None:
        raise ValueError(f"a certificate of {enrollment.reference}, which is not completed")
    stated = [
        (PROGRAM, agreed.program_title),
        (COMPLETED_ON, written(day_of(completed_at, settings().SCHOOL_ZONE))),
        (LENGTH, counted(agreed.class_weeks, "week")),
    ]
    return [*stated, (SAMPLE, SAMPLE_WORDS)] if agreed.sample else stated


def of_enrollment(reference: str) -> Sequence[IssuedDocument]:
    """Return every certificate of an enrollment, the newest first."""
    query = sa.select(IssuedDocument).where(IssuedDocument.subject_reference == reference, IssuedDocument.kind == _KIND)
    return db.session.scalars(query.order_by(IssuedDocument.id.desc())).all()


def standing(reference: str) -> IssuedDocument | None:
    """Return the certificate of an enrollment that stands, or None."""
    return next(iter(issued.standing_about(reference, _KIND)), None)


def pdf(document: IssuedDocument) -> bytes:
    """Return a certificate as a tagged PDF; it takes about 0.1 s, so call it outside of a unit of work."""
    return render("enrollments/certificate.typ", sheet(document))


def sheet(document: IssuedDocument) -> dict[str, Any]:
    """Return what the printer's template reads: text only."""
    known, zone = settings(), settings().SCHOOL_ZONE
    stated = {label: value for label, value in document.facts}  # noqa: C416 - stored pairs are lists
    code = written_code(document.code)
    revoked_at = document.revoked_at
    return {
        "title": document.title,
        "school": known.SCHOOL_NAME,
        "name": document.holder,
        "program": stated[PROGRAM],
        "completed": stated[COMPLETED_ON],
        "length": stated[LENGTH],
        "sample": stated.get(SAMPLE),
        "issued": written(day_of(document.issued_at, zone)),
        "reference": document.reference,
        "code": code,
        "address": f"{known.BASE_URL}/verify/{code}",
        "revoked": written(day_of(revoked_at, zone)) if revoked_at else None,
    }


def name_of(document: IssuedDocument) -> str:
    """Return how the file of a certificate is called."""
    return f"certificate-{document.reference}.pdf"


def attachments(values: Mapping[str, Any]) -> Sequence[Attachment]:
    """Return the certificate that goes with a letter; letters of before there were any name none."""
    reference = values.get("certificate")
    if reference is None:
        return ()
    document = issued.by_reference(reference)
    return (Attachment(name_of(document), "application/pdf", pdf(document)),)
