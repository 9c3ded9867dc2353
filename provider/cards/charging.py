"""Charging a card: decided in one transaction, carried out between two, and settled by whatever the service says."""

import datetime as dt

from provider.accounts.links import make_link
from provider.cards import letters, queries, saving
from provider.cards.disputes import check_undisputed
from provider.cards.models import Card, Charge
from provider.cards.rules import (
    CHANGE_CARD_LINK,
    CHARGE_LIFECYCLE,
    CHARGE_PREFIX,
    LINK_DAYS,
    CardState,
    ChargePurpose,
    ChargeState,
    EventState,
    What,
    charge_days,
    choices,
    contradiction,
)
from provider.cards.saving import CHARGEABLE_STATES, CardGone, NotChargeable
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CLASSROOM_STATES, UNPAID_STATES
from provider.history.actions import born, move
from provider.jobs.actions import enqueue, enqueue_once
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.payments import actions as payments
from provider.payments import calls
from provider.payments import queries as paid
from provider.payments.gateway import Gateway, Intent, IntentStatus, Refused
from provider.payments.rules import CallKind
from provider.payments.service import ask
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

FOLLOW = "cards.follow"
CANCEL = "cards.cancel"
FOLLOW_AFTER = dt.timedelta(seconds=20)


class ChargeRunning(DomainError):
    """A payment of this enrollment is being processed; a second one would take the money twice."""

    code = "charge_running"
    sentence = "A payment is being processed already, so nothing was started. It shows here as soon as it is done."

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference


class NothingOwed(DomainError):
    """All of it is paid."""

    code = "nothing_owed"
    sentence = "Nothing is open any more, so nothing was charged."


class AmountChanged(DomainError):
    """What the page showed is not what is open now."""

    code = "amount_changed"
    sentence = "What is open has changed since this page was made. Nothing was charged. Look at the amount again."


class AlreadyActive(DomainError):
    """The student is in the program by another enrollment: the money would have to go back."""

    code = "already_active"
    sentence = "You are in this program already by another enrollment, so nothing was charged."


class Overtaken(Exception):
    """The enrollment ended, or was paid otherwise, before the service was asked for anything."""


def start(
    *, enrollment_id: int, card_reference: str, what: What, expected_cents: int, actor: Actor, at: dt.datetime
) -> Charge:
    """Decide to charge a saved card for what its student chose; `follow` then carries it out.

    ``expected_cents`` is what the page showed. Raises ChargeRunning, NotChargeable, NothingOwed, AmountChanged,
    AlreadyActive, InDispute, CardGone.
    """
    enrollment = paid.hold(enrollment_id)
    card = queries.own_card(enrollment.id, card_reference)
    _check_chargeable(enrollment)
    if card.state is not CardState.SAVED:
        raise CardGone
    today = day_of(at, settings().SCHOOL_ZONE)
    offered = {choice.what: choice.cents for choice in choices(paid.owed(enrollment), today)}
    if not offered:
        raise NothingOwed
    if offered.get(what) != expected_cents:
        raise AmountChanged
    return _started(enrollment, card, ChargePurpose.STUDENT, expected_cents, actor, at)


def start_installment(
    *, enrollment: Enrollment, card: Card, number: int, attempt: int, amount_cents: int, at: dt.datetime
) -> Charge:
    """Decide to charge the kept card for one installment on its day; the caller holds the enrollment.

    Raises ChargeRunning, InDispute.
    """
    _check_chargeable(enrollment)
    return _started(enrollment, card, ChargePurpose.SCHEDULE, amount_cents, SYSTEM, at, number=number, attempt=attempt)


def _check_chargeable(enrollment: Enrollment) -> None:
    if enrollment.state not in CHARGEABLE_STATES:
        raise NotChargeable
    running = queries.running(enrollment.id)
    if running is not None:
        raise ChargeRunning(running.reference)
    check_undisputed(enrollment.id)
    if enrollment.state in UNPAID_STATES and enrollments.active_elsewhere(enrollment):
        raise AlreadyActive


def _started(  # noqa: PLR0917 - one more than usual, all of different kinds
    enrollment: Enrollment,
    card: Card,
    purpose: ChargePurpose,
    amount_cents: int,
    actor: Actor,
    at: dt.datetime,
    *,
    number: int | None = None,
    attempt: int = 1,
) -> Charge:
    """Store the charge, the key of its call, and the job that settles it whatever becomes of this process."""
    charge = Charge(
        reference=references.new(CHARGE_PREFIX),
        enrollment_id=enrollment.id,
        card_id=card.id,
        purpose=purpose,
        installment_number=number,
        attempt=attempt,
        amount_cents=amount_cents,
        state=ChargeState.STARTED,
        started_at=at,
    )
    db.session.add(charge)
    born(charge, actor=actor, at=at, about=enrollment.reference, data={"amount_cents": amount_cents})
    calls.store(kind=CallKind.CHARGE, subject=charge.reference, at=at)
    enqueue(
        kind=FOLLOW,
        key=f"{FOLLOW}:{charge.reference}",
        payload={"charge": charge.reference},
        at=at,
        run_at=at + FOLLOW_AFTER,
    )
    return charge


