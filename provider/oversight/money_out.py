"""Refunds: everything goes back to where it came from, for a reason the policy gives, within the promised days."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa

from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import ActorKind
from provider.oversight.checks import Finding, findings, known, total
from provider.payments.models import Payment, ServiceCall
from provider.payments.rules import CallKind, CallState, PaymentMethod, PaymentState
from provider.policies.rules import MIN_REASON
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import HANGS_AFTER, OF_ONE_PAYMENT, OTHER_WAYS, PayoutState, RefundBasis, RefundState
from provider.tasks.models import Task

LOOK_EVERY = dt.timedelta(hours=1)
APPROVED = (RefundState.APPROVED, RefundState.SETTLED)
WHOLE = sa.and_(Refund.state.in_(APPROVED), Refund.basis.not_in(OF_ONE_PAYMENT))


def _out() -> sa.Subquery:
    return (
        sa.select(Payout.payment_id, total(Payout.amount_cents).label("cents")).group_by(Payout.payment_id).subquery()
    )


def payment_is_refunded_as_paid_out() -> Iterator[Finding]:
    """What counts as refunded of a payment is its payouts, nothing of one taken back, and never more than came in."""
    out = _out()
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
    given_outside = sa.exists().where(
        Refund.enrollment_id == Enrollment.id, Refund.state.in_(APPROVED), Refund.basis == RefundBasis.OUTSIDE
    )
    left = sa.exists().where(
        Payment.enrollment_id == Enrollment.id,
        Payment.for_return.is_(False),
        Payment.state.in_((PaymentState.CAPTURED, PaymentState.DISPUTED)),
        Payment.refunded_cents < Payment.amount_cents,
    )
    whole = sa.exists().where(Refund.enrollment_id == Enrollment.id, WHOLE)
    refunded = Enrollment.state == EnrollmentState.REFUNDED
    running = sa.select(Enrollment.reference.label("subject"), Enrollment.state.label("state")).where(
        sa.or_(sa.and_(~refunded, whole), sa.and_(refunded, ~whole, sa.or_(~given_outside, left)))
    )
    yield from findings(running, "is {state.value}, which its refunds do not say")


def payout_goes_back_whole_to_its_payment() -> Iterator[Finding]:
    """Each payout is what is left of one payment of the same enrollment, and goes back by the way it came.

    Only what was given back at the payment service itself may be a part. A card's money goes another way, never to
    another card, when and only when the card did not take it, or the service was never asked to send it and cannot be
    any more, and a member of staff decided so.
    """
    out = _out()
    decided = sa.exists().where(
        History.subject_reference == Payout.reference,
        History.event == "payout.sent_another_way",
        History.actor_kind == ActorKind.STAFF,
    )
    not_taken = sa.exists().where(
        History.subject_reference == Payout.reference, History.new_state == PayoutState.FAILED
    )
    call = sa.and_(ServiceCall.subject == Payout.reference, ServiceCall.kind == CallKind.GIVE_BACK)
    given_up = sa.exists().where(call, ServiceCall.state == CallState.REFUSED, ServiceCall.tried_at.is_(None))
    asked = sa.exists().where(call, ServiceCall.state == CallState.OPEN, ServiceCall.tried_at.is_not(None))
    another_way = sa.and_(
        Payment.method == PaymentMethod.CARD,
        Payout.method.in_(OTHER_WAYS),
        decided,
        sa.or_(not_taken, given_up),
        ~asked,
    )
    parts = (
        sa.select(Payout.reference.label("subject"), Payment.reference.label("payment"))
        .join(Payment, Payment.id == Payout.payment_id)
        .join(Refund, Refund.id == Payout.refund_id)
        .join(out, out.c.payment_id == Payment.id)
        .where(
            sa.or_(
                sa.and_(Refund.basis != RefundBasis.OUTSIDE, out.c.cents != Payment.amount_cents),
                sa.and_(Payout.method != Payment.method, ~another_way),
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


def card_refund_counts_once() -> Iterator[Finding]:
    """What the payment service gave back under one name is one payout, of one payment of ours."""
    query = (
        sa.select(sa.func.min(Payout.reference).label("subject"), Payout.external_reference.label("name"))
        .where(Payout.method == PaymentMethod.CARD, Payout.external_reference.is_not(None))
        .group_by(Payout.external_reference)
        .having(sa.func.count() > 1)
    )
    return findings(query, "is not the only payout that {name} at the payment service stands for")


def failed_payout_is_before_staff() -> Iterator[Finding]:
    """Whatever a card did not take, and what has been on its way to one for more than a day, is a task of staff."""
    number = sa.case((Payout.tries > 1, sa.literal(".") + sa.cast(Payout.tries, sa.String)), else_="")
    name = sa.type_coerce(Payout.reference, sa.String) + number
    raised = sa.exists().where(Task.key.in_(("payout_failed:" + name, "payout_hangs:" + name)))
    since = (
        sa.select(sa.func.max(History.at))
        .where(History.subject_reference == Payout.reference, History.new_state == PayoutState.SENDING)
        .scalar_subquery()
    )
    late = clock.now() - HANGS_AFTER - LOOK_EVERY
    hangs = sa.and_(Payout.state == PayoutState.SENDING, since < late)
    query = sa.select(Payout.reference.label("subject"), Payout.state.label("state")).where(
        Payout.method == PaymentMethod.CARD, sa.or_(Payout.state == PayoutState.FAILED, hangs), ~raised
    )
    return findings(query, "is {state.value}, and no task says so")


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
    card_refund_counts_once,
    failed_payout_is_before_staff,
    override_is_audited,
    refund_has_its_clock,
)
