"""Refunds of card payments: sent once by the service, pending, failed even days later, sent otherwise; never twice."""

import datetime as dt
import random
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.cards import disputes, events
from provider.cards.models import PaymentEvent
from provider.cards.rules import EventState
from provider.clocks.queries import about as clocks_about
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference
from provider.enrollments.rules import CancelReason
from provider.jobs.models import Job
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.ledger.models import LedgerPosting
from provider.ledger.rules import PostingKind
from provider.payments import calls
from provider.payments.gateway import DisputeStatus, Refused, ReturnStatus
from provider.payments.models import ServiceCall
from provider.payments.rules import RETURN_JOB, CallKind, CallState, PaymentMethod
from provider.payments.service import SERVICE
from provider.refunds import actions, another_way, queries
from provider.refunds.actions import GoesByItself, ReasonRefused
from provider.refunds.another_way import NotAnotherWay, NotFailed, StaysWithCard
from provider.refunds.models import Payout, Refund
from provider.refunds.payouts import PayoutSent
from provider.refunds.reconciling import RECONCILE
from provider.refunds.rules import PAY_OUT, SETTLE, Channel
from provider.tasks.queries import about as tasks_about
from provider.tasks.rules import TaskKind
from tests.harness import hooks
from tests.harness.audit import found
from tests.harness.card_money import by_card, charged, intent_of, job, landed, run_refund_jobs
from tests.harness.fake_service import FakeService
from tests.harness.money import BURSAR, PAID, agreed, books, kept, letters, payment, postings, record, rows, stored
from tests.harness.service_words import Fault
from tests.harness.stories import timeline

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
ASKED = PAID + HOUR
UPFRONT = 189_900
QUARTER = 52_500
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
REASON = "The card is closed; the student asked for a check by telephone."
PENDING, SUCCEEDED, FAILED = ReturnStatus.PENDING, ReturnStatus.SUCCEEDED, ReturnStatus.FAILED


class Clock:
    """The service's clock, which a test moves with its own."""

    now = PAID


@pytest.fixture
def service(app: Flask, context: AppContext) -> Iterator[FakeService]:
    """The payment service of this application."""
    Clock.now = PAID
    app.extensions["payment_service"] = made = FakeService(now=lambda: Clock.now)
    yield made
    app.extensions.pop("payment_service", None)


def assert_clean(app: Flask, at: dt.datetime) -> None:
    """Fail with whatever the books contradict; letters wait here, since nobody sends them."""
    broken = [line for line in found(app, at) if "never_stuck" not in line]
    assert not broken, "\n".join(broken)


def ask(reference: str, at: dt.datetime = ASKED) -> str:
    with unit_of_work():
        return actions.ask(
            enrollment=by_reference(reference, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=at,
            at=at,
        ).reference


def refund(reference: str) -> Refund:
    return kept(queries.by_reference(reference))


def payout(refund_reference: str, number: int = 0) -> Payout:
    return refund(refund_reference).payouts[number]


def jobs_at(now: dt.datetime) -> None:
    Clock.now = now
    run_refund_jobs(now)


def settle(reference: str, now: dt.datetime) -> None:
    """Let the service's word about a payment's returns reach us."""
    Clock.now = now
    assert job(SETTLE, now, intent=intent_of(reference)) is None


def returned(service: FakeService) -> list[tuple[int, str]]:
    """Return all money that went back at the service: cents and state."""
    return [(one.amount_cents, one.status.value) for one in service._returns.values()]


def tasks(reference: str) -> list[tuple[str, str]]:
    return [(one.kind.value, one.state.value) for one in kept(tasks_about(reference))]


def paid_upfront(service: FakeService) -> tuple[str, str]:
    reference = agreed()
    return reference, by_card(service, reference, UPFRONT)


def asked(service: FakeService) -> tuple[str, str, str]:
    """Return enrollment, payment and refund of a student who paid by card and asked for everything back."""
    reference, paid = paid_upfront(service)
    return reference, paid, ask(reference)


def test_an_approved_refund_stores_the_call_and_the_job_with_the_decision(service: FakeService) -> None:
    _, _, made = asked(service)
    one = payout(made)
    (call,) = db.session.scalars(sa.select(ServiceCall).where(ServiceCall.subject == one.reference)).all()
    assert (call.kind.value, call.state.value, call.tried_at) == ("give_back", "open", None)
    (asked_for,) = db.session.scalars(sa.select(Job).where(Job.kind == PAY_OUT)).all()
    assert (asked_for.key, asked_for.payload) == (f"{PAY_OUT}:{one.reference}", {"payout": one.reference})
    assert (one.state.value, returned(service)) == ("due", [])


def test_the_money_goes_back_to_the_card_by_itself(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    jobs_at(ASKED + MINUTE)
    one = refund(made)
    part = one.payouts[0]
    (sent,) = service.returns_of(intent_of(paid))
    assert (sent.amount_cents, sent.reference) == (UPFRONT, part.reference)
    assert (part.state.value, part.external_reference, part.sent_at, part.tries) == (
        "sent",
        sent.id,
        ASKED + MINUTE,
        1,
    )
    assert (one.state.value, one.settled_at) == ("settled", ASKED + MINUTE)
    assert books(reference) == {}
    assert [letter.template for letter in letters(reference)][-3:] == [
        "refund_approved",
        "payout_sent",
        "refund_settled",
    ]
    told = letters(reference, "payout_sent")[0].values
    assert (told["card"], told["method"], told["external_reference"]) == ("Visa ending in 4242", "card", sent.id)
    assert_clean(app, ASKED + HOUR)


def test_each_card_payment_goes_back_to_its_own_charge_and_a_check_stays_with_staff(
    service: FakeService, app: Flask
) -> None:
    reference = agreed("installments")
    first = by_card(service, reference, QUARTER)
    record(reference, QUARTER, at=PAID + MINUTE)
    second = by_card(service, reference, QUARTER, at=PAID + 2 * MINUTE)
    made = ask(reference)
    jobs_at(ASKED)
    assert [(part.method.value, part.state.value) for part in refund(made).payouts] == [
        ("card", "sent"),
        ("check", "due"),
        ("card", "sent"),
    ]
    for one in (first, second):
        assert [back.amount_cents for back in service.returns_of(intent_of(one))] == [QUARTER]
    assert (refund(made).state.value, books(reference)) == (
        "approved",
        {"cash_offline": QUARTER, "refunds_payable": -QUARTER},
    )
    assert_clean(app, ASKED + HOUR)


def test_a_job_that_runs_again_gives_nothing_twice(service: FakeService) -> None:
    reference, _, made = asked(service)
    for _ in range(3):
        job(PAY_OUT, ASKED, payout=payout(made).reference)
    assert returned(service) == [(UPFRONT, "succeeded")]
    assert postings(reference) == ["accepted", "captured", "refund_approved", "paid_out"]


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.BUSY, Fault.PAGE, Fault.BROKEN_AFTER])
def test_a_lost_answer_is_asked_for_again_and_the_money_goes_once(
    service: FakeService, app: Flask, fault: Fault
) -> None:
    reference, _, made = asked(service)
    service.fail_next(fault, call="give_back")
    jobs_at(ASKED)
    assert (payout(made).state.value, payout(made).external_reference) == ("sending", None)
    jobs_at(ASKED + 2 * MINUTE)
    assert (payout(made).state.value, returned(service)) == ("sent", [(UPFRONT, "succeeded")])
    assert books(reference) == {}
    assert_clean(app, ASKED + HOUR)


