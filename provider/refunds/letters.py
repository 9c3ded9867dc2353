"""Letters about money going back, and about leaving without it."""

from provider.accounts.models import SignedLink
from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.telling import letter
from provider.mail.rules import Letter, Value
from provider.payments.rules import OpenInstallment
from provider.policies.rules import Refusal
from provider.refunds.models import Payout, Refund, Withdrawal
from provider.refunds.rules import RefundBasis


def approved(refund: Refund, enrollment: Enrollment, *, recipient: str, link: SignedLink) -> Letter:
    """Word that the money goes back: how much, by which ways, and by when."""
    parts: list[Value] = [{"amount_cents": one.amount_cents, "method": one.method.value} for one in refund.payouts]
    values = {
        "refund_reference": refund.reference,
        "amount_cents": refund.amount_cents,
        "payouts": parts,
        "due_on": refund.due_on.isoformat() if refund.due_on else None,
        "overdue_on": refund.overdue_on.isoformat() if refund.overdue_on else None,
        "asked_at": refund.asked_at.isoformat(),
        "clause": refund.decision["clause"]["text"],
        "zone": enrollment.zone,
        "refund_link": link.reference,
        "override": refund.basis is RefundBasis.OVERRIDE,
        "basis": refund.basis.value,
    }
    return letter("refund_approved", refund.reference, enrollment, recipient, values)


def declined(refund: Refund, enrollment: Enrollment, *, recipient: str, refusal: Refusal) -> Letter:
    """Word that a request was turned down, why, and when the window closed."""
    values = {
        "refund_reference": refund.reference,
        "asked_at": refund.asked_at.isoformat(),
        "deadline_at": refund.deadline_at.isoformat() if refund.deadline_at else None,
        "purchased_at": refund.purchased_at.isoformat() if refund.purchased_at else None,
        "refusal_sentence": refusal.sentence,
        "clause": refund.decision["clause"]["text"],
        "zone": enrollment.zone,
    }
    return letter("refund_declined", refund.reference, enrollment, recipient, values)


def payout_sent(
    payout: Payout, enrollment: Enrollment, *, cents: int, recipient: str, event: str, card: str | None, disputed: bool
) -> Letter:
    """Word that one payment's part was sent, to which card or with the reference by which a bank finds it.

    ``disputed``: the student's bank had taken it from the school already. ``cents``: without what it took of another.
    """
    values: dict[str, Value] = {
        "amount_cents": cents,
        "method": payout.method.value,
        "external_reference": payout.external_reference,
        "card": card,
        "disputed": disputed,
    }
    return letter("payout_sent", event, enrollment, recipient, values)


def payout_failed(
    payout: Payout, refund: Refund, enrollment: Enrollment, *, cents: int, recipient: str, event: str, card: str | None
) -> Letter:
    """Word that the bank did not take one payment's part, of which ``cents`` are left; the promised date stays."""
    values: dict[str, Value] = {
        "amount_cents": cents,
        "card": card,
        "failure": payout.failure,
        "overdue_on": refund.overdue_on.isoformat() if refund.overdue_on else None,
    }
    return letter("payout_failed", event, enrollment, recipient, values)


def outside(
    refund: Refund, enrollment: Enrollment, *, recipient: str, card: str | None, ended: bool, goes_on: bool
) -> Letter:
    """Word that the school gave money back without a request; ``ended``: it was all there was."""
    values: dict[str, Value] = {
        "refund_reference": refund.reference,
        "amount_cents": refund.amount_cents,
        "card": card,
        "ended": ended,
        "goes_on": goes_on,
    }
    return letter("refund_outside", refund.reference, enrollment, recipient, values)


def settled(refund: Refund, enrollment: Enrollment, *, recipient: str, event: str) -> Letter:
    """Word that everything was sent and the refund is done."""
    values: dict[str, Value] = {
        "amount_cents": refund.amount_cents,
        "settled_at": refund.settled_at.isoformat() if refund.settled_at else None,
        "zone": enrollment.zone,
    }
    return letter("refund_settled", event, enrollment, recipient, values)


def withdrawal(record: Withdrawal, enrollment: Enrollment, *, recipient: str, still_owed_cents: int) -> Letter:
    """Word that the student left the program, and what of the tuition is still owed."""
    values: dict[str, Value] = {"waived_cents": record.waived_cents, "still_owed_cents": still_owed_cents}
    return letter("withdrawal", record.reference, enrollment, recipient, values)


def waived(
    installment: Installment, enrollment: Enrollment, *, cents: int, owed: list[OpenInstallment], recipient: str
) -> Letter:
    """Word that one installment need not be paid, and what is owed now."""
    values: dict[str, Value] = {
        "number": installment.number,
        "of": len(enrollment.installments),
        "due_on": installment.due_on.isoformat(),
        "waived_cents": cents,
        "still_owed_cents": sum(one.open_cents for one in owed),
        "next_due_on": owed[0].due_on.isoformat() if owed else None,
        "next_cents": owed[0].open_cents if owed else None,
    }
    event = f"{enrollment.reference}:waived:{installment.number}"
    return letter("installment_waived", event, enrollment, recipient, values)
