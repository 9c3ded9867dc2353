"""What events do: whatever the order, however often and late, our rows end as the service has them (A05, A07–A09)."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.cards import charging, queries
from provider.cards.events import KEPT_TRYING, next_try
from provider.cards.models import Card
from provider.cards.reconciling import RECONCILE
from provider.cards.rules import CardState, ChargeState, EventState, claims_problem
from provider.enrollments.models import Enrollment
from provider.jobs.worker import run_due
from provider.kernel.database import db, unit_of_work
from provider.payments.gateway import IntentStatus
from provider.tasks.models import Task
from tests.harness.cards import TimedService, cards, charge, enter_card, pay, start
from tests.harness.hooks import again, altered, states, stored, take_in
from tests.harness.money import PAID, agreed, books, letters, postings
from tests.harness.money import stored as enrolled
from tests.harness.service_words import FAILS_LATER, Fault, Sent

UPFRONT = 189_900
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
S = ChargeState


@pytest.fixture(autouse=True)
def events_alone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody ask the service by themselves, so that what happens comes from its events."""
    known = app.extensions["registry"]
    monkeypatch.setattr(known, "periodic", [one for one in known.periodic if one.kind != RECONCILE])


def processing(service: TimedService, reference: str) -> tuple[str, str]:
    """Start a payment that the service does not finish at once; returns charge and intent."""
    service.charge_will(IntentStatus.PROCESSING)
    charge_reference, _state = pay(service, reference)
    return charge_reference, charge(charge_reference).intent_id or ""


def take(service: TimedService, *sent: Sent, at: dt.datetime = PAID) -> None:
    """Take events in and do what they ask for."""
    take_in(sent, secret=service.secret, at=at)
    run_due(at)


def sentences(key: str) -> list[str]:
    return list(db.session.scalars(sa.select(Task.sentence).where(Task.key.startswith(key)).order_by(Task.id)))


def test_an_event_settles_what_was_processing(hooked: TimedService) -> None:
    reference = agreed(at=PAID)
    paid, intent = processing(hooked, reference)
    hooked.settle_charge(intent)
    take(hooked, *hooked.take_events())
    assert charge(paid).state is S.CAPTURED
    assert books(reference) == {"tuition": -UPFRONT, "cash_card": UPFRONT}
    assert states() == {"applied": 2, "ignored": 1}


def test_a_decline_after_processing_ends_the_charge(hooked: TimedService) -> None:
    reference = agreed(at=PAID)
    paid, intent = processing(hooked, reference)
    hooked.settle_charge(intent, success=False)
    take(hooked, *hooked.take_events())
    assert (charge(paid).state, enrolled(reference).purchased_at) == (S.FAILED, None)


def test_an_older_failure_that_comes_last_takes_nothing_back(hooked: TimedService) -> None:
    reference = agreed(at=PAID)
    paid, _state = pay(hooked, reference)
    (succeeded,) = [sent for sent in hooked.take_events() if sent.kind == "payment_intent.succeeded"]
    failed = altered(succeeded, id="evt_late", type="payment_intent.payment_failed")
    take(hooked, succeeded, failed, again(failed, 2), at=PAID + 3 * DAY)
    assert charge(paid).state is S.CAPTURED
    assert postings(reference).count("captured") == 1


def test_an_event_that_comes_before_our_own_answer_settles_and_the_answer_changes_nothing(hooked: TimedService) -> None:
    """A08: the call succeeded, its answer is still on its way, and our charge has no name of the service yet."""
    reference = agreed(at=PAID)
    started = start(hooked, reference, enter_card(hooked, reference))
    hooked.meanwhile["charge"] = lambda: take_in(hooked.take_events(), secret=hooked.secret, at=PAID)
    assert charging.follow(started, now=PAID) is S.CAPTURED
    run_due(PAID)
    assert postings(reference).count("captured") == 1
    assert states()["applied"] == 1


def test_an_event_settles_a_charge_whose_answer_was_lost(hooked: TimedService) -> None:
    reference = agreed(at=PAID)
    started = start(hooked, reference, enter_card(hooked, reference))
    hooked.fail_next(Fault.LOST_AFTER, call="charge")
    run_due(PAID + MINUTE)
    assert charge(started).intent_id is None
    take(hooked, *hooked.take_events(), at=PAID + MINUTE)
    assert (charge(started).state, len(letters(reference, "receipt"))) == (S.CAPTURED, 1)


