"""Disputes: the bank holds money of a payment, gives it back or keeps it; the ledger shows a loss once (A15)."""

import datetime as dt
import itertools
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.cards import charging, queries
from provider.cards.disputes import InDispute
from provider.cards.models import Dispute
from provider.cards.rules import DisputeState, EventState, dispute_problem, payment_standing
from provider.jobs.worker import run_due
from provider.kernel.database import db
from provider.payments.gateway import DisputeStatus
from provider.payments.rules import PaymentState
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState
from tests.harness.audit import assert_clean
from tests.harness.cards import TimedService, charge, enter_card, pay, start
from tests.harness.hooks import again, altered, states, stored, take_in
from tests.harness.money import PAID, agreed, books, postings
from tests.harness.money import stored as enrolled
from tests.harness.service_words import Sent

UPFRONT, QUARTER = 189_900, 52_500
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
WON, LOST = DisputeStatus.WON, DisputeStatus.LOST
P = PaymentState


def take(service: TimedService, *sent: Sent, at: dt.datetime = PAID) -> None:
    take_in(sent, secret=service.secret, at=at)
    run_due(at)


def by_card(service: TimedService, plan: str = "upfront", *, keep: bool = False) -> tuple[str, str]:
    """Let a student pay by card; returns enrollment and intent."""
    reference = agreed(plan, at=PAID)
    paid, _state = pay(service, reference, keep=keep)
    intent = charge(paid).intent_id or ""
    take(service, *service.take_events())
    return reference, intent


def payment_state(intent: str) -> PaymentState:
    found = queries.payment_of_intent(intent)
    assert found is not None
    return found.state


def disputes(enrollment: str) -> list[tuple[str, int]]:
    return [(one.state.value, one.amount_cents) for one in queries.disputes(enrolled(enrollment).id)]


def task(enrollment: str) -> Task:
    return db.session.scalars(
        sa.select(Task).where(Task.kind == TaskKind.ANSWER_DISPUTE, Task.about == enrollment)
    ).one()


def test_a_dispute_takes_the_money_off_our_cash_and_asks_staff_to_answer(app: Flask, hooked: TimedService) -> None:
    reference, intent = by_card(hooked)
    hooked.open_dispute(intent)
    take(hooked, *hooked.take_events())
    assert (payment_state(intent), disputes(reference)) == (P.DISPUTED, [("open", UPFRONT)])
    assert books(reference) == {"tuition": -UPFRONT, "disputed": UPFRONT}
    asked = task(reference)
    assert (asked.state, asked.due_on) == (TaskState.OPEN, (PAID + 9 * DAY).date())
    assert "The bank holds $1,899.00 of the payment" in asked.sentence
    assert enrolled(reference).state.value == "active"
    assert_clean(app, hooked.at)


@pytest.mark.parametrize(
    "outcome, state, book",
    [
        (WON, P.CAPTURED, {"tuition": -UPFRONT, "cash_card": UPFRONT}),
        (LOST, P.LOST, {"tuition": -UPFRONT, "disputed": UPFRONT}),
    ],
)
def test_the_bank_decides(
    app: Flask, hooked: TimedService, outcome: DisputeStatus, state: PaymentState, book: dict[str, int]
) -> None:
    reference, intent = by_card(hooked)
    opened = hooked.open_dispute(intent)
    take(hooked, *hooked.take_events())
    hooked.close_dispute(opened.id, outcome)
    take(hooked, *hooked.take_events(), at=PAID + DAY)
    assert (payment_state(intent), books(reference)) == (state, book)
    assert disputes(reference) == [(outcome.value, UPFRONT)]
    assert task(reference).state is TaskState.DONE
    assert_clean(app, hooked.at)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
@pytest.mark.parametrize("outcome", [WON, LOST])
def test_any_order_of_its_events_ends_the_same(
    app: Flask, hooked: TimedService, outcome: DisputeStatus, order: tuple[int, ...]
) -> None:
    reference, intent = by_card(hooked)
    hooked.close_dispute(hooked.open_dispute(intent).id, outcome)
    sent = hooked.take_events()[:3]
    for place in order:
        take(hooked, sent[place], again(sent[place], 2))
    assert postings(reference).count("disputed") == 1
    assert postings(reference).count("dispute_won") == (1 if outcome is WON else 0)
    assert payment_state(intent) is (P.CAPTURED if outcome is WON else P.LOST)
    assert task(reference).state is TaskState.DONE
    assert_clean(app, hooked.at)


