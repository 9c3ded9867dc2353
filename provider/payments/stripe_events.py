"""Word that Stripe sends by itself: whether it may be believed, and what of it we read.

Nothing about the cardholder is taken over. The check needs no library, so that the door for events stays light.
"""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from provider.payments.gateway import Event, Forged

TOLERANCE = dt.timedelta(seconds=300)
SCHEME = "v1"
LONGEST = 64  # of ids, kinds and references: Stripe's are half as long


def read(body: bytes, signature: str, *, secret: str, now: dt.datetime) -> Event:
    """Return the event of a request to the webhook endpoint; raises Forged for whatever is not surely Stripe's.

    The header is ``t=<seconds>,v1=<hex>``, with several v1 while a secret is being replaced. An event may be signed 300
    seconds ago or ahead, both included; Stripe's own check (https://docs.stripe.com/webhooks#verify-manually) has no
    limit ahead. That none counts twice is for its id to guard.
    """
    if not secret.strip():
        raise Forged("no signing secret is set")
    sent_at, given = _header(signature)
    expected = hmac.new(secret.encode(), str(sent_at).encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in given):
        raise Forged("no signature fits the body")
    if abs(now - _instant(sent_at)) > TOLERANCE:
        raise Forged("signed too long ago, or ahead of time")
    try:
        return _event(json.loads(body))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Forged("the body is no event") from error


def _header(signature: str) -> tuple[int, list[str]]:
    """Return the seconds and the signatures of the known scheme; raises Forged when there are none."""
    pairs = [part.strip().split("=", 1) for part in signature.split(",")]
    times = [pair[1] for pair in pairs if pair[0] == "t" and len(pair) == 2]
    given = [pair[1] for pair in pairs if pair[0] == SCHEME and len(pair) == 2]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 11) or not given:
        raise Forged("no signature")
    return int(times[0]), given


def _event(event: Mapping[str, Any]) -> Event:
    """Return what the event claims; an object without an id of its own (a balance) is called by the event's."""
    if event["object"] != "event":
        raise ValueError("another kind of object")
    event_id = _text(event["id"])
    thing = event["data"]["object"]
    object_id = _claim(thing.get("id")) or event_id
    return Event(
        id=event_id,
        kind=_text(event["type"]),
        object_id=object_id,
        live=_flag(event["livemode"]),
        account=_claim(event.get("account")),
        created_at=_instant(_whole(event["created"])),
        amount_cents=_whole(thing["amount"]) if type(thing.get("amount")) is int else None,
        currency=_claim(thing.get("currency")),
        customer_id=_id(thing.get("customer")),
        intent_id=object_id if thing.get("object") == "payment_intent" else _id(thing.get("payment_intent")),
        reference=_claim((thing.get("metadata") or {}).get("reference")),
    )


def _instant(seconds: int) -> dt.datetime:
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Forged("dated beyond all calendars") from error


def _text(value: object) -> str:
    text = _claim(value)
    if text is None:
        raise ValueError("no usable text")
    return text


def _claim(value: object) -> str | None:
    """Return a text of an object that may have it or not; what we could not store is as if it were not there."""
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST and "\0" not in value else None


def _id(value: object) -> str | None:
    """Return the id of an object that stands there by its id, or whole."""
    return _claim(value.get("id") if isinstance(value, dict) else value)


def _whole(value: object) -> int:
    if type(value) is not int or abs(value) >= 2**53:  # a bool is an int too
        raise ValueError("no whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither yes nor no")
    return value
