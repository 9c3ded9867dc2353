"""What no event ever said is found by asking, within the hour, and nothing is taken twice (A07, D07)."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.cards import charging, queries, reconciling
from provider.cards.charging import FOLLOW
from provider.cards.models import Charge
from provider.cards.reconciling import RECONCILE
from provider.cards.rules import ChargeState
from provider.jobs.models import Job
from provider.jobs.rules import JobState
from provider.jobs.worker import run_due
from provider.kernel.database import db, table, unit_of_work
from provider.payments.gateway import DisputeStatus, IntentStatus
from provider.payments.rules import PaymentState
from provider.tasks.models import Task
from tests.harness.audit import assert_clean
from tests.harness.cards import TimedService, charge, enter_card, pay, start
from tests.harness.money import PAID, agreed, books, letters, postings
from tests.harness.money import stored as enrolled
from tests.harness.service_words import Fault

UPFRONT, QUARTER = 189_900, 52_500
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def deaf(hooked: TimedService) -> Iterator[TimedService]:
    """A service none of whose events arrive."""
    yield hooked
    assert db.session.execute(sa.text("SELECT count(*) FROM payment_event")).scalar_one() == 0


def runs(service: TimedService, until: dt.datetime, *, every: dt.timedelta = 5 * MINUTE) -> None:
    """Let the worker run up to an instant, on the service's clock and the audit's, too."""
    while service.at < until:
        service.at += every
        with time_machine.travel(service.at, tick=False):
            run_due(service.at)


def give_up_job(key: str) -> None:
    with unit_of_work():
        db.session.execute(
            sa.update(Job).where(Job.key == key).values(state=JobState.FAILED, ended_at=PAID, owner=None)
        )


def tasks(key: str) -> list[str]:
    return list(db.session.scalars(sa.select(Task.sentence).where(Task.key.startswith(key))))


def test_a_payment_of_which_no_event_tells_is_found_within_the_hour(app: Flask, deaf: TimedService) -> None:
    reference = agreed(at=PAID)
    deaf.charge_will(IntentStatus.PROCESSING)
    paid, state = pay(deaf, reference)
    assert state is ChargeState.STARTED
    runs(deaf, PAID + 3 * HOUR)
    deaf.settle_charge(charge(paid).intent_id or "")
    settled_at = deaf.at
    runs(deaf, settled_at + HOUR)
    assert charge(paid).state is ChargeState.CAPTURED
    assert (postings(reference).count("captured"), len(letters(reference, "receipt"))) == (1, 1)
    assert_clean(app, deaf.at)


def test_a_charge_whose_job_was_given_up_is_followed_again(app: Flask, deaf: TimedService) -> None:
    reference = agreed(at=PAID)
    deaf.fail_next(Fault.LOST_AFTER, call="charge")
    paid = start(deaf, reference, enter_card(deaf, reference))
    give_up_job(f"{FOLLOW}:{paid}")
    assert reconciling.forgotten(PAID + 4 * MINUTE) == []
    assert reconciling.forgotten(PAID + 5 * MINUTE) == [paid]
    runs(deaf, PAID + HOUR)
    assert charge(paid).state is ChargeState.CAPTURED
    assert len(deaf.charges_by_reference()[paid]) == 1


def test_a_charge_that_is_followed_is_not_forgotten(deaf: TimedService) -> None:
    deaf.charge_will(IntentStatus.PROCESSING)
    pay(deaf, agreed(at=PAID))
    assert reconciling.forgotten(PAID + DAY) == []


def test_money_that_came_in_after_a_failure_is_taken_in(app: Flask, deaf: TimedService) -> None:
    """The service says succeeded where we say canceled: a confirmation in the last instant, whose event was lost."""
    reference = agreed(at=PAID)
    deaf.charge_will(IntentStatus.PROCESSING)
    paid, _state = pay(deaf, reference)
    intent = charge(paid).intent_id or ""
    with unit_of_work():
        db.session.execute(
            sa.update(table(Charge)).where(Charge.reference == paid).values(state="canceled", ended_at=PAID)
        )
    deaf.settle_charge(intent)
    assert reconciling.look(PAID - DAY, now=PAID).charges == (intent,)
    runs(deaf, PAID + HOUR)
    assert charge(paid).state is ChargeState.CAPTURED
    assert books(reference)["cash_card"] == UPFRONT


def test_disputes_are_found_and_their_end_too_however_late(app: Flask, deaf: TimedService) -> None:
    reference = agreed(at=PAID)
    paid, _state = pay(deaf, reference)
    deaf.at += MINUTE
    opened = deaf.open_dispute(charge(paid).intent_id or "")
    runs(deaf, deaf.at + HOUR)
    payment = queries.payment_of_intent(charge(paid).intent_id or "")
    assert payment is not None
    assert payment.state is PaymentState.DISPUTED
    runs(deaf, deaf.at + 60 * DAY, every=DAY)
    deaf.close_dispute(opened.id, DisputeStatus.LOST)
    runs(deaf, deaf.at + HOUR)
    assert [one.state.value for one in queries.disputes(enrolled(reference).id)] == ["lost"]
    deaf.close_dispute(opened.id, DisputeStatus.WON)
    runs(deaf, deaf.at + HOUR)
    assert books(reference) == {"tuition": -UPFRONT, "cash_card": UPFRONT}


def test_nothing_that_agrees_is_asked_for_again(deaf: TimedService) -> None:
    pay(deaf, agreed(at=PAID))
    pay(deaf, agreed("installments", at=PAID), keep=True)
    runs(deaf, PAID + HOUR)
    assert reconciling.look(PAID - DAY, now=deaf.at) == reconciling.Differences((), (), ())
    assert "intent" not in deaf.calls


def test_while_the_service_is_away_it_waits_and_makes_up_the_missed_day(app: Flask, deaf: TimedService) -> None:
    reference = agreed(at=PAID)
    runs(deaf, PAID + HOUR)
    deaf.charge_will(IntentStatus.PROCESSING)
    paid, _state = pay(deaf, reference)
    give_up_job(f"{FOLLOW}:{paid}")
    deaf.settle_charge(charge(paid).intent_id or "")
    deaf.plan = lambda _: Fault.BROKEN
    runs(deaf, deaf.at + 30 * HOUR, every=HOUR)
    assert charge(paid).state is ChargeState.STARTED
    failed = sa.select(sa.func.count()).where(Job.kind == RECONCILE, Job.state == JobState.FAILED)
    assert db.session.scalars(failed).one() == 0
    deaf.plan = lambda _: None
    runs(deaf, deaf.at + HOUR)
    assert (charge(paid).state, postings(reference).count("captured")) == (ChargeState.CAPTURED, 1)


def lose(charge_reference: str) -> None:
    """Lose what came after a backup: the charge, and with it all that it brought about."""
    with unit_of_work():
        db.session.execute(sa.delete(table(Charge)).where(Charge.reference == charge_reference))


def test_money_whose_record_was_lost_is_put_before_staff_and_no_more_is_charged(deaf: TimedService) -> None:
    """D07: a restored backup does not know of a charge; the schedule must not take the money again."""
    reference = agreed("installments", at=PAID)
    pay(deaf, reference, keep=True)
    due = PAID + 40 * DAY
    deaf.at = due
    with unit_of_work():
        db.session.execute(sa.delete(Job))
    deaf.charge_will(IntentStatus.PROCESSING)
    run_due(due)
    (lost,) = [one for one in queries.charges(enrolled(reference).id) if one.state is ChargeState.STARTED]
    name, intent = lost.reference, lost.intent_id or ""
    deaf.settle_charge(intent)
    lose(name)
    number = len(deaf.charges_by_reference())
    runs(deaf, due + 20 * DAY, every=DAY)
    (sentence,) = tasks("intent_unknown:")
    assert f"took $525.00 for the enrollment {reference} as {name} ({intent})" in sentence
    assert queries.paused(enrolled(reference).id) is not None
    assert len(deaf.charges_by_reference()) == number


def test_what_another_system_took_under_the_same_account_is_left_alone(deaf: TimedService) -> None:
    customer = deaf.create_customer(key="k", reference="shop")
    setup = deaf.begin_setup(key="k2", customer_id=customer, reference="shop")
    method = deaf.confirm_setup(setup.id, "4242424242424242").method_id or ""
    for number, reference in enumerate(("shop-1", "CH-short")):
        deaf.charge(
            key=f"c{number}",
            amount_cents=500,
            customer_id=customer,
            method_id=method,
            reference=reference,
            present=True,
        )
    runs(deaf, PAID + HOUR)
    assert tasks("") == []


def test_without_keys_nothing_is_asked(app: Flask, deaf: TimedService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(app.extensions, "payment_service")
    monkeypatch.setattr(reconciling, "connected", lambda: False)
    reconciling.reconcile({}, now=PAID)
    monkeypatch.setitem(app.extensions, "payment_service", deaf)
    assert deaf.calls == []


def test_the_command_says_what_it_repaired(app: Flask, deaf: TimedService) -> None:
    reference = agreed(at=PAID)
    deaf.charge_will(IntentStatus.PROCESSING)
    paid, _state = pay(deaf, reference)
    deaf.settle_charge(charge(paid).intent_id or "")
    runner = app.test_cli_runner()
    with time_machine.travel(PAID + 3 * HOUR, tick=False):
        first = runner.invoke(args=["reconcile", "--since", "2026-11-20"])
        again = runner.invoke(args=["reconcile", "--since", "2026-11-20"])
        later = runner.invoke(args=["reconcile", "--since", "2026-11-22"])
    assert (first.exit_code, first.output.splitlines()) == (0, [f"{paid} is paid", "1 looked into."])
    assert (again.exit_code, again.output, later.output) == (0, "Nothing differs.\n", "Nothing differs.\n")
    assert charge(paid).state is ChargeState.CAPTURED


def test_the_command_says_when_the_service_is_away(app: Flask, deaf: TimedService) -> None:
    deaf.plan = lambda _: Fault.BROKEN
    found = app.test_cli_runner().invoke(args=["reconcile"])
    assert found.exit_code == 1
    assert found.output.startswith("The payment service did not answer: ")


def test_a_charge_that_fails_there_ends_here(deaf: TimedService) -> None:
    reference = agreed(at=PAID)
    deaf.charge_will(IntentStatus.PROCESSING)
    paid, _state = pay(deaf, reference)
    deaf.settle_charge(charge(paid).intent_id or "", success=False)
    assert reconciling.settle_charge(charge(paid).intent_id or "", now=PAID) == f"{paid} is declined"
    assert charging.follow(paid, now=PAID) is ChargeState.FAILED
