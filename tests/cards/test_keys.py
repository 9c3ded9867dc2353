"""Keys that the payment service does not take, or that are gone: no bank declined anything, so nobody is told so."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.cards import queries, schedule
from provider.cards.rules import ChargeState
from provider.enrollments.queries import by_reference
from provider.jobs.worker import run_due
from provider.kernel.database import db, unit_of_work
from provider.payments.gateway import NotLetIn, Refused
from provider.payments.service import ask
from provider.refunds import actions as refunds
from provider.refunds.models import Payout
from provider.refunds.rules import Channel, PayoutState
from provider.tasks.models import Task
from tests.harness.cards import STUDENT, TimedService, pay
from tests.harness.money import agreed, books, letters, rows, stored
from tests.harness.service_words import Fault

QUARTER = 52_500
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
EARLY = dt.datetime(2026, 11, 2, 14, tzinfo=dt.UTC)


@pytest.fixture
def student(service: TimedService) -> str:
    """A student whose kept card pays the installments."""
    service.at = EARLY
    reference = agreed("installments", at=EARLY)
    pay(service, reference, keep=True)
    run_due(EARLY)
    return reference


def due_morning(reference: str, number: int = 2) -> dt.datetime:
    """Return ten in the morning at the school, on the day of an installment."""
    on = next(row.due_on for row in stored(reference).installments if row.number == number)
    return dt.datetime.combine(on, dt.time(15), tzinfo=dt.UTC)


def work(service: TimedService, at: dt.datetime) -> None:
    service.at = at
    run_due(at)


def charged(reference: str) -> list[ChargeState]:
    """Return how the charges of the schedule stand, oldest first."""
    found = queries.charges(stored(reference).id)
    return [one.state for one in sorted(found, key=lambda one: one.id) if one.installment_number]


def told_of_keys() -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(Task.key.startswith("keys_refused:"))) or 0


def test_an_installment_waits_for_the_right_keys_and_nobody_is_called_declined(
    service: TimedService, student: str
) -> None:
    morning = due_morning(student)
    service.plan = lambda _call: Fault.KEYS
    for minutes in range(0, 300, 20):
        work(service, morning + minutes * MINUTE)
    assert charged(student) == [ChargeState.STARTED]
    assert letters(student, "card_declined") == []
    assert told_of_keys() == 1
    service.plan = lambda _call: None
    for minutes in (301, 303, 305):
        work(service, morning + minutes * MINUTE)
    assert charged(student) == [ChargeState.CAPTURED]
    assert books(student)["cash_card"] == 2 * QUARTER


def test_a_refund_waits_for_the_right_keys_and_is_not_called_failed(service: TimedService, student: str) -> None:
    with unit_of_work():
        refunds.ask(
            enrollment=by_reference(student, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=EARLY,
            at=EARLY,
        )
    service.plan = lambda _call: Fault.KEYS
    for minutes in range(0, 120, 10):
        work(service, EARLY + minutes * MINUTE)
    (payout,) = db.session.scalars(sa.select(Payout)).all()
    assert payout.state in {PayoutState.DUE, PayoutState.SENDING}
    assert letters(student, "payout_failed") == []
    assert told_of_keys() == 1
    (sentence,) = db.session.scalars(sa.select(Task.sentence).where(Task.key.startswith("keys_refused:"))).all()
    assert "have the operator take the keys out, then open each refund and send it another way." in sentence
    service.plan = lambda _call: None
    for minutes in (121, 123, 125):
        work(service, EARLY + minutes * MINUTE)
    assert db.session.scalars(sa.select(Payout.state)).all() == [PayoutState.SENT]
    assert [total.returned for total in service.totals().values()] == [QUARTER]


def test_a_school_that_takes_no_cards_any_more_charges_nothing_until_it_does_again(
    app: Flask, service: TimedService, student: str
) -> None:
    morning = due_morning(student)
    del app.extensions["payment_service"]  # and no keys are set
    work(service, morning)
    schedule.charge_due(student, now=morning)
    assert charged(student) == []
    assert letters(student, "card_declined") == []
    app.extensions["payment_service"] = service
    work(service, morning + DAY)
    assert charged(student) == [ChargeState.CAPTURED]
    assert rows(student)[1][1] == "paid"


def test_without_keys_nothing_is_asked(app: Flask, service: TimedService) -> None:
    del app.extensions["payment_service"]
    try:
        with pytest.raises(NotLetIn):
            ask(lambda gateway: gateway.intent("pi_1"))
    finally:
        app.extensions["payment_service"] = service


def test_what_the_service_itself_refuses_is_not_put_down_to_the_bank(
    service: TimedService, student: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise Refused("The provided PaymentMethod was detached from a Customer.")

    monkeypatch.setattr(service, "charge", refuse)
    work(service, due_morning(student))
    assert charged(student) == [ChargeState.FAILED]
    (letter,) = letters(student, "card_declined")
    assert letter.values["why"] == (
        "Our payment service would not charge this card, and the bank was not asked. Our staff look into it."
    )
