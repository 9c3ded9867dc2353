import csv
import datetime as dt
import io
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.books import closing
from provider.books.closing import COMPARE, ClosedAlready, DayNotOver, RemarkMissing, compare_day, of_day, to_compare
from provider.books.comparing import CloseState, Difference, How, Thing
from provider.books.handlers import DAYS, compare_days
from provider.books.handlers import compare_day as compare_one
from provider.books.models import DayClose
from provider.cards.models import Dispute
from provider.history.models import History
from provider.jobs.models import Job
from provider.jobs.rules import Later
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import NotFound
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.payments.service import SERVICE, InsideUnit
from provider.tasks.models import Task
from provider.tasks.queries import about
from provider.tasks.rules import TaskState
from tests.harness.cards import TimedService, pay
from tests.harness.money import BURSAR, PAID, agreed, at_once, record, reverse
from tests.harness.season import Season
from tests.harness.service_words import Fault
from tests.harness.statements import statements
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 11, 21)  # PAID's, in New York
NIGHT = dt.datetime(2026, 11, 22, 5, 5, tzinfo=dt.UTC)  # five past midnight there
UPFRONT = 189_900
QUARTER = 52_500


@pytest.fixture
def cards_on(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    known = app.extensions["settings"]
    keys = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"}
    monkeypatch.setitem(app.extensions, "settings", replace(known, **keys))


@pytest.fixture
def service(app: Flask, cards_on: None, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    made = TimedService(PAID)
    monkeypatch.setitem(app.extensions, "payment_service", made)
    return made


def compared(day: dt.date = TODAY, *, now: dt.datetime = NIGHT) -> DayClose:
    compare_day(day, now=now)
    return of_day(day)


def told(day: DayClose) -> list[tuple[str, str, str, str]]:
    return [(one.how.value, one.thing.value, one.ours, one.theirs) for one in day.differing]


def tasks(day: dt.date = TODAY) -> list[Task]:
    return [task for task in about(f"DAY-{day.isoformat()}") if task.state is TaskState.OPEN]


def charged(service: TimedService, at: dt.datetime = PAID, plan: str = "upfront") -> str:
    """Let somebody pay by card; returns what the service calls it."""
    service.at = at
    pay(service, agreed(plan, at=at - DAY))
    return max(service.totals(), key=lambda name: int(name.rpartition("_")[2]))


def change(payment_id: str, **values: object) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Payment).where(Payment.external_reference == payment_id).values(**values))


def test_a_day_on_which_both_sides_say_the_same_agrees(service: TimedService) -> None:
    charged(service)
    charged(service, PAID + dt.timedelta(hours=1), "installments")
    record(agreed(), UPFRONT, method=PaymentMethod.CHECK)
    day = compared()
    assert (day.state, day.differing, day.trouble) == (CloseState.AGREES, [], None)
    assert day.ours == {"payments": {"card": UPFRONT + QUARTER, "check": UPFRONT}, "payouts": {}, "disputes": {}}
    assert day.theirs == {"payments": UPFRONT + QUARTER, "payouts": 0, "disputes": 0}
    assert tasks() == []


def test_a_payment_that_only_the_service_has_is_named_and_becomes_a_task(service: TimedService) -> None:
    known = charged(service)
    stranger = service.charge(
        key="k", amount_cents=700, customer_id=service.intent(known).customer_id or "",
        method_id=service.intent(known).method_id or "", reference="somebody else", present=False,
    )  # fmt: skip
    day = compared()
    assert day.differing == [Difference(Thing.PAYMENT, How.ONLY_THERE, stranger.id, "", "", "$7.00")]
    assert day.theirs == {"payments": UPFRONT + 700, "payouts": 0, "disputes": 0}
    (task,) = tasks()
    assert task.sentence == (
        "The money of November 21, 2026 differs from what the payment service says. "
        f"Payment {stranger.id}: the service says $7.00, nothing here is known under that name."
    )


