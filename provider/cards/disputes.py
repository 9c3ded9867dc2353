"""Disputes: what a bank holds, gives back or keeps of a payment; whatever the order of events, one standing."""

import datetime as dt

import sqlalchemy as sa

from provider.cards import queries
from provider.cards.models import Dispute, PaymentEvent
from provider.cards.rules import (
    DISPUTE_LIFECYCLE,
    DISPUTE_PREFIX,
    DisputeState,
    EventState,
    dispute_problem,
    payment_standing,
)
from provider.enrollments.models import Enrollment
from provider.history.actions import born, move, note
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.money import dollars
from provider.kernel.registry import PaymentEventHandler
from provider.kernel.settings import settings
from provider.ledger.actions import post as post_ledger
from provider.ledger.models import LedgerPosting
from provider.ledger.rules import Account, Amounts, PostingKind
from provider.payments import queries as paid
from provider.payments.gateway import Dispute as Told
from provider.payments.gateway import DisputeStatus
from provider.payments.models import Payment
from provider.payments.rules import LIFECYCLE, PaymentState
from provider.payments.service import ask
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

Outcome = tuple[EventState, str]
_ONLY_ASKED = frozenset({DisputeStatus.INQUIRY, DisputeStatus.DROPPED})


class InDispute(DomainError):
    """The bank holds money of this enrollment; nothing more is taken before it has decided."""

    code = "in_dispute"
    sentence = "Your bank is looking into an earlier payment. Until it has decided, no card is charged. Write to us."


class LostInDispute(InDispute):
    """The bank has decided against the school, which takes no card of this enrollment any more."""

    code = "lost_in_dispute"
    sentence = (
        "Your bank has given an earlier payment back after a dispute, so no card is charged for this enrollment any "
        "more. Write to us about how your program goes on."
    )


def check_undisputed(enrollment_id: int) -> None:
    """Raise InDispute while a bank holds money of an enrollment, LostInDispute once it kept some."""
    if queries.has_lost(enrollment_id):
        raise LostInDispute
    if queries.in_dispute(enrollment_id):
        raise InDispute


class DisputeEvents:
    """Events about a dispute, whichever they are: what counts is how it stands now."""

    def fetch(self, object_id: str) -> Told:
        """Return the dispute as the service has it."""
        return ask(lambda gateway: gateway.dispute(object_id))

    def apply(self, found: Told, /, *, event: PaymentEvent, now: dt.datetime) -> Outcome:
        """Bring our dispute up to it, unless the event claims another payment."""
        if event.intent_id not in {None, found.intent_id}:
            problem = f"the event {event.service_id} claims the payment {event.intent_id}"
            return EventState.REFUSED, _tell_contradiction(found, None, problem, now)
        return settle(found, at=now)


def settle(found: Told, *, at: dt.datetime) -> Outcome:
    """Bring a dispute and its payment up to what the service says, inside the caller's unit of work.

    Safe to repeat in any order: what has been decided is never open again. A payment that is not known is no reason
    to make one: it is parked.
    """
    payment = queries.payment_of_intent(found.intent_id or "")
    if payment is None:
        return EventState.PARKED, f"No payment that came in here is known as {found.intent_id}."
    enrollment = paid.hold(payment.enrollment_id)
    payment = queries.payment_of_intent(found.intent_id or "") or payment
    dispute = queries.dispute(found.id)
    problem = dispute_problem(
        amount_cents=found.amount_cents,
        currency=found.currency,
        captured_cents=payment.amount_cents,
        known_cents=None if dispute is None else dispute.amount_cents,
        same_payment=dispute is None or dispute.payment_id == payment.id,
    )
    if problem is not None:
        return EventState.REFUSED, _tell_contradiction(found, enrollment.reference, problem, at)
    if found.status in _ONLY_ASKED:
        return EventState.APPLIED, _inquired(found, payment, enrollment, at)
    if dispute is None:
        dispute = _open(found, payment, enrollment, at)
    dispute.respond_by = found.respond_by or dispute.respond_by
    _decide(dispute, DisputeState(found.status.value), enrollment, at)
    _stand(payment, enrollment, at)
    return EventState.APPLIED, f"{dispute.reference} about {payment.reference} is {dispute.state.label.lower()}"


def _inquired(found: Told, payment: Payment, enrollment: Enrollment, at: dt.datetime) -> str:
    """Have staff answer a bank that only asks, until it lets it be: it holds no money, so nothing of ours changes."""
    if found.status is DisputeStatus.DROPPED:
        finish_by_key(key=_inquiry_key(found.id), at=at)
        return f"The bank asked about {payment.reference} and lets it be"
    raise_task(
        kind=TaskKind.ANSWER_DISPUTE,
        key=_inquiry_key(found.id),
        about=enrollment.reference,
        sentence=f"The bank asks about {dollars(found.amount_cents)} of the payment {payment.reference} "
        f"({found.reason.replace('_', ' ')}). It holds no money yet. Answer at the payment service under {found.id} "
        "with what shows that the student enrolled, or the question may become a dispute.",
        due_on=_answer_by(found),
        at=at,
    )
    return f"The bank asks about {payment.reference} and holds no money"


def _inquiry_key(service_id: str) -> str:
    return f"inquiry:{service_id}"


def _answer_by(found: Told) -> dt.date | None:
    return None if found.respond_by is None else day_of(found.respond_by, settings().SCHOOL_ZONE)


