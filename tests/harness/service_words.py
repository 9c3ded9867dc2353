"""What the two players of the payment service share: test cards, faults, signed events, what a test may do."""

import datetime as dt
import enum
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from provider.payments.gateway import Dispute, DisputeStatus, Gateway, Intent, IntentStatus, Return, ReturnStatus, Setup

KEY_LIFE = dt.timedelta(hours=24)

GOOD = "4242424242424242"
DECLINED = "4000000000000002"  # the bank refuses it while it is being saved
FAILS_LATER = "4000000000000341"  # saved without a word, every charge is refused
ASKS = "4000002500003155"  # 3-D Secure when saved and whenever the student is present; then the schedule may charge it
ASKS_ALWAYS = "4000002760003184"  # 3-D Secure for every charge, so that the schedule cannot
ASKS_AND_POOR = "4000008260003178"  # 3-D Secure, and then no money on it

REFUSED_WHEN_SAVED = {
    DECLINED: "generic_decline",
    "4000000000009995": "insufficient_funds",
    "4000000000009987": "lost_card",
    "4000000000009979": "stolen_card",
    "4000000000000069": "expired_card",
    "4000000000000127": "incorrect_cvc",
    "4000000000000119": "processing_error",
}
REFUSED_WHEN_CHARGED = {FAILS_LATER: "generic_decline", ASKS_AND_POOR: "insufficient_funds"}
ASK_WHEN_PRESENT = frozenset({ASKS, ASKS_ALWAYS, ASKS_AND_POOR})
ASK_WHEN_ABSENT = frozenset({ASKS_ALWAYS})


class Fault(enum.StrEnum):
    """What goes wrong with one call.

    ``…_after``: the service did what it was asked. ``keys``: it does not know ours any more. ``broken_…``: it keeps its
    500 as the answer for the key, as it does with whatever it began (https://docs.stripe.com/idempotency).
    """

    LOST_BEFORE = "lost_before"
    LOST_AFTER = "lost_after"
    RESET = "reset"
    BUSY = "busy"
    BROKEN = "broken"
    BROKEN_KEPT = "broken_kept"
    BROKEN_AFTER = "broken_after"
    PAGE = "page"
    KEYS = "keys"
    HANG = "hang"

    @property
    def did_it(self) -> bool:
        """Say whether the service did what it was asked all the same."""
        return self in {Fault.LOST_AFTER, Fault.BROKEN_AFTER, Fault.HANG}

    @property
    def kept(self) -> bool:
        """Say whether the failure itself is what the key gets for a day."""
        return self in {Fault.BROKEN_KEPT, Fault.BROKEN_AFTER}


@dataclass(frozen=True, slots=True)
class Total:
    """What the service itself has of one charge, in cents; ``returned`` counts what is pending, not what failed."""

    captured: int
    returned: int
    disputed: int


@dataclass(frozen=True, slots=True)
class Sent:
    """An event of the service: its body, ready to be signed and delivered, once or often, soon or late."""

    id: str
    kind: str
    object_id: str
    body: bytes

    def signature(self, secret: str, at: dt.datetime) -> str:
        """Return the Stripe-Signature header for this body."""
        return sign(self.body, secret=secret, at=at)


def sign(body: bytes, *, secret: str, at: dt.datetime) -> str:
    """Sign a body as Stripe does."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def event(number: int, kind: str, thing: Mapping[str, Any], *, at: dt.datetime, live: bool = False) -> Sent:
    """Build an event about an object as Stripe spells it."""
    event_id = f"evt_{number:016d}"
    told = {
        "id": event_id,
        "object": "event",
        "type": kind,
        "created": int(at.timestamp()),
        "livemode": live,
        "data": {"object": thing},
    }
    return Sent(event_id, kind, thing["id"], json.dumps(told).encode())


class Play(Protocol):
    """What a test may do with the service besides calling it: play the browser, the bank, the dashboard, the line."""

    @property
    def gateway(self) -> Gateway: ...

    @property
    def secret(self) -> str:
        """The secret that events are signed with."""
        ...

    def confirm_setup(self, setup_id: str, number: str, *, authenticate: bool = True) -> Setup:
        """Type a card into the browser's fields and answer the bank's question; returns how the setup stands then."""
        ...

    def authenticate(self, intent_id: str, *, success: bool = True) -> Intent:
        """Answer the bank's question about a charge as the student does in the browser."""
        ...

    def charge_will(self, *outcomes: IntentStatus) -> None:
        """Let the next charges of good cards end otherwise: PROCESSING, or FAILED."""
        ...

    def settle_charge(self, intent_id: str, *, success: bool = True) -> Intent:
        """Finish a charge that is processing."""
        ...

    def return_will(self, *outcomes: ReturnStatus) -> None:
        """Let the next returns begin as PENDING or FAILED."""
        ...

    def settle_return(self, return_id: str, status: ReturnStatus, *, failure: str | None = None) -> Return:
        """Let a return succeed or fail, days later for all that anybody knows."""
        ...

    def return_in_dashboard(self, intent_id: str, cents: int) -> Return:
        """Give money back past our software; without our reference."""
        ...

    def open_dispute(self, intent_id: str, cents: int | None = None, *, reason: str = "fraudulent") -> Dispute:
        """Let the cardholder complain to the bank, which takes the money until it has decided."""
        ...

    def inquire(self, intent_id: str, *, reason: str = "unrecognized") -> Dispute:
        """Let the bank only ask about a charge; it takes nothing yet."""
        ...

    def escalate(self, dispute_id: str) -> Dispute:
        """Let an inquiry become a dispute."""
        ...

    def close_dispute(self, dispute_id: str, status: DisputeStatus) -> Dispute: ...

    def fail_next(self, *faults: Fault, call: str = "") -> None:
        """Let the next calls go wrong, each in its way; ``call`` is a method of the gateway, or any."""
        ...

    def forget_keys(self) -> None:
        """Forget the keys, as after 24 hours."""
        ...

    def take_events(self) -> Sequence[Sent]:
        """Return the events that were not delivered yet, in the order in which things happened."""
        ...

    def totals(self) -> dict[str, Total]:
        """Return what the service has of each charge that took money."""
        ...

    def charges_by_reference(self) -> dict[str, list[Intent]]:
        """Return all charges by our reference, oldest first, whatever came of them."""
        ...
