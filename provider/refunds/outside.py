"""Money that somebody gave back at the payment service itself: taken into the books as it is, never given twice."""

import datetime as dt

from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CLASSROOM_STATES, REFUNDABLE_STATES
from provider.externships import ending
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.days import day_of
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.payments import queries as payments
from provider.payments.gateway import Return
from provider.payments.models import Payment
from provider.payments.rules import PaymentState
from provider.refunds import letters, queries
from provider.refunds.approval import count, end, post_approved, promise, store, tuition_of
from provider.refunds.models import Refund
from provider.refunds.payouts import follow
from provider.refunds.rules import REFERENCE_PREFIX, Channel, RefundBasis, RefundState, one_payment_record
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

_REST = {
    PaymentState.DISPUTED: "A bank holds this payment in a dispute as well, so tell it of the refund",
    PaymentState.LOST: "A bank has given the payment back in a dispute as well, so write to it and to the student",
}


def take_up(payment: Payment, returned: Return, enrollment: Enrollment, *, at: dt.datetime) -> Refund:
    """Make a refund of money that has left already, for exactly that amount, and tell the student.

    When nothing captured remains, the enrollment ends as any refunded one; else staff decide whether it ends. The
    caller holds the enrollment and has seen to it that so much can still go back.
    """
    cents = returned.amount_cents
    refund = _refund(enrollment, returned, at)
    store(refund, RefundState.APPROVED, enrollment, SYSTEM, at)
    tuition = tuition_of(payment, cents)
    payout = count(refund, payment, enrollment, cents=cents, actor=SYSTEM, at=at)
    payout.refund = refund
    ends = _nothing_remains(payment, enrollment)
    if ends:
        ending.tell_coordinators(enrollment, at=at)
    unpaid = end(enrollment, SYSTEM, at) if ends else 0
    post_approved(refund, enrollment, tuition=tuition, unpaid=unpaid, at=at)
    promise(refund, enrollment, at)
    letter = letters.outside(
        refund,
        enrollment,
        recipient=payments.recipient(enrollment),
        card=queries.card_name(payout),
        ended=ends,
        goes_on=enrollment.state in CLASSROOM_STATES,
    )
    post(letter, at=at)
    if not ends and not payment.for_return:
        _ask_staff(refund, payment, returned, enrollment, at)
    follow(payout, returned, enrollment, at=at)
    return refund


def _refund(enrollment: Enrollment, returned: Return, at: dt.datetime) -> Refund:
    return Refund(
        reference=references.new(REFERENCE_PREFIX),
        enrollment_id=enrollment.id,
        state=RefundState.REQUESTED,
        basis=RefundBasis.OUTSIDE,
        channel=Channel.SERVICE,
        amount_cents=returned.amount_cents,
        asked_at=returned.created_at,
        decided_at=at,
        purchased_at=enrollment.purchased_at,
        decision=one_payment_record(RefundBasis.OUTSIDE, amount_cents=returned.amount_cents, at=returned.created_at),
        decided_by=None,
        payouts=[],
    )


def _nothing_remains(payment: Payment, enrollment: Enrollment) -> bool:
    """Say whether this was the last of the money that the enrollment had, so that it ends."""
    if payment.for_return or payment.state is PaymentState.LOST or enrollment.state not in REFUNDABLE_STATES:
        return False
    return not any(not one.for_return for one in queries.held(payments.of_enrollment(enrollment.id)))


def _ask_staff(refund: Refund, payment: Payment, returned: Return, enrollment: Enrollment, at: dt.datetime) -> None:
    rest = _REST.get(payment.state, "The rest of the money is still with the school")
    raise_task(
        kind=TaskKind.OUTSIDE_REFUND,
        key=f"outside_refund:{refund.reference}",
        about=enrollment.reference,
        sentence=f"{dollars(refund.amount_cents)} of payment {payment.reference} went back at the payment service "
        f"itself ({returned.id}). {rest}: decide whether the enrollment ends.",
        due_on=day_of(at, settings().SCHOOL_ZONE),
        at=at,
    )
