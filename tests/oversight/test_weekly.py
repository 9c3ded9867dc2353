import datetime as dt
import threading

import pytest
from flask import Flask
from flask.ctx import AppContext

from provider.kernel.database import db, unit_of_work
from provider.oversight import weekly
from provider.school.queries import take_up
from tests.harness import season
from tests.harness.season import Student
from tests.harness.statements import statements

# A Monday at midnight in New York, and the last instant of the week before.
MONDAY = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
FIRST = dt.datetime(2026, 9, 7, 4, tzinfo=dt.UTC)  # the midnight of a Monday eleven weeks before, in summer time
WEEK, DAY, MINUTE = dt.timedelta(days=7), dt.timedelta(days=1), dt.timedelta(minutes=1)
NOW = MONDAY + 2 * DAY


def enrolled(number: int, at: dt.datetime) -> Student:
    student = Student(f"Student {number}", f"student{number}@example.org")
    with unit_of_work():
        season.enroll(student, at)
    return student


def does(step: season.Step, student: Student, at: dt.datetime) -> None:
    with unit_of_work():
        step(student, at)


def read(now: dt.datetime = NOW) -> weekly.Figures:
    db.session.rollback()
    return weekly.figures(now)


def test_enrollments_are_counted_in_the_week_of_their_acceptance_in_the_schools_zone(context: AppContext) -> None:
    for number, at in enumerate(
        [
            FIRST - dt.timedelta(microseconds=1),  # a week too early to be shown
            FIRST,
            MONDAY - dt.timedelta(microseconds=1),
            MONDAY,
            NOW,
        ]
    ):
        enrolled(number, at)
    found = read()
    assert found.enrollments == [1, *[0] * 9, 1, 2]
    assert (found.weeks[0].begins_at, found.weeks[-1].begins_at) == (FIRST, MONDAY)


def test_money_in_and_back_is_added_up_by_week_and_a_reversed_record_does_not_count(context: AppContext) -> None:
    kept, reversed_, refunded = (enrolled(number, MONDAY - 2 * WEEK) for number in range(3))
    does(season.pay, kept, MONDAY - WEEK)
    does(season.pay, reversed_, MONDAY - WEEK)
    does(season.reverse, reversed_, MONDAY)
    does(season.pay, refunded, MONDAY - dt.timedelta(hours=3))
    does(season.ask, refunded, MONDAY - dt.timedelta(hours=1))
    does(season.pay_out, refunded, MONDAY + DAY)
    found = read()
    assert found.received[-3:] == [0, 2 * 189_900, 0]
    assert found.sent_back[-3:] == [0, 0, 189_900]


def test_figures_are_kept_for_two_minutes_and_say_as_of_when_they_are(app: Flask, context: AppContext) -> None:
    enrolled(1, MONDAY)
    assert read().enrollments[-1] == 1
    enrolled(2, MONDAY)
    with statements(app) as counted:
        again = read(NOW + weekly.KEPT - dt.timedelta(microseconds=1))
    assert (again.as_of, again.enrollments[-1], len(counted)) == (NOW, 1, 0)
    later = read(NOW + weekly.KEPT)
    assert (later.as_of, later.enrollments[-1]) == (NOW + weekly.KEPT, 2)


def test_all_but_the_newest_are_counted_once(context: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weekly, "UNSETTLED", 2)
    now, counts = NOW, []
    for number in range(6):
        enrolled(number, now - MINUTE)
        counts.append(read(now).enrollments[-1])
        now += weekly.KEPT
    assert counts == [1, 2, 3, 4, 5, 6]
    memory = context.app.extensions["weekly"]
    assert list(memory.settled.values()) == [*[0] * 11, 4]


def test_another_zone_of_the_school_moves_the_weeks(context: AppContext) -> None:
    enrolled(1, MONDAY)  # still Sunday in Chicago
    for minutes in (0, 2, 4):
        assert read(NOW + minutes * MINUTE).enrollments[-2:] == [0, 1]
    take_up({"SCHOOL_ZONE": "America/Chicago"})
    assert read(NOW + 6 * MINUTE).enrollments[-2:] == [1, 0]


def test_the_weeks_move_on_with_the_calendar(context: AppContext) -> None:
    enrolled(1, MONDAY - 11 * WEEK)
    enrolled(2, MONDAY)
    assert read().enrollments == [1, *[0] * 10, 1]
    for weeks in (1, 2, 3):
        read(NOW + weeks * WEEK)
    assert read(NOW + 4 * WEEK).enrollments == [*[0] * 7, 1, *[0] * 4]


def test_another_database_in_its_place_is_counted_anew(context: AppContext) -> None:
    enrolled(1, MONDAY)
    enrolled(2, MONDAY)
    for minutes in (0, 2, 4):
        read(NOW + minutes * MINUTE)
    with unit_of_work():
        last = db.session.connection().exec_driver_sql("SELECT max(id) FROM enrollment").scalar_one()
    memory = context.app.extensions["weekly"]
    memory.settled_id = last + 1_000
    assert read(NOW + 6 * MINUTE).enrollments[-1] == 2


def test_the_search_for_the_first_week_ends_before_it(context: AppContext) -> None:
    for number in range(12):
        enrolled(number, MONDAY - (14 - number) * WEEK)
    enrolled(12, NOW)
    assert sum(read().enrollments) == 9 + 1


def test_while_one_counts_the_others_read_what_was_counted_before(app: Flask) -> None:
    with app.app_context():
        enrolled(1, MONDAY)
        old = read()
        memory = app.extensions["weekly"]
        assert memory.lock.acquire(blocking=False)
    found: list[weekly.Figures] = []

    def look() -> None:
        with app.app_context():
            found.append(weekly.figures(NOW + weekly.KEPT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(5)
    memory.lock.release()
    assert found == [old]
