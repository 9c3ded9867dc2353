"""The clock of unpaid installments, driven by the worker as days go by."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from flask.ctx import AppContext

from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference
from provider.enrollments.rules import CancelReason
from provider.jobs.worker import run_due
from provider.kernel.actors import SYSTEM
from provider.kernel.database import unit_of_work
from provider.payments import reminders
from provider.payments.rules import Steps, reminder_on, steps
from provider.tasks.queries import about as tasks_about
from provider.tuition.rules import Reminder
from tests.harness.money import ACCEPTED, PAID, agreed, kept, letters, record, reverse, rows, stored

SCHOOL = ZoneInfo("America/New_York")
QUARTER = 52_500
R = Reminder
DUE = dt.date(2026, 12, 10)


@pytest.mark.parametrize(
    "today, letter",
    [
        ("2026-12-06", None),
        ("2026-12-07", R.AHEAD),
        ("2026-12-09", R.AHEAD),
        ("2026-12-10", R.TODAY),
        ("2026-12-11", None),
        ("2026-12-12", None),
        ("2026-12-13", R.LATE),
        ("2026-12-19", R.LATE),
        ("2026-12-20", R.LAST),
        ("2027-06-01", R.LAST),
    ],
)
def test_the_letter_of_a_day_is_the_one_that_is_right_on_it(today: str, letter: Reminder | None) -> None:
    assert reminder_on(DUE, dt.date(2026, 11, 2), dt.date.fromisoformat(today)) == letter


def test_an_installment_due_when_accepted_has_letters_only_once_it_is_late() -> None:
    assert [reminder_on(DUE, DUE, DUE + dt.timedelta(days=n)) for n in range(4)] == [None, None, None, R.LATE]


@pytest.mark.parametrize(
    "now, expected",
    [
        ("2026-12-11T04:59:59.999999", Steps(reminder=R.TODAY)),
        ("2026-12-11T05:00:00", Steps(past_due=True)),
        ("2026-12-21T04:59:59.999999", Steps(past_due=True, reminder=R.LAST)),
        ("2026-12-21T05:00:00", Steps(past_due=True, reminder=R.LAST, hold=True)),
    ],
    ids=["last instant of the day", "first of the next", "last of the tenth late day", "after it"],
)
def test_steps_come_at_the_end_of_a_day_at_the_school(now: str, expected: Steps) -> None:
    instant = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
    accepted = dt.date(2026, 11, 2)
    today = instant.astimezone(SCHOOL).date()
    assert steps(due_on=DUE, accepted_on=accepted, today=today, now=instant, zone=SCHOOL, scheduled=True) == expected


def test_nothing_to_do_is_false() -> None:
    assert [bool(Steps()), bool(Steps(hold=True)), bool(Steps(reminder=R.LATE))] == [False, True, True]


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), tzinfo=SCHOOL)


def second_due() -> tuple[str, dt.date]:
    """Enroll somebody who paid the first of four installments; return the second one's day."""
    reference = agreed("installments")
    record(reference, QUARTER)
    return reference, stored(reference).installments[1].due_on


def kinds(reference: str) -> list[tuple[object, object]]:
    return [(one.values["number"], one.values["kind"]) for one in letters(reference, "installment_reminder")]


def test_day_by_day_each_letter_goes_out_once(context: AppContext) -> None:
    reference, due = second_due()
    sent: dict[int, list[tuple[object, object]]] = {}
    for day in range(-5, 13):
        before = len(kinds(reference))
        run_due(noon(due + dt.timedelta(days=day)))
        run_due(noon(due + dt.timedelta(days=day)) + dt.timedelta(hours=1))
        if kinds(reference)[before:]:
            sent[day] = kinds(reference)[before:]
    assert sent == {-3: [(2, "ahead")], 0: [(2, "today")], 3: [(2, "late")], 10: [(2, "last")]}
    (first, *_) = letters(reference, "installment_reminder")
    assert first.event == f"{reference}:installment:2:ahead"
    assert (first.values["amount_cents"], first.values["due_on"]) == (QUARTER, due.isoformat())


def test_past_due_and_hold_come_when_their_day_has_ended(context: AppContext) -> None:
    reference, due = second_due()
    run_due(noon(due))
    assert rows(reference)[1][1] == "scheduled"
    run_due(noon(due + dt.timedelta(days=1)))
    assert (rows(reference)[1][1], stored(reference).hold_on) == ("past_due", None)
    run_due(noon(due + dt.timedelta(days=10)))
    assert stored(reference).hold_on is None
    run_due(noon(due + dt.timedelta(days=11)))
    assert stored(reference).hold_on == due + dt.timedelta(days=11)
    assert [(task.kind.value, task.state.value) for task in kept(tasks_about(reference))] == [("payment_hold", "open")]
    assert stored(reference).state.value == "active"
    record(reference, QUARTER, at=noon(due + dt.timedelta(days=12)))
    assert stored(reference).hold_on is None
    assert [task.state.value for task in kept(tasks_about(reference))] == ["done"]


def test_a_part_payment_leaves_the_hold(context: AppContext) -> None:
    reference, due = second_due()
    run_due(noon(due + dt.timedelta(days=11)))
    record(reference, 100, at=noon(due + dt.timedelta(days=12)))
    assert stored(reference).hold_on == due + dt.timedelta(days=11)


def test_after_days_without_a_worker_one_letter_goes_out(context: AppContext) -> None:
    reference, due = second_due()
    run_due(noon(due + dt.timedelta(days=12)))
    assert kinds(reference) == [(2, "last")]
    assert (rows(reference)[1][1], stored(reference).hold_on) == ("past_due", due + dt.timedelta(days=12))


def test_who_never_paid_has_another_clock(context: AppContext) -> None:
    reference = agreed("installments")
    assert reminders.enrollments_to_visit(ACCEPTED + dt.timedelta(days=12)) == []
    assert kinds(reference) == []


def test_a_visit_that_finds_the_enrollment_ended_does_nothing(context: AppContext) -> None:
    reference = agreed("installments")
    late = ACCEPTED + dt.timedelta(days=60)
    with unit_of_work():
        found = by_reference(reference, lock=True)
        enrollments.cancel(enrollment=found, reason=CancelReason.STUDENT, actor=SYSTEM, at=late)
        reminders.advance(enrollment=found, actor=SYSTEM, now=late)
    assert kinds(reference) == []


def test_what_opens_again_late_is_past_due_at_once(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    second = record(reference, QUARTER)
    due = stored(reference).installments[1].due_on
    reverse(second, at=noon(due + dt.timedelta(days=1)))
    assert rows(reference)[1][1] == "past_due"
    assert reminders.enrollments_to_visit(noon(due + dt.timedelta(days=1))) == []
    assert reminders.enrollments_to_visit(noon(due + dt.timedelta(days=3))) == [reference]
    assert stored(reference).purchased_at == PAID