def test_a_payment_that_only_we_have_is_named(service: TimedService) -> None:
    known = charged(service)
    del service._intents[known]
    assert told(compared()) == [("only_here", "payment", "$1,899.00", "")]


def test_a_payment_of_another_amount_is_named_with_both(service: TimedService) -> None:
    known = charged(service)
    service._intents[known] = replace(service._intents[known], amount_cents=UPFRONT + 1)
    assert told(compared()) == [("amounts", "payment", "$1,899.00", "$1,899.01")]


def test_what_our_side_says_is_what_the_ledger_says(service: TimedService) -> None:
    known = charged(service)
    change(known, amount_cents=UPFRONT + 5_000)
    assert compared().differing == []


@pytest.mark.parametrize("seconds", [-1, 0], ids=["a second before midnight", "at midnight"])
def test_a_card_payment_belongs_to_the_day_on_which_the_service_charged_it(service: TimedService, seconds: int) -> None:
    midnight = dt.datetime(2026, 11, 22, 5, tzinfo=dt.UTC)
    charged(service, midnight + dt.timedelta(seconds=seconds))
    days = {TODAY: compared(), TODAY + DAY: compared(TODAY + DAY, now=NIGHT + DAY)}
    assert {day: (found.state.value, found.ours["payments"]) for day, found in days.items()} == {
        TODAY: ("agrees", {"card": UPFRONT} if seconds < 0 else {}),
        TODAY + DAY: ("agrees", {} if seconds < 0 else {"card": UPFRONT}),
    }


def test_a_charge_begun_before_the_day_and_confirmed_on_it_is_found_on_both_sides(service: TimedService) -> None:
    known = charged(service)
    began = PAID - dt.timedelta(days=2)
    service._intents[known] = replace(service._intents[known], created_at=began)
    assert compared().differing == []
    service._intents[known] = replace(service._intents[known], created_at=began - 10 * DAY)  # looked up by its name
    assert compared().differing == []


def test_a_payment_we_recorded_under_another_day_is_no_difference(service: TimedService) -> None:
    known = charged(service)
    change(known, received_at=PAID + DAY)
    assert compared().differing == []
    assert compared(TODAY + DAY, now=NIGHT + DAY).differing == []


def test_money_recorded_in_error_counts_nowhere(service: TimedService) -> None:
    reverse(record(agreed(), UPFRONT))
    assert compared().ours["payments"] == {}


def test_a_dispute_is_compared_by_its_name_and_amount(service: TimedService) -> None:
    known = charged(service)
    dispute = service.open_dispute(known)
    assert told(compared()) == [("only_there", "dispute", "", "$1,899.00")]
    with unit_of_work():
        row = Dispute(reference="D-22222222", service_id=dispute.id, amount_cents=UPFRONT, reason="fraudulent",
                      payment_id=db.session.scalars(sa.select(Payment.id)).one(),
                      opened_at=dispute.created_at)  # fmt: skip
        db.session.add(row)
    day = compared()
    assert (day.differing, day.ours["disputes"], tasks()) == ([], {"card": UPFRONT}, [])


def test_an_unreachable_service_is_told_and_the_job_comes_back(app: Flask, service: TimedService) -> None:
    charged(service)
    service.fail_next(*[Fault.LOST_BEFORE] * 9)
    with pytest.raises(Later) as later:
        compare_days({}, now=NIGHT)
    assert (later.value.at > NIGHT, later.value.waits_for) == (True, SERVICE)
    first = of_day(TODAY - 6 * DAY)
    assert (first.state, first.theirs, bool(first.trouble)) == (CloseState.UNREACHABLE, None, True)
    service._faults.clear()
    compare_days({}, now=NIGHT)
    assert {of_day(TODAY - back * DAY).state for back in range(7)} == {CloseState.AGREES}


