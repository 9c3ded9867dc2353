"""What an approved refund does, in the one transaction that decides it and before any money moves."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from provider.accounts.links import make_link
from provider.cards.saving import release_all
from provider.clocks.actions import start as start_clock
from provider.clocks.rules import ClockKind
from provider.credits.ending import end_for as end_credit
from provider.enrollments import actions as enrollments
from provider.enrollments import certificates
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState, InstallmentState
from provider.externships import ending
from provider.externships.rules import ReleaseReason
from provider.fieldwork import records
from provider.history.actions import born, move
from provider.jobs.actions import enqueue
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.settings import settings
from provider.ledger.actions import post as post_ledger
from provider.ledger.rules import Amounts, PostingKind
from provider.mail.actions import post
from provider.payments import calls
from provider.payments import queries as payments
from provider.payments.actions import hold_key, return_key
from provider.payments.allocations import live
from provider.payments.models import Payment
from provider.payments.rules import PURCHASE_STATES, REFUND_LINK, CallKind, PaymentMethod, PaymentState
from provider.policies.rules import payout_dates
from provider.refunds import letters, queries
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import (
    LIFECYCLE,
    LINK_DAYS,
    OF_ONE_PAYMENT,
    PAY_OUT,
    PAYOUT_PREFIX,
    PayoutState,
    RefundBasis,
    RefundState,
    tuition_part,
)
from provider.tasks.actions import finish_by_key


class PaymentMoved(RuntimeError):
    """A payment changed although its enrollment was held: more would go back than came in."""


def store(refund: Refund, state: RefundState, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> None:
    """Store a refund in the state that was decided."""
    about, data = enrollment.reference, {"amount_cents": refund.amount_cents, "basis": refund.basis.value}
    born(refund, actor=actor, at=at, about=about, data={"asked_at": refund.asked_at.isoformat()})
    move(refund, state, LIFECYCLE, actor=actor, at=at, about=about, data=data)
    db.session.add(refund)
    db.session.flush()


def approve(refund: Refund, enrollment: Enrollment, paid: Sequence[Payment], *, actor: Actor, at: dt.datetime) -> None:
    """End the enrollment, make one payout of each payment, start the clock of the promise, and tell the student.

    A late payment that goes back ends nothing: its enrollment never had it. What goes back to cards is asked for here,
    with keys that are stored, and sent by jobs.
    """
    if refund.basis not in {*OF_ONE_PAYMENT, RefundBasis.OVERRIDE}:
        ending.tell_coordinators(enrollment, at=at)  # whoever made an exception has asked them
    parts = queries.returnable(paid)
    tuition = sum(tuition_of(one, one.amount_cents - one.refunded_cents) for one in parts)
    unpaid = 0 if refund.basis in OF_ONE_PAYMENT else end(enrollment, actor, at)
    for payment in parts:
        left = payment.amount_cents - payment.refunded_cents
        payout = count(refund, payment, enrollment, cents=left, actor=actor, at=at)
        if payout.method is PaymentMethod.CARD:
            ask_service(payout, at)
    post_approved(refund, enrollment, tuition=tuition, unpaid=unpaid, at=at)
    promise(refund, enrollment, at)
    lasts = dt.timedelta(days=LINK_DAYS)
    link = make_link(purpose=REFUND_LINK, subject=enrollment.reference, at=at, lasts=lasts)
    post(letters.approved(refund, enrollment, recipient=payments.recipient(enrollment), link=link), at=at)


def tuition_of(payment: Payment, cents: int) -> int:
    """Return how much is tuition of the cents that go back of a payment."""
    return tuition_part(
        part_cents=cents,
        left_cents=payment.amount_cents - payment.refunded_cents,
        paying_cents=sum(one.cents for one in live(payment)),
    )


def end(enrollment: Enrollment, actor: Actor, at: dt.datetime) -> int:
    """End the enrollment as refunded and cancel what is unpaid, so that nothing is charged after this; return it.

    Its cards are let go of, its externship and its unsent credit requests end, and the school does not stand by its
    externship record or certificate any more. A charge that runs is left to land, and comes back by itself.
    """
    to = InstallmentState.CANCELED
    unpaid = enrollments.end_installments(enrollment=enrollment, to=to, actor=actor, at=at)
    enrollments.end(enrollment=enrollment, to=EnrollmentState.REFUNDED, actor=actor, at=at)
    release_all(enrollment, actor=actor, at=at)
    ending.end_for(enrollment, reason=ReleaseReason.REFUNDED, actor=actor, at=at)
    records.revoke_refunded(enrollment, actor=actor, at=at)
    certificates.revoke_refunded(enrollment, actor=actor, at=at)
    end_credit(enrollment, actor=actor, at=at)
    for installment in enrollment.installments:
        finish_by_key(key=hold_key(enrollment.reference, installment.number), at=at)
    return unpaid


def count(
    refund: Refund, payment: Payment, enrollment: Enrollment, *, cents: int, actor: Actor, at: dt.datetime
) -> Payout:
    """Add a payment's part to the refund, and count it on the payment; never more than came in.

    Nothing is decided about money in a dispute; what has left at the service all the same is counted.
    """
    counted = db.session.execute(
        sa.update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.state.in_(PURCHASE_STATES if refund.basis is RefundBasis.OUTSIDE else (PaymentState.CAPTURED,)),
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
        tries=0,
    )
    refund.payouts.append(payout)
    born(payout, actor=actor, at=at, about=enrollment.reference, data={"amount_cents": cents})
    finish_by_key(key=return_key(payment.reference), at=at)
    return payout


def ask_service(payout: Payout, at: dt.datetime) -> None:
    """Ask for a try to send a payout to its card: the call with its key, and the job that makes it."""
    calls.store(kind=CallKind.GIVE_BACK, subject=payout.reference, at=at)
    key = f"{PAY_OUT}:{payout.reference}" + (f".{payout.tries}" if payout.tries else "")
    enqueue(kind=PAY_OUT, key=key, payload={"payout": payout.reference}, at=at)


def post_approved(refund: Refund, enrollment: Enrollment, *, tuition: int, unpaid: int, at: dt.datetime) -> None:
    """Owe the student what goes back: tuition, and the rest of their credit."""
    post_ledger(
        kind=PostingKind.REFUND_APPROVED,
        about=enrollment.reference,
        subject=refund.reference,
        amounts=Amounts(owed=tuition, credit=refund.amount_cents - tuition, unpaid=unpaid),
        at=at,
    )


def promise(refund: Refund, enrollment: Enrollment, at: dt.datetime) -> None:
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
