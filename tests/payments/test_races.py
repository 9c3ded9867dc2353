"""Many at once: one check is recorded once, one student is active once, and no receipt number is missing."""

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import db, retrying, unit_of_work
from provider.payments.models import Payment, Receipt
from tests.harness.money import PAID, agreed, at_once, books, letters, postings, record, record_inside, reverse, stored
from tests.harness.soak import repetitions

UPFRONT = 189_900


class Abandoned(Exception):
    """Something else in the same transaction went wrong."""


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_two_staff_with_the_same_check_record_one_payment(app: Flask, _round: int) -> None:
    with app.app_context():
        reference = agreed()
    found = at_once(
        app, *[lambda: retrying(lambda: record_inside(reference, UPFRONT, external_reference="1001").reference)] * 4
    )
    assert Counter(type(one).__name__ for one in found) == {"str": 1, "AlreadyRecorded": 3}
    with app.app_context():
        assert postings(reference) == ["accepted", "captured"]
        assert len(letters(reference, "receipt")) == 1
        assert db.session.scalars(sa.select(sa.func.count()).select_from(Payment)).one() == 1


def test_the_index_alone_lets_one_payment_through(app: Flask) -> None:
    with app.app_context():
        reference = agreed()
        number = stored(reference).id

    def unguarded() -> None:
        with unit_of_work():
            copied = {"state": "captured", "amount_cents": 5, "received_at": PAID, "recorded_at": PAID}
            db.session.execute(
                sa.insert(Payment).values(
                    reference=f"PY-{id(object()) % 10**8:08d}",
                    enrollment_id=number,
                    method="check",
                    external_reference="1001",
                    refunded_cents=0,
                    for_return=False,
                    **copied,
                )
            )

    found = at_once(app, *[unguarded] * 4)
    assert Counter(type(one).__name__ for one in found) == {"NoneType": 1, "IntegrityError": 3}


@pytest.mark.parametrize("_round", range(repetitions(40)))
def test_a_student_who_pays_two_enrollments_at_once_is_active_in_one(app: Flask, _round: int) -> None:
    with app.app_context():
        both = [agreed(email="twice@example.org"), agreed(email="twice@example.org")]
    found = at_once(app, *[lambda one=one: retrying(lambda: record_inside(one, UPFRONT).reference) for one in both])
    assert [type(one).__name__ for one in found] == ["str", "str"]
    with app.app_context():
        assert Counter(stored(one).state.value for one in both) == {"active": 1, "canceled": 1}
        ended = next(one for one in both if stored(one).state.value == "canceled")
        assert books(ended) == {"cash_offline": UPFRONT, "student_credit": -UPFRONT}


def give_up(reference: str, cents: int) -> None:
    with unit_of_work():
        record_inside(reference, cents)
        raise Abandoned


def test_receipts_have_no_gap_though_some_recordings_are_given_up(app: Flask) -> None:
    with app.app_context():
        references = [agreed() for _ in range(8)]

    def work(number: int) -> list[str]:
        made = []
        for turn in range(repetitions(100)):
            cents = 100 + turn
            if (turn + number) % 3 == 0:
                with pytest.raises(Abandoned):
                    give_up(references[number], cents)
            else:
                made.append(record(references[number], cents))
        return made

    found = at_once(app, *[lambda number=number: work(number) for number in range(8)])
    assert {type(one).__name__ for one in found} == {"list"}
    recorded = sum(len(one) for one in found)
    with app.app_context():
        numbers = db.session.scalars(sa.select(Receipt.number).order_by(Receipt.number)).all()
        assert numbers == list(range(1, recorded + 1))


def test_credit_notes_count_in_a_series_of_their_own(app: Flask) -> None:
    with app.app_context():
        reference = agreed()
        for turn in range(3):
            one = record(reference, 100, at=PAID + dt.timedelta(hours=turn))
            reverse(one)
        rows = db.session.execute(sa.select(Receipt.series, Receipt.number).order_by(Receipt.id)).all()
        assert [tuple(row) for row in rows] == [
            (series, number) for number in (1, 2, 3) for series in ("receipts", "credit_notes")
        ]