CLAIMS: dict[str, dict[str, Any]] = {
    "amount": {"amount": UPFRONT - 1},
    "currency": {"currency": "eur"},
    "customer": {"customer": "cus_somebody"},
    "reference": {"metadata": {"reference": "CH-22222222"}},
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_an_event_that_claims_something_else_is_refused_though_the_service_says_paid(
    hooked: TimedService, claim: dict[str, Any]
) -> None:
    """A09."""
    reference = agreed(at=PAID)
    paid, intent = processing(hooked, reference)
    hooked.settle_charge(intent)
    told = [sent for sent in hooked.take_events() if sent.kind == "payment_intent.succeeded"]
    take(hooked, *[altered(again(sent, number), thing=claim) for sent in told for number in range(3)])
    assert states() == {"refused": 3}
    assert (charge(paid).state, enrolled(reference).state.value) == (S.STARTED, "started")
    assert books(reference) == {"tuition": -UPFRONT, "receivable": UPFRONT}
    (sentence,) = sentences("event_contradicts:")
    assert f"contradicts our {paid}: it claims" in sentence
    take(hooked, *told)
    assert charge(paid).state is S.CAPTURED


@pytest.mark.parametrize("field, value", [("amount_cents", 5), ("currency", "eur"), ("live", True)])
def test_what_the_service_itself_says_wrongly_is_refused(hooked: TimedService, field: str, value: object) -> None:
    paid, intent = processing(hooked, agreed(at=PAID))
    settled = hooked.settle_charge(intent)
    changed = {**{name: getattr(settled, name) for name in settled.__slots__}, field: value}
    hooked._intents[intent] = type(settled)(**changed)
    (told,) = [sent for sent in hooked.take_events() if sent.kind == "payment_intent.succeeded"]
    take(hooked, told)
    assert (states(), charge(paid).state) == ({"refused": 1}, S.STARTED)
    assert len(sentences("charge_contradicts:")) == 1


def foreign(service: TimedService) -> Sent:
    """Return the event of a payment that another system made under the same account."""
    customer = service.create_customer(key="other", reference="shop-1")
    setup = service.begin_setup(key="other 2", customer_id=customer, reference="shop-1")
    method = service.confirm_setup(setup.id, "4242424242424242").method_id or ""
    service.charge(
        key="other 3", amount_cents=500, customer_id=customer, method_id=method, reference="shop-1", present=True
    )
    return next(sent for sent in service.take_events() if sent.kind == "payment_intent.succeeded")


def test_what_nobody_here_knows_is_parked_tried_for_three_days_and_then_a_task(hooked: TimedService) -> None:
    before = db.session.scalars(sa.select(sa.func.count()).select_from(Enrollment)).one()
    take(hooked, foreign(hooked))
    assert states() == {"parked": 1}
    for hours in range(72):
        run_due(PAID + hours * HOUR)
    assert sentences("events_unknown:") == []
    assert hooked.calls.count("intent") < 30
    run_due(PAID + KEPT_TRYING)
    (sentence,) = sentences("events_unknown:")
    assert "Look it up there" in sentence
    calls = hooked.calls.count("intent")
    run_due(PAID + 9 * DAY)
    assert (states(), hooked.calls.count("intent")) == ({"parked": 1}, calls)
    assert db.session.scalars(sa.select(sa.func.count()).select_from(Enrollment)).one() == before


def test_a_parked_event_is_applied_once_its_charge_is_known(hooked: TimedService) -> None:
    reference = agreed(at=PAID)
    paid, intent = processing(hooked, reference)
    hooked.settle_charge(intent)
    (told,) = [sent for sent in hooked.take_events() if sent.kind == "payment_intent.succeeded"]
    with unit_of_work():
        queries.charge(paid).intent_id, queries.charge(paid).reference = None, "CH-HIDDEN22"
    take(hooked, told)
    assert states() == {"parked": 1}
    with unit_of_work():
        queries.charge("CH-HIDDEN22").reference = paid
    run_due(PAID + 2 * MINUTE)
    assert (states(), charge(paid).state) == ({"applied": 1}, S.CAPTURED)


def test_an_event_about_what_the_service_does_not_know_is_parked(hooked: TimedService) -> None:
    take(hooked, altered(foreign(hooked), thing={"id": "pi_gone"}))
    assert [(one.state, one.remark) for one in stored()] == [
        (EventState.PARKED, "The service itself does not know pi_gone.")
    ]


def test_while_the_service_is_away_events_wait_and_count_no_failures(hooked: TimedService) -> None:
    paid, intent = processing(hooked, agreed(at=PAID))
    hooked.settle_charge(intent)
    take_in(hooked.take_events(), secret=hooked.secret, at=PAID)
    hooked.plan = lambda _: Fault.BROKEN
    for minutes in range(0, 40, 2):
        run_due(PAID + minutes * MINUTE)
    assert states()["received"] == 2
    hooked.plan = lambda _: None
    run_due(PAID + HOUR)
    assert (states()["applied"], charge(paid).state) == (2, S.CAPTURED)


def kept_card(enrollment: str) -> tuple[str, str]:
    """Return our name and the service's for the card that is kept."""
    (card,) = cards(enrollment)
    return card.reference, card.method_id or ""


def test_a_card_that_was_taken_away_there_is_charged_no_more_here(hooked: TimedService) -> None:
    reference = agreed("installments", at=PAID)
    pay(hooked, reference, keep=True)
    card, method = kept_card(reference)
    hooked.detach(method)
    take(hooked, *hooked.take_events())
    assert (cards(reference), queries.card(card).state) == ([], CardState.DETACHED)


def test_a_card_that_is_still_there_stays(hooked: TimedService) -> None:
    reference = agreed("installments", at=PAID)
    pay(hooked, reference, keep=True)
    card, method = kept_card(reference)
    told = hooked.take_events()[-1]
    thing = {"id": method, "object": "payment_method", "customer": None, "metadata": None, "amount": None}
    take(hooked, altered(told, type="payment_method.detached", thing=thing))
    assert [one.reference for one in cards(reference)] == [card]
    assert states() == {"ignored": 1}


def test_a_card_taken_away_while_it_is_charged_is_let_go_of_afterwards(hooked: TimedService) -> None:
    reference = agreed("installments", at=PAID)
    card = enter_card(hooked, reference, keep=True)
    hooked.charge_will(IntentStatus.PROCESSING)
    paid = start(hooked, reference, card)
    charging.follow(paid, now=PAID)
    hooked.detach(queries.card(card).method_id or "")
    take(hooked, *hooked.take_events())
    assert (queries.card(card).state, queries.card(card).kept) == (CardState.SAVED, False)
    hooked.settle_charge(charge(paid).intent_id or "")
    take(hooked, *hooked.take_events())
    assert (charge(paid).state, queries.card(card).state) == (S.CAPTURED, CardState.DETACHED)


def test_a_decline_that_we_knew_already_changes_nothing(hooked: TimedService) -> None:
    declined, _state = pay(hooked, agreed(at=PAID), number=FAILS_LATER)
    take(hooked, *hooked.take_events())
    take(hooked, *hooked.take_events())  # of the charge being given up
    assert charge(declined).state is S.FAILED
    assert db.session.scalars(sa.select(sa.func.count()).select_from(Card)).one() == 1


@pytest.mark.parametrize(
    "age, pause",
    [(0 * MINUTE, MINUTE), (MINUTE, MINUTE), (10 * MINUTE, 10 * MINUTE), (6 * HOUR, 6 * HOUR), (20 * HOUR, 6 * HOUR)],
)
def test_the_pauses_grow_up_to_six_hours(age: dt.timedelta, pause: dt.timedelta) -> None:
    assert next_try(PAID, PAID + age) == PAID + age + pause


def test_the_last_try_is_made_after_exactly_three_days() -> None:
    assert next_try(PAID, PAID + 3 * DAY - MINUTE) == PAID + 3 * DAY
    assert next_try(PAID, PAID + 3 * DAY) is None


@pytest.mark.parametrize(
    "claims, problem",
    [
        ({}, None),
        ({"amount_cents": 100, "currency": "usd", "customer_id": "cus_1", "reference": "CH-1"}, None),
        ({"amount_cents": 101}, "it claims $1.01, and here it is $1.00"),
        ({"amount_cents": 0}, "it claims $0.00, and here it is $1.00"),
        ({"currency": "cad"}, "it claims the currency CAD"),
        ({"customer_id": "cus_2"}, "it claims another customer, cus_2"),
        ({"reference": "CH-2"}, "it claims another reference, CH-2"),
    ],
)
def test_claims_are_compared_with_our_own_row(claims: dict[str, Any], problem: str | None) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("amount_cents", "currency", "customer_id", "reference"))
    assert claims_problem(**nothing | claims, ours=(100, "cus_1", "CH-1")) == problem
