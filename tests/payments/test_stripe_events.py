"""Which events are believed: the signature, the time, and what is read of them (FAULTS.md A06)."""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from stripe import WebhookSignature

from provider.payments import stripe_events
from provider.payments.gateway import Event, Forged

SECRET = "whsec_of_this_endpoint"
NOW = dt.datetime(2026, 11, 20, 15, 0, tzinfo=dt.UTC)
INTENT: dict[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 64_900,
    "currency": "usd",
    "customer": "cus_1",
    "metadata": {"reference": "CH-1"},
}


def body(thing: dict[str, Any] | None = None, **changed: object) -> bytes:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": int(NOW.timestamp()),
        "livemode": False,
        "data": {"object": INTENT if thing is None else thing},
    }
    return json.dumps(event | changed).encode()


def signed(content: bytes, *, secret: str = SECRET, at: dt.datetime = NOW) -> str:
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def read(content: bytes, signature: str, *, secret: str = SECRET) -> Event:
    return stripe_events.read(content, signature, secret=secret, now=NOW)


def test_a_signed_event_is_read() -> None:
    content = body()
    assert read(content, signed(content)) == Event(
        id="evt_1",
        kind="payment_intent.succeeded",
        object_id="pi_1",
        live=False,
        account=None,
        created_at=NOW,
        amount_cents=64_900,
        currency="usd",
        customer_id="cus_1",
        intent_id="pi_1",
        reference="CH-1",
    )


def test_stripes_own_signature_is_believed() -> None:
    content = body()
    header = WebhookSignature.generate_signature_header(content.decode(), SECRET, int(NOW.timestamp()))
    assert read(content, header).id == "evt_1"


FORGERIES: dict[str, Callable[[bytes], tuple[bytes, str]]] = {
    "no header": lambda content: (content, ""),
    "wrong secret": lambda content: (content, signed(content, secret="whsec_wrong")),
    "empty secret": lambda content: (content, signed(content, secret="")),
    "an altered byte": lambda content: (content.replace(b"64900", b"64901"), signed(content)),
    "the secret of another endpoint": lambda content: (content, signed(content, secret=f"{SECRET}2")),
    "301 seconds old": lambda content: (content, signed(content, at=NOW - dt.timedelta(seconds=301))),
    "a day ahead": lambda content: (content, signed(content, at=NOW + dt.timedelta(days=1))),
    "a true one with the time moved": lambda content: (content, signed(content).replace(",", "1,", 1)),
    "an older scheme": lambda content: (content, signed(content).replace("v1=", "v0=")),
    "a signature of no letters known": lambda content: (content, f"t={int(NOW.timestamp())},v1=é"),
    "two times": lambda content: (content, f"t=1,{signed(content)}"),
    "a time that is none": lambda content: (content, signed(content).replace("t=", "t=+")),
    "a time beyond all calendars": lambda content: (content, "t=99999999999,v1=00"),
    "a header of commas": lambda content: (content, ",,,="),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_event_is_refused(forge: Callable[[bytes], tuple[bytes, str]]) -> None:
    content, header = forge(body())
    with pytest.raises(Forged):
        read(content, header)


def test_without_a_secret_nothing_is_believed() -> None:
    content = body()
    for none in ("", "  "):
        with pytest.raises(Forged, match="no signing secret"):
            read(content, signed(content, secret=none), secret=none)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_the_last_second_of_the_tolerance_still_counts(seconds: int) -> None:
    content = body()
    assert read(content, signed(content, at=NOW + dt.timedelta(seconds=seconds))).id == "evt_1"


def test_while_a_secret_is_replaced_either_signature_does() -> None:
    content = body()
    old = signed(content, secret="whsec_old").split(",")[1]
    assert read(content, f"{signed(content)},{old}").id == "evt_1"
    assert read(content, f"{signed(content).split(',')[0]},{old},{signed(content).split(',')[1]}").id == "evt_1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"event"',
        b"{",
        b"[" * 100_000,
        body(object="v2.core.event"),
        body(id=""),
        body(id="evt_" + "1" * 100),
        body(id=1),
        body(type=None),
        body(livemode="false"),
        body(created="today"),
        body(created=True),
        body(created=10**15),
        body(data=[]),
        body(data={"object": None}),
        body(data={"object": {"metadata": "text"}}),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(content: bytes) -> None:
    with pytest.raises(Forged):
        read(content, signed(content))


@pytest.mark.parametrize(
    "thing, expected",
    [
        ({"id": "re_1", "object": "refund", "amount": 5, "payment_intent": "pi_1"}, ("re_1", "pi_1", 5)),
        ({"id": "ch_1", "object": "charge", "amount": 7, "payment_intent": {"id": "pi_1"}}, ("ch_1", "pi_1", 7)),
        ({"id": "dp_1", "object": "dispute", "amount": 9, "payment_intent": "pi_1"}, ("dp_1", "pi_1", 9)),
        ({"id": "pm_1", "object": "payment_method", "customer": None}, ("pm_1", None, None)),
        ({"object": "balance", "available": []}, ("evt_1", None, None)),
        ({"id": "x_1", "amount": "5", "payment_intent": 5, "metadata": None}, ("x_1", None, None)),
        ({"id": "x_1", "amount": True, "metadata": {"reference": "\0"}}, ("x_1", None, None)),
    ],
    ids=["refund", "charge", "dispute", "card", "no id", "odd claims", "odder claims"],
)
def test_each_kind_of_object_names_its_charge(
    thing: dict[str, Any], expected: tuple[str, str | None, int | None]
) -> None:
    content = body(thing)
    event = read(content, signed(content))
    assert (event.object_id, event.intent_id, event.amount_cents) == expected
    assert event.reference is None


def test_an_event_of_another_account_says_so() -> None:
    content = body(account="acct_2", livemode=True)
    event = read(content, signed(content))
    assert (event.account, event.live) == ("acct_2", True)
