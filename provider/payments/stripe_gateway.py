"""Stripe behind the Gateway: the smallest set of its calls, its objects as our values, its errors as ours."""

import datetime as dt
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from config import Config
from provider.payments import stripe_events, stripe_values
from provider.payments.gateway import (
    CONNECT_SECONDS,
    CURRENCY,
    READ_SECONDS,
    Dispute,
    Event,
    Intent,
    IntentStatus,
    Method,
    NotLetIn,
    Refused,
    Return,
    ServiceError,
    Setup,
    Unknown,
    Unreachable,
)

if TYPE_CHECKING:
    import stripe
    from stripe import RequestOptions

PAGE = 100  # the most that Stripe tells at once
_WITH_CHARGE = ["latest_charge"]
_OVER = frozenset({IntentStatus.SUCCEEDED, IntentStatus.CANCELED, IntentStatus.PROCESSING})


class StripeGateway:
    """One account of Stripe, by the keys of the settings. Safe for threads; repeats nothing by itself."""

    def __init__(self, settings: Config) -> None:
        import stripe  # noqa: PLC0415 - 0.3 s and 30 MB that only those pay who call the service

        self._stripe = stripe
        self._secret = settings.STRIPE_WEBHOOK_SECRET
        self._api = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_URL.rstrip("/")},
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
            max_network_retries=0,
        ).v1

    def create_customer(self, *, key: str, reference: str) -> str:
        with self._asking():
            return self._api.customers.create({"metadata": {"reference": reference}}, _with(key)).id

    def begin_setup(self, *, key: str, customer_id: str, reference: str) -> Setup:
        params: stripe.params.SetupIntentCreateParams = {
            "customer": customer_id,
            "allowed_payment_method_types": ["card"],
            "usage": "off_session",
            "metadata": {"reference": reference},
        }
        with self._asking():
            return stripe_values.setup(self._api.setup_intents.create(params, _with(key)).to_dict())

    def setup(self, setup_id: str) -> Setup:
        with self._asking():
            return stripe_values.setup(self._api.setup_intents.retrieve(setup_id).to_dict())

    def method(self, method_id: str) -> Method:
        with self._asking():
            return stripe_values.method(self._api.payment_methods.retrieve(method_id).to_dict())

    def attach(self, method_id: str, customer_id: str) -> Method:
        method = self.method(method_id)
        if method.customer_id == customer_id:  # Stripe itself attaches the card of a setup that has a customer
            return method
        try:
            with self._asking():
                return stripe_values.method(
                    self._api.payment_methods.attach(method_id, {"customer": customer_id}).to_dict()
                )
        except Refused:
            method = self.method(method_id)
            if method.customer_id == customer_id:
                return method
            raise

    def detach(self, method_id: str) -> None:
        try:
            with self._asking():
                self._api.payment_methods.detach(method_id)
        except Unknown:
            return
        except Refused:
            if self.method(method_id).customer_id is not None:
                raise

    def charge(
        self, *, key: str, amount_cents: int, customer_id: str, method_id: str, reference: str, present: bool
    ) -> Intent:
        params: stripe.params.PaymentIntentCreateParams = {
            "amount": amount_cents,
            "currency": CURRENCY,
            "customer": customer_id,
            "payment_method": method_id,
            "allowed_payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"reference": reference},
            "expand": _WITH_CHARGE,
        }
        if present:
            params["use_stripe_sdk"] = True  # what the bank asks for is then shown by Stripe's script on our page
        else:
            params["off_session"] = True
        with self._asking():
            try:
                return stripe_values.intent(self._api.payment_intents.create(params, _with(key)).to_dict())
            except self._stripe.CardError as error:
                intent = getattr(error.error, "payment_intent", None)
                if intent is not None:
                    return stripe_values.intent(intent.to_dict())
                declined = error
        mine = [intent for intent in self.intents_of(customer_id) if intent.reference == reference]
        if not mine:
            raise Refused(str(declined)) from declined
        return mine[0]

    def intent(self, intent_id: str) -> Intent:
        with self._asking():
            return stripe_values.intent(
                self._api.payment_intents.retrieve(intent_id, {"expand": _WITH_CHARGE}).to_dict()
            )

    def intents_of(self, customer_id: str) -> list[Intent]:
        return self._intents({"customer": customer_id})

    def cancel(self, intent_id: str) -> Intent:
        try:
            with self._asking():
                return stripe_values.intent(
                    self._api.payment_intents.cancel(intent_id, {"expand": _WITH_CHARGE}).to_dict()
                )
        except Unknown:
            raise
        except Refused:
            intent = self.intent(intent_id)
            if intent.status in _OVER:
                return intent
            raise

    def give_back(self, *, key: str, intent_id: str, amount_cents: int, reference: str) -> Return:
        with self._asking():
            refund = self._api.refunds.create(
                {"payment_intent": intent_id, "amount": amount_cents, "metadata": {"reference": reference}}, _with(key)
            )
            return stripe_values.given_back(refund.to_dict())

    def given_back(self, return_id: str) -> Return:
        with self._asking():
            return stripe_values.given_back(self._api.refunds.retrieve(return_id).to_dict())

    def returns_of(self, intent_id: str) -> list[Return]:
        return self._returns({"payment_intent": intent_id})

    def dispute(self, dispute_id: str) -> Dispute:
        with self._asking():
            return stripe_values.dispute(self._api.disputes.retrieve(dispute_id).to_dict())

    def intents_between(self, start: dt.datetime, end: dt.datetime) -> list[Intent]:
        return self._intents({"created": {"gte": _second(start), "lt": _second(end)}})

    def returns_between(self, start: dt.datetime, end: dt.datetime) -> list[Return]:
        return self._returns({"created": {"gte": _second(start), "lt": _second(end)}})

    def disputes_between(self, start: dt.datetime, end: dt.datetime) -> list[Dispute]:
        with self._asking():
            first = self._api.disputes.list({"created": {"gte": _second(start), "lt": _second(end)}, "limit": PAGE})
            return [stripe_values.dispute(one.to_dict()) for one in first.auto_paging_iter()]

    def read_event(self, body: bytes, signature: str, *, now: dt.datetime) -> Event:
        return stripe_events.read(body, signature, secret=self._secret, now=now)

    def _intents(self, which: "stripe.params.PaymentIntentListParams") -> list[Intent]:
        """Return all pages of a list: a list and no iterator, for nothing may be asked once the call has ended."""
        with self._asking():
            first = self._api.payment_intents.list({**which, "limit": PAGE, "expand": ["data.latest_charge"]})
            return [stripe_values.intent(one.to_dict()) for one in first.auto_paging_iter()]

    def _returns(self, which: "stripe.params.RefundListParams") -> list[Return]:
        with self._asking():
            first = self._api.refunds.list({**which, "limit": PAGE})
            return [stripe_values.given_back(one.to_dict()) for one in first.auto_paging_iter()]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn whatever goes wrong into one of the gateway's errors; when in doubt, the outcome is not known."""
        try:
            yield
        except self._stripe.StripeError as error:
            raise self._meaning(error) from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unreachable(f"an answer that cannot be read: {error}") from error

    def _meaning(self, error: "stripe.StripeError") -> ServiceError:
        """Return our word for an error of Stripe; 409 says that the same key is still being worked on."""
        told = self._stripe
        if isinstance(error, told.AuthenticationError | told.PermissionError):
            return NotLetIn(str(error))
        known = (told.InvalidRequestError, told.IdempotencyError, told.CardError)
        if error.http_status == 409 or not isinstance(error, known):
            return Unreachable(str(error))
        if error.http_status == 404 or error.code == "resource_missing":
            return Unknown(str(error))
        return Refused(str(error))


def _with(key: str) -> "RequestOptions":
    return {"idempotency_key": key}


def _second(instant: dt.datetime) -> int:
    """Return the first whole second at or after an instant, for Stripe counts in those."""
    return math.ceil(instant.timestamp())