def test_differences_stay_before_staff_while_the_service_is_away(service: TimedService) -> None:
    known = charged(service)
    del service._intents[known]
    compared()
    service.fail_next(Fault.LOST_BEFORE)
    with pytest.raises(Exception, match="lost"):
        compare_day(TODAY, now=NIGHT)
    assert len(tasks()) == 1


def test_a_later_run_that_finds_no_difference_finishes_the_task(service: TimedService) -> None:
    known = charged(service)
    kept = service._intents.pop(known)
    compared()
    compared()
    assert len(tasks()) == 1
    service._intents[known] = kept
    assert compared().state is CloseState.AGREES
    assert tasks() == []


def test_other_differences_are_another_task(service: TimedService) -> None:
    known = charged(service)
    kept = service._intents.pop(known)
    compared()
    service._intents[known] = replace(kept, amount_cents=1)
    compared()
    (task,) = tasks()
    assert "the service says $0.01" in task.sentence


def test_without_cards_only_the_totals_of_other_money_are_kept(context: AppContext) -> None:
    record(agreed(), UPFRONT, method=PaymentMethod.CASH)
    day = compared()
    assert (day.state, day.ours["payments"], day.theirs) == (CloseState.OFFLINE, {"cash": UPFRONT}, None)


def test_days_are_compared_after_midnight_by_themselves_and_not_again_once_they_agree(
    app: Flask, service: TimedService
) -> None:
    charged(service)
    run_due(NIGHT)
    assert of_day(TODAY).state is CloseState.AGREES
    assert to_compare(TODAY + DAY) == []
    run_due(NIGHT + dt.timedelta(hours=1))
    assert of_day(TODAY).computed_at == NIGHT
    with pytest.raises(NotFound):
        of_day(TODAY + DAY)
    assert db.session.scalar(sa.select(sa.func.count()).where(Job.kind == DAYS)) == 2


def test_a_day_that_differs_is_compared_again_until_it_is_closed(service: TimedService) -> None:
    known = charged(service)
    del service._intents[known]
    compare_days({}, now=NIGHT)
    assert to_compare(TODAY + DAY) == [TODAY]
    shut(remark="The service lost it; written to their support.")
    assert (to_compare(TODAY + DAY), tasks()) == ([], [])


def shut(*, remark: str | None = None, at: dt.datetime = NIGHT) -> DayClose:
    with unit_of_work():
        closing.close(day=TODAY, remark=remark, actor=BURSAR, at=at)
    return of_day(TODAY)


def test_closing_keeps_who_and_when_and_history_tells(service: TimedService) -> None:
    charged(service)
    compared()
    day = shut()
    assert (day.closed_at, day.closed_by, day.remark) == (NIGHT, BURSAR.reference, None)
    row = db.session.scalars(sa.select(History).where(History.event == "day_close.closed")).one()
    assert (row.subject_reference, row.actor_reference) == ("DAY-2026-11-21", BURSAR.reference)
    assert row.data == {"state": "agrees", "differences": 0}
    with pytest.raises(ClosedAlready):
        shut()


@pytest.mark.parametrize("remark", [None, "ok"])
def test_what_differs_is_closed_with_a_written_remark_only(service: TimedService, remark: str | None) -> None:
    known = charged(service)
    del service._intents[known]
    compared()
    with pytest.raises(RemarkMissing):
        shut(remark=remark)
    assert shut(remark="The service lost it; written to their support.").closed_by == BURSAR.reference


def test_a_day_is_not_closed_before_it_is_over(service: TimedService) -> None:
    compared()
    last = dt.datetime(2026, 11, 22, 4, 59, 59, tzinfo=dt.UTC)
    with pytest.raises(DayNotOver):
        shut(at=last)
    assert shut(at=last + dt.timedelta(seconds=1)).closed_at is not None


def test_a_day_that_nobody_compared_is_not_there(context: AppContext) -> None:
    with pytest.raises(NotFound):
        shut()


