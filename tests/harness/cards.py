"""Students who pay by card, through the actions that the pages call."""

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from provider.cards import charging, queries, saving
from provider.cards.models import Card, Charge
from provider.cards.rules import ChargeState, What, choices, consent
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.payments import queries as paid
from tests.harness.fake_service import FakeService
from tests.harness.hooks import with_cards
from tests.harness.money import stored
from tests.harness.service_words import GOOD

_services = itertools.count(1000, 1000)
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")


class TimedService(FakeService):
    """The payment service in memory, on a clock of the test."""

    def __init__(self, at: dt.datetime, *, first: int = 1) -> None:
        self.at = at
        super().__init__(now=lambda: self.at)
        self._numbers = itertools.count(first)  # of all that it makes, so that two services share no names


@contextmanager
def card_payments(app: Flask, at: dt.datetime) -> Iterator[TimedService]:
    """Let an application take cards at a service in memory, for as long as this lasts."""
    before = {name: app.extensions.get(name) for name in ("settings", "payment_service")}
    service = TimedService(at, first=next(_services))
    app.extensions["payment_service"] = service
    app.extensions["settings"] = with_cards(app.extensions["settings"], service.secret)
    try:
        yield service
    finally:
        app.extensions |= {name: found for name, found in before.items() if found is not None}
        if before["payment_service"] is None:
            del app.extensions["payment_service"]


def enter_card(service: TimedService, enrollment: str, *, number: str = GOOD, keep: bool = False) -> str:
    """Save a card as the pay page does; returns its reference."""
    row = stored(enrollment)
    begun = saving.begin(enrollment_id=row.id, actor=STUDENT, now=service.at)
    service.confirm_setup(begun.client_secret.partition("_secret_")[0], number)
    words = consent(paid.owed(stored(enrollment)), settings().SCHOOL_NAME) if keep else None
    saving.save(card=queries.card(begun.reference), consent=words, actor=STUDENT, now=service.at)
    return begun.reference


def start(service: TimedService, enrollment: str, card: str, what: What | None = None) -> str:
    """Decide to pay by a saved card what comes first, or what is named; returns the charge's reference."""
    return start_at(enrollment, card, what, now=service.at)


def start_at(enrollment: str, card: str, what: What | None = None, *, now: dt.datetime) -> str:
    """Decide to pay at an instant."""
    row = stored(enrollment)
    offered = choices(paid.owed(row), day_of(now, settings().SCHOOL_ZONE))
    chosen = next((one for one in offered if what in {None, one.what}), None)
    enrollment_id = row.id
    with unit_of_work():
        return charging.start(
            enrollment_id=enrollment_id,
            card_reference=card,
            what=chosen.what if chosen else What.REST,
            expected_cents=chosen.cents if chosen else 1,
            actor=STUDENT,
            at=now,
        ).reference


def pay(
    service: TimedService,
    enrollment: str,
    *,
    number: str = GOOD,
    keep: bool = False,
    what: What | None = None,
) -> tuple[str, ChargeState]:
    """Pay by a new card; returns the charge and how it stands."""
    card = enter_card(service, enrollment, number=number, keep=keep)
    reference = start(service, enrollment, card, what)
    return reference, charging.follow(reference, now=service.at)


def charge(reference: str) -> Charge:
    """Return a charge as it is stored."""
    return queries.charge(reference)


def cards(enrollment: str) -> list[Card]:
    """Return the cards of an enrollment that can still be charged."""
    return list(queries.saved_cards(stored(enrollment).id))
