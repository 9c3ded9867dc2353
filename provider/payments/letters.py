"""Letters about money coming in."""

from provider.accounts.models import SignedLink
from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.telling import letter
from provider.mail.rules import Letter
from provider.payments.models import Payment, Receipt
from provider.payments.rules import OpenInstallment
from provider.policies.rules import Window
from provider.tuition.rules import Reminder

INSTALLMENT_REMINDER = "installment_reminder"


def receipt(
    paper: Receipt,
    payment: Payment,
    enrollment: Enrollment,
    *,
    recipient: str,
    window: Window | None,
    purchase: bool,
    owed: list[OpenInstallment],
    card: str | None,
    link: SignedLink,
) -> Letter:
    """The receipt of a payment, with the refund deadline and the link that opens the refund page.

    ``card`` names the one that what is still owed is charged to by itself.
    """
    return letter(
        "receipt",
        paper.reference,
        enrollment,
        recipient,
        {
            "receipt_number": paper.number,
            "receipt_reference": paper.reference,
            "amount_cents": payment.amount_cents,
            "method": payment.method.value,
            "recorded_at": payment.recorded_at.isoformat(),
            "purchase": purchase,
            "for_return": payment.for_return,
            "deadline_at": window.deadline.isoformat() if window else None,
            "zone": enrollment.zone,
            "deadline_clause": window.clause.text if window else None,
            "refund_link": link.reference,
            "enrollment_path": f"/my/enrollments/{enrollment.reference}",
            "open_cents": sum(one.open_cents for one in owed),
            "next_due_on": owed[0].due_on.isoformat() if owed else None,
            "card": card,
        },
    )


def credit_note(paper: Receipt, payment: Payment, enrollment: Enrollment, *, recipient: str) -> Letter:
    """Word that a payment was recorded in error and does not count any more."""
    return letter(
        "credit_note",
        paper.reference,
        enrollment,
        recipient,
        {
            "number": paper.number,
            "amount_cents": payment.amount_cents,
            "reason": payment.reversed_reason,
        },
    )


def reminder_event(enrollment: str, number: int, reminder: Reminder) -> str:
    """Name one letter about one installment: it goes out once, whatever happens to clocks and workers."""
    return f"{enrollment}:installment:{number}:{reminder}"


def installment_reminder(
    enrollment: Enrollment, installment: Installment, reminder: Reminder, *, recipient: str, card: str | None
) -> Letter:
    """A word about an installment that is due soon, today, or was; ``card`` names the one that it is charged to."""
    return letter(
        INSTALLMENT_REMINDER,
        reminder_event(enrollment.reference, installment.number, reminder),
        enrollment,
        recipient,
        {
            "number": installment.number,
            "due_on": installment.due_on.isoformat(),
            "amount_cents": installment.open_cents,
            "kind": reminder.value,
            "card": card if reminder in {Reminder.AHEAD, Reminder.TODAY} else None,
        },
    )