def _open(found: Told, payment: Payment, enrollment: Enrollment, at: dt.datetime) -> Dispute:
    """Store a dispute, take its money off our cash, and have staff answer it in time."""
    dispute = Dispute(
        reference=references.new(DISPUTE_PREFIX),
        service_id=found.id,
        payment_id=payment.id,
        amount_cents=found.amount_cents,
        reason=found.reason[:64],
        state=DisputeState.OPEN,
        opened_at=min(found.created_at, at),
        respond_by=found.respond_by,
    )
    db.session.add(dispute)
    db.session.flush()
    data = {"amount_cents": dispute.amount_cents, "payment": payment.reference}
    born(dispute, actor=SYSTEM, at=at, about=enrollment.reference, data=data)
    _post(PostingKind.DISPUTED, dispute, enrollment, at)
    finish_by_key(key=_inquiry_key(found.id), at=at)
    raise_task(
        kind=TaskKind.ANSWER_DISPUTE,
        key=task_key(dispute.reference),
        about=enrollment.reference,
        sentence=_asked(dispute, payment),
        due_on=_answer_by(found),
        at=at,
    )
    return dispute


def task_key(dispute_reference: str) -> str:
    """Name the task to answer a dispute."""
    return f"dispute:{dispute_reference}"


def _asked(dispute: Dispute, payment: Payment) -> str:
    whole = "" if dispute.amount_cents == payment.amount_cents else f" of {dollars(payment.amount_cents)}"
    back = ""
    if payment.refunded_cents:
        back = f" {dollars(payment.refunded_cents)} of it went back by a refund: send the bank the proof of that."
    return (
        f"The bank holds {dollars(dispute.amount_cents)}{whole} of the payment {payment.reference}: its cardholder "
        f"disputes it ({dispute.reason.replace('_', ' ')}). Answer at the payment service under {dispute.service_id} "
        f"with what shows that the student enrolled and used the program.{back} No card of this enrollment is charged "
        "meanwhile."
    )


def _decide(dispute: Dispute, to: DisputeState, enrollment: Enrollment, at: dt.datetime) -> None:
    """Take over what the bank decided; what it won or lost for us may turn around, but is never open again."""
    if to in {DisputeState.OPEN, dispute.state}:
        return
    before = dispute.state
    dispute.ended_at = at
    move(dispute, to, DISPUTE_LIFECYCLE, actor=SYSTEM, at=at, about=enrollment.reference)
    if to is DisputeState.WON:
        _post(PostingKind.DISPUTE_WON, dispute, enrollment, at)
    elif before is DisputeState.WON:
        _post(PostingKind.DISPUTED, dispute, enrollment, at)
    db.session.flush()
    finish_by_key(key=task_key(dispute.reference), at=at)


def _post(kind: PostingKind, dispute: Dispute, enrollment: Enrollment, at: dt.datetime) -> None:
    """Post once for each turn: the first under the dispute's reference, a later one with its number behind a dot."""
    name = dispute.reference
    earlier = (
        sa.select(sa.func.count())
        .select_from(LedgerPosting)
        .where(
            LedgerPosting.about == enrollment.reference,
            LedgerPosting.kind == kind,
            sa.or_(LedgerPosting.subject_reference == name, LedgerPosting.subject_reference.startswith(f"{name}.")),
        )
    )
    number = db.session.scalars(earlier).one() + 1
    post_ledger(
        kind=kind,
        about=enrollment.reference,
        subject=name if number == 1 else f"{name}.{number}",
        amounts=Amounts(owed=dispute.amount_cents),
        at=at,
        cash=Account.CASH_CARD,
    )


def _stand(payment: Payment, enrollment: Enrollment, at: dt.datetime) -> None:
    """Let a payment stand as all its disputes together have it; to be lost, it was disputed before."""
    db.session.flush()
    states = db.session.scalars(sa.select(Dispute.state).where(Dispute.payment_id == payment.id)).all()
    to = payment_standing(states)
    if payment.state is PaymentState.CAPTURED and to is PaymentState.LOST:
        _turn(payment, PaymentState.DISPUTED, enrollment, at)
    if payment.state is not to:
        _turn(payment, to, enrollment, at)


def _turn(payment: Payment, to: PaymentState, enrollment: Enrollment, at: dt.datetime) -> None:
    """Change the state with words of its own: a payment that stands again was not recorded again."""
    old = payment.state
    LIFECYCLE.check(old, to)
    payment.state = to
    event = "payment.stands" if to is PaymentState.CAPTURED else f"payment.{to}"
    note(payment, event, actor=SYSTEM, at=at, about=enrollment.reference, old=old, new=to)


def _tell_contradiction(found: Told, about: str | None, problem: str, at: dt.datetime) -> str:
    sentence = (
        f"The payment service says of the dispute {found.id} what contradicts our records: {problem}. Nothing was "
        "changed here. Compare both, and write to the service if it is wrong."
    )
    raise_task(
        kind=TaskKind.CHECK_CARD_PAYMENT,
        key=f"dispute_contradicts:{found.id}",
        about=about,
        sentence=sentence,
        at=at,
    )
    return sentence


_DISPUTES = DisputeEvents()
EVENTS: dict[str, PaymentEventHandler] = {
    "charge.dispute.closed": _DISPUTES,
    "charge.dispute.created": _DISPUTES,
    "charge.dispute.funds_reinstated": _DISPUTES,
    "charge.dispute.funds_withdrawn": _DISPUTES,
    "charge.dispute.updated": _DISPUTES,
}
