"""What the payment service's events about refunds do here: the refund is asked for anew, and our payouts follow it."""

import datetime as dt
from dataclasses import dataclass

from provider.cards.models import PaymentEvent
from provider.cards.rules import EventState
from provider.jobs.actions import enqueue_once
from provider.kernel.registry import PaymentEventHandler
from provider.payments.gateway import Return
from provider.payments.service import ask
from provider.refunds.card_payouts import returns_of, settle_returns
from provider.refunds.rules import SETTLE

Outcome = tuple[str, str]
NOT_OURS = "It is about a charge that this system did not make."


@dataclass(frozen=True, slots=True)
class Seen:
    """A charge with everything that goes or went back of it, as the service told it just now."""

    intent_id: str | None
    returns: list[Return]


class RefundEvents:
    """Events about one refund, ours or not."""

    def fetch(self, object_id: str) -> Seen:
        """Ask for the refund, and for all others of its charge."""
        one = ask(lambda gateway: gateway.given_back(object_id))
        return Seen(one.intent_id, returns_of(one.intent_id) if one.intent_id else [])

    def apply(self, found: Seen, /, *, event: PaymentEvent, now: dt.datetime) -> Outcome:  # noqa: ARG002 - asked anew
        """Bring our payouts of that charge to what was fetched; raises Later while nobody can say which is which."""
        payment = None if found.intent_id is None else settle_returns(found.intent_id, found.returns, now)
        if payment is None:
            return EventState.PARKED, NOT_OURS
        return EventState.APPLIED, f"What went back of {payment.reference} stands here as it does there."


class ChargeEvents:
    """Events about a charge of which money went back: all its refunds are looked at by a job."""

    def fetch(self, object_id: str) -> None:
        """Nothing is asked for here; the job asks."""

    def apply(self, found: None, /, *, event: PaymentEvent, now: dt.datetime) -> Outcome:  # noqa: ARG002 - see fetch
        """Have the charge looked at."""
        if event.intent_id is None:
            return EventState.IGNORED, "It names no charge of ours."
        key = f"{SETTLE}:{event.intent_id}:{event.service_id}"[:200]
        enqueue_once(kind=SETTLE, key=key, payload={"intent": event.intent_id}, at=now)
        return EventState.APPLIED, "What went back of this charge is looked at."


EVENTS: dict[str, PaymentEventHandler] = {
    "refund.created": RefundEvents(),
    "refund.updated": RefundEvents(),
    "refund.failed": RefundEvents(),
    "charge.refund.updated": RefundEvents(),
    "charge.refunded": ChargeEvents(),
}
