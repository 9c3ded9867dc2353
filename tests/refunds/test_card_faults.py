"""Refunds to cards while everything goes wrong: lost answers, kept failures, pending, failed and foreign refunds."""

import datetime as dt
import random
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.enrollments.queries import by_reference
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.payments.gateway import ReturnStatus
from provider.refunds import actions, another_way, queries
from provider.refunds.models import Payout, Refund
from provider.refunds.reconciling import RECONCILE
from provider.refunds.rules import Channel, PayoutState, RefundState
from tests.harness.audit import found
from tests.harness.card_money import by_card, intent_of, job, run_refund_jobs
from tests.harness.fake_service import FakeService
from tests.harness.money import BURSAR, PAID, agreed, books
from tests.harness.service_words import Fault
from tests.harness.soak import repetitions

STEP = dt.timedelta(minutes=15)
HOUR = dt.timedelta(hours=1)
QUARTER = 52_500
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
GOES_WRONG = {"give_back": 0.5, "returns_of": 0.2, "returns_between": 0.2}
S = ReturnStatus


class Hands:
    """The service, the bank, somebody at the dashboard and the bursar, all by the same dice."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = PAID
        self.service = FakeService(now=lambda: self.now)

    def bad_times(self) -> None:
        self.service.plan = lambda call: (
            self.dice.choice(list(Fault)) if self.dice.random() < GOES_WRONG.get(call, 0) else None
        )

    def good_times(self) -> None:
        self.service.plan = lambda _call: None

    def students(self, number: int) -> list[str]:
        """Let students pay by card, some of them twice, ask for it back, and be given some of it at the dashboard."""
        enrollments = []
        for _ in range(number):
            reference = agreed("installments")
            payments = [by_card(self.service, reference, QUARTER) for _ in range(self.dice.choice([1, 2]))]
            with unit_of_work():
                actions.ask(
                    enrollment=by_reference(reference, lock=True),
                    note=None,
                    channel=Channel.PAGE,
                    actor=STUDENT,
                    received_at=PAID + HOUR,
                    at=PAID + HOUR,
                )
            if self.dice.random() < 0.3:
                self.service.return_in_dashboard(intent_of(payments[0]), self.dice.choice([QUARTER, 10_000]))
            enrollments.append(reference)
        self.service.return_will(*self.dice.choices([S.SUCCEEDED, S.PENDING, S.FAILED], [5, 3, 2], k=2 * number))
        return enrollments

    def pass_time(self, steps: int) -> None:
        """Let the worker, the bank and the bursar do their part, quarter by quarter."""
        for _ in range(steps):
            self.now += STEP
            job(RECONCILE, self.now)
            run_refund_jobs(self.now)
            for one in list(self.service._returns.values()):
                if one.status is S.PENDING and self.dice.random() < 0.5:
                    self.service.settle_return(one.id, self.dice.choice([S.SUCCEEDED, S.SUCCEEDED, S.FAILED]))
            for reference in failed():
                if self.dice.random() < 0.5:
                    with unit_of_work():
                        another_way.try_card_again(payout=queries.payout(reference), actor=BURSAR, at=self.now)


def failed() -> list[str]:
    db.session.rollback()
    query = sa.select(Payout.reference).where(Payout.state == PayoutState.FAILED).order_by(Payout.id)
    return list(db.session.scalars(query))


@pytest.fixture
def hands(app: Flask, context: AppContext) -> Iterator[Hands]:
    made = Hands(20_261_122)
    app.extensions["payment_service"] = made.service
    yield made
    del app.extensions["payment_service"]


def test_every_cent_goes_back_once_whatever_goes_wrong(app: Flask, hands: Hands) -> None:
    enrollments = hands.students(repetitions(300))
    hands.bad_times()
    hands.pass_time(8)
    hands.good_times()
    hands.now += 24 * HOUR  # keys are forgotten by now, failures that were kept, too
    hands.pass_time(24)
    states = db.session.execute(sa.select(Refund.state, sa.func.count()).group_by(Refund.state)).all()
    assert [tuple(row) for row in states] == [(RefundState.SETTLED, len(enrollments))]
    assert [total for total in hands.service.totals().values() if total.returned != total.captured] == []
    assert [reference for reference in enrollments if books(reference)] == []
    assert [line for line in found(app, hands.now + HOUR) if "never_stuck" not in line] == []
