"""What an approved refund does, in the one transaction that decides it and before any money moves."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from provider.accounts.links import make_link
from provider.clocks.actions import start as start_clock
from provider.clocks.rules import ClockKind
from provider.enrollments import actions as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState, InstallmentState
from provider.history.actions import born
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.settings import settings
from provider.ledger.actions import post as post_ledger
from provider.ledger.rules import Amounts, PostingKind
from provider.mail.actions import post
from provider.payments import queries as payments
from provider.payments.actions import hold_key, return_key
from provider.payments.models import Payment
from provider.payments.rules import REFUND_LINK, PaymentState
from provider.policies.rules import payout_dates
from provider.refunds import letters, queries
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import LINK_DAYS, PAYOUT_PREFIX, PayoutState, RefundBasis
from provider.tasks.actions import finish_by_key


class PaymentMoved(RuntimeError):
    """A payment changed although its enrollment was held: more would go back than came in."""


def approve(refund: Refund, enrollment: Enrollment, paid: Sequence[Payment], *, actor: Actor, at: dt.datetime) -> None:
    """End the enrollment, make one payout of each payment, start the clock of the promise, and tell the student.

    A late payment that goes back ends nothing: its enrollment never had it.
    """
    parts = queries.returnable(paid)
    paid_tuition = sum(
        allocation.cents for one in parts for allocation in one.allocations if allocation.released_at is None
    )
    whole = refund.basis is not RefundBasis.LATE_PAYMENT
    unpaid = _end(enrollment, actor, at) if whole else 0
    for payment in parts:
        refund.payouts.append(_payout(refund, payment, enrollment, actor, at))
    post_ledger(
        kind=PostingKind.REFUND_APPROVED,
        about=enrollment.reference,
        subject=refund.reference,
        amounts=Amounts(owed=paid_tuition, credit=refund.amount_cents - paid_tuition, unpaid=unpaid),
        at=at,
    )
    _promise(refund, enrollment, at)
    lasts = dt.timedelta(days=LINK_DAYS)
    link = make_link(purpose=REFUND_LINK, subject=enrollment.reference, at=at, lasts=lasts)
    post(letters.approved(refund, enrollment, recipient=payments.recipient(enrollment), link=link), at=at)


def _end(enrollment: Enrollment, actor: Actor, at: dt.datetime) -> int:
    """End the enrollment as refunded and cancel what is unpaid, so that nothing is charged after this; return it."""
    to = InstallmentState.CANCELED
    unpaid = enrollments.end_installments(enrollment=enrollment, to=to, actor=actor, at=at)
    enrollments.end(enrollment=enrollment, to=EnrollmentState.REFUNDED, actor=actor, at=at)
    for installment in enrollment.installments:
        finish_by_key(key=hold_key(enrollment.reference, installment.number), at=at)
    return unpaid


def _payout(refund: Refund, payment: Payment, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> Payout:
    """Return a payment's part of the refund, and count it on the payment; never more than came in."""
    cents = payment.amount_cents - payment.refunded_cents
    counted = db.session.execute(
        sa.update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.state == PaymentState.CAPTURED,
            Payment.refunded_cents + cents <= Payment.amount_cents,
        )
        .values(refunded_cents=Payment.refunded_cents + cents)
        .returning(Payment.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if counted is None:
        raise PaymentMoved(payment.reference)
    db.session.refresh(payment, ["refunded_cents"])
    payout = Payout(
        reference=references.new(PAYOUT_PREFIX),
        refund_id=refund.id,
        payment_id=payment.id,
        amount_cents=cents,
        method=payment.method,
        state=PayoutState.DUE,
    )
    born(payout, actor=actor, at=at, about=enrollment.reference, data={"amount_cents": cents})
    finish_by_key(key=return_key(payment.reference), at=at)
    return payout


def _promise(refund: Refund, enrollment: Enrollment, at: dt.datetime) -> None:
    """Compute once by when the money has to arrive, and start the clock that the student sees."""
    dates = payout_dates(at, settings().SCHOOL_ZONE)
    refund.due_on, refund.overdue_on = dates.due_on, dates.overdue_on
    start_clock(
        kind=ClockKind.REFUND_PAYOUT,
        subject=refund.reference,
        about=enrollment.reference,
        at=at,
        due_on=dates.due_on,
        overdue_on=dates.overdue_on,
    )


def late_key(refund_reference: str, *, overdue: bool) -> str:
    """Name the task about a refund whose money should have arrived: one when it is due, one when it is overdue."""
    return f"pay_out:{refund_reference}:{'overdue' if overdue else 'due'}"
