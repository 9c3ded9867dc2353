import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa

from provider.cards import charging, queries, saving
from provider.cards.charging import AlreadyActive, AmountChanged, ChargeRunning, NothingOwed
from provider.cards.models import Card, Charge
from provider.cards.rules import CardState, ChargeState, What
from provider.cards.saving import CardGone, CardNotSaved, NotChargeable
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference
from provider.enrollments.rules import CancelReason
from provider.jobs.worker import run_due
from provider.kernel.database import db, unit_of_work
from provider.payments.actions import CardPayment
from provider.payments.actions import reverse as reverse_payment
from provider.payments.gateway import IntentStatus, Unreachable
from provider.tasks.queries import about as tasks_about
from provider.tasks.queries import by_key
from provider.tasks.rules import TaskState
from tests.harness.cards import STUDENT, TimedService, cards, charge, enter_card, pay, start
from tests.harness.money import PAID, agreed, books, letters, postings, record, rows, stored
from tests.harness.service_words import ASKS, DECLINED, FAILS_LATER, GOOD, Fault

UPFRONT, QUARTER = 189_900, 52_500
HOUR = dt.timedelta(hours=1)
S = ChargeState


def cancel(reference: str) -> None:
    with unit_of_work():
        enrollments.cancel(
            enrollment=by_reference(reference, lock=True), reason=CancelReason.STUDENT, actor=STUDENT, at=PAID
        )


def test_a_good_card_pays_at_once_and_is_forgotten_right_after(service: TimedService) -> None:
    reference = agreed()
    paid, state = pay(service, reference)
    assert state is S.CAPTURED
    row = stored(reference)
    assert (row.state.value, row.purchased_at) == ("active", PAID)
    assert rows(reference) == [(1, "paid", UPFRONT, UPFRONT)]
    assert books(reference) == {"tuition": -UPFRONT, "cash_card": UPFRONT}
    assert len(letters(reference, "receipt")) == 1
    card = charge(paid).card
    assert (card.state, card.kept) == (CardState.RELEASED, False)
    run_due(PAID)
    assert queries.card(card.reference).state is CardState.DETACHED
    assert service._methods[card.method_id or ""].customer_id is None


def test_a_card_is_kept_for_installments_only_with_consent(service: TimedService) -> None:
    with_consent, without = agreed("installments"), agreed("installments")
    pay(service, with_consent, keep=True)
    pay(service, without)
    (kept,) = cards(with_consent)
    assert kept.kept
    assert kept.consent is not None
    assert "$525.00 on" in kept.consent
    assert cards(without) == []


def test_a_kept_card_is_forgotten_once_nothing_is_owed(service: TimedService) -> None:
    reference = agreed("installments")
    pay(service, reference, keep=True, what=What.REST)
    assert cards(reference) == []
    assert books(reference) == {"tuition": -4 * QUARTER, "cash_card": 4 * QUARTER}


def test_a_card_that_the_bank_refuses_to_save_takes_nothing(service: TimedService) -> None:
    reference = agreed()
    with pytest.raises(CardNotSaved):
        enter_card(service, reference, number=DECLINED)
    assert service._intents == {}


def test_a_declined_card_takes_nothing_and_another_one_pays(service: TimedService) -> None:
    reference = agreed()
    declined, state = pay(service, reference, number=FAILS_LATER)
    assert (state, charge(declined).failure) == (S.FAILED, "generic_decline")
    assert stored(reference).purchased_at is None
    assert letters(reference, "card_declined") == []  # the student sees it on the page
    assert pay(service, reference)[1] is S.CAPTURED
    assert books(reference)["cash_card"] == UPFRONT


def test_a_charge_that_failed_here_is_given_up_at_the_service_too(service: TimedService) -> None:
    declined, _state = pay(service, agreed(), number=FAILS_LATER)
    run_due(PAID)
    assert service._intents[charge(declined).intent_id or ""].status is IntentStatus.CANCELED


