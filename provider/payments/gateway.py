"""The payment service as the rest of the house sees it: what it is asked, what it says, and how it can fail.

Cents and UTC instants throughout. Nothing here knows the database; no method may be called inside a unit of work.
"""

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

CURRENCY = "usd"
CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0


class ServiceError(Exception):
    """The service did not do what it was asked; the message is for logs and staff."""


class Unreachable(ServiceError):
    """No usable answer: a time-out, a lost line, 429, 5xx, a page of HTML. It may have happened or not; ask again."""


class NotLetIn(Unreachable):
    """The service does not take our keys, or none are set: nothing is asked there until somebody corrects them."""


class Refused(ServiceError):
    """The service understood and will not: our call is wrong. It did not happen."""


class Unknown(Refused):
    """The service has no such object."""


class Forged(ServiceError):
    """An event without a valid signature, or too old or too new to be believed."""


class SetupStatus(enum.StrEnum):
    """How far the saving of a card came."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class IntentStatus(enum.StrEnum):
    """How far a charge came at the service; FAILED may be tried again there, so it is no last word."""

    NEEDS_ACTION = "needs_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class ReturnStatus(enum.StrEnum):
    """How far money that goes back came at the service."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DisputeStatus(enum.StrEnum):
    """How a dispute stands: the bank has taken the money (OPEN), gave it back to us (WON), or kept it (LOST).

    Before that a bank may only ask (INQUIRY) and let it be again (DROPPED); it holds no money then.
    """

    INQUIRY = "inquiry"
    DROPPED = "dropped"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Setup:
    """A card being saved by the browser under a customer; ``method_id`` is known once it succeeded."""

    id: str
    status: SetupStatus
    client_secret: str
    customer_id: str
    method_id: str | None
    reference: str | None
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Method:
    """A saved card: what a person may see of it."""

    id: str
    customer_id: str | None
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class Intent:
    """What the service says of one charge. ``reference`` is ours, from its metadata; ``live`` is no test.

    ``charged_at`` and ``charge_id`` belong to the successful charge; ``failure`` is the service's code of the last
    refusal: the bank's where it gave one (``generic_decline``, ``insufficient_funds``, ``expired_card``,
    ``authentication_required``, …), else the service's own (``card_declined``,
    ``payment_intent_authentication_failure``). Not all of them are for the student's eyes: ``stolen_card`` is not.
    """

    id: str
    status: IntentStatus
    amount_cents: int
    currency: str
    live: bool
    customer_id: str | None
    method_id: str | None
    reference: str | None
    client_secret: str | None
    created_at: dt.datetime
    charge_id: str | None = None
    charged_at: dt.datetime | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """What the service says of money that goes back; ``reference`` is our payout's, from its metadata, if it is ours.

    ``failure`` is the service's code of why it failed (``expired_or_canceled_card``, ``insufficient_funds``, …).
    """

    id: str
    status: ReturnStatus
    intent_id: str | None
    amount_cents: int
    currency: str
    reference: str | None
    created_at: dt.datetime
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """What the service says of a cardholder's complaint to the bank; ``respond_by`` is the bank's deadline."""

    id: str
    status: DisputeStatus
    intent_id: str | None
    amount_cents: int
    currency: str
    reason: str
    created_at: dt.datetime
    respond_by: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Word from the service that something happened to an object; the object itself is asked for anew.

    ``amount_cents``, ``currency``, ``customer_id`` are what the event claims, None where it claims nothing.
    """

    id: str
    kind: str
    object_id: str
    live: bool
    account: str | None
    created_at: dt.datetime
    amount_cents: int | None = None
    currency: str | None = None
    customer_id: str | None = None
    intent_id: str | None = None
    reference: str | None = None


class Gateway(Protocol):
    """The payment service. ``key`` makes a call safe to repeat for 24 hours; ``reference`` is our record's.

    Every method raises Unreachable and Refused; reading one object by id raises Unknown. A card that the bank turns
    down is no error: the Intent comes back as FAILED.
    """

    def create_customer(self, *, key: str, reference: str) -> str:
        """Return the id of a customer made for an enrollment."""
        ...

    def begin_setup(self, *, key: str, customer_id: str, reference: str) -> Setup:
        """Begin to save a card; the browser goes on with the client secret."""
        ...

    def setup(self, setup_id: str) -> Setup: ...

    def method(self, method_id: str) -> Method: ...

    def attach(self, method_id: str, customer_id: str) -> Method:
        """See to it that a saved card belongs to a customer; done again, it changes nothing."""
        ...

    def detach(self, method_id: str) -> None:
        """Forget a card; done again, or for an unknown one, it changes nothing."""
        ...

    def charge(
        self, *, key: str, amount_cents: int, customer_id: str, method_id: str, reference: str, present: bool
    ) -> Intent:
        """Take money from a card at once. ``present``: the student waits and can confirm (3-D Secure)."""
        ...

    def intent(self, intent_id: str) -> Intent: ...

    def intents_of(self, customer_id: str) -> list[Intent]:
        """Return every charge of a customer, newest first; consistent at once, unlike a search."""
        ...

    def cancel(self, intent_id: str) -> Intent:
        """Give up a charge that has not succeeded; returns it as it stands then (SUCCEEDED when it was too late)."""
        ...

    def give_back(self, *, key: str, intent_id: str, amount_cents: int, reference: str) -> Return:
        """Send money of a charge back to its card."""
        ...

    def given_back(self, return_id: str) -> Return: ...

    def returns_of(self, intent_id: str) -> list[Return]:
        """Return all money that goes or went back of a charge, newest first, failed ones too."""
        ...

    def dispute(self, dispute_id: str) -> Dispute: ...

    def intents_between(self, start: dt.datetime, end: dt.datetime) -> Iterable[Intent]:
        """Return the charges created in ``start <= created < end``, newest first, of all our customers."""
        ...

    def returns_between(self, start: dt.datetime, end: dt.datetime) -> Iterable[Return]: ...

    def disputes_between(self, start: dt.datetime, end: dt.datetime) -> Iterable[Dispute]: ...

    def read_event(self, body: bytes, signature: str, *, now: dt.datetime) -> Event:
        """Return a signed event that may be believed (at most 300 s old or ahead); raises Forged."""
        ...
