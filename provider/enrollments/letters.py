"""Letters about enrollments."""

import datetime as dt

from provider.accounts.models import SignedLink
from provider.enrollments.certificate_letters import taken_along
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CancelReason
from provider.kernel.settings import settings
from provider.mail.rules import Letter, Value
from provider.verification.models import IssuedDocument

COMPLETED = "program_completed"


def _values(enrollment: Enrollment) -> dict[str, Value]:
    agreement = enrollment.agreement
    return {
        "name": enrollment.legal_name,
        "program": agreement.program_title,
        "plan": agreement.plan_title,
        "reference": enrollment.reference,
        "total_cents": agreement.total_cents,
        "zone": enrollment.zone,
        "sample": agreement.sample,
    }


def received(enrollment: Enrollment, prove: SignedLink, *, lapses_on: dt.date, refund_sentence: str) -> Letter:
    """Word that the enrollment arrived, with the link that proves the address and how to pay."""
    rows: list[Value] = [
        {"due_on": row.due_on.isoformat(), "amount_cents": row.amount_cents} for row in enrollment.installments
    ]
    return Letter(
        template="enrollment_received",
        recipient=enrollment.claimed_email,
        event=enrollment.reference,
        about=enrollment.reference,
        values=_values(enrollment)
        | {
            "prove_link": prove.reference,
            "expires_at": prove.expires_at.isoformat(),
            "rows": rows,
            "lapses_on": lapses_on.isoformat(),
            "refund_sentence": refund_sentence,
        },
    )


def prove_email(enrollment: Enrollment, prove: SignedLink) -> Letter:
    """The link that proves the address once more, for whom the first letter did not reach."""
    return Letter(
        template="prove_email",
        recipient=enrollment.claimed_email,
        event=prove.reference,
        about=enrollment.reference,
        values=_values(enrollment) | {"prove_link": prove.reference, "expires_at": prove.expires_at.isoformat()},
    )


def payment_reminder(enrollment: Enrollment, *, recipient: str, lapses_on: dt.date) -> Letter:
    """A friendly word a week after enrolling without a payment."""
    return Letter(
        template="payment_reminder",
        recipient=recipient,
        event=f"{enrollment.reference}:unpaid",
        about=enrollment.reference,
        values=_values(enrollment)
        | {
            "first_cents": enrollment.installments[0].amount_cents,
            "lapses_on": lapses_on.isoformat(),
            "enrollment_path": f"/my/enrollments/{enrollment.reference}",
        },
    )


def canceled(enrollment: Enrollment, reason: CancelReason, *, recipient: str) -> Letter:
    """Word that the enrollment ended before a payment."""
    return Letter(
        template="enrollment_canceled",
        recipient=recipient,
        event=f"{enrollment.reference}:canceled",
        about=enrollment.reference,
        values=_values(enrollment) | {"reason": reason.value},
    )


def completed(enrollment: Enrollment, certificate: IssuedDocument, *, recipient: str) -> Letter:
    """Congratulations with the certificate, and what may come next, with the guaranteed externship's conditions."""
    known = settings()
    conditions: dict[str, Value] = {
        "days": known.GUARANTEE_DAYS,
        "miles": known.GUARANTEE_MILES,
        "lapse_days": known.DOCUMENTS_LAPSE_DAYS,
        "externship_path": f"/my/externship/{enrollment.reference}",
    }
    return Letter(
        template=COMPLETED,
        recipient=recipient,
        event=f"{enrollment.reference}:completed",
        about=enrollment.reference,
        values=_values(enrollment) | taken_along(enrollment, certificate) | conditions,
    )
