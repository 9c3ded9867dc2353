"""Documents that stay missing: three reminders, sleep to the instant, and waking by bringing them."""

import datetime as dt

import pytest
from flask.ctx import AppContext

from provider.clocks.rules import ClockState
from provider.documents.rules import DocumentKind, DocumentState
from provider.externships.handlers import missing_documents
from provider.externships.rules import RequestState
from tests.harness.externs import ASKED, asked, bring, check, clock_of, pauses_of, request, require
from tests.harness.money import letters

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
DAY, INSTANT = dt.timedelta(days=1), dt.timedelta(microseconds=1)
TB, FLU = DocumentKind.TB, DocumentKind.INFLUENZA


@pytest.fixture
def waiting(context: AppContext) -> tuple[str, str]:
    """A request that waits for a TB test and a flu shot, and its enrollment."""
    require("ccma", TB, FLU)
    reference = asked()
    return reference, request(reference).enrollment.reference


def run(*days: float) -> None:
    for day in days:
        missing_documents({}, now=ASKED + day * DAY)


def reminders(enrollment: str) -> list[int]:
    return [letter.values["days"] for letter in letters(enrollment, "documents_missing")]


def test_reminders_come_on_days_10_20_and_27_and_once(waiting: tuple[str, str]) -> None:
    run(*range(1, 30), 29.99)
    assert reminders(waiting[1]) == [10, 20, 27]
    assert letters(waiting[1], "request_lapsed") == []
    last = letters(waiting[1], "documents_missing")[-1]
    assert last.mailbox == "externship"
    assert last.values["lapses_at"] == (ASKED + 30 * DAY).isoformat()
    assert sorted(last.values["missing"]) == ["Flu shot", "TB test"]


def test_the_newest_reminder_speaks_for_those_that_were_missed(waiting: tuple[str, str]) -> None:
    run(21)
    assert reminders(waiting[1]) == [20]
    run(22, 28)
    assert reminders(waiting[1]) == [20, 27]


def test_a_request_sleeps_at_the_instant_and_not_before(waiting: tuple[str, str]) -> None:
    reference, enrollment = waiting
    missing_documents({}, now=ASKED + 30 * DAY - INSTANT)
    assert request(reference).state is RequestState.DOCUMENTS
    missing_documents({}, now=ASKED + 30 * DAY)
    missing_documents({}, now=ASKED + 31 * DAY)
    assert request(reference).state is RequestState.LAPSED
    (letter,) = letters(enrollment, "request_lapsed")
    assert letter.values["days"] == 30
    assert clock_of(reference).state is ClockState.PAUSED
    assert pauses_of(reference) == [("documents_missing", ASKED, None)]


def test_after_a_long_outage_only_the_sleep_is_told(waiting: tuple[str, str]) -> None:
    run(40)
    assert reminders(waiting[1]) == []
    assert len(letters(waiting[1], "request_lapsed")) == 1


def test_a_sleeping_request_wakes_when_everything_was_brought(waiting: tuple[str, str]) -> None:
    reference, enrollment = waiting
    run(30)
    bring(enrollment, TB, at=ASKED + 35 * DAY)
    assert request(reference).state is RequestState.LAPSED, "the flu shot is still missing"
    flu = bring(enrollment, FLU, at=ASKED + 36 * DAY, state=DocumentState.UPLOADED)
    found, clock = request(reference), clock_of(reference)
    assert (found.state, found.missing_since, found.reminded_days) == (RequestState.DOCUMENTS, None, 0)
    assert (clock.state, clock.due_on) == (ClockState.RUNNING, dt.date(2027, 4, 2) + 36 * DAY)
    (letter,) = letters(enrollment, "request_reopened")
    assert (letter.values["checking"], letter.values["due_on"]) == (["Flu shot"], "2027-05-08")
    check(flu, DocumentState.ACCEPTED, at=ASKED + 37 * DAY)
    assert request(reference).state is RequestState.READY


def test_a_refused_upload_counts_its_days_anew(waiting: tuple[str, str]) -> None:
    reference, enrollment = waiting
    run(29)
    bring(enrollment, TB, at=ASKED + 29 * DAY)
    flu = bring(enrollment, FLU, at=ASKED + 29 * DAY, state=DocumentState.UPLOADED)
    check(flu, DocumentState.REFUSED, at=ASKED + 33 * DAY)
    run(34, 43)
    assert request(reference).state is RequestState.DOCUMENTS
    assert reminders(enrollment) == [27, 10]
    run(63)
    assert request(reference).state is RequestState.LAPSED


def test_thirty_days_are_elapsed_time_over_the_night_of_the_clock_change(context: AppContext) -> None:
    require("ccma", TB)
    at = dt.datetime(2027, 2, 20, 4, 30, tzinfo=dt.UTC)  # 23:30 in New York; 30 days on it is 00:30 there
    reference = asked(at=at, earliest_on=dt.date(2027, 6, 1))
    missing_documents({}, now=at + 30 * DAY - INSTANT)
    assert request(reference).state is RequestState.DOCUMENTS
    missing_documents({}, now=at + 30 * DAY)
    assert request(reference).state is RequestState.LAPSED
