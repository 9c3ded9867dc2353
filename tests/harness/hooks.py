"""Events of the payment service on their way to the application: over HTTP with a signature, or read and stored."""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from config import Config
from provider.cards import events
from provider.cards.models import PaymentEvent
from provider.kernel import clock
from provider.kernel.database import db, retrying
from provider.payments import stripe_events
from tests.harness.service_words import Sent

PATH = "/hooks/stripe"


def with_cards(config: Config, secret: str) -> Config:
    """Return the settings of a school that takes cards, in test mode."""
    return replace(
        config, STRIPE_SECRET_KEY="sk_test_1", STRIPE_PUBLISHABLE_KEY="pk_test_1", STRIPE_WEBHOOK_SECRET=secret
    )


def post(app: Flask, body: bytes, signature: str | None, **headers: str) -> TestResponse:
    """Send a body to the door for events."""
    given = headers | ({} if signature is None else {"Stripe-Signature": signature})
    return app.test_client().post(PATH, data=body, headers=given, content_type="application/json; charset=utf-8")


def deliver(app: Flask, *sent: Sent, secret: str) -> list[int]:
    """Send events as the service does; returns the statuses."""
    return [post(app, one.body, one.signature(secret, clock.now())).status_code for one in sent]


def take_in(sent: Iterable[Sent], *, secret: str, at: dt.datetime) -> None:
    """Read and store events at an instant, as the door does."""
    for one in sent:
        told = stripe_events.read(one.body, one.signature(secret, at), secret=secret, now=at)
        retrying(lambda told=told: events.receive(told, now=at))  # type: ignore[misc]


def altered(sent: Sent, *, thing: dict[str, Any] | None = None, **changed: object) -> Sent:
    """Return an event that tells something else, of itself or of its object; it is signed when it is sent."""
    told = json.loads(sent.body)
    told |= changed
    told["data"]["object"] |= thing or {}
    return Sent(told["id"], told["type"], told["data"]["object"]["id"], json.dumps(told).encode())


def again(sent: Sent, number: int) -> Sent:
    """Return the same word under another event's name."""
    return altered(sent, id=f"{sent.id}_{number}")


def stored() -> list[PaymentEvent]:
    """Return the events that are stored, oldest first."""
    return list(db.session.scalars(sa.select(PaymentEvent).order_by(PaymentEvent.id)))


def states() -> dict[str, int]:
    """Return how many stored events there are in each state."""
    rows = db.session.execute(sa.select(PaymentEvent.state, sa.func.count()).group_by(PaymentEvent.state))
    return {state.value: count for state, count in rows}
