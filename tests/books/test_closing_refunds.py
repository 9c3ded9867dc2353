"""What goes back to cards, compared with the payment service; and the whole comparison over the line."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.books.closing import compare_day, of_day
from provider.books.comparing import CloseState
from provider.books.models import DayClose
from provider.cards import disputes
from provider.enrollments.queries import by_reference
from provider.kernel import clock
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.kernel.days import day_of
from provider.payments.gateway import DisputeStatus, ReturnStatus, Unreachable
from provider.payments.rules import PaymentMethod
from provider.refunds import actions, another_way, queries
from provider.refunds.models import Payout
from provider.refunds.rules import SETTLE, Channel
from tests.harness.card_money import by_card, intent_of, job, landed, run_refund_jobs
from tests.harness.card_service import CardService
from tests.harness.cards import TimedService
from tests.harness.money import BURSAR, PAID, agreed
from tests.harness.service_words import GOOD, Fault

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 11, 21)  # PAID's, in New York
NIGHT = dt.datetime(2026, 11, 22, 5, 5, tzinfo=dt.UTC)
UPFRONT = 189_900
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
KEYS = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"}


@pytest.fixture
def service(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **KEYS))
    made = TimedService(PAID)
    monkeypatch.setitem(app.extensions, "payment_service", made)
    return made


def given_back(service: TimedService, *, at: dt.datetime = PAID + HOUR) -> str:
    """Let somebody pay by card and ask for everything back, which the service is asked for; returns the payment."""
    reference = agreed()
    paid = by_card(service, reference, UPFRONT)
    with unit_of_work():
        enrollment = by_reference(reference, lock=True)
        actions.ask(enrollment=enrollment, note=None, channel=Channel.PAGE, actor=STUDENT, received_at=at, at=at)
    service.at = at
    run_refund_jobs(at)
    return paid


def compared(day: dt.date = TODAY, now: dt.datetime = NIGHT) -> DayClose:
    compare_day(day, now=now)
    return of_day(day)


def told(day: DayClose) -> list[tuple[str, str, str, str]]:
    return [(one.how.value, one.thing.value, one.ours, one.theirs) for one in day.differing]


def test_money_that_went_back_the_same_day_agrees(service: TimedService) -> None:
    given_back(service)
    day = compared()
    assert (day.state, day.ours["payouts"], day.theirs) == (
        CloseState.AGREES,
        {"card": UPFRONT},
        {"payments": UPFRONT, "payouts": UPFRONT, "disputes": 0},
    )


def test_what_is_pending_at_the_service_is_known_here(service: TimedService) -> None:
    service.return_will(ReturnStatus.PENDING)
    paid = given_back(service)
    assert compared().differing == []
    (one,) = service.returns_of(intent_of(paid))
    service.settle_return(one.id, ReturnStatus.SUCCEEDED)
    service.at = NIGHT + HOUR
    assert job(SETTLE, NIGHT + HOUR, intent=intent_of(paid)) is None
    assert compared(now=NIGHT + 2 * HOUR).differing == []
    tomorrow = compared(TODAY + DAY, NIGHT + DAY)  # sent on the day after it was asked for
    assert (tomorrow.differing, tomorrow.ours["payouts"], tomorrow.theirs) == (
        [],
        {"card": UPFRONT},
        {"payments": 0, "payouts": 0, "disputes": 0},
    )


def test_a_return_whose_answer_was_lost_is_known_by_our_own_name_for_it(service: TimedService) -> None:
    service.fail_next(Fault.LOST_AFTER, call="give_back")
    given_back(service)
    assert db.session.scalars(sa.select(Payout.external_reference)).one() is None
    assert compared().differing == []


def test_a_return_made_in_the_dashboard_is_named_until_it_is_adopted(service: TimedService) -> None:
    reference = agreed()
    paid = by_card(service, reference, UPFRONT)
    service.return_in_dashboard(intent_of(paid), 5_000)
    assert told(compared()) == [("only_there", "payout", "", "$50.00")]
    job(SETTLE, NIGHT, intent=intent_of(paid))
    assert compared().differing == []


def test_a_return_that_failed_without_our_knowing_is_named(service: TimedService) -> None:
    paid = given_back(service)
    (one,) = service.returns_of(intent_of(paid))
    service.settle_return(one.id, ReturnStatus.FAILED)
    assert told(compared()) == [("only_here", "payout", "$1,899.00", "")]
    job(SETTLE, NIGHT, intent=intent_of(paid))
    assert compared().differing == []


def test_a_return_of_another_amount_is_named_with_both(service: TimedService) -> None:
    paid = given_back(service)
    (one,) = service.returns_of(intent_of(paid))
    service._returns[one.id] = replace(one, amount_cents=one.amount_cents - 1)
    assert told(compared()) == [("amounts", "payout", "$1,899.00", "$1,898.99")]


def test_of_a_payout_that_a_bank_gave_back_in_part_a_day_counts_as_sent_what_was_sent(service: TimedService) -> None:
    service.at = PAID
    reference = agreed()
    paid = by_card(service, reference, UPFRONT)
    at = PAID + HOUR
    with unit_of_work():
        enrollment = by_reference(reference, lock=True)
        actions.ask(enrollment=enrollment, note=None, channel=Channel.PAGE, actor=STUDENT, received_at=at, at=at)
    service.at = at
    dispute = service.open_dispute(intent_of(paid), 50_000).id
    for lost in (False, True):
        if lost:
            service.close_dispute(dispute, DisputeStatus.LOST)
        with unit_of_work():
            disputes.settle(service.dispute(dispute), at=at)
    run_refund_jobs(at)
    with unit_of_work():
        another_way.send_another_way(
            payout=queries.payout(db.session.scalars(sa.select(Payout.reference)).one()),
            method=PaymentMethod.CHECK,
            external_reference="check 77",
            reason="The bank gave a part of it back already.",
            actor=BURSAR,
            at=at,
        )
    assert compared().ours["payouts"] == {"check": UPFRONT - 50_000, "other_way": 50_000}


def charged(line: CardService, name: str, cents: int) -> str:
    """Let the service charge a card; returns its name for the charge."""
    customer = line.gateway.create_customer(key=f"customer-{name}", reference=name)
    setup = line.gateway.begin_setup(key=f"setup-{name}", customer_id=customer, reference=name)
    method = line.confirm_setup(setup.id, GOOD).method_id or ""
    return line.gateway.charge(
        key=f"charge-{name}",
        amount_cents=cents,
        customer_id=customer,
        method_id=method,
        reference=name,
        present=True,
    ).id


def test_the_comparison_holds_over_the_line_and_through_its_faults(
    app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with CardService(tmp_path) as line:
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **line.settings))
        monkeypatch.setitem(app.extensions, "payment_service", line.gateway)
        at = clock.now()
        day, later = day_of(at, app.extensions["settings"].SCHOOL_ZONE), at + DAY
        landed(charged(line, "known", UPFRONT), agreed(at=at - DAY), UPFRONT, at=at)
        assert compared(day, later).differing == []
        assert of_day(day).theirs == {"payments": UPFRONT, "payouts": 0, "disputes": 0}
        charged(line, "stranger", 700)
        assert told(compared(day, later)) == [("only_there", "payment", "", "$7.00")]
        for fault in (Fault.LOST_BEFORE, Fault.BROKEN, Fault.PAGE):
            line.fail_next(fault)
            with pytest.raises(Unreachable):
                compare_day(day, now=later)
            assert of_day(day).state is CloseState.UNREACHABLE
        assert told(compared(day, later)) == [("only_there", "payment", "", "$7.00")]