def test_a_bank_may_change_its_mind_and_each_turn_is_posted_once(app: Flask, hooked: TimedService) -> None:
    reference, intent = by_card(hooked)
    opened = hooked.open_dispute(intent)
    for outcome, state, cash in (
        (LOST, P.LOST, 0),
        (WON, P.CAPTURED, UPFRONT),
        (LOST, P.LOST, 0),
        (WON, P.CAPTURED, UPFRONT),
    ):
        hooked.close_dispute(opened.id, outcome)
        take(hooked, *hooked.take_events())
        assert (payment_state(intent), books(reference).get("cash_card", 0)) == (state, cash)
        assert_clean(app, hooked.at)


def test_a_part_of_a_payment_can_be_disputed_and_another_part_later(app: Flask, hooked: TimedService) -> None:
    reference, intent = by_card(hooked)
    first = hooked.open_dispute(intent, 50_000)
    take(hooked, *hooked.take_events())
    assert books(reference) == {"tuition": -UPFRONT, "disputed": 50_000, "cash_card": UPFRONT - 50_000}
    assert "holds $500.00 of $1,899.00 of the payment" in task(reference).sentence
    hooked.close_dispute(first.id, LOST)
    second = hooked.open_dispute(intent, 20_000)
    take(hooked, *hooked.take_events())
    assert (payment_state(intent), books(reference)["disputed"]) == (P.DISPUTED, 70_000)
    hooked.close_dispute(second.id, WON)
    take(hooked, *hooked.take_events())
    assert (payment_state(intent), books(reference)["disputed"]) == (P.LOST, 50_000)
    assert_clean(app, hooked.at)


def test_a_bank_that_only_asks_is_answered_and_holds_nothing(app: Flask, hooked: TimedService) -> None:
    reference, intent = by_card(hooked)
    before = books(reference)
    asked = hooked.inquire(intent)
    take(hooked, *hooked.take_events())
    assert (payment_state(intent), disputes(reference), books(reference)) == (P.CAPTURED, [], before)
    assert (task(reference).state, task(reference).due_on) == (TaskState.OPEN, (PAID + 9 * DAY).date())
    assert "It holds no money yet." in task(reference).sentence
    hooked.close_dispute(asked.id, DisputeStatus.DROPPED)
    take(hooked, *hooked.take_events())
    assert (payment_state(intent), disputes(reference), books(reference)) == (P.CAPTURED, [], before)
    assert task(reference).state is TaskState.DONE
    assert states() == {"applied": 4, "ignored": 1}
    assert_clean(app, hooked.at)


def test_what_a_bank_asked_may_become_a_dispute(app: Flask, hooked: TimedService) -> None:
    reference, intent = by_card(hooked)
    asked = hooked.inquire(intent)
    take(hooked, *hooked.take_events())
    hooked.escalate(asked.id)
    take(hooked, *hooked.take_events())
    assert (payment_state(intent), disputes(reference)) == (P.DISPUTED, [("open", UPFRONT)])
    tasks = db.session.scalars(sa.select(Task).where(Task.about == reference).order_by(Task.id)).all()
    assert [(one.kind, one.state) for one in tasks] == [
        (TaskKind.ANSWER_DISPUTE, TaskState.DONE),
        (TaskKind.ANSWER_DISPUTE, TaskState.OPEN),
    ]
    assert_clean(app, hooked.at)


def test_while_a_bank_holds_money_no_card_is_charged(hooked: TimedService) -> None:
    reference, intent = by_card(hooked, "installments", keep=True)
    opened = hooked.open_dispute(intent)
    take(hooked, *hooked.take_events())
    for days in range(1, 100, 7):
        run_due(PAID + days * DAY)
    assert len(queries.charges(enrolled(reference).id)) == 1
    with pytest.raises(InDispute):
        start(hooked, reference, enter_card(hooked, reference))
    hooked.close_dispute(opened.id, WON)
    hooked.at = PAID + 100 * DAY
    take(hooked, *hooked.take_events(), at=hooked.at)
    run_due(hooked.at + DAY)
    assert len(queries.charges(enrolled(reference).id)) > 1