def test_an_attempt_older_than_23_hours_looks_up_before_it_acts(service: FakeService) -> None:
    _, paid, made = asked(service)
    service.fail_next(Fault.LOST_AFTER, call="give_back")
    service.fail_next(Fault.LOST_BEFORE, call="returns_of")
    jobs_at(ASKED)
    jobs_at(ASKED + 2 * MINUTE)
    service.forget_keys()
    service.calls.clear()
    jobs_at(ASKED + 25 * HOUR)
    assert "give_back" not in service.calls
    assert (payout(made).state.value, len(service.returns_of(intent_of(paid)))) == ("sent", 1)


def test_what_never_arrived_goes_with_a_new_key_after_23_hours(service: FakeService) -> None:
    _, _, made = asked(service)
    service.fail_next(Fault.BROKEN_KEPT, call="give_back")
    jobs_at(ASKED)
    jobs_at(ASKED + 25 * HOUR)
    keys = sa.select(ServiceCall).where(ServiceCall.kind == CallKind.GIVE_BACK)
    calls = db.session.scalars(keys.order_by(ServiceCall.number)).all()
    assert [(call.number, call.state.value) for call in calls] == [(1, "expired"), (2, "answered")]
    assert (payout(made).state.value, returned(service)) == ("sent", [(UPFRONT, "succeeded")])


def test_while_the_service_is_away_refunds_wait_for_it_together(service: FakeService) -> None:
    made = [asked(service)[2] for _ in range(3)]
    service.plan = lambda _call: Fault.BUSY
    service.calls.clear()
    jobs_at(ASKED)
    assert service.calls == ["returns_of"]
    waiting = db.session.scalars(sa.select(Job.waits_for).where(Job.kind == PAY_OUT)).all()
    assert waiting == [SERVICE] * 3
    service.plan = lambda _call: None
    jobs_at(ASKED + 2 * MINUTE)
    assert [payout(one).state.value for one in made] == ["sent"] * 3


