"""Money by card: charges, the calls that took it, the events that told of it, and what banks hold in disputes."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from provider.cards.charging import stuck_key
from provider.cards.events import KEPT_TRYING
from provider.cards.models import Charge, Dispute, PaymentEvent
from provider.cards.rules import STUCK_AFTER, ChargePurpose, ChargeState, DisputeState, EventState
from provider.enrollments.models import Enrollment
from provider.history.models import History
from provider.kernel import clock
from provider.ledger.rules import Account
from provider.oversight.checks import Finding, findings, rows, total
from provider.oversight.ledger import compared
from provider.oversight.money_out import APPROVED, WHOLE
from provider.payments.models import Payment, ServiceCall
from provider.payments.rules import PURCHASE_STATES, CallKind, CallState, PaymentMethod, PaymentState, key_serves
from provider.refunds.models import Payout, Refund, Withdrawal
from provider.refunds.rules import PayoutState, RefundBasis
from provider.tasks.models import Task

LOOK_EVERY = dt.timedelta(hours=1)


def charge_is_its_payment() -> Iterator[Finding]:
    """Each captured charge is one payment by card, of the same enrollment and amount, and the other way around."""
    same = sa.and_(
        Payment.method == PaymentMethod.CARD,
        Payment.enrollment_id == Charge.enrollment_id,
        Payment.amount_cents == Charge.amount_cents,
        Payment.external_reference == Charge.intent_id,
    )
    charges = (
        sa.select(Charge.reference.label("subject"), Charge.amount_cents.label("cents"))
        .outerjoin(Payment, Payment.id == Charge.payment_id)
        .where(Charge.state == ChargeState.CAPTURED, sa.or_(Payment.id.is_(None), ~same))
    )
    yield from findings(charges, "took {cents} cents, and its payment does not say so")
    payments = (
        sa.select(Payment.reference.label("subject"))
        .outerjoin(Charge, Charge.payment_id == Payment.id)
        .where(Payment.method == PaymentMethod.CARD, Charge.id.is_(None))
    )
    yield from findings(payments, "came in by card without a charge")


def installment_is_charged_once() -> Iterator[Finding]:
    """The schedule takes the money of an installment at most once."""
    query = (
        sa.select(
            Enrollment.reference.label("subject"),
            Charge.installment_number.label("number"),
            sa.func.count().label("times"),
        )
        .join(Enrollment, Enrollment.id == Charge.enrollment_id)
        .where(Charge.purpose == ChargePurpose.SCHEDULE, Charge.state == ChargeState.CAPTURED)
        .group_by(Enrollment.reference, Charge.installment_number)
        .having(sa.func.count() > 1)
    )
    return findings(query, "had its installment {number} charged {times} times")


def nothing_is_charged_after_the_end() -> Iterator[Finding]:
    """No charge begins after a refund or in a dispute that is not won, and none by itself after a withdrawal."""
    refunded = sa.exists().where(
        Refund.enrollment_id == Charge.enrollment_id,
        Refund.state.in_(APPROVED),
        WHOLE,
        Refund.decided_at < Charge.started_at,
    )
    left = sa.and_(
        Charge.purpose == ChargePurpose.SCHEDULE,
        sa.exists().where(Withdrawal.enrollment_id == Charge.enrollment_id, Withdrawal.decided_at < Charge.started_at),
    )
    held = sa.exists().where(
        Payment.enrollment_id == Charge.enrollment_id,
        Dispute.payment_id == Payment.id,
        History.subject_reference == Dispute.reference,
        History.event == "dispute.open",
        History.at < Charge.started_at,
        sa.or_(Dispute.state != DisputeState.WON, Dispute.ended_at > Charge.started_at),
    )
    query = sa.select(Charge.reference.label("subject"), Charge.started_at.label("at")).where(
        sa.or_(refunded, left, held)
    )
    return findings(query, "was started at {at}, when nothing more was to be charged")


def call_is_stored_before_it_is_made() -> Iterator[Finding]:
    """Each charge and each refund to a card has its call with a key, stored before the first attempt."""
    charges = sa.select(Charge.reference.label("subject")).where(~_called(CallKind.CHARGE, Charge.reference))
    payouts = (
        sa.select(Payout.reference.label("subject"))
        .join(Refund, Refund.id == Payout.refund_id)
        .where(
            Payout.method == PaymentMethod.CARD,
            Payout.state != PayoutState.DUE,
            Refund.basis != RefundBasis.OUTSIDE,
            ~_called(CallKind.GIVE_BACK, Payout.reference),
        )
    )
    for query in (charges, payouts):
        yield from findings(query, "has no call with a key of its own")
    early = sa.select(ServiceCall.subject.label("subject"), ServiceCall.kind.label("kind")).where(
        ServiceCall.tried_at < ServiceCall.created_at
    )
    yield from findings(early, "had its {kind.value} tried before the key was stored")


def _called(kind: CallKind, reference: sa.orm.InstrumentedAttribute[str]) -> sa.ColumnElement[bool]:
    return sa.exists().where(ServiceCall.kind == kind, ServiceCall.subject == reference, ServiceCall.number == 1)


def key_is_renewed_only_after_a_look() -> Iterator[Finding]:
    """A call gets another key only once the old one is 23 hours old and the service was looked through, or refused."""
    query = sa.select(ServiceCall.subject, ServiceCall.tried_at, ServiceCall.looked_up_at).where(
        ServiceCall.state == CallState.EXPIRED
    )
    for row in rows(query):
        if row.tried_at is None or row.looked_up_at is None or key_serves(row.tried_at, row.looked_up_at):
            yield (
                row.subject,
                f"got another key at {row.looked_up_at}, though the old one of {row.tried_at} still served",
            )
    before = aliased(ServiceCall)
    unended = (
        sa.select(ServiceCall.subject.label("subject"), ServiceCall.number.label("number"))
        .outerjoin(
            before,
            sa.and_(
                before.subject == ServiceCall.subject,
                before.kind == ServiceCall.kind,
                before.number == ServiceCall.number - 1,
            ),
        )
        .where(ServiceCall.number > 1, sa.or_(before.id.is_(None), before.state == CallState.OPEN))
    )
    yield from findings(unended, "has a key number {number}, and the one before has not ended")


def captured_by_the_services_word() -> Iterator[Finding]:
    """A charge is captured only by what the service itself answered, and what events made of it stands."""
    answered = sa.exists().where(
        ServiceCall.kind == CallKind.CHARGE,
        ServiceCall.subject == Charge.reference,
        ServiceCall.state.in_((CallState.ANSWERED, CallState.EXPIRED)),
        sa.or_(ServiceCall.object_id == Charge.intent_id, ServiceCall.state == CallState.EXPIRED),
    )
    unsaid = sa.select(Charge.reference.label("subject")).where(Charge.state == ChargeState.CAPTURED, ~answered)
    yield from findings(unsaid, "is captured, and no answer of the payment service says so")
    told = (
        sa.select(PaymentEvent.service_id.label("subject"), PaymentEvent.intent_id.label("intent"))
        .outerjoin(Charge, sa.and_(Charge.intent_id == PaymentEvent.intent_id, Charge.state == ChargeState.CAPTURED))
        .where(
            PaymentEvent.kind == "payment_intent.succeeded",
            PaymentEvent.state == EventState.APPLIED,
            Charge.id.is_(None),
        )
    )
    yield from findings(told, "was applied, and no captured charge is known as {intent}")


def unknown_events_are_before_staff() -> Iterator[Finding]:
    """What the payment service told of something unknown is a task once it was tried for three days."""
    raised = sa.exists().where(Task.key.startswith("events_unknown:"))
    query = sa.select(PaymentEvent.service_id.label("subject"), PaymentEvent.received_at.label("at")).where(
        PaymentEvent.state.in_((EventState.PARKED, EventState.RECEIVED)),
        PaymentEvent.received_at < clock.now() - KEPT_TRYING - LOOK_EVERY,
        sa.or_(PaymentEvent.state == EventState.RECEIVED, ~raised),
    )
    return findings(query, "came in at {at}, nothing came of it, and no task says so")


def processing_is_before_staff() -> Iterator[Finding]:
    """No charge is processed for more than a day without a task of staff."""
    key = stuck_key("") + sa.type_coerce(Charge.reference, sa.String)
    query = sa.select(Charge.reference.label("subject"), Charge.started_at.label("at")).where(
        Charge.state == ChargeState.STARTED,
        Charge.started_at < clock.now() - STUCK_AFTER - LOOK_EVERY,
        ~sa.exists().where(Task.key == key),
    )
    return findings(query, "has been processed since {at}, and no task says so")


def payment_stands_as_its_disputes() -> Iterator[Finding]:
    """A payment is disputed while a bank holds some of it, lost once it kept some, and otherwise neither."""
    of_payment = Dispute.payment_id == Payment.id
    held = sa.exists().where(of_payment, Dispute.state == DisputeState.OPEN)
    kept = sa.exists().where(of_payment, Dispute.state == DisputeState.LOST)
    stands = sa.case(
        (held, PaymentState.DISPUTED.value), (kept, PaymentState.LOST.value), else_=PaymentState.CAPTURED.value
    )
    query = sa.select(Payment.reference.label("subject"), Payment.state.label("state"), stands.label("stands")).where(
        sa.or_(
            sa.and_(Payment.state.in_(PURCHASE_STATES), sa.cast(Payment.state, sa.String) != stands),
            sa.and_(Payment.state.not_in(PURCHASE_STATES), sa.or_(held, kept)),
        )
    )
    return findings(query, "is {state.value}, and by its disputes it is {stands}")


def ledger_disputed_is_what_banks_hold() -> Iterator[Finding]:
    """What is disputed in the ledger is what banks hold or have kept, less what of that counted as a refund.

    A payout that went another way after a bank had given a part of its payment back is sent without that part.
    """
    held = (
        sa.select(Payment.enrollment_id, Dispute.amount_cents.label("cents"))
        .join(Dispute, Dispute.payment_id == Payment.id)
        .where(Dispute.state != DisputeState.WON)
    )
    given_back = (
        sa.select(Refund.enrollment_id, (-Payout.amount_cents).label("cents"))
        .join(Payout, Payout.refund_id == Refund.id)
        .join(Dispute, Dispute.payment_id == Payout.payment_id)
        .where(Payout.state == PayoutState.SENT, Payout.external_reference == Dispute.service_id)
    )
    in_part = (
        sa.select(Refund.enrollment_id, (-Dispute.amount_cents).label("cents"))
        .join(Payout, Payout.refund_id == Refund.id)
        .join(Payment, Payment.id == Payout.payment_id)
        .join(Dispute, Dispute.payment_id == Payment.id)
        .where(Payment.method == PaymentMethod.CARD, Payout.method != PaymentMethod.CARD)
        .where(Payout.state == PayoutState.SENT)
        .where(Dispute.state == DisputeState.LOST, Dispute.ended_at <= Payout.sent_at)
    )
    moved = sa.union_all(held, given_back, in_part).subquery()
    sums = sa.select(moved.c.enrollment_id, total(moved.c.cents).label("cents")).group_by(moved.c.enrollment_id)
    sentence = "has {booked} cents disputed in the ledger and {counted} cents by its disputes"
    return compared((Account.DISPUTED,), sums, sentence)


CHECKS = (
    charge_is_its_payment,
    installment_is_charged_once,
    nothing_is_charged_after_the_end,
    call_is_stored_before_it_is_made,
    key_is_renewed_only_after_a_look,
    captured_by_the_services_word,
    unknown_events_are_before_staff,
    processing_is_before_staff,
    payment_stands_as_its_disputes,
    ledger_disputed_is_what_banks_hold,
)
