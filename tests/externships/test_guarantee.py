"""The clock of the guarantee: its dates, its pauses, when it is kept, and the task when it is late."""

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.clocks.rules import ClockState
from provider.documents.rules import DocumentKind
from provider.externships import guarantee, progress, queries, requests
from provider.externships.handlers import overdue
from provider.externships.models import ExternshipRequest
from provider.externships.rules import ReleaseReason, RequestState
from provider.kernel.database import db, unit_of_work
from provider.kernel.settings import settings
from provider.tasks.models import Task
from tests.harness.externs import ASKED, COORDINATOR, asked, bring, clock_of, pauses_of, request, require
from tests.harness.money import kept

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
_R = RequestState


def go(reference: str, *states: RequestState, at: dt.datetime) -> None:
    """Let a request go through states and keep its clock after each, as offers and placements do."""
    with unit_of_work():
        found = queries.by_reference(reference, lock=True)
        for state in states:
            if state is _R.WITHDRAWN:
                found.ended_at, found.end_reason = at, ReleaseReason.STUDENT_WITHDREW
            requests.step(found, state, actor=COORDINATOR, at=at)
            db.session.flush()
            guarantee.keep(found, at=at)


def tasks() -> list[Task]:
    return kept(list(db.session.scalars(sa.select(Task).where(Task.kind == "place_student").order_by(Task.id))))


@pytest.mark.parametrize(
    "at, due_on",
    [
        (dt.datetime(2027, 2, 1, 5, 0, tzinfo=dt.UTC), dt.date(2027, 4, 2)),
        (dt.datetime(2027, 2, 1, 4, 59, 59, tzinfo=dt.UTC), dt.date(2027, 4, 1)),
        (dt.datetime(2027, 3, 15, 3, 59, 59, tzinfo=dt.UTC), dt.date(2027, 5, 13)),
        (dt.datetime(2027, 3, 15, 4, 0, tzinfo=dt.UTC), dt.date(2027, 5, 14)),
    ],
    ids=["first instant of a day", "last second of the day before", "after the clocks changed", "a second later"],
)
def test_sixty_days_count_from_the_day_in_the_zone_of_the_school(
    context: AppContext, at: dt.datetime, due_on: dt.date
) -> None:
    clock = clock_of(asked(at=at, earliest_on=dt.date(2027, 6, 1)))
    assert (clock.due_on, clock.overdue_on, clock.started_at) == (due_on, due_on, at)


def test_a_promise_keeps_the_days_it_was_made_with(context: AppContext) -> None:
    before, mine = settings(), asked()
    context.app.extensions["settings"] = replace(before, GUARANTEE_DAYS=45)
    try:
        theirs = asked()
        read = [progress.of(reference, now=ASKED + DAY) for reference in (mine, theirs)]
    finally:
        context.app.extensions["settings"] = before
    assert [(one.days_of, one.due_on) for one in read if one] == [
        (60, dt.date(2027, 4, 2)),
        (45, dt.date(2027, 3, 18)),
    ]
    assert [clock_of(reference).days for reference in (mine, theirs)] == [60, 45]


def test_late_is_the_day_after_the_sixtieth_and_is_told_once(context: AppContext) -> None:
    reference = asked()
    last = dt.datetime(2027, 4, 3, 3, 59, 59, tzinfo=dt.UTC)  # 23:59:59 on April 2 in New York
    overdue({}, now=last)
    assert tasks() == []
    overdue({}, now=last + SECOND)
    overdue({}, now=last + DAY)
    (task,) = tasks()
    assert (task.key, task.due_on, task.about) == (
        f"place_student:{reference}",
        dt.date(2027, 4, 2),
        request(reference).enrollment.reference,
    )


def test_while_it_stands_still_nothing_is_late(context: AppContext) -> None:
    require("ccma", DocumentKind.TB)
    reference = asked()
    overdue({}, now=ASKED + 100 * DAY)
    assert tasks() == []
    bring(request(reference).enrollment.reference, DocumentKind.TB, at=ASKED + 100 * DAY)
    overdue({}, now=ASKED + 160 * DAY)
    assert tasks() == []
    overdue({}, now=ASKED + 161 * DAY)
    assert len(tasks()) == 1


def test_a_place_meets_the_promise_and_closes_the_task(context: AppContext) -> None:
    reference = asked()
    overdue({}, now=ASKED + 62 * DAY)
    go(reference, _R.OFFERED, _R.PLACED, at=ASKED + 63 * DAY)
    clock = clock_of(reference)
    assert (clock.state, clock.ended_at) == (ClockState.MET, ASKED + 63 * DAY)
    assert [task.state for task in tasks()] == ["done"]


def test_a_lost_place_lets_it_go_on_with_the_days_that_were_left(context: AppContext) -> None:
    reference = asked()
    go(reference, _R.OFFERED, _R.PLACED, _R.RUNNING, at=ASKED + 20 * DAY)
    go(reference, _R.READY, at=ASKED + 50 * DAY)
    clock = clock_of(reference)
    assert (clock.state, clock.ended_at) == (ClockState.RUNNING, None)
    assert clock.due_on == dt.date(2027, 4, 2) + 30 * DAY
    assert pauses_of(reference) == [("was_placed", ASKED + 20 * DAY, ASKED + 50 * DAY)]


def test_a_second_delay_is_told_anew(context: AppContext) -> None:
    reference = asked()
    overdue({}, now=ASKED + 61 * DAY)
    go(reference, _R.OFFERED, _R.PLACED, at=ASKED + 62 * DAY)
    go(reference, _R.READY, at=ASKED + 63 * DAY)
    overdue({}, now=ASKED + 63 * DAY)
    assert [(task.key, task.state) for task in tasks()] == [
        (f"place_student:{reference}", "done"),
        (f"place_student:{reference}:1", "open"),
    ]


@pytest.mark.parametrize("placed", [False, True], ids=["before a place", "with a place"])
def test_withdrawing_stops_what_runs_and_leaves_what_was_kept(context: AppContext, *, placed: bool) -> None:
    reference = asked()
    if placed:
        go(reference, _R.OFFERED, _R.PLACED, at=ASKED + DAY)
    go(reference, _R.WITHDRAWN, at=ASKED + 2 * DAY)
    clock = clock_of(reference)
    assert clock.state is (ClockState.MET if placed else ClockState.STOPPED)
    assert clock.ended_at == ASKED + (1 if placed else 2) * DAY


def test_keeping_what_stands_as_it_should_changes_nothing(context: AppContext) -> None:
    require("ccma", DocumentKind.TB)
    reference = asked()
    with unit_of_work():
        for hours in (1, 2, 3):
            guarantee.keep(queries.by_reference(reference, lock=True), at=ASKED + dt.timedelta(hours=hours))
    assert pauses_of(reference) == [("documents_missing", ASKED, None)]


def test_a_request_that_is_gone_has_no_late_task(context: AppContext) -> None:
    reference = asked()
    with unit_of_work():
        found = db.session.scalars(sa.select(ExternshipRequest)).one()
        found.state, found.ended_at, found.end_reason = _R.WITHDRAWN, ASKED, ReleaseReason.STUDENT_WITHDREW
        guarantee.keep(found, at=ASKED)
        guarantee.tell_late(found, at=ASKED + 90 * DAY)
    assert tasks() == []
    assert clock_of(reference).state is ClockState.STOPPED