def test_an_event_that_overtakes_our_own_capture_is_parked_and_then_applied(hooked: TimedService) -> None:
    reference = agreed(at=PAID)
    started = start(hooked, reference, enter_card(hooked, reference))
    hooked.take_events()

    def disputed_at_once() -> None:
        intent = hooked.charges_by_reference()[started][0].id
        hooked.open_dispute(intent)
        take_in([one for one in hooked.take_events() if "dispute" in one.kind], secret=hooked.secret, at=PAID)
        run_due(PAID)

    hooked.meanwhile["charge"] = disputed_at_once
    charging.follow(started, now=PAID)
    assert states() == {"parked": 2}
    run_due(PAID + 2 * dt.timedelta(minutes=1))
    assert (states(), disputes(reference)) == ({"applied": 2}, [("open", UPFRONT)])


def test_an_event_that_claims_another_payment_is_refused(hooked: TimedService) -> None:
    reference, intent = by_card(hooked)
    _other, other_intent = by_card(hooked)
    hooked.open_dispute(intent)
    created = next(one for one in hooked.take_events() if one.kind == "charge.dispute.created")
    take(hooked, altered(created, thing={"payment_intent": other_intent}))
    assert stored()[-1].state is EventState.REFUSED
    assert (disputes(reference), payment_state(intent), payment_state(other_intent)) == ([], P.CAPTURED, P.CAPTURED)


def test_more_than_came_in_cannot_be_disputed(hooked: TimedService) -> None:
    reference, intent = by_card(hooked)
    hooked.open_dispute(intent, UPFRONT + 1)
    take(hooked, *hooked.take_events())
    assert [one.state for one in stored()][-2:] == [EventState.REFUSED] * 2
    assert disputes(reference) == []
    keys = db.session.scalars(sa.select(Task.key).where(Task.key.startswith("dispute_contradicts:"))).all()
    assert len(keys) == 1


def test_the_index_lets_a_dispute_be_stored_once(hooked: TimedService) -> None:
    _reference, intent = by_card(hooked)
    hooked.open_dispute(intent)
    take(hooked, *hooked.take_events())
    names = [constraint["column_names"] for constraint in sa.inspect(db.engine).get_unique_constraints("dispute")]
    assert ["service_id"] in names
    assert db.session.scalars(sa.select(sa.func.count()).select_from(Dispute)).one() == 1


GOOD: dict[str, Any] = {
    "amount_cents": 100, "currency": "usd", "captured_cents": 100, "known_cents": None, "same_payment": True
}  # fmt: skip


@pytest.mark.parametrize(
    "changed, problem",
    [
        ({}, None),
        ({"amount_cents": 1}, None),
        ({"known_cents": 100}, None),
        ({"amount_cents": 101}, "it is about $1.01 there, and $1.00 came in here"),
        ({"amount_cents": 0}, "the amount there is $0.00"),
        ({"currency": "eur"}, "the currency there is EUR"),
        ({"same_payment": False}, "it is about another payment here"),
        ({"known_cents": 50}, "it was about $0.50 and is about $1.00 now"),
    ],
)
def test_a_dispute_is_compared_with_our_own_rows(changed: dict[str, Any], problem: str | None) -> None:
    assert dispute_problem(**GOOD | changed) == problem


D = DisputeState


@pytest.mark.parametrize(
    "disputes, standing",
    [
        ([], P.CAPTURED),
        ([D.WON], P.CAPTURED),
        ([D.OPEN], P.DISPUTED),
        ([D.LOST], P.LOST),
        ([D.WON, D.LOST], P.LOST),
        ([D.LOST, D.OPEN], P.DISPUTED),
    ],
)
def test_a_payment_stands_as_all_its_disputes_have_it(disputes: list[DisputeState], standing: PaymentState) -> None:
    assert payment_standing(disputes) is standing