def follow(reference: str, *, now: dt.datetime) -> ChargeState:
    """Carry a charge out, or ask how it stands, and settle it by the answer; return where it stands then.

    Opens its own units of work and calls the service between them. Done again, it takes no money twice. Raises
    Unreachable while the outcome is not known.
    """
    charge = queries.charge(reference)
    if charge.state is not ChargeState.STARTED:
        return charge.state
    known = charge.intent_id
    if known is not None:
        intent = ask(lambda gateway: gateway.intent(known))
    else:
        try:
            intent = _carried_out(charge, now)
        except Overtaken:
            return _called_off(reference, now)
        except calls.CallEnded:  # somebody else got the answer, and settles by it
            return queries.charge(reference).state
        except Refused as refusal:
            return _refused(reference, refusal, now)
    with unit_of_work():
        settle(reference, intent, at=now)
        return queries.charge(reference).state


def _carried_out(charge: Charge, now: dt.datetime) -> Intent:
    """Make the call that takes the money, or find what an earlier attempt of it took."""
    reference, customer, method = charge.reference, charge.card.customer_id, charge.card.method_id or ""
    amount_cents, present = charge.amount_cents, charge.purpose is ChargePurpose.STUDENT

    def send(gateway: Gateway, key: str) -> Intent:
        return gateway.charge(
            key=key,
            amount_cents=amount_cents,
            customer_id=customer,
            method_id=method,
            reference=reference,
            present=present,
        )

    def find(gateway: Gateway) -> Intent | None:
        return next((one for one in gateway.intents_of(customer) if one.reference == reference), None)

    if not _is_wanted(charge):
        found = ask(find)
        if found is None:
            raise Overtaken
        return found
    return calls.through(kind=CallKind.CHARGE, subject=reference, send=send, find=find, now=now)


def _is_wanted(charge: Charge) -> bool:
    """Say whether the money is still owed by an enrollment that goes on; it may have ended since the decision."""
    enrollment = enrollments.by_id(charge.enrollment_id)
    states = CLASSROOM_STATES if charge.purpose is ChargePurpose.SCHEDULE else CHARGEABLE_STATES
    return enrollment.state in states and bool(paid.owed(enrollment))


def _called_off(reference: str, now: dt.datetime) -> ChargeState:
    """End a charge that was decided and never made, because there is nothing to pay any more."""
    with unit_of_work():
        charge = queries.charge(reference)
        enrollment = paid.hold(charge.enrollment_id)
        charge = queries.charge(reference)
        if charge.state is ChargeState.STARTED and charge.intent_id is None:
            why = "The enrollment ended before the call was made."
            calls.abandon(kind=CallKind.CHARGE, subject=reference, why=why, at=now)
            _cancel(charge, enrollment, "ended", now)
        return charge.state


def _refused(reference: str, error: Exception, now: dt.datetime) -> ChargeState:
    """End a charge that the service would not carry out: no money moved, and staff have to know why."""
    with unit_of_work():
        charge = queries.charge(reference)
        enrollment = paid.hold(charge.enrollment_id)
        charge = queries.charge(reference)
        if charge.state is not ChargeState.STARTED:
            return charge.state
        _fail(charge, enrollment, "refused", now)
        raise_task(
            kind=TaskKind.CHECK_CARD_PAYMENT,
            key=f"charge_refused:{reference}",
            about=enrollment.reference,
            sentence=f"The payment service would not carry out {reference}: {error}. Nothing was taken.",
            at=now,
        )
        return charge.state


def settle(reference: str, intent: Intent, *, at: dt.datetime) -> tuple[EventState, str]:
    """Bring a charge up to what the service says of it, inside the caller's unit of work; say what came of it.

    Safe to repeat in any order: what was captured stays captured, and money that came in after all is taken in.
    """
    charge = queries.charge(reference)
    enrollment = paid.hold(charge.enrollment_id)
    charge = queries.charge(reference)
    problem = contradiction(
        intent,
        amount_cents=charge.amount_cents,
        customer_id=charge.card.customer_id,
        reference=charge.reference,
        intent_id=charge.intent_id,
        live=settings().live_cards,
    )
    if problem is not None:
        return EventState.REFUSED, _contradicted(charge, enrollment, intent, problem, at)
    charge.intent_id = intent.id
    calls.answered(kind=CallKind.CHARGE, subject=charge.reference, object_id=intent.id, at=at)
    _apply(charge, enrollment, intent, at)
    return EventState.APPLIED, f"{charge.reference} is {charge.state.label.lower()}"