def test_a_card_that_wants_confirming_waits_for_the_student_and_then_pays(service: TimedService) -> None:
    reference = agreed()
    waiting, state = pay(service, reference, number=ASKS)
    one = charge(waiting)
    assert (state, one.waits_for_student) == (S.STARTED, True)
    service.authenticate(one.intent_id or "")
    assert charging.follow(waiting, now=PAID + HOUR) is S.CAPTURED
    assert charge(waiting).client_secret is None


def test_a_confirmation_that_is_refused_ends_the_charge(service: TimedService) -> None:
    waiting, _state = pay(service, agreed(), number=ASKS)
    service.authenticate(charge(waiting).intent_id or "", success=False)
    assert charging.follow(waiting, now=PAID) is S.FAILED


def test_a_confirmation_that_never_comes_is_given_up_after_an_hour(service: TimedService) -> None:
    reference = agreed(at=PAID)
    waiting, _state = pay(service, reference, number=ASKS)
    for minutes in (1, 30, 59):
        run_due(PAID + dt.timedelta(minutes=minutes))
    assert charge(waiting).state is S.STARTED
    run_due(PAID + dt.timedelta(minutes=66))
    assert charge(waiting).state is S.CANCELED
    assert service._intents[charge(waiting).intent_id or ""].status is IntentStatus.CANCELED
    assert pay(service, reference)[1] is S.CAPTURED


def test_a_confirmation_in_the_last_instant_is_not_lost(service: TimedService) -> None:
    waiting, _state = pay(service, agreed(), number=ASKS)
    service.authenticate(charge(waiting).intent_id or "")
    assert charging.give_up(waiting, now=PAID + HOUR) is S.CAPTURED


def test_while_one_payment_is_processed_no_second_one_starts(service: TimedService) -> None:
    reference = agreed()
    waiting, _state = pay(service, reference, number=ASKS)
    with pytest.raises(ChargeRunning) as refused:
        pay(service, reference)
    assert refused.value.reference == waiting
    assert len(service._intents) == 1


def test_the_database_itself_lets_only_one_charge_of_an_enrollment_run(service: TimedService) -> None:
    reference = agreed()
    pay(service, reference, number=ASKS)
    (one,) = db.session.scalars(sa.select(Charge)).all()
    second = {column.name: getattr(one, column.key) for column in sa.inspect(Charge).columns} | {
        "id": None, "reference": "CH-99999999", "intent_id": None,
    }  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), unit_of_work():
        db.session.execute(sa.insert(Charge).values({name: value for name, value in second.items() if name != "id"}))


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("call", ["create_customer", "begin_setup", "setup", "attach"])
def test_a_card_can_be_entered_again_at_once_whatever_the_line_did(
    service: TimedService, call: str, fault: Fault
) -> None:
    reference = agreed()
    service.fail_next(fault, call=call)
    with pytest.raises(Unreachable):
        enter_card(service, reference)
    assert pay(service, reference)[1] is S.CAPTURED


@pytest.mark.parametrize("fault", list(Fault))
def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_pays_once(service: TimedService, fault: Fault) -> None:
    reference = agreed(at=PAID)
    card = enter_card(service, reference)
    started = start(service, reference, card)
    service.fail_next(fault, call="charge")
    with pytest.raises(Unreachable):
        charging.follow(started, now=PAID)
    run_due(PAID + dt.timedelta(seconds=30))
    if fault is Fault.BROKEN_KEPT:  # its key gets that failure for a day, so another key is needed
        assert charge(started).state is S.STARTED
        service.at = PAID + 25 * HOUR
        run_due(service.at)
    assert charge(started).state is S.CAPTURED
    assert len(service._intents) == 1
    assert books(reference)["cash_card"] == UPFRONT


def test_an_answer_lost_a_day_ago_is_looked_up_before_anything_is_charged(service: TimedService) -> None:
    reference = agreed()
    started = start(service, reference, enter_card(service, reference))
    service.fail_next(Fault.LOST_AFTER, call="charge")
    with pytest.raises(Unreachable):
        charging.follow(started, now=PAID)
    service.at = later = PAID + 25 * HOUR
    assert charging.follow(started, now=later) is S.CAPTURED
    assert len(service._intents) == 1


