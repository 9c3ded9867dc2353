"""Refunds: everything goes back to where it came from, for a reason the policy gives, within the promised days."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.history.models import History
from provider.kernel.actors import ActorKind
from provider.oversight.checks import Finding, findings, known, total
from provider.payments.models import Payment
from provider.payments.rules import PaymentState
from provider.policies.rules import MIN_REASON
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import PayoutState, RefundBasis, RefundState

APPROVED = (RefundState.APPROVED, RefundState.SETTLED)
WHOLE = sa.and_(Refund.state.in_(APPROVED), Refund.basis != RefundBasis.LATE_PAYMENT)


def payment_is_refunded_as_paid_out() -> Iterator[Finding]:
    """What counts as refunded of a payment is its payouts, nothing of one taken back, and never more than came in."""
    out = sa.select(Payout.payment_id, total(Payout.amount_cents).label("cents")).group_by(Payout.payment_id).subquery()
    query = (
        sa.select(
            Payment.reference.label("subject"),
            Payment.amount_cents.label("amount"),
            Payment.refunded_cents.label("refunded"),
            known(out.c.cents).label("out"),
        )
        .outerjoin(out, out.c.payment_id == Payment.id)
        .where(
            sa.or_(
                Payment.refunded_cents != known(out.c.cents),
                Payment.refunded_cents > Payment.amount_cents,
                sa.and_(Payment.refunded_cents != 0, Payment.state == PaymentState.REVERSED),
            )
        )
    )
    return findings(query, "is of {amount} cents, counts {refunded} as refunded, and its payouts come to {out}")


def refund_is_everything_captured() -> Iterator[Finding]:
    """A refund is the whole of what was captured for its enrollment; nothing of it stays behind."""
    kept = (
        sa.select(
            Refund.reference.label("subject"), Refund.amount_cents.label("amount"), Payment.reference.label("payment")
        )
        .join(Payment, Payment.enrollment_id == Refund.enrollment_id)
        .where(
            WHOLE,
            Payment.state == PaymentState.CAPTURED,
            Payment.for_return.is_(False),
            Payment.refunded_cents < Payment.amount_cents,
        )
    )
    yield from findings(kept, "gave {amount} cents back, and {payment} or a part of it stayed behind")
    running = (
        sa.select(Enrollment.reference.label("subject"), Enrollment.state.label("state"))
        .outerjoin(Refund, sa.and_(Refund.enrollment_id == Enrollment.id, WHOLE))
        .where((Enrollment.state == EnrollmentState.REFUNDED) != Refund.id.is_not(None))
    )
    yield from findings(running, "is {state.value}, which its refunds do not say")


def payout_goes_back_whole_to_its_payment() -> Iterator[Finding]:
    """Each payout is one whole payment of the same enrollment, and goes back by the way it came."""
    parts = (
        sa.select(Payout.reference.label("subject"), Payment.reference.label("payment"))
        .join(Payment, Payment.id == Payout.payment_id)
        .join(Refund, Refund.id == Payout.refund_id)
        .where(
            sa.or_(
                Payout.amount_cents != Payment.amount_cents,
                Payout.method != Payment.method,
                Payment.enrollment_id != Refund.enrollment_id,
                sa.and_(Refund.basis == RefundBasis.LATE_PAYMENT, Payment.for_return.is_(False)),
            )
        )
    )
    yield from findings(parts, "does not give the whole of {payment} back to where it came from")


def payouts_come_to_their_refund() -> Iterator[Finding]:
    """The payouts of a refund sum to it, and it is settled when and only when every one of them is sent."""
    out = (
        sa.select(
            Payout.refund_id,
            total(Payout.amount_cents).label("cents"),
            total(sa.case((Payout.state != PayoutState.SENT, 1), else_=0)).label("waiting"),
        )
        .group_by(Payout.refund_id)
        .subquery()
    )
    promised = sa.case((Refund.state.in_(APPROVED), Refund.amount_cents), else_=0)
    sums = (
        sa.select(
            Refund.reference.label("subject"),
            Refund.state.label("state"),
            Refund.amount_cents.label("amount"),
            known(out.c.cents).label("out"),
            known(out.c.waiting).label("waiting"),
        )
        .outerjoin(out, out.c.refund_id == Refund.id)
        .where(
            sa.or_(
                known(out.c.cents) != promised,
                sa.and_(Refund.state == RefundState.SETTLED, known(out.c.waiting) > 0),
                sa.and_(Refund.state == RefundState.APPROVED, known(out.c.waiting) == 0),
            )
        )
    )
    return findings(sums, "is {state.value} with {amount} cents; its payouts come to {out}, {waiting} of them not sent")


def override_is_audited() -> Iterator[Finding]:
    """An exception has a written reason, a member of staff, and its row in the history."""
    noted = sa.exists().where(
        History.about == Enrollment.reference,
        History.event == "refund.overridden",
        History.actor_kind == ActorKind.STAFF,
        History.actor_reference == Refund.decided_by,
    )
    query = (
        sa.select(Refund.reference.label("subject"))
        .join(Enrollment, Enrollment.id == Refund.enrollment_id)
        .where(
            Refund.basis == RefundBasis.OVERRIDE,
            sa.or_(
                Refund.override_reason.is_(None),
                sa.func.length(Refund.override_reason) < MIN_REASON,
                Refund.decided_by.is_(None),
                ~noted,
            ),
        )
    )
    return findings(query, "is an exception without a reason, a member of staff, or its row in the history")


def refund_has_its_clock() -> Iterator[Finding]:
    """The promise of 7 to 10 business days runs for each approved refund, with its dates, until it is settled."""
    running = sa.and_(
        Clock.state == ClockState.RUNNING, Clock.due_on == Refund.due_on, Clock.overdue_on == Refund.overdue_on
    )
    ended = Clock.state != ClockState.RUNNING
    clock_of = sa.and_(Clock.kind == ClockKind.REFUND_PAYOUT, Clock.subject_reference == Refund.reference)
    refunds = (
        sa.select(Refund.reference.label("subject"), Refund.state.label("state"))
        .outerjoin(Clock, clock_of)
        .where(
            sa.or_(
                sa.and_(Refund.state == RefundState.APPROVED, sa.or_(Clock.id.is_(None), ~running)),
                sa.and_(Refund.state == RefundState.SETTLED, sa.or_(Clock.id.is_(None), ~ended)),
                sa.and_(Refund.state == RefundState.DECLINED, Clock.id.is_not(None)),
            )
        )
    )
    yield from findings(refunds, "is {state.value}, and its clock does not say so")
    strays = (
        sa.select(Clock.subject_reference.label("subject"))
        .outerjoin(Refund, Refund.reference == Clock.subject_reference)
        .where(Clock.kind == ClockKind.REFUND_PAYOUT, Refund.id.is_(None))
    )
    yield from findings(strays, "has a clock running, and is no refund")


CHECKS = (
    payment_is_refunded_as_paid_out,
    refund_is_everything_captured,
    payout_goes_back_whole_to_its_payment,
    payouts_come_to_their_refund,
    override_is_audited,
    refund_has_its_clock,
)