def test_two_who_close_at_once_close_once(app: Flask, service: TimedService) -> None:
    compared()
    found = at_once(app, *[shut] * 4)
    assert sorted(type(one).__name__ for one in found) == ["ClosedAlready"] * 3 + ["DayClose"]


def test_workers_who_compare_at_once_leave_one_row_a_day(app: Flask, service: TimedService) -> None:
    charged(service)
    days = [TODAY - dt.timedelta(days=back) for back in range(12)]
    found = {day: at_once(app, *[partial(compare_day, day, now=NIGHT)] * 3) for day in days}
    assert found == dict.fromkeys(days, [CloseState.AGREES] * 3)
    assert sorted(db.session.scalars(sa.select(DayClose.day))) == sorted(days)


def test_many_payments_are_compared_in_as_many_statements_as_one(app: Flask, service: TimedService) -> None:
    charged(service)
    with statements(app) as one:
        compared()
    for hours in range(1, 4):
        charged(service, PAID + dt.timedelta(hours=hours))
    with statements(app) as many:
        assert compared().theirs == {"payments": 4 * UPFRONT, "payouts": 0, "disputes": 0}
    assert len(one) == len(many)


def test_the_service_is_never_asked_inside_a_unit_of_work(service: TimedService) -> None:
    charged(service)
    with pytest.raises(InsideUnit), unit_of_work():
        compare_day(TODAY, now=NIGHT)
    assert "intents_between" not in service.calls


def test_the_reference_of_a_day_fits_history() -> None:
    assert len(DayClose(day=TODAY).reference) <= 16


def test_staff_read_what_differs_and_close_the_day(school: Flask, season: Season) -> None:
    bursar = Visitor(school)
    sign_in(bursar, season.staff[Role.BURSAR])
    page = bursar.get("/staff/closing")
    first = page.all("tbody th a")[0]
    assert ("Differs from the service" in page.text, "2 to look at" in page.text) == (True, True)
    page = bursar.get(first.attrs["href"])
    assert "At the service, not here" in page.text
    assert "pi_3Ov1example0001" in page.text
    page = bursar.submit({"remark": ""}, 422)
    assert "This day does not agree with the payment service. Write the reason" in page.text
    page = bursar.submit({"remark": "The school’s other shop uses the same account."})
    assert page.words(".notice--success").startswith("The day is closed.")
    assert "Remark: The school’s other shop uses the same account." in page.text


def test_the_days_are_taken_along(school: Flask, season: Season) -> None:
    bursar = Visitor(school)
    sign_in(bursar, season.staff[Role.BURSAR])
    bursar.get("/staff/closing")
    sent = {"csrf_token": bursar.token(), "format": "csv"}
    answer = bursar.client.post("/staff/closing/export", data=sent)
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 7
    assert (rows[0]["Came in, card (USD)"], rows[0]["Came in, service (USD)"], rows[0]["Differences"]) == (
        "1050.00",
        "1575.00",
        "2",
    )
    assert rows[1]["Closed (UTC)"] != ""


def test_a_day_is_compared_again_by_a_button(school: Flask, season: Season) -> None:
    bursar = Visitor(school)
    sign_in(bursar, season.staff[Role.BURSAR])
    day = bursar.get("/staff/closing").all("tbody th a")[0].attrs["href"]
    bursar.client.post(f"{day}/compare", data={"csrf_token": bursar.token()})
    with school.app_context():
        (asked,) = db.session.scalars(sa.select(Job).where(Job.kind == COMPARE)).all()
        compare_one(asked.payload, now=clock.now())
    assert "Offline money only" in bursar.get(day).text


@pytest.mark.parametrize("day", ["2020-01-01", "today", "2026-13-01"])
def test_a_day_that_is_none_is_not_found(school: Flask, season: Season, day: str) -> None:
    bursar = Visitor(school)
    sign_in(bursar, season.staff[Role.BURSAR])
    assert bursar.client.get(f"/staff/closing/{day}").status_code == 404