def test_a_charge_that_its_enrollment_outlived_is_never_made(service: TimedService) -> None:
    reference = agreed()
    started = start(service, reference, enter_card(service, reference))
    cancel(reference)
    assert charging.follow(started, now=PAID) is S.CANCELED
    assert charge(started).failure == "ended"
    assert service._intents == {}


def test_a_charge_is_not_made_when_a_check_paid_what_was_owed(service: TimedService) -> None:
    reference = agreed()
    started = start(service, reference, enter_card(service, reference))
    record(reference, UPFRONT, at=PAID)
    assert charging.follow(started, now=PAID) is S.CANCELED
    assert service._intents == {}


def test_money_that_lands_after_the_enrollment_was_canceled_goes_back_by_itself(service: TimedService) -> None:
    reference = agreed()
    started = start(service, reference, enter_card(service, reference))
    service.fail_next(Fault.LOST_AFTER, call="charge")
    with pytest.raises(Unreachable):
        charging.follow(started, now=PAID)
    cancel(reference)
    assert charging.follow(started, now=PAID) is S.CAPTURED
    run_due(PAID)
    (total,) = service.totals().values()
    assert (total.captured, total.returned) == (UPFRONT, UPFRONT)
    assert [task.kind.value for task in tasks_about(reference) if task.state is TaskState.OPEN] == []


def test_money_that_lands_when_a_check_has_paid_goes_back_by_itself(service: TimedService) -> None:
    reference = agreed()
    started = start(service, reference, enter_card(service, reference))
    service.fail_next(Fault.LOST_AFTER, call="charge")
    with pytest.raises(Unreachable):
        charging.follow(started, now=PAID)
    record(reference, UPFRONT, at=PAID)
    assert charging.follow(started, now=PAID) is S.CAPTURED
    run_due(PAID)
    (total,) = service.totals().values()
    assert (total.captured, total.returned) == (UPFRONT, UPFRONT)
    assert rows(reference) == [(1, "paid", UPFRONT, UPFRONT)]


def test_a_card_payment_is_never_struck_from_the_books_as_an_error(service: TimedService) -> None:
    reference = agreed()
    paid, _state = pay(service, reference)
    payment = queries.payment_of_intent(charge(paid).intent_id or "")
    assert payment is not None
    with pytest.raises(CardPayment), unit_of_work():
        reverse_payment(payment=payment, reason="Typed in for the wrong student", actor=STUDENT, at=PAID)
    assert books(reference)["cash_card"] == UPFRONT


def test_what_the_page_showed_must_still_be_what_is_open(service: TimedService) -> None:
    reference = agreed("installments")
    card = enter_card(service, reference)
    enrollment_id = stored(reference).id
    with pytest.raises(AmountChanged), unit_of_work():
        charging.start(
            enrollment_id=enrollment_id,
            card_reference=card,
            what=What.DUE,
            expected_cents=QUARTER - 1,
            actor=STUDENT,
            at=PAID,
        )


def test_what_is_paid_cannot_be_paid_again(service: TimedService) -> None:
    reference = agreed()
    card = enter_card(service, reference)
    record(reference, UPFRONT, at=PAID)
    enrollment_id = stored(reference).id
    with pytest.raises(NothingOwed), unit_of_work():
        charging.start(
            enrollment_id=enrollment_id,
            card_reference=card,
            what=What.REST,
            expected_cents=UPFRONT,
            actor=STUDENT,
            at=PAID,
        )


def test_who_is_active_by_another_enrollment_is_told_before_anything_is_charged(service: TimedService) -> None:
    first, second = agreed(email="twice@example.org"), agreed(email="twice@example.org")
    pay(service, first)
    with pytest.raises(AlreadyActive):
        pay(service, second)
    assert len(service._intents) == 1