def test_a_pending_refund_is_on_its_way_until_the_bank_has_it(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    service.return_will(PENDING)
    jobs_at(ASKED)
    (there,) = service.returns_of(intent_of(paid))
    one = payout(made)
    assert (one.state.value, one.external_reference, one.sent_at) == ("sending", there.id, None)
    assert (refund(made).state.value, letters(reference, "payout_sent")) == ("approved", [])
    assert_clean(app, ASKED + HOUR)
    service.settle_return(there.id, SUCCEEDED)
    settle(paid, ASKED + DAY)
    assert (payout(made).state.value, refund(made).settled_at) == ("sent", ASKED + DAY)
    assert_clean(app, ASKED + 2 * DAY)


def test_a_refund_that_the_bank_refuses_is_a_task_at_once_and_its_clock_goes_on(
    service: FakeService, app: Flask
) -> None:
    reference, _, made = asked(service)
    service.return_will(FAILED)
    jobs_at(ASKED)
    one = refund(made)
    part = one.payouts[0]
    assert (part.state.value, part.external_reference, part.failure) == (
        "failed",
        None,
        "The card has expired or was canceled.",
    )
    assert (one.state.value, books(reference)) == ("approved", {"cash_card": UPFRONT, "refunds_payable": -UPFRONT})
    (task,) = [task for task in tasks_about(reference) if task.kind is TaskKind.PAYOUT_FAILED]
    assert task.sentence == (
        f"$1,899.00 of the refund {made} did not reach the card. The card has expired or was canceled. Open the refund "
        "and try the card again, or send the money another way. The student was promised it until December 7, 2026."
    )
    assert [clock.state.value for clock in clocks_about(reference)] == ["running"]
    assert [letter.template for letter in letters(reference)][-1] == "payout_failed"
    assert_clean(app, ASKED + HOUR)


def test_money_that_a_bank_gives_back_days_later_opens_the_refund_again(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    jobs_at(ASKED)
    promised = (refund(made).due_on, refund(made).overdue_on)
    (there,) = service.returns_of(intent_of(paid))
    service.settle_return(there.id, FAILED, failure="insufficient_funds")
    settle(paid, ASKED + 3 * DAY)
    one = refund(made)
    assert (one.state.value, one.settled_at, one.payouts[0].state.value) == ("approved", None, "failed")
    assert (one.due_on, one.overdue_on) == promised
    (clock,) = clocks_about(reference)
    assert (clock.state.value, clock.ended_at, clock.due_on, clock.overdue_on) == ("running", None, *promised)
    assert postings(reference)[-2:] == ["paid_out", "payout_failed"]
    assert books(reference) == {"cash_card": UPFRONT, "refunds_payable": -UPFRONT}
    assert tasks(reference) == [("payout_failed", "open")]
    assert_clean(app, ASKED + 4 * DAY)
    again(made, ASKED + 4 * DAY)
    jobs_at(ASKED + 4 * DAY)
    one = refund(made)
    assert (one.state.value, one.payouts[0].state.value, one.payouts[0].tries) == ("settled", "sent", 2)
    assert returned(service) == [(UPFRONT, "failed"), (UPFRONT, "succeeded")]
    assert (tasks(reference), books(reference)) == ([("payout_failed", "done")], {})
    assert [letter.event for letter in letters(reference, "payout_sent")] == [
        one.payouts[0].reference,
        f"{one.payouts[0].reference}.2",
    ]
    assert [clock.state.value for clock in clocks_about(reference)] == ["met"]
    assert_clean(app, ASKED + 5 * DAY)


def again(made: str, at: dt.datetime) -> None:
    with unit_of_work():
        another_way.try_card_again(payout=queries.payout(payout_ref(made)), actor=BURSAR, at=at)


def payout_ref(made: str) -> str:
    return queries.by_reference(made).payouts[0].reference


def otherwise(
    made: str, method: PaymentMethod = PaymentMethod.CHECK, reason: str = REASON, at: dt.datetime = ASKED + DAY
) -> None:
    with unit_of_work():
        another_way.send_another_way(
            payout=queries.payout(payout_ref(made)),
            method=method,
            external_reference=" check  77 ",
            reason=reason,
            actor=BURSAR,
            at=at,
        )


def test_what_the_card_did_not_take_may_go_by_check_with_a_reason(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    service.return_will(FAILED)
    jobs_at(ASKED)
    otherwise(made)
    part = payout(made)
    assert (part.state.value, part.method.value, part.external_reference) == ("sent", "check", "check 77")
    assert (refund(made).state.value, tasks(reference)) == ("settled", [("payout_failed", "done")])
    assert books(reference) == {"cash_card": UPFRONT, "cash_offline": -UPFRONT}
    (noted,) = [row for row in timeline(reference) if row.event == "payout.sent_another_way"]
    assert (noted.actor_reference, noted.data) == (BURSAR.reference, {"method": "check"})
    settle(paid, ASKED + 2 * DAY)
    assert returned(service) == [(UPFRONT, "failed")]
    assert_clean(app, ASKED + 3 * DAY)


def test_only_what_failed_goes_another_way_never_to_a_card_and_not_without_a_reason(service: FakeService) -> None:
    _, _, made = asked(service)
    with pytest.raises(StaysWithCard):
        otherwise(made)
    with pytest.raises(NotFailed):
        again(made, ASKED)
    with pytest.raises(GoesByItself), unit_of_work():
        actions.send_payout(payout=queries.payout(payout_ref(made)), external_reference="x", actor=BURSAR, at=ASKED)
    service.return_will(FAILED)
    jobs_at(ASKED)
    for method in (PaymentMethod.CARD, PaymentMethod.CASH):
        with pytest.raises(NotAnotherWay):
            otherwise(made, method)
    with pytest.raises(ReasonRefused):
        otherwise(made, reason="closed")
    otherwise(made)
    with pytest.raises(StaysWithCard, match="was sent already"):
        otherwise(made)


def test_a_school_that_left_the_service_sends_what_was_never_asked_for_another_way(
    service: FakeService, app: Flask
) -> None:
    """The keys are gone for good; when they come back after all, nothing goes a second time."""
    reference, paid, made = asked(service)
    del app.extensions["payment_service"]
    jobs_at(ASKED)
    assert (payout(made).state.value, payout(made).tries) == ("sending", 1)
    otherwise(made)
    part = payout(made)
    assert (part.state.value, part.method.value, part.external_reference) == ("sent", "check", "check 77")
    assert (refund(made).state.value, [one.state.value for one in clocks_about(reference)]) == ("settled", ["met"])
    assert books(reference) == {"cash_card": UPFRONT, "cash_offline": -UPFRONT}
    (told,) = letters(reference, "payout_sent")
    assert (told.values["method"], told.values["external_reference"]) == ("check", "check 77")
    (call,) = db.session.scalars(sa.select(ServiceCall).where(ServiceCall.subject == part.reference)).all()
    assert (call.state.value, call.tried_at, call.error) == ("refused", None, another_way.GIVEN_UP)
    app.extensions["payment_service"] = service
    jobs_at(ASKED + 2 * DAY)
    job(RECONCILE, ASKED + 2 * DAY)
    settle(paid, ASKED + 2 * DAY)
    assert returned(service) == []
    assert_clean(app, ASKED + 3 * DAY)


def test_before_a_worker_took_it_in_hand_it_goes_another_way_too(service: FakeService, app: Flask) -> None:
    reference, _, made = asked(service)
    del app.extensions["payment_service"]
    otherwise(made)
    jobs_at(ASKED + 2 * DAY)
    app.extensions["payment_service"] = service
    assert (payout(made).state.value, payout(made).tries, returned(service)) == ("sent", 1, [])
    assert postings(reference)[-1] == "paid_out"
    assert_clean(app, ASKED + 3 * DAY)


def test_what_the_service_was_asked_for_without_an_answer_stays_and_is_asked_for_again(
    service: FakeService, app: Flask
) -> None:
    _, _, made = asked(service)
    service.fail_next(Fault.LOST_AFTER, call="give_back")
    jobs_at(ASKED)
    del app.extensions["payment_service"]
    with pytest.raises(StaysWithCard, match="its answer is not known"):
        otherwise(made)
    app.extensions["payment_service"] = service
    jobs_at(ASKED + 2 * DAY)
    assert (payout(made).state.value, payout(made).method.value) == ("sent", "card")
    assert returned(service) == [(UPFRONT, "succeeded")]
    assert_clean(app, ASKED + 3 * DAY)


def test_a_second_try_under_keys_that_are_gone_leads_nowhere_and_may_go_another_way(
    service: FakeService, app: Flask
) -> None:
    reference, _, made = asked(service)
    service.return_will(FAILED)
    jobs_at(ASKED)
    again(made, ASKED + HOUR)
    del app.extensions["payment_service"]
    jobs_at(ASKED + 2 * HOUR)
    otherwise(made)
    app.extensions["payment_service"] = service
    jobs_at(ASKED + 2 * DAY)
    assert (payout(made).state.value, payout(made).tries) == ("sent", 2)
    assert (returned(service), tasks(reference)) == ([(UPFRONT, "failed")], [("payout_failed", "done")])
    assert_clean(app, ASKED + 3 * DAY)


def test_what_a_bank_holds_or_has_given_back_never_goes_another_way(service: FakeService, app: Flask) -> None:
    _, paid, made = asked(service)
    service.return_will(FAILED)
    jobs_at(ASKED)
    complaint = service.open_dispute(intent_of(paid))
    hooks.take_in(service.take_events(), secret=service.secret, at=ASKED + HOUR)
    do_events(ASKED + HOUR)
    with pytest.raises(StaysWithCard, match="holds this payment in a dispute"):
        otherwise(made)
    service.close_dispute(complaint.id, DisputeStatus.LOST)
    hooks.take_in(service.take_events(), secret=service.secret, at=ASKED + DAY)
    do_events(ASKED + DAY)
    with pytest.raises(StaysWithCard, match="given this payment back in a dispute"):
        otherwise(made)
    again(made, ASKED + 2 * DAY)
    jobs_at(ASKED + 2 * DAY)
    assert (payout(made).state.value, payout(made).external_reference) == ("sent", complaint.id)
    assert_clean(app, ASKED + 3 * DAY)


def test_a_refusal_whose_second_look_found_nobody_is_looked_at_again_and_fails(service: FakeService) -> None:
    _, _, made = asked(service)

    def refuse(**_: object) -> None:
        service.fail_next(Fault.LOST_BEFORE, call="returns_of")
        raise Refused("This account cannot give money back.")

    service.give_back = refuse  # type: ignore[method-assign,assignment]
    jobs_at(ASKED)
    assert payout(made).state.value == "sending"
    jobs_at(ASKED + 2 * MINUTE)
    assert (payout(made).state.value, payout(made).failure) == ("failed", "The payment service would not send it.")


def test_without_keys_a_refund_that_waits_for_a_day_is_a_task_that_says_what_to_do(
    service: FakeService, app: Flask
) -> None:
    reference, _, made = asked(service)
    del app.extensions["payment_service"]
    jobs_at(ASKED)
    for hours in (1, 25):
        job(RECONCILE, ASKED + hours * HOUR)
    (task,) = [task for task in tasks_about(reference) if task.kind is TaskKind.CHECK_CARD_PAYMENT]
    assert task.sentence == (
        f"The refund {made} was to go to the card more than a day ago, and the keys of the payment service are not "
        "set. If the school has left the service, open the refund and send the money another way."
    )
    assert_clean(app, ASKED + 26 * HOUR)
    otherwise(made, at=ASKED + 26 * HOUR)
    assert ("check_card_payment", "done") in tasks(reference)
    app.extensions["payment_service"] = service


def test_a_call_that_the_service_refuses_fails_in_words(service: FakeService) -> None:
    reference = agreed()
    paid = landed("pi_gone_at_the_service", reference, UPFRONT)
    made = ask(reference)
    with pytest.raises(Exception, match="no such object"):
        job(PAY_OUT, ASKED, payout=payout(made).reference)
    del service._intents[charged(service, UPFRONT, reference)]
    assert payment(paid).refunded_cents == UPFRONT
    assert payout(made).state.value == "sending"


# The dashboard of the service.


def test_a_refund_made_in_the_dashboard_a_moment_ago_is_ours_and_not_repeated(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    there = service.return_in_dashboard(intent_of(paid), UPFRONT)
    jobs_at(ASKED)
    assert returned(service) == [(UPFRONT, "succeeded")]
    assert (payout(made).state.value, payout(made).external_reference) == ("sent", there.id)
    assert (books(reference), refund(made).state.value) == ({}, "settled")
    assert_clean(app, ASKED + HOUR)


def test_its_event_before_the_job_makes_it_ours_too(service: FakeService) -> None:
    _, paid, made = asked(service)
    there = service.return_in_dashboard(intent_of(paid), UPFRONT)
    settle(paid, ASKED)
    assert (payout(made).state.value, payout(made).external_reference) == ("sent", there.id)
    jobs_at(ASKED + MINUTE)
    assert returned(service) == [(UPFRONT, "succeeded")]


def test_a_part_given_back_there_before_ours_leaves_the_rest_to_us(service: FakeService, app: Flask) -> None:
    _, paid, made = asked(service)
    service.return_in_dashboard(intent_of(paid), 50_000)
    settle(paid, ASKED)
    jobs_at(ASKED + MINUTE)
    assert returned(service) == [(50_000, "succeeded"), (UPFRONT - 50_000, "succeeded")]
    assert (payout(made).state.value, refund(made).state.value) == ("sent", "settled")
    settle(paid, ASKED + HOUR)
    assert len(queries.of_enrollment(refund(made).enrollment_id)) == 1
    assert_clean(app, ASKED + 2 * HOUR)


def test_all_of_it_given_back_there_ends_the_enrollment_like_any_refund(service: FakeService, app: Flask) -> None:
    reference, paid = paid_upfront(service)
    there = service.return_in_dashboard(intent_of(paid), UPFRONT)
    settle(paid, PAID + 40 * DAY)
    settle(paid, PAID + 41 * DAY)
    (one,) = queries.of_enrollment(stored(reference).id)
    assert (one.state.value, one.basis.value, one.channel.value, one.amount_cents) == (
        "settled",
        "outside",
        "service",
        UPFRONT,
    )
    assert [(part.state.value, part.external_reference) for part in one.payouts] == [("sent", there.id)]
    assert (stored(reference).state.value, books(reference), tasks(reference)) == ("refunded", {}, [])
    assert [letter.template for letter in letters(reference)][-1] == "refund_outside"
    assert_clean(app, PAID + 42 * DAY)


def test_a_part_of_it_leaves_the_decision_to_staff(service: FakeService, app: Flask) -> None:
    reference = agreed("installments")
    paid = by_card(service, reference, QUARTER)
    service.return_in_dashboard(intent_of(paid), 10_000)
    settle(paid, PAID + 2 * DAY)
    assert (stored(reference).state.value, tasks(reference)) == ("active", [("outside_refund", "open")])
    assert books(reference) == {
        "receivable": 3 * QUARTER,
        "tuition": -(4 * QUARTER - 10_000),
        "cash_card": QUARTER - 10_000,
    }
    assert rows(reference)[0] == (1, "paid", QUARTER, QUARTER)
    assert_clean(app, PAID + 3 * DAY)
    service.return_in_dashboard(intent_of(paid), QUARTER - 10_000)
    settle(paid, PAID + 4 * DAY)
    assert (stored(reference).state.value, books(reference)) == ("refunded", {})
    assert [row[1] for row in rows(reference)] == ["paid", "canceled", "canceled", "canceled"]
    assert_clean(app, PAID + 5 * DAY)


def test_the_rest_of_a_payment_can_still_go_back_by_the_rule(service: FakeService, app: Flask) -> None:
    reference, paid = paid_upfront(service)
    service.return_in_dashboard(intent_of(paid), 30_000)
    settle(paid, PAID + MINUTE)
    made = ask(reference)
    jobs_at(ASKED)
    assert refund(made).amount_cents == UPFRONT - 30_000
    assert returned(service) == [(30_000, "succeeded"), (UPFRONT - 30_000, "succeeded")]
    assert books(reference) == {}
    assert_clean(app, ASKED + HOUR)


@pytest.mark.parametrize("decided", [None, DisputeStatus.WON, DisputeStatus.LOST], ids=["open", "won", "lost"])
def test_what_went_back_there_before_a_dispute_is_counted_though_its_word_comes_after(
    service: FakeService, app: Flask, decided: DisputeStatus | None
) -> None:
    reference, paid = paid_upfront(service)
    there = service.return_in_dashboard(intent_of(paid), 50_000)
    opened = service.open_dispute(intent_of(paid), UPFRONT - 50_000)
    if decided is not None:
        opened = service.close_dispute(opened.id, decided)
    with unit_of_work():
        disputes.settle(opened, at=PAID + DAY)
    for days in (2, 3):
        settle(paid, PAID + days * DAY)
    (made,) = queries.of_enrollment(stored(reference).id)
    assert (made.basis.value, made.state.value, made.amount_cents) == ("outside", "settled", 50_000)
    assert payment(paid).refunded_cents == 50_000
    assert stored(reference).state.value == "active"
    held = 0 if decided is DisputeStatus.WON else UPFRONT - 50_000
    assert books(reference).get("cash_card", 0) == UPFRONT - 50_000 - held
    (task,) = [one for one in tasks_about(reference) if one.kind.value == "outside_refund"]
    assert there.id in task.sentence
    assert_clean(app, PAID + 4 * DAY)


def test_more_than_came_in_is_a_task_and_never_counted(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    jobs_at(ASKED)
    service.return_in_dashboard(intent_of(paid), UPFRONT)
    settle(paid, ASKED + HOUR)
    settle(paid, ASKED + 2 * HOUR)
    assert (payment(paid).refunded_cents, refund(made).state.value) == (UPFRONT, "settled")
    assert tasks(reference) == [("check_card_payment", "open")]
    assert_clean(app, ASKED + DAY)


# Money that the enrollment could not take.


def test_a_charge_that_lands_after_the_refund_goes_back_by_itself(service: FakeService, app: Flask) -> None:
    reference = agreed("installments")
    by_card(service, reference, QUARTER)
    intent = charged(service, QUARTER, reference)  # in flight: its answer is not here yet
    ask(reference)
    jobs_at(ASKED)
    late = landed(intent, reference, QUARTER, at=ASKED + HOUR, begun_at=PAID)
    jobs_at(ASKED + HOUR)
    jobs_at(ASKED + 2 * HOUR)
    assert returned(service) == [(QUARTER, "succeeded")] * 2
    assert payment(late).refunded_cents == QUARTER
    latest = queries.of_enrollment(stored(reference).id)[0]
    assert (latest.basis.value, latest.channel.value, latest.state.value) == ("late_payment", "service", "settled")
    assert (books(reference), tasks(reference), stored(reference).state.value) == ({}, [], "refunded")
    assert_clean(app, ASKED + DAY)


def test_a_card_payment_for_a_canceled_enrollment_goes_back_once(service: FakeService, app: Flask) -> None:
    reference = agreed()
    with unit_of_work():
        canceled = by_reference(reference, lock=True)
        enrollments.cancel(enrollment=canceled, reason=CancelReason.STUDENT, actor=SYSTEM, at=PAID)
    paid = by_card(service, reference, UPFRONT, at=PAID + HOUR)
    for _ in range(3):
        job(RETURN_JOB, PAID + HOUR, payment=paid)
    jobs_at(PAID + HOUR)
    assert returned(service) == [(UPFRONT, "succeeded")]
    assert [letter.values["basis"] for letter in letters(reference, "refund_approved")] == ["late_payment"]
    assert (books(reference), tasks(reference)) == ({}, [])
    assert_clean(app, PAID + DAY)


# Disputes.


def decided(service: FakeService, dispute_id: str, status: DisputeStatus | None = None) -> None:
    """Let the bank decide, and take over how the dispute stands."""
    if status is not None:
        service.close_dispute(dispute_id, status)
    told = service.dispute(dispute_id)
    with unit_of_work():
        disputes.settle(told, at=Clock.now)


def test_nothing_is_sent_while_the_bank_holds_the_money(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    dispute = service.open_dispute(intent_of(paid)).id
    decided(service, dispute)
    why = job(PAY_OUT, ASKED, payout=payout(made).reference)
    assert (why, returned(service), payout(made).state.value) == (
        "the bank holds the money in a dispute",
        [],
        "due",
    )
    assert_clean(app, ASKED)
    decided(service, dispute, DisputeStatus.WON)
    jobs_at(ASKED + HOUR)
    assert (payout(made).state.value, returned(service)) == ("sent", [(UPFRONT, "succeeded")])
    assert books(reference) == {}
    assert_clean(app, ASKED + HOUR)


def test_a_lost_dispute_is_the_payout_and_the_loss_is_there_once(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    dispute = service.open_dispute(intent_of(paid)).id
    decided(service, dispute)
    decided(service, dispute, DisputeStatus.LOST)
    jobs_at(ASKED)
    assert (payout(made).state.value, refund(made).state.value, returned(service)) == ("sent", "settled", [])
    assert (payout(made).external_reference, books(reference)) == (dispute, {})
    assert letters(reference, "payout_sent")[0].values["disputed"] is True
    settle(paid, ASKED + HOUR)
    assert payout(made).state.value == "sent"
    assert_clean(app, ASKED + 2 * HOUR)


def test_a_lost_dispute_that_is_won_after_all_owes_the_money_again(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    dispute = service.open_dispute(intent_of(paid)).id
    decided(service, dispute)
    decided(service, dispute, DisputeStatus.LOST)
    jobs_at(ASKED)
    decided(service, dispute, DisputeStatus.WON)
    job(RECONCILE, ASKED + HOUR)
    assert (payout(made).state.value, refund(made).state.value) == ("failed", "approved")
    assert books(reference) == {"cash_card": UPFRONT, "refunds_payable": -UPFRONT}
    again(made, ASKED + 2 * HOUR)
    jobs_at(ASKED + 2 * HOUR)
    assert (payout(made).state.value, returned(service), books(reference)) == ("sent", [(UPFRONT, "succeeded")], {})
    assert_clean(app, ASKED + 3 * HOUR)


def test_a_dispute_lost_about_a_part_is_put_before_staff(service: FakeService) -> None:
    reference, paid, made = asked(service)
    dispute = service.open_dispute(intent_of(paid), 50_000).id
    decided(service, dispute)
    decided(service, dispute, DisputeStatus.LOST)
    jobs_at(ASKED)
    assert (payout(made).state.value, returned(service)) == ("failed", [])
    assert payout(made).failure == "The bank gave a part of it back in a dispute; only the rest is still to be sent."
    assert ("payout_failed", "open") in tasks(reference)


def lost(service: FakeService, paid: str, *parts: int) -> None:
    """Let a bank give parts of a payment back, each in a dispute of its own."""
    for cents in parts:
        dispute = service.open_dispute(intent_of(paid), cents).id
        decided(service, dispute)
        decided(service, dispute, DisputeStatus.LOST)


@pytest.mark.parametrize("parts", [(50_000,), (20_000, 30_000)], ids=["one dispute", "two"])
@pytest.mark.parametrize("keys", ["set", "gone"])
def test_of_what_a_bank_gave_back_in_part_only_the_rest_is_sent_and_booked(
    service: FakeService, app: Flask, parts: tuple[int, ...], keys: str
) -> None:
    reference, paid, made = asked(service)
    lost(service, paid, *parts)
    jobs_at(ASKED)
    (task,) = [one for one in tasks_about(reference) if one.kind is TaskKind.PAYOUT_FAILED]
    assert task.sentence.startswith(f"$1,399.00 of the refund {made} did not reach the card.")
    assert letters(reference, "payout_failed")[0].values["amount_cents"] == UPFRONT - 50_000
    (call,) = db.session.scalars(sa.select(ServiceCall).where(ServiceCall.subject == payout(made).reference)).all()
    assert (call.state.value, call.tried_at) == ("refused", None)
    if keys == "gone":
        del app.extensions["payment_service"]
    otherwise(made)
    assert (payout(made).state.value, refund(made).state.value, returned(service)) == ("sent", "settled", [])
    assert letters(reference, "payout_sent")[0].values["amount_cents"] == UPFRONT - 50_000
    assert books(reference) == {"cash_card": UPFRONT - 50_000, "cash_offline": -(UPFRONT - 50_000)}
    assert_clean(app, ASKED + 2 * DAY)
    app.extensions["payment_service"] = service


def test_two_disputes_that_gave_back_all_of_it_are_the_payout(service: FakeService, app: Flask) -> None:
    reference, paid, made = asked(service)
    lost(service, paid, 50_000, UPFRONT - 50_000)
    jobs_at(ASKED)
    assert (payout(made).state.value, refund(made).state.value, books(reference)) == ("sent", "settled", {})
    assert_clean(app, ASKED + DAY)


def test_while_it_is_not_known_whether_the_service_sent_it_nothing_is_left_to_staff(
    service: FakeService, app: Flask
) -> None:
    """Its answer was lost, and so was a part in a dispute: it is looked for as long as it may still come."""
    reference, paid, made = asked(service)
    service.fail_next(Fault.LOST_BEFORE, call="give_back")
    jobs_at(ASKED)
    lost(service, paid, 50_000)
    jobs_at(ASKED + HOUR)
    job(PAY_OUT, ASKED + 2 * HOUR, payout=payout_ref(made))
    assert (payout(made).state.value, tasks(reference)) == ("sending", [("answer_dispute", "done")])
    with pytest.raises(StaysWithCard, match="its answer is not known"):
        otherwise(made)
    job(PAY_OUT, ASKED + DAY, payout=payout_ref(made))
    assert (payout(made).state.value, ("payout_failed", "open") in tasks(reference)) == ("failed", True)
    otherwise(made, at=ASKED + 2 * DAY)
    assert (books(reference).get("cash_offline"), returned(service)) == (-(UPFRONT - 50_000), [])
    assert_clean(app, ASKED + 3 * DAY)


def test_what_the_service_sent_before_a_part_was_lost_counts_as_sent(service: FakeService) -> None:
    _, paid, made = asked(service)
    service.fail_next(Fault.LOST_AFTER, call="give_back")
    jobs_at(ASKED)
    lost(service, paid, 50_000)
    job(PAY_OUT, ASKED + HOUR, payout=payout_ref(made))
    assert (payout(made).state.value, payout(made).method.value) == ("sent", "card")
    assert returned(service) == [(UPFRONT, "succeeded")]


def test_what_failed_and_may_have_been_sent_goes_neither_way(service: FakeService) -> None:
    _, _, made = asked(service)
    service.return_will(FAILED)
    jobs_at(ASKED)
    with unit_of_work():
        calls.store(kind=CallKind.GIVE_BACK, subject=payout_ref(made), at=ASKED)
        tried = sa.update(ServiceCall).where(ServiceCall.state == CallState.OPEN)
        db.session.execute(tried.values(tried_at=ASKED))
    with pytest.raises(StaysWithCard, match="its answer is not known"):
        otherwise(made)
    with pytest.raises(StaysWithCard, match="its answer is not known"):
        again(made, ASKED + DAY)
    assert (payout(made).state.value, payout(made).tries) == ("failed", 1)


def test_a_payout_sent_another_way_is_booked_under_the_try_that_it_stands_at(service: FakeService, app: Flask) -> None:
    """It was read before another worker noted the second try."""
    reference, _, made = asked(service)
    del app.extensions["payment_service"]
    jobs_at(ASKED)
    with unit_of_work():
        one = queries.payout(payout_ref(made))
        later = sa.update(Payout).where(Payout.id == one.id).values(tries=2)
        db.session.execute(later.execution_options(synchronize_session=False))
        another_way.send_another_way(
            payout=one,
            method=PaymentMethod.CHECK,
            external_reference="check 77",
            reason=REASON,
            actor=BURSAR,
            at=ASKED,
        )
    booked = sa.select(LedgerPosting.subject_reference).where(LedgerPosting.kind == PostingKind.PAID_OUT)
    assert db.session.scalars(booked.where(LedgerPosting.about == reference)).all() == [f"{payout_ref(made)}.2"]
    app.extensions["payment_service"] = service


def test_a_request_about_disputed_money_is_turned_down_and_the_loss_is_counted_once(
    service: FakeService, app: Flask
) -> None:
    reference, paid = paid_upfront(service)
    dispute = service.open_dispute(intent_of(paid)).id
    decided(service, dispute)
    assert refund(ask(reference)).decision["refusal"] == "disputed"
    decided(service, dispute, DisputeStatus.LOST)
    decided(service, dispute)
    jobs_at(ASKED + HOUR)
    assert (returned(service), books(reference)) == ([], {"tuition": -UPFRONT, "disputed": UPFRONT})
    assert_clean(app, ASKED + 2 * HOUR)


# Events of the service.


def test_events_in_any_order_and_number_end_in_the_same_state(service: FakeService, app: Flask) -> None:
    """A13: pending, taken, given back by the bank; each event many times, old ones last."""
    reference, paid, made = asked(service)
    service.return_will(PENDING)
    jobs_at(ASKED)
    (there,) = service.returns_of(intent_of(paid))
    service.settle_return(there.id, SUCCEEDED)
    early = [sent for sent in service.take_events() if sent.kind.startswith(("refund.", "charge.refund"))]
    hooks.take_in(early, secret=service.secret, at=ASKED + HOUR)
    do_events(ASKED + HOUR)
    assert refund(made).state.value == "settled"
    service.settle_return(there.id, FAILED, failure="insufficient_funds")
    late = [*service.take_events(), *(hooks.again(one, number) for one in early for number in range(3))]
    random.Random(7).shuffle(late)
    hooks.take_in(late, secret=service.secret, at=ASKED + 3 * DAY)
    do_events(ASKED + 3 * DAY)
    assert set(hooks.states()) <= {"applied", "ignored", "parked"}
    assert {one.remark for one in hooks.stored() if one.state is EventState.APPLIED} == {
        f"What went back of {paid} stands here as it does there.",
        "What went back of this charge is looked at.",
    }
    assert (refund(made).state.value, payout(made).state.value, payout(made).tries) == ("approved", "failed", 1)
    assert books(reference) == {"cash_card": UPFRONT, "refunds_payable": -UPFRONT}
    assert len(letters(reference, "payout_failed")) == 1
    assert_clean(app, ASKED + 4 * DAY)


def do_events(now: dt.datetime) -> None:
    """Apply what came in, and do the jobs that it asked for."""
    Clock.now = now
    for name in db.session.scalars(sa.select(PaymentEvent.service_id)).all():
        events.settle(name, now=now)
    run_refund_jobs(now)


# What the service forgot to tell.


def test_a_refund_of_the_dashboard_without_an_event_is_found_within_the_hour(service: FakeService) -> None:
    reference, paid = paid_upfront(service)
    Clock.now = PAID + 2 * DAY
    service.return_in_dashboard(intent_of(paid), UPFRONT)
    job(RECONCILE, PAID + 2 * DAY + 15 * MINUTE)
    jobs_at(PAID + 2 * DAY + 16 * MINUTE)
    assert stored(reference).state.value == "refunded"
    before = len(db.session.scalars(sa.select(Job).where(Job.kind == SETTLE)).all())
    job(RECONCILE, PAID + 2 * DAY + 30 * MINUTE)
    assert len(db.session.scalars(sa.select(Job).where(Job.kind == SETTLE)).all()) == before


def test_a_refund_that_failed_without_an_event_is_found(service: FakeService) -> None:
    _, paid, made = asked(service)
    jobs_at(ASKED)
    (there,) = service.returns_of(intent_of(paid))
    service.settle_return(there.id, FAILED)
    job(RECONCILE, ASKED + 15 * MINUTE)
    jobs_at(ASKED + 16 * MINUTE)
    assert payout(made).state.value == "failed"


def test_one_that_stays_pending_is_asked_for_and_becomes_a_task_after_a_day(service: FakeService) -> None:
    reference, paid, made = asked(service)
    service.return_will(PENDING)
    jobs_at(ASKED)
    (there,) = service.returns_of(intent_of(paid))
    job(RECONCILE, ASKED + 9 * MINUTE)
    assert (tasks(reference), due_jobs()) == ([], 0)
    job(RECONCILE, ASKED + DAY)
    assert (tasks(reference), due_jobs()) == ([("check_card_payment", "open")], 1)
    jobs_at(ASKED + DAY + MINUTE)
    assert payout(made).state.value == "sending"
    service.settle_return(there.id, SUCCEEDED)
    job(RECONCILE, ASKED + DAY + 15 * MINUTE)
    jobs_at(ASKED + DAY + 16 * MINUTE)
    assert (payout(made).state.value, tasks(reference)) == ("sent", [("check_card_payment", "done")])


def due_jobs() -> int:
    db.session.rollback()
    return len(db.session.scalars(sa.select(Job).where(Job.kind.like("refunds.%"), Job.state == "queued")).all())


def test_two_who_try_the_card_again_send_it_once(service: FakeService) -> None:
    _, _, made = asked(service)
    service.return_will(FAILED)
    jobs_at(ASKED)
    again(made, ASKED + HOUR)
    with pytest.raises((NotFailed, PayoutSent)):
        again(made, ASKED + HOUR)
    jobs_at(ASKED + HOUR)
    assert returned(service) == [(UPFRONT, "failed"), (UPFRONT, "succeeded")]
