"""A thousand purchases and three hundred refunds over a line that loses, breaks and repeats: no cent too many or few.

Stripe's own client speaks to the fault proxy and localstripe behind it. A twentieth of them in `make test`.
"""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.cards import charging, queries, saving
from provider.cards.models import Charge
from provider.cards.rules import ChargeState
from provider.enrollments import queries as enrolled
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, retrying
from provider.payments.gateway import ReturnStatus, ServiceError, Unreachable
from provider.payments.models import Payment
from provider.refunds import actions as refunds
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import Channel, PayoutState, RefundState
from tests.harness import audit
from tests.harness.card_service import CardService
from tests.harness.cards import STUDENT, start_at
from tests.harness.hooks import take_in
from tests.harness.money import agreed, books, letters, stored
from tests.harness.service_words import GOOD, Fault
from tests.harness.soak import repetitions

PURCHASES, REFUNDS = repetitions(1_000), repetitions(300)
UPFRONT = 189_900
T = TypeVar("T")
FAULTS = (
    Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.RESET, Fault.BUSY, Fault.BROKEN, Fault.BROKEN_KEPT, Fault.BROKEN_AFTER,
    Fault.PAGE,
)  # fmt: skip
SHARE = 0.3
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardService]:
    with CardService(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture
def service(app: Flask, context: AppContext, line: CardService, monkeypatch: pytest.MonkeyPatch) -> CardService:
    line.reset()
    monkeypatch.setitem(app.extensions, "payment_service", line.gateway)
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **line.settings))
    return line


def stubborn(work: Callable[[], T]) -> T:
    """Do as a student does: try again until the page answers."""
    for _ in range(40):
        try:
            return work()
        except Unreachable:
            db.session.rollback()
    raise AssertionError("the service never answered")


def purchase(service: CardService, reference: str, *, clicks: int) -> str:
    """Enter a card and press the button, more than once; returns the charge that the pages show."""
    row, now = stored(reference).id, clock.now()
    begun = stubborn(lambda: saving.begin(enrollment_id=row, actor=STUDENT, now=now))
    service.confirm_setup(begun.client_secret.partition("_secret_")[0], GOOD)
    stubborn(lambda: saving.save(card=queries.card(begun.reference), consent=None, actor=STUDENT, now=now))
    charge = start_at(reference, begun.reference, now=now)
    for _ in range(clicks):
        try:
            charging.follow(charge, now=clock.now())
        except ServiceError:
            db.session.rollback()
    return charge


def rest(service: CardService, at: dt.datetime) -> None:
    """Let word arrive, doubled and shuffled, and the worker do what is due, until a day has passed."""
    shuffled = random.Random(7)
    for wait in (MINUTE, 5 * MINUTE, 3 * 60 * MINUTE, 25 * 60 * MINUTE, 26 * 60 * MINUTE):
        told = service.take_events() * 2
        shuffled.shuffle(told)
        take_in(told, secret=service.secret, at=clock.now())
        if wait > DAY:
            service.forget_keys()
        run_due(at + wait)


def test_purchases_over_a_bad_line_take_each_students_money_exactly_once(app: Flask, service: CardService) -> None:
    chosen, charges = random.Random(1), {}
    service.plan_faults(1, SHARE, *FAULTS)
    for _ in range(PURCHASES):
        reference = agreed(at=clock.now())
        charges[reference] = purchase(service, reference, clicks=chosen.randint(0, 3))
        run_due(clock.now())
    service.plan_faults(1, 0.0)
    at = clock.now()
    rest(service, at)
    there = service.charges_by_reference()
    captured = service.totals()
    for reference, charge in charges.items():
        taken = [one for one in there[charge] if one.id in captured]
        assert [captured[one.id].captured for one in taken] == [UPFRONT], reference
        assert books(reference) == {"tuition": -UPFRONT, "cash_card": UPFRONT}
        assert len(letters(reference, "receipt")) == 1
    assert len(captured) == PURCHASES
    assert not set(db.session.scalars(sa.select(Charge.state))) - {ChargeState.CAPTURED}
    db.session.rollback()
    audit.assert_clean(app, at + 27 * 60 * MINUTE)


def test_refunds_over_a_bad_line_give_back_everything_exactly_once(app: Flask, service: CardService) -> None:
    students = [agreed(at=clock.now()) for _ in range(REFUNDS)]
    for reference in students:
        purchase(service, reference, clicks=1)
    service.plan_faults(2, SHARE, *FAULTS)
    chosen = random.Random(2)
    for reference in students:
        if chosen.random() < 0.2:
            service.return_will(ReturnStatus.PENDING)
        ask(reference)
        run_due(clock.now())
    service.plan_faults(2, 0.0)
    at = clock.now()
    rest(service, at)
    for one in service.gateway.returns_between(at - DAY, at + DAY):
        if one.status is ReturnStatus.PENDING:
            service.settle_return(one.id, ReturnStatus.SUCCEEDED)
    rest(service, at + 2 * DAY)
    for total in service.totals().values():
        assert (total.captured, total.returned) == (UPFRONT, UPFRONT)
    assert set(db.session.scalars(sa.select(Refund.state))) == {RefundState.SETTLED}
    assert set(db.session.scalars(sa.select(Payout.state))) == {PayoutState.SENT}
    sums = db.session.execute(sa.select(sa.func.sum(Payment.amount_cents), sa.func.sum(Payment.refunded_cents))).one()
    assert tuple(sums) == (REFUNDS * UPFRONT, REFUNDS * UPFRONT)
    db.session.rollback()
    audit.assert_clean(app, at + 4 * DAY)


def ask(reference: str) -> None:
    """Ask for the money back as the page does."""
    retrying(
        lambda: refunds.ask(
            enrollment=enrolled.by_reference(reference, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=clock.now(),
            at=clock.now(),
        )
    )
