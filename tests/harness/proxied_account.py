"""What the account behind the fault proxy has: localstripe does the work, and here stands what it lacks or gets wrong.

Every call still goes through localstripe, which refuses what is not well formed. What it answered is kept here, because
some of it has to be told otherwise than localstripe would: returns that fail later, a declined card in Stripe's own
words, lists by customer and by time, disputes.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from tests.harness import service_words
from tests.harness.upstream import Upstream

Answer = dict[str, Any]
Params = dict[str, str]
Told = Callable[[str, Mapping[str, Any]], None]

LEAST_CENTS, MOST_CENTS = 50, 99_999_999
TO_RESPOND = dt.timedelta(days=9)
ENDED = frozenset({"succeeded", "canceled", "processing"})
KEPT = ("customers", "setups", "methods", "intents", "refunds", "disputes", "_numbers", "_given_up")
OURS_ALONE = ("allowed_payment_method_types", "use_stripe_sdk", "expand")  # right for Stripe, unknown to localstripe


class Refusal(Exception):
    """An answer other than 200, as Stripe spells it."""

    def __init__(self, status: int, message: str, **error: object) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": "invalid_request_error", "message": message} | error


class ProxiedAccount:
    """The account; each method of a call takes its parameters flat, as they came: ``metadata[reference]``."""

    def __init__(self, upstream: Upstream, tell: Told, now: Callable[[], dt.datetime]) -> None:
        self._upstream = upstream
        self._tell = tell
        self._now = now
        self._begin()

    def clear(self) -> None:
        """Forget everything, here and there."""
        self._begin()
        self._upstream.call("DELETE", "/_config/data")

    def kept(self) -> dict[str, Any]:
        """Return everything that the account has, for `take_up` of a later one."""
        return {name: getattr(self, name) for name in KEPT}

    def take_up(self, kept: Mapping[str, Any]) -> None:
        """Go on with what an earlier account had."""
        for name in KEPT:
            setattr(self, name, kept[name])

    def _begin(self) -> None:
        self.customers: set[str] = set()
        self.setups: dict[str, Answer] = {}
        self.methods: dict[str, Answer] = {}
        self.intents: dict[str, Answer] = {}
        self.refunds: dict[str, Answer] = {}
        self.disputes: dict[str, Answer] = {}
        self.charge_outcomes: list[str] = []
        self.return_outcomes: list[str] = []
        self._numbers: dict[str, str] = {}
        self._given_up: set[str] = set()

    # Customers and cards

    def create_customer(self, params: Params) -> Answer:
        made = self._ask("POST", "/v1/customers", params)
        self.customers.add(made["id"])
        return made

    def begin_setup(self, params: Params) -> Answer:
        self.known_customer(params.get("customer", ""))
        made = self._ask("POST", "/v1/setup_intents", self._for_localstripe(params))
        self.setups[made["id"]] = made
        return made

    def setup(self, setup_id: str) -> Answer:
        self._ask("GET", f"/v1/setup_intents/{setup_id}")
        return self.setups[setup_id]

    def confirm_setup(self, setup_id: str, asked: Mapping[str, Any]) -> Answer:
        """Save the card that the browser sent, or go on when the bank's question was answered."""
        setup = self._open_setup(setup_id)
        try:
            made = self._ask("POST", f"/v1/setup_intents/{setup_id}/confirm", json=asked)
        except Refusal as refusal:
            raise self._declined_setup(setup, asked, refusal) from refusal
        method_id = made["payment_method"]
        if "payment_method_data" in asked:
            self._numbers[method_id] = asked["payment_method_data"]["card"]["number"]
        self.setups[setup_id] = made
        if made["status"] != "succeeded":
            return made
        if made["customer"] is not None:  # as Stripe does it, and localstripe does not
            self.methods[method_id] = self._ask(
                "POST", f"/v1/payment_methods/{method_id}/attach", {"customer": made["customer"]}
            )
        self._tell("setup_intent.succeeded", made)
        return made

    def cancel_setup(self, setup_id: str, asked: Mapping[str, Any]) -> Answer:
        """Note that the bank's question was not answered; another card may be tried."""
        setup = self._open_setup(setup_id)
        self._ask("POST", f"/v1/setup_intents/{setup_id}/cancel", json=asked)
        setup |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
        return setup

    def method(self, method_id: str) -> Answer:
        answer = self._ask("GET", f"/v1/payment_methods/{method_id}")
        return self.methods.get(method_id, answer)

    def attach(self, method_id: str, params: Params) -> Answer:
        method = self.method(method_id)
        self.known_customer(params.get("customer", ""))
        if method["customer"] is not None or method_id in self._given_up:
            raise Refusal(400, "The payment method you provided has already been attached, or was detached before.")
        self.methods[method_id] = self._ask("POST", f"/v1/payment_methods/{method_id}/attach", params)
        return self.methods[method_id]

    def detach(self, method_id: str) -> Answer:
        if self.method(method_id)["customer"] is None:
            raise Refusal(400, "The payment method you provided is not attached to a customer.")
        self._given_up.add(method_id)
        self.methods[method_id] = self._ask("POST", f"/v1/payment_methods/{method_id}/detach")
        self._tell("payment_method.detached", self.methods[method_id])
        return self.methods[method_id]

    # Charges

    def charge(self, params: Params) -> Answer:
        """Take money from a card; what the bank refuses is 402 with the intent inside."""
        method_id, cents = params.get("payment_method", ""), int(params.get("amount", "0"))
        self.known_customer(params.get("customer", ""))
        if self.known_method(method_id)["customer"] != params["customer"]:
            raise Refusal(400, "The provided PaymentMethod does not belong to the customer.")
        if not LEAST_CENTS <= cents <= MOST_CENTS:
            raise Refusal(400, "Amount must be between $0.50 and $999,999.99 usd.", code="amount_too_small")
        status, made = self._upstream.call("POST", "/v1/payment_intents", self._for_localstripe(params))
        absent = params.get("off_session") == "true"
        if status == 402:
            return self._declined(self._intent_of_charge(made["error"]["charge"]))
        self._raise_for(status, made)
        intent = self._keep(made)
        if intent["status"] != "requires_action":
            return self._charged(intent)
        if not absent:
            self._tell("payment_intent.requires_action", self.seen(intent))
            return intent
        if self._numbers[method_id] in service_words.ASK_WHEN_ABSENT:
            return self._fail(intent, "authentication_required", "authentication_required")
        return self.authenticate(intent["id"], {"client_secret": intent["client_secret"]}, success=True)

    def authenticate(self, intent_id: str, asked: Mapping[str, Any], *, success: bool) -> Answer:
        """Go on with a charge after the bank's question."""
        path = f"/v1/payment_intents/{intent_id}/_authenticate?success={str(success).lower()}"
        status, made = self._upstream.call("POST", path, json=asked)
        if status == 402:
            return self._declined(self._ask("GET", f"/v1/payment_intents/{intent_id}"))
        self._raise_for(status, made)
        intent = self._keep(made)
        if success:
            return self._charged(intent)
        self._tell("payment_intent.payment_failed", self.seen(intent))
        return intent

    def intent(self, intent_id: str) -> Answer:
        self._ask("GET", f"/v1/payment_intents/{intent_id}")
        return self.intents[intent_id]

    def cancel(self, intent_id: str) -> Answer:
        intent = self.intent(intent_id)
        if intent["status"] in ENDED:
            raise Refusal(400, f"This intent is {intent['status']}.", code="payment_intent_unexpected_state")
        self._upstream.call("POST", f"/v1/payment_intents/{intent_id}/cancel")
        intent |= {"status": "canceled", "next_action": None}
        self._tell("payment_intent.canceled", self.seen(intent))
        return intent

    def settle_charge(self, intent_id: str, *, success: bool) -> Answer:
        """Finish a charge that is processing."""
        intent = self.intents[intent_id]
        if intent["status"] != "processing":
            raise Refusal(400, "This intent is not processing.")
        if success:
            return self._succeed(self._keep(self._ask("GET", f"/v1/payment_intents/{intent_id}")))
        try:
            return self._fail(intent, "card_declined", "generic_decline")
        except Refusal:
            return intent

    # Money that goes back

    def give_back(self, params: Params) -> Answer:
        """Send money back, more than was taken too: only our own guards shall keep us from it."""
        intent = self.intents.get(params.get("payment_intent", ""))
        if intent is None:
            raise Refusal(400, "No such payment_intent.", code="resource_missing", param="payment_intent")
        if intent["status"] != "succeeded":
            raise Refusal(400, "This PaymentIntent does not have a successful charge to refund.")
        made = self._ask("POST", "/v1/refunds", params)
        made["status"] = self.return_outcomes.pop(0) if self.return_outcomes else "succeeded"
        made["failure_reason"] = "expired_or_canceled_card" if made["status"] == "failed" else None
        self.refunds[made["id"]] = made
        self._tell("refund.created", made)
        charge = intent["latest_charge"] | {"payment_intent": intent["id"], "amount_refunded": self.returned(intent)}
        self._tell("charge.refunded", charge)
        if made["status"] == "failed":
            self._tell("refund.failed", made)
        return made

    def given_back(self, refund_id: str) -> Answer:
        self._ask("GET", f"/v1/refunds/{refund_id}")
        return self.refunds[refund_id]

    def settle_return(self, refund_id: str, status: str, failure: str | None) -> Answer:
        """Let a return succeed or fail."""
        reason = (failure or "expired_or_canceled_card") if status == "failed" else None
        refund = self.refunds[refund_id]
        refund |= {"status": status, "failure_reason": reason}
        self._tell("refund.updated", refund)
        if status == "failed":
            self._tell("refund.failed", refund)
        return refund

    def returned(self, intent: Mapping[str, Any]) -> int:
        """Return the cents of a charge that went back or are on their way."""
        refunds = (one for one in self.refunds.values() if one["payment_intent"] == intent["id"])
        return sum(one["amount"] for one in refunds if one["status"] != "failed")

    # Disputes, which localstripe does not know

    def open_dispute(self, intent_id: str, cents: int | None, reason: str, status: str) -> Answer:
        """Take money of a charge until the bank has decided; or only ask about it (``warning_…``)."""
        intent, at = self.intents[intent_id], self._now()
        made = {
            "id": f"dp_{secrets.token_hex(8)}",
            "object": "dispute",
            "amount": intent["amount"] if cents is None else cents,
            "charge": intent["latest_charge"]["id"],
            "created": int(at.timestamp()),
            "currency": intent["currency"],
            "evidence_details": {"due_by": int((at + TO_RESPOND).timestamp())},
            "livemode": False,
            "metadata": {},
            "payment_intent": intent_id,
            "reason": reason,
            "status": status,
        }
        self.disputes[made["id"]] = made
        self._tell("charge.dispute.created", made)
        if status == "needs_response":
            self._tell("charge.dispute.funds_withdrawn", made)
        return made

    def escalate(self, dispute_id: str) -> Answer:
        """Let an inquiry become a dispute."""
        dispute = self.dispute(dispute_id)
        dispute["status"] = "needs_response"
        self._tell("charge.dispute.updated", dispute)
        self._tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def dispute(self, dispute_id: str) -> Answer:
        if dispute_id not in self.disputes:
            raise Refusal(404, f"No such dispute: '{dispute_id}'", code="resource_missing")
        return self.disputes[dispute_id]

    def close_dispute(self, dispute_id: str, status: str) -> Answer:
        """Let the bank decide."""
        dispute = self.dispute(dispute_id)
        dispute["status"] = status
        self._tell("charge.dispute.closed", dispute)
        if status == "won":
            self._tell("charge.dispute.funds_reinstated", dispute)
        return dispute

    # What has become of a charge

    def _charged(self, intent: Answer) -> Answer:
        """Bring a charge that localstripe took to the end that was asked for."""
        outcome = self.charge_outcomes.pop(0) if self.charge_outcomes else "succeeded"
        if outcome == "failed":
            return self._fail(intent, "card_declined", "generic_decline")
        if outcome == "processing":
            intent |= {"status": "processing", "latest_charge": None}
            self._tell("payment_intent.processing", self.seen(intent))
            return intent
        return self._succeed(intent)

    def _succeed(self, intent: Answer) -> Answer:
        self._tell("payment_intent.succeeded", self.seen(intent))
        return intent

    def _declined(self, made: Answer) -> Answer:
        number = self._numbers[made["payment_method"]]
        return self._fail(self._keep(made), "card_declined", service_words.REFUSED_WHEN_CHARGED[number])

    def _fail(self, intent: Answer, code: str, decline_code: str) -> Answer:
        """Leave an intent without its card, as Stripe does; raises the answer."""
        error = {"type": "card_error", "code": code, "decline_code": decline_code}
        intent |= {
            "status": "requires_payment_method",
            "payment_method": None,
            "next_action": None,
            "latest_charge": None,
            "last_payment_error": error,
        }
        self._tell("payment_intent.payment_failed", self.seen(intent))
        raise Refusal(402, "Your card was declined.", **error, payment_intent=self.seen(intent))

    def _declined_setup(self, setup: Answer, asked: Mapping[str, Any], refusal: Refusal) -> Refusal:
        if refusal.status != 402:
            return refusal
        setup |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
        number = asked["payment_method_data"]["card"]["number"]
        decline = service_words.REFUSED_WHEN_SAVED.get(number, "generic_decline")
        return Refusal(402, "Your card was declined.", type="card_error", code="card_declined", decline_code=decline)

    # Small things

    def seen(self, intent: Mapping[str, Any], *, whole_charge: bool = False) -> Answer:
        """Return an intent as Stripe shows it: its charge by its id, unless it was asked for."""
        charge = intent["latest_charge"]
        return {**intent, "latest_charge": charge if charge is None or whole_charge else charge["id"]}

    def known_method(self, method_id: str) -> Answer:
        """Return a card that a parameter names."""
        if method_id not in self.methods:
            raise Refusal(400, f"No such PaymentMethod: '{method_id}'", code="resource_missing")
        return self.methods[method_id]

    def known_customer(self, customer_id: str) -> None:
        """Refuse a parameter that names an unknown customer."""
        if customer_id not in self.customers:
            raise Refusal(400, f"No such customer: '{customer_id}'", code="resource_missing", param="customer")

    def _open_setup(self, setup_id: str) -> Answer:
        setup = self.setup(setup_id)
        if setup["status"] in ENDED:
            raise Refusal(400, "This SetupIntent has ended.", code="setup_intent_unexpected_state")
        return setup

    def _keep(self, made: Answer) -> Answer:
        """Keep an intent as localstripe has it, without what Stripe no longer shows."""
        made.pop("charges", None)
        if made["latest_charge"] is not None:
            made["latest_charge"].pop("refunds", None)
        self.intents[made["id"]] = made
        return made

    def _intent_of_charge(self, charge_id: str) -> Answer:
        intent_id = self._ask("GET", f"/v1/charges/{charge_id}")["payment_intent"]
        return self._ask("GET", f"/v1/payment_intents/{intent_id}")

    def _for_localstripe(self, params: Params) -> Params:
        """Take out what localstripe does not know; refuse what the real API no longer takes."""
        if any(name.startswith("payment_method_types") for name in params):
            raise Refusal(400, "No longer supported.", code="payment_method_types_no_longer_supported")
        return {name: value for name, value in params.items() if name.split("[")[0] not in OURS_ALONE}

    def _ask(
        self, method: str, path: str, params: Params | None = None, *, json: Mapping[str, Any] | None = None
    ) -> Answer:
        status, answer = self._upstream.call(method, path, params, json=json)
        self._raise_for(status, answer)
        found: Answer = answer
        return found

    def _raise_for(self, status: int, answer: Answer) -> None:
        if status >= 400:
            error = answer["error"]
            raise Refusal(status, error.get("message", "localstripe refused"), code=_code(status, error))


def _code(status: int, error: Mapping[str, Any]) -> str | None:
    return "resource_missing" if status == 404 else error.get("code")
