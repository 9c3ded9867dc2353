import datetime as dt

import pytest
from flask import Flask

from provider.cards import pausing, queries, schedule
from provider.cards.models import Charge, Dispute
from provider.cards.rules import ChargeState, DisputeState
from provider.enrollments.queries import by_reference
from provider.jobs.worker import run_due
from provider.kernel.database import db, unit_of_work
from provider.refunds import actions as refunds
from tests.harness.cards import TimedService, enter_card, pay
from tests.harness.money import BURSAR, agreed, at_once, books, letters, record, rows, stored
from tests.harness.service_words import FAILS_LATER, GOOD, Fault

QUARTER = 52_500
# Nine in the morning at the school, the day of acceptance; installments follow every 30 days or so.
ACCEPTED = dt.datetime(2026, 11, 2, 14, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def morning(day: dt.date) -> dt.datetime:
    """Return ten in the morning at the school."""
    return dt.datetime.combine(day, dt.time(15), tzinfo=dt.UTC)


def due(reference: str, number: int) -> dt.date:
    return next(row.due_on for row in stored(reference).installments if row.number == number)


@pytest.fixture
def student(service: TimedService) -> str:
    """A student who paid the first installment and let the card be kept."""
    service.at = ACCEPTED
    reference = agreed("installments", at=ACCEPTED)
    pay(service, reference, keep=True)
    return reference


def let_card_fail(service: TimedService, reference: str) -> None:
    (card,) = queries.saved_cards(stored(reference).id)
    service._card_numbers[card.method_id or ""] = FAILS_LATER


def run(service: TimedService, at: dt.datetime) -> None:
    service.at = at
    run_due(at)


def scheduled(reference: str) -> list[Charge]:
    found = queries.charges(stored(reference).id)
    return sorted((one for one in found if one.installment_number), key=lambda one: one.id)


def test_an_installment_is_charged_once_on_its_day(service: TimedService, student: str) -> None:
    second = due(student, 2)
    run(service, morning(second) - DAY)
    assert scheduled(student) == []
    for hours in (0, 1, 5):
        run(service, morning(second) + hours * HOUR)
    (charge,) = scheduled(student)
    assert (charge.state, charge.installment_number, charge.attempt) == (ChargeState.CAPTURED, 2, 1)
    assert [row[1] for row in rows(student)] == ["paid", "paid", "scheduled", "scheduled"]
    assert len(letters(student, "receipt")) == 2


def test_the_day_of_charging_begins_at_nine_at_the_school(service: TimedService, student: str) -> None:
    second = due(student, 2)
    run(service, morning(second) - HOUR - dt.timedelta(seconds=1))
    assert scheduled(student) == []
    run(service, morning(second) - HOUR)
    assert len(scheduled(student)) == 1


def test_the_whole_plan_is_paid_by_itself_and_the_card_is_forgotten(service: TimedService, student: str) -> None:
    for number in (2, 3, 4):
        run(service, morning(due(student, number)))
    assert books(student) == {"tuition": -4 * QUARTER, "cash_card": 4 * QUARTER}
    assert [method.customer_id for method in service._methods.values()] == [None]


def test_a_declined_installment_is_told_and_tried_again_on_days_1_3_and_7(service: TimedService, student: str) -> None:
    let_card_fail(service, student)
    second = due(student, 2)
    for days in range(30):
        run(service, morning(second) + days * DAY)
    tried = [(one.started_at - morning(second)).days for one in scheduled(student) if one.installment_number == 2]
    assert tried == [0, 1, 3, 7]
    told = letters(student, "card_declined")
    assert [letter.values["again_on"] for letter in told[:4]] == [
        (second + days * DAY).isoformat() for days in (1, 3, 7)
    ] + [None]
    assert stored(student).hold_on is not None  # R10, for cards as for all


def test_a_declined_installment_that_works_on_the_next_day_is_paid(service: TimedService, student: str) -> None:
    let_card_fail(service, student)
    second = due(student, 2)
    run(service, morning(second))
    (card,) = queries.saved_cards(stored(student).id)
    service._card_numbers[card.method_id or ""] = GOOD
    run(service, morning(second) + DAY)
    assert [one.state for one in scheduled(student)] == [ChargeState.FAILED, ChargeState.CAPTURED]
    assert rows(student)[1][1] == "paid"


def test_days_without_a_worker_are_made_up_once(service: TimedService, student: str) -> None:
    run(service, morning(due(student, 2)) + 5 * DAY)
    assert [one.state for one in scheduled(student)] == [ChargeState.CAPTURED]


def test_everything_due_is_charged_one_after_the_other(service: TimedService, student: str) -> None:
    run(service, morning(due(student, 4)))
    assert [one.installment_number for one in scheduled(student)] == [2, 3, 4]
    assert books(student)["cash_card"] == 4 * QUARTER


def test_a_new_card_is_charged_from_then_on(service: TimedService, student: str) -> None:
    let_card_fail(service, student)
    enter_card(service, student, keep=True)
    run(service, morning(due(student, 2)))
    assert [one.state for one in scheduled(student)] == [ChargeState.CAPTURED]


def test_without_a_kept_card_nothing_is_charged(service: TimedService) -> None:
    service.at = ACCEPTED
    reference = agreed("installments", at=ACCEPTED)
    pay(service, reference)
    run(service, morning(due(reference, 2)))
    assert scheduled(reference) == []


def test_a_pause_by_staff_stops_the_schedule_until_it_is_released(service: TimedService, student: str) -> None:
    with unit_of_work():
        pausing.pause(
            enrollment=by_reference(student), reason="The student asked for two weeks", actor=BURSAR, at=ACCEPTED
        )
    second = due(student, 2)
    run(service, morning(second))
    assert scheduled(student) == []
    with unit_of_work():
        pausing.release(enrollment=by_reference(student), actor=BURSAR, at=morning(second))
    run(service, morning(second) + DAY)
    assert [one.state for one in scheduled(student)] == [ChargeState.CAPTURED]


def test_what_was_paid_otherwise_is_not_charged(service: TimedService, student: str) -> None:
    record(student, QUARTER, at=morning(due(student, 2)) - DAY)
    run(service, morning(due(student, 2)))
    assert scheduled(student) == []


def test_after_a_withdrawal_nothing_is_charged(service: TimedService, student: str) -> None:
    with unit_of_work():
        refunds.withdraw(
            enrollment=by_reference(student),
            reason="Moves abroad, agreed by telephone",
            waive=False,
            actor=BURSAR,
            at=ACCEPTED + 2 * DAY,
        )
    run(service, morning(due(student, 2)))
    assert scheduled(student) == []


def test_a_dispute_stops_the_schedule(service: TimedService, student: str) -> None:
    (first,) = queries.charges(stored(student).id)
    with unit_of_work():
        db.session.add(
            Dispute(
                reference="D-22222222",
                service_id="dp_1",
                payment_id=first.payment_id,
                amount_cents=QUARTER,
                reason="fraudulent",
                state=DisputeState.OPEN,
                opened_at=ACCEPTED,
            )
        )
    run(service, morning(due(student, 2)))
    assert scheduled(student) == []


def test_a_service_that_cannot_be_reached_is_asked_again_and_charges_once(service: TimedService, student: str) -> None:
    service.fail_next(Fault.LOST_AFTER, Fault.LOST_BEFORE, call="charge")
    service.fail_next(Fault.LOST_BEFORE, call="intents_of")
    second = morning(due(student, 2))
    for minutes in (0, 3, 6, 9):
        run(service, second + dt.timedelta(minutes=minutes))
    assert [one.state for one in scheduled(student)] == [ChargeState.CAPTURED]
    assert len(service.charges_by_reference()) == 2


def test_the_same_day_asked_for_by_four_workers_at_once_charges_once(
    app: Flask, service: TimedService, student: str
) -> None:
    now = service.at = morning(due(student, 2))
    found = at_once(app, *[lambda: schedule.charge_due(student, now=now)] * 4)
    assert found == [None] * 4
    assert [one.state for one in scheduled(student)] == [ChargeState.CAPTURED]
    assert books(student)["cash_card"] == 2 * QUARTER
    assert len(service.charges_by_reference()) == 2
