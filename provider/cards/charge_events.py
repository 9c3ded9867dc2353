"""What events about charges and cards do: a charge is settled, a card that was taken away there is let go of here."""

import datetime as dt

import sqlalchemy as sa

from provider.cards import charging, queries, saving
from provider.cards.models import Card, Charge, PaymentEvent
from provider.cards.rules import CardState, EventState, claims_problem
from provider.enrollments import queries as enrollments
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.registry import PaymentEventHandler
from provider.payments import queries as paid
from provider.payments.gateway import Intent, Method
from provider.payments.service import ask
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

Outcome = tuple[EventState, str]


class ChargeEvents:
    """Events about a charge, whichever they are: what counts is how it stands now."""

    def fetch(self, object_id: str) -> Intent:
        """Return the charge as the service has it."""
        return ask(lambda gateway: gateway.intent(object_id))

    def apply(self, found: Intent, /, *, event: PaymentEvent, now: dt.datetime) -> Outcome:
        """Settle our charge, unless the event contradicts it; what we do not know is parked."""
        charge = charge_of(found)
        if charge is None:
            return EventState.PARKED, f"No payment here is known as {found.id}, nor as {found.reference or 'anything'}."
        problem = claims_problem(
            amount_cents=event.amount_cents,
            currency=event.currency,
            customer_id=event.customer_id,
            reference=event.our_reference,
            ours=(charge.amount_cents, charge.card.customer_id, charge.reference),
        )
        if problem is not None:
            return EventState.REFUSED, tell_contradiction(event, charge, problem, now)
        return charging.settle(charge.reference, found, at=now)


def charge_of(intent: Intent) -> Charge | None:
    """Return our charge that the service means: by its own name for it, or by ours."""
    known = queries.charge_of_intent(intent.id)
    reference = intent.reference if known is None else known.reference
    if reference is None:
        return None
    try:
        return queries.charge(reference)
    except NotFound:
        return None


def tell_contradiction(event: PaymentEvent, charge: Charge, problem: str, at: dt.datetime) -> str:
    """Put an event that contradicts a charge of ours before staff, once for each charge; return what it is."""
    sentence = (
        f"The event {event.service_id} of the payment service contradicts our {charge.reference}: {problem}. It was "
        "refused, and nothing was changed by it. Compare both, and write to the service if it is wrong."
    )
    raise_task(
        kind=TaskKind.CHECK_CARD_PAYMENT,
        key=f"event_contradicts:{charge.reference}",
        about=enrollments.by_id(charge.enrollment_id).reference,
        sentence=sentence,
        at=at,
    )
    return sentence


class DetachedCards:
    """Events about cards that the service forgot: by our own word, or because somebody took them away there."""

    def fetch(self, object_id: str) -> Method:
        """Return the card as the service has it."""
        return ask(lambda gateway: gateway.method(object_id))

    def apply(self, found: Method, /, *, event: PaymentEvent, now: dt.datetime) -> Outcome:  # noqa: ARG002 - a handler's signature
        """Let go of our card, so that no installment is charged to what is not there any more."""
        card = _card_of(found.id)
        if card is None or found.customer_id is not None:
            return EventState.IGNORED, "No card is charged here that was taken away there."
        enrollment = paid.hold(card.enrollment_id)
        card = queries.card(card.reference)
        if card.state is not CardState.SAVED:
            return EventState.APPLIED, f"{card.reference} was let go of here before."
        running = queries.running(enrollment.id)
        if running is not None and running.card_id == card.id:
            card.kept = False  # its running charge lets go of it at its end
        else:
            saving.release(card, enrollment, actor=SYSTEM, at=now)
        return EventState.APPLIED, f"{card.reference} was taken away there and is not charged any more."


def _card_of(method_id: str) -> Card | None:
    query = sa.select(Card).where(Card.method_id == method_id).order_by(Card.id.desc()).limit(1)
    return db.session.scalar(query)


_CHARGES = ChargeEvents()
EVENTS: dict[str, PaymentEventHandler] = {
    "payment_intent.canceled": _CHARGES,
    "payment_intent.payment_failed": _CHARGES,
    "payment_intent.processing": _CHARGES,
    "payment_intent.requires_action": _CHARGES,
    "payment_intent.succeeded": _CHARGES,
    "payment_method.detached": DetachedCards(),
}