def test_a_card_that_was_let_go_of_cannot_be_charged(service: TimedService) -> None:
    reference = agreed("installments")
    pay(service, reference, keep=True)
    (card,) = cards(reference)
    enrollment_id = stored(reference).id
    with unit_of_work():
        saving.remove(enrollment_id=enrollment_id, actor=STUDENT, at=PAID)
    with pytest.raises(CardGone):
        start(service, reference, card.reference)


def test_a_new_kept_card_takes_the_old_ones_place(service: TimedService) -> None:
    reference = agreed("installments")
    pay(service, reference, keep=True)
    (old,) = cards(reference)
    enter_card(service, reference, keep=True)
    (new,) = cards(reference)
    assert new.reference != old.reference
    run_due(PAID)
    assert queries.card(old.reference).state is CardState.DETACHED


def test_a_card_saved_by_a_tab_that_was_closed_is_forgotten(service: TimedService) -> None:
    reference = agreed()
    begun = saving.begin(enrollment_id=stored(reference).id, actor=STUDENT, now=PAID)
    service.confirm_setup(begun.client_secret.partition("_secret_")[0], GOOD)
    run_due(PAID + 3 * HOUR)
    assert [card.state for card in db.session.scalars(sa.select(Card))] == [CardState.DETACHED]
    assert [method.customer_id for method in service._methods.values()] == [None]


def test_an_ended_enrollment_takes_no_card(service: TimedService) -> None:
    reference = agreed()
    cancel(reference)
    with pytest.raises(NotChargeable):
        saving.begin(enrollment_id=stored(reference).id, actor=STUDENT, now=PAID)


def test_what_the_service_says_otherwise_changes_nothing_and_becomes_a_task(service: TimedService) -> None:
    reference = agreed()
    waiting, _state = pay(service, reference, number=ASKS)
    one = charge(waiting)
    service.authenticate(one.intent_id or "")
    other = service._intents[one.intent_id or ""]
    service._intents[other.id] = replace(other, amount_cents=1)
    assert charging.follow(waiting, now=PAID) is S.STARTED
    assert [task.kind.value for task in tasks_about(reference)] == ["check_card_payment"]
    assert postings(reference) == ["accepted"]


def test_an_enrollment_is_not_ended_for_want_of_a_payment_that_is_being_processed(service: TimedService) -> None:
    reference = agreed()  # nineteen days ago, so that it would end with the next look
    started = start(service, reference, enter_card(service, reference))
    service.plan = lambda call: Fault.LOST_BEFORE if call == "charge" else None
    run_due(PAID + HOUR)
    assert stored(reference).state.value == "started"
    service.plan = lambda _call: None
    run_due(PAID + 2 * HOUR)
    assert charge(started).state is S.CAPTURED
    assert stored(reference).state.value == "active"


def test_a_charge_that_stays_open_for_a_day_becomes_a_task(service: TimedService) -> None:
    reference = agreed()
    started = start(service, reference, enter_card(service, reference))
    service.plan = lambda _call: Fault.LOST_BEFORE
    for hours in range(26):
        run_due(PAID + hours * HOUR)
    assert charge(started).state is S.STARTED
    assert by_key(charging.stuck_key(started)) is not None


def test_cards_that_were_left_are_forgotten_two_hours_later_and_no_others(service: TimedService) -> None:
    begun, unused, kept, busy = (agreed("installments") for _ in range(4))
    saving.begin(enrollment_id=stored(begun).id, actor=STUDENT, now=PAID)
    left = enter_card(service, unused)
    enter_card(service, kept, keep=True)
    service.charge_will(IntentStatus.PROCESSING)
    pay(service, busy)
    saving.tidy(now=PAID + 2 * HOUR)
    assert queries.card(left).state is CardState.SAVED
    saving.tidy(now=PAID + 2 * HOUR + dt.timedelta(seconds=1))
    found = {card.enrollment_id: card.state for card in db.session.scalars(sa.select(Card))}
    assert [found[stored(one).id] for one in (begun, unused, kept, busy)] == [
        CardState.RELEASED,
        CardState.RELEASED,
        CardState.SAVED,
        CardState.SAVED,
    ]
