"""A refund while a card is being charged: what lands afterwards goes back by itself, and no more is charged."""

import datetime as dt

import pytest
from flask import Flask
from flask.ctx import AppContext

from provider.cards import charging
from provider.cards import queries as charges
from provider.cards.rules import CardState, ChargeState
from provider.cards.schedule import charge_due
from provider.enrollments.queries import by_reference
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.refunds import actions, queries
from provider.refunds.rules import Channel
from tests.harness.audit import found
from tests.harness.card_money import run_refund_jobs
from tests.harness.cards import TimedService, cards, enter_card, pay, start
from tests.harness.money import PAID, agreed, books, kept, rows, stored
from tests.harness.service_words import Fault

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
QUARTER = 52_500
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")


@pytest.fixture
def service(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    made = TimedService(PAID)
    monkeypatch.setitem(app.extensions, "payment_service", made)
    return made


def ask(reference: str, at: dt.datetime) -> str:
    with unit_of_work():
        return actions.ask(
            enrollment=by_reference(reference, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=at,
            at=at,
        ).reference


def test_a_charge_whose_answer_is_lost_while_the_refund_is_approved_comes_back(
    app: Flask, service: TimedService
) -> None:
    """A12: the money is taken, nobody here knows it yet, and everything else goes back meanwhile."""
    reference = agreed("installments", at=PAID)
    pay(service, reference, keep=True)
    second = start(service, reference, enter_card(service, reference))
    service.fail_next(Fault.LOST_AFTER, call="charge")
    with pytest.raises(Exception, match="lost_after"):
        charging.follow(second, now=PAID)
    service.at = PAID + HOUR
    ask(reference, service.at)
    assert [row[1] for row in rows(reference)] == ["paid", "canceled", "canceled", "canceled"]
    run_refund_jobs(service.at)
    service.at += HOUR
    assert charging.follow(second, now=service.at) is ChargeState.CAPTURED
    run_refund_jobs(service.at)
    run_refund_jobs(service.at + HOUR)
    assert {(total.captured, total.returned) for total in service.totals().values()} == {(QUARTER, QUARTER)}
    assert len(service.totals()) == 2
    bases = [(one.basis.value, one.state.value) for one in kept(queries.of_enrollment(stored(reference).id))]
    assert bases == [("late_payment", "settled"), ("window", "settled")]
    assert (books(reference), cards(reference)) == ({}, [])
    assert [line for line in found(app, PAID + DAY) if "never_stuck" not in line] == []


def test_no_card_is_charged_after_a_refund(service: TimedService) -> None:
    reference = agreed("installments", at=PAID)
    paid, _ = pay(service, reference, keep=True)
    ask(reference, PAID + HOUR)
    db.session.rollback()
    assert charges.charge(paid).card.state in {CardState.RELEASED, CardState.DETACHED}
    service.calls.clear()
    for days in range(1, 120, 7):
        charge_due(reference, now=PAID + days * DAY)
    assert "charge" not in service.calls
