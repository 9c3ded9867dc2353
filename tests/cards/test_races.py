"""Many at once: one charge runs, one call is made, and a control shows that looking first is not enough."""

import threading
from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.cards import charging, queries
from provider.cards.models import Charge
from provider.cards.rules import ChargePurpose, ChargeState, What
from provider.kernel import references
from provider.kernel.database import db, retrying, unit_of_work
from tests.harness.cards import STUDENT, TimedService, enter_card, start
from tests.harness.money import PAID, agreed, at_once, books, letters, stored
from tests.harness.soak import repetitions

UPFRONT = 189_900


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_sixteen_clicks_on_pay_start_one_charge(app: Flask, service: TimedService, _round: int) -> None:
    reference = agreed()
    card, enrollment_id = enter_card(service, reference), stored(reference).id
    db.session.rollback()

    def click() -> str:
        return retrying(
            lambda: (
                charging.start(
                    enrollment_id=enrollment_id,
                    card_reference=card,
                    what=What.REST,
                    expected_cents=UPFRONT,
                    actor=STUDENT,
                    at=PAID,
                ).reference
            )
        )

    found = at_once(app, *[click] * 16)
    assert Counter(type(one).__name__ for one in found) == {"str": 1, "ChargeRunning": 15}
    (started,) = [one for one in found if isinstance(one, str)]
    assert {one.reference for one in found if isinstance(one, charging.ChargeRunning)} == {started}


def test_looking_first_is_not_enough_and_the_index_lets_one_through(app: Flask, service: TimedService) -> None:
    reference = agreed()
    card, enrollment_id = queries.card(enter_card(service, reference)).id, stored(reference).id
    db.session.rollback()
    looked = threading.Barrier(8)

    def unguarded() -> None:
        nothing_runs = queries.running(enrollment_id) is None
        looked.wait()
        assert nothing_runs
        with unit_of_work():
            db.session.execute(
                sa.insert(Charge).values(
                    reference=references.new("CH"),
                    enrollment_id=enrollment_id,
                    card_id=card,
                    purpose=ChargePurpose.STUDENT,
                    attempt=1,
                    amount_cents=UPFRONT,
                    state=ChargeState.STARTED,
                    started_at=PAID,
                )
            )

    found = at_once(app, *[unguarded] * 8)
    assert Counter(type(one).__name__ for one in found) == {"NoneType": 1, "IntegrityError": 7}


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_a_page_and_four_workers_that_settle_one_charge_at_once_take_the_money_once(
    app: Flask, service: TimedService, _round: int
) -> None:
    reference = agreed()
    started = start(service, reference, enter_card(service, reference))
    db.session.rollback()
    found = at_once(app, *[lambda: charging.follow(started, now=PAID)] * 5)
    assert set(found) <= {ChargeState.CAPTURED, ChargeState.STARTED}
    assert charging.follow(started, now=PAID) is ChargeState.CAPTURED
    assert len(service.charges_by_reference()[started]) == 1
    assert books(reference) == {"tuition": -UPFRONT, "cash_card": UPFRONT}
    assert len(letters(reference, "receipt")) == 1
