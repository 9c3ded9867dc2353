import datetime as dt

import pytest
from flask import Flask
from flask.ctx import AppContext

from provider.cards.models import Card, Charge
from provider.cards.rules import CardState, ChargePurpose, ChargeState
from provider.enrollments.queries import by_reference
from provider.history.models import HistoryDetail
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.ledger import queries as ledger
from provider.payments import reminders
from provider.payments.actions import ReasonRefused
from provider.refunds.waiving import ChargeRunning, NotWaivable, waive
from provider.tasks.queries import about as tasks_about
from tests.harness.audit import found
from tests.harness.money import ACCEPTED, BURSAR, PAID, agreed, at_once, books, letters, record, rows, stored
from tests.harness.stories import timeline

QUARTER = 52_500
REASON = "Agreed with the director on the telephone."
DAY = dt.timedelta(days=1)


def let_off(reference: str, number: int, *, reason: str = REASON, at: dt.datetime = PAID + DAY) -> None:
    with unit_of_work():
        enrollment = by_reference(reference, lock=True)
        waive(enrollment=enrollment, number=number, reason=reason, actor=BURSAR, at=at)


def charge(reference: str, state: ChargeState = ChargeState.STARTED) -> str:
    """Let a card of the enrollment be charged, as far as that."""
    with unit_of_work():
        enrollment = by_reference(reference)
        card = Card(reference="CD-22222222", enrollment_id=enrollment.id, state=CardState.SAVED, customer_id="cus_1",
                    method_id="pm_1", created_at=PAID)  # fmt: skip
        db.session.add(card)
        db.session.flush()
        ended = None if state is ChargeState.STARTED else PAID
        begun = Charge(reference="CH-22222222", enrollment_id=enrollment.id, card_id=card.id, state=state,
                       purpose=ChargePurpose.SCHEDULE, installment_number=2, amount_cents=QUARTER,
                       started_at=PAID, ended_at=ended)  # fmt: skip
        db.session.add(begun)
    return "CH-22222222"


def test_an_installment_that_is_waived_is_owed_no_more_and_the_others_are(app: Flask, context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER + 500)
    let_off(reference, 2)
    assert [row[1:] for row in rows(reference)] == [
        ("paid", QUARTER, QUARTER),
        ("waived", QUARTER, 500),
        ("scheduled", QUARTER, 0),
        ("scheduled", QUARTER, 0),
    ]
    assert books(reference) == {
        "tuition": -4 * QUARTER,
        "waived": QUARTER - 500,
        "cash_offline": QUARTER + 500,
        "receivable": 2 * QUARTER,
    }
    subject = ledger.postings(reference)[-1].subject_reference
    assert subject == stored(reference).installments[1].reference
    assert [line for line in found(app, PAID + DAY) if "_never_stuck" not in line] == []


def test_history_keeps_who_waived_how_much_and_the_reason_apart(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    let_off(reference, 3)
    row = timeline(reference)[-1]
    assert (row.event, row.old_state, row.new_state) == ("installment.waived", "scheduled", "waived")
    assert (row.actor_reference, row.data) == (BURSAR.reference, {"waived_cents": QUARTER})
    assert db.session.get_one(HistoryDetail, row.id).data == {"reason": REASON}


def test_the_letter_says_what_is_owed_now_and_when(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    let_off(reference, 2)
    (letter,) = letters(reference, "installment_waived")
    third = stored(reference).installments[2]
    told = {name: letter.values[name] for name in ("number", "waived_cents", "still_owed_cents", "next_cents")}
    assert told == {"number": 2, "waived_cents": QUARTER, "still_owed_cents": 2 * QUARTER, "next_cents": QUARTER}
    assert letter.values["next_due_on"] == third.due_on.isoformat()
    assert REASON not in str(letter.values)


def test_the_last_one_waived_leaves_nothing_owed(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, 3 * QUARTER)
    let_off(reference, 4)
    (letter,) = letters(reference, "installment_waived")
    assert (letter.values["still_owed_cents"], letter.values["next_due_on"]) == (0, None)


def test_the_hold_of_a_waived_installment_is_lifted_with_its_task(context: AppContext) -> None:
    reference = agreed("installments", at=ACCEPTED)
    record(reference, QUARTER, at=ACCEPTED + DAY)
    late = ACCEPTED + 60 * DAY
    with unit_of_work():
        reminders.advance(enrollment=by_reference(reference, lock=True), actor=BURSAR, now=late)
    held = [task for task in tasks_about(reference) if task.done_at is None]
    assert stored(reference).hold_on is not None
    assert len(held) == 1
    let_off(reference, 2, at=late)
    assert [task for task in tasks_about(reference) if task.done_at is None] == []
    assert (stored(reference).hold_on, rows(reference)[1][1]) == (None, "waived")


@pytest.mark.parametrize("number", [1, 2], ids=["paid", "waived before"])
def test_what_is_not_owed_cannot_be_waived(context: AppContext, number: int) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    let_off(reference, 2)
    with pytest.raises(NotWaivable):
        let_off(reference, number)
    assert len(letters(reference, "installment_waived")) == 1


def test_nothing_is_waived_before_the_first_payment(context: AppContext) -> None:
    reference = agreed("installments")
    with pytest.raises(NotWaivable):
        let_off(reference, 1)


def test_an_installment_that_is_not_there_is_not_found(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    with pytest.raises(NotFound):
        let_off(reference, 5)


def test_a_reason_has_to_say_something(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    with pytest.raises(ReasonRefused):
        let_off(reference, 2, reason="ok")


@pytest.mark.parametrize("number", [2, 3])
def test_while_a_card_is_charged_no_installment_is_waived(context: AppContext, number: int) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    running = charge(reference)
    with pytest.raises(ChargeRunning) as refused:
        let_off(reference, number)
    assert running in str(refused.value)
    assert books(reference)["receivable"] == 3 * QUARTER


@pytest.mark.parametrize("state", [ChargeState.FAILED, ChargeState.CANCELED])
def test_a_charge_that_ended_stops_no_waiver(context: AppContext, state: ChargeState) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    charge(reference, state)
    let_off(reference, 2)
    assert rows(reference)[1][1] == "waived"


def test_two_who_waive_at_once_waive_once(app: Flask, context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    answers = at_once(app, *[lambda: let_off(reference, 2)] * 4)
    assert sorted(type(one).__name__ for one in answers) == ["NoneType", *["NotWaivable"] * 3]
    assert books(reference)["waived"] == QUARTER
