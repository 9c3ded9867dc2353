"""An account of the payment service in memory: what is in it, what happens in it, and what it tells by itself."""

import collections
import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from provider.kernel import clock
from provider.payments.gateway import (
    CURRENCY,
    Dispute,
    DisputeStatus,
    Intent,
    IntentStatus,
    Method,
    Refused,
    Return,
    ReturnStatus,
    Setup,
    SetupStatus,
    Unknown,
)
from tests.harness import service_words
from tests.harness.service_shapes import Shaped, charge, shape
from tests.harness.service_words import Sent, Total

T = TypeVar("T")
LEAST_CENTS, MOST_CENTS = 50, 99_999_999  # of one charge, as Stripe takes them
HELD = frozenset({DisputeStatus.OPEN, DisputeStatus.LOST})
TO_RESPOND = dt.timedelta(days=9)


class Account:
    """Customers, cards, charges, returns, disputes and the events about them."""

    def __init__(self, *, secret: str, live: bool, now: Callable[[], dt.datetime] | None) -> None:
        self.secret = secret
        self.live = live
        self._now = now or (lambda: clock.now())  # noqa: PLW0108 - a test may put another clock there
        self._numbers = itertools.count(1)
        self._charge_outcomes: collections.deque[IntentStatus] = collections.deque()
        self._return_outcomes: collections.deque[ReturnStatus] = collections.deque()
        self._customers: dict[str, str] = {}
        self._setups: dict[str, Setup] = {}
        self._methods: dict[str, Method] = {}
        self._given_up: set[str] = set()
        self._card_numbers: dict[str, str] = {}
        self._intents: dict[str, Intent] = {}
        self._returns: dict[str, Return] = {}
        self._disputes: dict[str, Dispute] = {}
        self._events: list[Sent] = []

    # What the browser, the bank, the dashboard and the line do: tests.harness.service_words.Play.

    def confirm_setup(self, setup_id: str, number: str, *, authenticate: bool = True) -> Setup:
        setup = found(self._setups, setup_id)
        if setup.status is not SetupStatus.OPEN:
            raise Refused("this setup has ended")
        asks = number in service_words.ASK_WHEN_PRESENT
        if number in service_words.REFUSED_WHEN_SAVED or (asks and not authenticate):
            return setup
        method_id = self._id("pm")
        self._card_numbers[method_id] = number
        self._methods[method_id] = Method(method_id, setup.customer_id, "visa", number[-4:], 12, 2034)
        self._setups[setup_id] = setup = replace(setup, status=SetupStatus.SUCCEEDED, method_id=method_id)
        self._tell("setup_intent.succeeded", setup)
        return setup

    def authenticate(self, intent_id: str, *, success: bool = True) -> Intent:
        intent = found(self._intents, intent_id)
        if intent.status is not IntentStatus.NEEDS_ACTION:
            raise Refused("the bank asked nothing")
        if not success:
            return self._fail(intent, "payment_intent_authentication_failure")
        return self._settle(intent)

    def charge_will(self, *outcomes: IntentStatus) -> None:
        self._charge_outcomes.extend(outcomes)

    def settle_charge(self, intent_id: str, *, success: bool = True) -> Intent:
        intent = found(self._intents, intent_id)
        if intent.status is not IntentStatus.PROCESSING:
            raise Refused("this charge is not processing")
        return self._capture(intent) if success else self._fail(intent, "generic_decline")

    def return_will(self, *outcomes: ReturnStatus) -> None:
        self._return_outcomes.extend(outcomes)

    def settle_return(self, return_id: str, status: ReturnStatus, *, failure: str | None = None) -> Return:
        one = found(self._returns, return_id)
        reason = (failure or "expired_or_canceled_card") if status is ReturnStatus.FAILED else None
        self._returns[return_id] = one = replace(one, status=status, failure=reason)
        self._tell("refund.updated", one)
        if status is ReturnStatus.FAILED:
            self._tell("refund.failed", one)
        return one

    def return_in_dashboard(self, intent_id: str, cents: int) -> Return:
        return self._give_back(intent_id, cents, None)

    def open_dispute(self, intent_id: str, cents: int | None = None, *, reason: str = "fraudulent") -> Dispute:
        made = self._new_dispute(found(self._intents, intent_id), cents, reason, DisputeStatus.OPEN)
        self._tell("charge.dispute.created", made)
        self._tell("charge.dispute.funds_withdrawn", made)
        return made

    def inquire(self, intent_id: str, *, reason: str = "unrecognized") -> Dispute:
        made = self._new_dispute(found(self._intents, intent_id), None, reason, DisputeStatus.INQUIRY)
        self._tell("charge.dispute.created", made)
        return made

    def escalate(self, dispute_id: str) -> Dispute:
        made = self._disputes[dispute_id] = replace(found(self._disputes, dispute_id), status=DisputeStatus.OPEN)
        self._tell("charge.dispute.updated", made)
        self._tell("charge.dispute.funds_withdrawn", made)
        return made

    def _new_dispute(self, intent: Intent, cents: int | None, reason: str, status: DisputeStatus) -> Dispute:
        at = self._second()
        made = Dispute(
            id=self._id("dp"),
            status=status,
            intent_id=intent.id,
            amount_cents=intent.amount_cents if cents is None else cents,
            currency=intent.currency,
            reason=reason,
            created_at=at,
            respond_by=at + TO_RESPOND,
        )
        self._disputes[made.id] = made
        return made

    def close_dispute(self, dispute_id: str, status: DisputeStatus) -> Dispute:
        made = self._disputes[dispute_id] = replace(found(self._disputes, dispute_id), status=status)
        self._tell("charge.dispute.closed", made)
        if status is DisputeStatus.WON:
            self._tell("charge.dispute.funds_reinstated", made)
        return made

    def totals(self) -> dict[str, Total]:
        return {
            intent.id: Total(
                captured=intent.amount_cents,
                returned=self._returned(intent.id),
                disputed=sum(
                    one.amount_cents
                    for one in self._disputes.values()
                    if one.intent_id == intent.id and one.status in HELD
                ),
            )
            for intent in self._intents.values()
            if intent.status is IntentStatus.SUCCEEDED
        }

    def charges_by_reference(self) -> dict[str, list[Intent]]:
        charges: dict[str, list[Intent]] = {}
        for intent in self._intents.values():
            charges.setdefault(intent.reference or "", []).append(intent)
        return charges

    # What its own calls do.

    def _new_customer(self, reference: str) -> str:
        made = self._id("cus")
        self._customers[made] = reference
        return made

    def _new_setup(self, customer_id: str, reference: str) -> Setup:
        found(self._customers, customer_id)
        made = self._id("seti")
        self._setups[made] = Setup(
            id=made,
            status=SetupStatus.OPEN,
            client_secret=f"{made}_secret_fake",
            customer_id=customer_id,
            method_id=None,
            reference=reference,
            created_at=self._second(),
        )
        return self._setups[made]

    def _take(self, *, cents: int, customer_id: str, method_id: str, reference: str, present: bool) -> Intent:
        """Begin a charge and bring it as far as the card lets it."""
        found(self._customers, customer_id)
        if found(self._methods, method_id).customer_id != customer_id:
            raise Refused("this card does not belong to the customer")
        if not LEAST_CENTS <= cents <= MOST_CENTS:
            raise Refused("no such amount is charged")
        made = self._id("pi")
        intent = Intent(
            id=made,
            status=IntentStatus.NEEDS_ACTION,
            amount_cents=cents,
            currency=CURRENCY,
            live=self.live,
            customer_id=customer_id,
            method_id=method_id,
            reference=reference,
            client_secret=f"{made}_secret_fake",
            created_at=self._second(),
        )
        self._intents[made] = intent
        number = self._card_numbers[method_id]
        if present and number in service_words.ASK_WHEN_PRESENT:
            self._tell("payment_intent.requires_action", intent)
            return intent
        if not present and number in service_words.ASK_WHEN_ABSENT:
            return self._fail(intent, "authentication_required")
        return self._settle(intent)

    def _settle(self, intent: Intent) -> Intent:
        refusal = service_words.REFUSED_WHEN_CHARGED.get(self._card_numbers[intent.method_id or ""])
        if refusal is not None:
            return self._fail(intent, refusal)
        outcome = self._charge_outcomes.popleft() if self._charge_outcomes else IntentStatus.SUCCEEDED
        if outcome is IntentStatus.FAILED:
            return self._fail(intent, "generic_decline")
        if outcome is IntentStatus.PROCESSING:
            self._intents[intent.id] = intent = replace(intent, status=outcome)
            self._tell("payment_intent.processing", intent)
            return intent
        return self._capture(intent)

    def _capture(self, intent: Intent) -> Intent:
        intent = replace(
            intent, status=IntentStatus.SUCCEEDED, charge_id=self._id("ch"), charged_at=self._second(), failure=None
        )
        self._intents[intent.id] = intent
        self._tell("payment_intent.succeeded", intent)
        return intent

    def _fail(self, intent: Intent, failure: str) -> Intent:
        intent = replace(intent, status=IntentStatus.FAILED, failure=failure, method_id=None)
        self._intents[intent.id] = intent
        self._tell("payment_intent.payment_failed", intent)
        return intent

    def _give_up(self, intent: Intent) -> Intent:
        self._intents[intent.id] = intent = replace(intent, status=IntentStatus.CANCELED)
        self._tell("payment_intent.canceled", intent)
        return intent

    def _forget_card(self, method: Method) -> None:
        self._given_up.add(method.id)
        self._methods[method.id] = method = replace(method, customer_id=None)
        self._tell("payment_method.detached", method)

    def _give_back(self, intent_id: str, cents: int, reference: str | None) -> Return:
        """Send money back; more than was taken too, for only our own guards shall keep us from it."""
        intent = found(self._intents, intent_id)
        if intent.status is not IntentStatus.SUCCEEDED or cents <= 0:
            raise Refused("there is nothing to give back")
        status = self._return_outcomes.popleft() if self._return_outcomes else ReturnStatus.SUCCEEDED
        made = Return(
            id=self._id("re"),
            status=status,
            intent_id=intent_id,
            amount_cents=cents,
            currency=intent.currency,
            reference=reference,
            created_at=self._second(),
            failure="expired_or_canceled_card" if status is ReturnStatus.FAILED else None,
        )
        self._returns[made.id] = made
        self._tell("refund.created", made)
        self._events.append(self._event("charge.refunded", charge(intent, self._returned(intent_id))))
        if status is ReturnStatus.FAILED:
            self._tell("refund.failed", made)
        return made

    def _returned(self, intent_id: str) -> int:
        returns = (one for one in self._returns.values() if one.intent_id == intent_id)
        return sum(one.amount_cents for one in returns if one.status is not ReturnStatus.FAILED)

    def _tell(self, kind: str, value: Shaped) -> None:
        self._events.append(self._event(kind, shape(value)))

    def _event(self, kind: str, thing: Mapping[str, object]) -> Sent:
        return service_words.event(next(self._numbers), kind, thing, at=self._second(), live=self.live)

    def _second(self) -> dt.datetime:
        """Return this second, for the service counts in those."""
        return self._now().replace(microsecond=0)

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):014d}"


def found(things: Mapping[str, T], name: str) -> T:
    """Return an object of the account; raises Unknown."""
    try:
        return things[name]
    except KeyError:
        raise Unknown(f"no such object: {name}") from None