def _apply(charge: Charge, enrollment: Enrollment, intent: Intent, at: dt.datetime) -> None:
    if intent.status is IntentStatus.SUCCEEDED:
        if charge.state is not ChargeState.CAPTURED:
            _capture(charge, enrollment, intent, at)
        return
    if charge.state is not ChargeState.STARTED or intent.status is IntentStatus.PROCESSING:
        return
    if intent.status is IntentStatus.CANCELED:
        _cancel(charge, enrollment, "abandoned", at)
    elif intent.status is IntentStatus.FAILED:
        _fail(charge, enrollment, intent.failure or "declined", at)
    elif charge.purpose is ChargePurpose.SCHEDULE:  # nobody is there to confirm
        _fail(charge, enrollment, "authentication_required", at)
    else:
        charge.client_secret = intent.client_secret


def _capture(charge: Charge, enrollment: Enrollment, intent: Intent, at: dt.datetime) -> None:
    payment = payments.capture(
        enrollment=enrollment,
        amount_cents=charge.amount_cents,
        intent_id=intent.id,
        charged_at=min(intent.charged_at or at, at),
        actor=SYSTEM,
        at=at,
    )
    charge.payment_id, charge.client_secret, charge.failure, charge.ended_at = payment.id, None, None, at
    data = {"amount_cents": charge.amount_cents, "payment": payment.reference}
    move(charge, ChargeState.CAPTURED, CHARGE_LIFECYCLE, actor=SYSTEM, at=at, about=enrollment.reference, data=data)
    db.session.flush()
    finish_by_key(key=stuck_key(charge.reference), at=at)
    _let_go(charge, enrollment, at)


def _cancel(charge: Charge, enrollment: Enrollment, why: str, at: dt.datetime) -> None:
    charge.client_secret, charge.failure, charge.ended_at = None, why, at
    move(charge, ChargeState.CANCELED, CHARGE_LIFECYCLE, actor=SYSTEM, at=at, about=enrollment.reference)
    db.session.flush()
    finish_by_key(key=stuck_key(charge.reference), at=at)
    _let_go(charge, enrollment, at)


def _fail(charge: Charge, enrollment: Enrollment, code: str, at: dt.datetime) -> None:
    """End a charge as declined; the service is told to give it up as well, or it could be confirmed there later."""
    charge.client_secret, charge.failure, charge.ended_at = None, code[:64], at
    about, data = enrollment.reference, {"failure": charge.failure}
    move(charge, ChargeState.FAILED, CHARGE_LIFECYCLE, actor=SYSTEM, at=at, about=about, data=data)
    db.session.flush()
    finish_by_key(key=stuck_key(charge.reference), at=at)
    if charge.intent_id is not None:
        payload = {"charge": charge.reference}
        enqueue_once(kind=CANCEL, key=f"{CANCEL}:{charge.reference}", payload=payload, at=at)
    if charge.purpose is ChargePurpose.SCHEDULE:
        _tell_declined(charge, enrollment, at)
    _let_go(charge, enrollment, at)


def _let_go(charge: Charge, enrollment: Enrollment, at: dt.datetime) -> None:
    """Let go of the card once its work is done: it was for this payment only, or nothing is left to charge."""
    if not charge.card.kept:
        saving.release(charge.card, enrollment, actor=SYSTEM, at=at)
    elif not paid.owed(enrollment):
        saving.release_all(enrollment, actor=SYSTEM, at=at)


def _tell_declined(charge: Charge, enrollment: Enrollment, at: dt.datetime) -> None:
    link = make_link(purpose=CHANGE_CARD_LINK, subject=enrollment.reference, at=at, lasts=dt.timedelta(days=LINK_DAYS))
    tried = queries.attempts(enrollment.id).get(charge.installment_number or 0, [])
    days = charge_days(day_of(tried[0], settings().SCHOOL_ZONE)) if tried else ()
    again_on = days[len(tried)].isoformat() if 0 < len(tried) < len(days) else None
    recipient = paid.recipient(enrollment)
    post(letters.declined(charge, charge.card, enrollment, recipient=recipient, link=link, again_on=again_on), at=at)


def stuck_key(charge_reference: str) -> str:
    """Name the task about a charge of which the service has told nothing final for a day."""
    return f"charge_stuck:{charge_reference}"


def _contradicted(charge: Charge, enrollment: Enrollment, intent: Intent, problem: str, at: dt.datetime) -> str:
    sentence = (
        f"The payment service says of {intent.id} what contradicts our {charge.reference}: {problem}. Nothing was "
        "changed here. Compare both, and write to the service if it is wrong."
    )
    raise_task(
        kind=TaskKind.CHECK_CARD_PAYMENT,
        key=f"charge_contradicts:{charge.reference}:{intent.id}",
        about=enrollment.reference,
        sentence=sentence,
        at=at,
    )
    return sentence


def give_up(reference: str, *, now: dt.datetime) -> ChargeState:
    """Have the service give a charge up that has not succeeded; when it was too late, its money is taken in.

    Raises Unreachable while that is not known.
    """
    charge = queries.charge(reference)
    known = charge.intent_id
    if charge.state is ChargeState.CAPTURED or known is None:
        return charge.state
    intent = ask(lambda gateway: gateway.cancel(known))
    with unit_of_work():
        settle(reference, intent, at=now)
        return queries.charge(reference).state
