"""A site that lets a student wait: reminded once, put before staff once, and nothing once it has answered."""

import datetime as dt

import pytest
from flask.ctx import AppContext

from provider.externships.place_handlers import remind_sites
from provider.externships.rules import OfferState, ReleaseReason
from provider.mail.letters import write
from provider.tasks import queries as task_rows
from provider.tasks.models import Task
from tests.harness import places
from tests.harness.externs import ASKED, asked, request
from tests.harness.money import kept, letters
from tests.harness.places import sent_to
from tests.harness.sites import supply

HOUR, DAY, SECOND = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(seconds=1)
YES = ASKED + HOUR  # when the student said so, and the site was asked


def waiting() -> tuple[str, str]:
    """Let a student accept a place, so that its site is asked; returns the request and the offer."""
    wish = asked()
    offer = places.offer(wish, supply().opening)
    places.accept(offer, at=YES)
    return wish, offer


def tasks(wish: str) -> list[Task]:
    return kept(list(task_rows.about(request(wish).enrollment.reference)))


def test_a_site_is_reminded_after_three_days_once_however_often_the_job_runs(context: AppContext) -> None:
    wish, offer = waiting()
    remind_sites({}, now=YES + 3 * DAY - SECOND)
    assert sent_to(wish, site=True) == ["place_asked"]
    for late in (dt.timedelta(0), HOUR, 2 * DAY):
        remind_sites({}, now=YES + 3 * DAY + late)
    first, second = letters(request(wish).enrollment.reference, "place_asked")
    assert [write(one).subject.partition("?")[0] for one in (first, second)] == [
        "May a student come to you",
        "Reminder: may a student come to you",
    ]
    assert first.values["answer_link"] != second.values["answer_link"]
    assert tasks(wish) == []
    places.answer_yes(offer, at=YES + 6 * DAY)
    assert places.offered(offer).state is OfferState.CONFIRMED


def test_a_site_that_goes_on_is_put_before_staff_after_a_week_until_it_answers(context: AppContext) -> None:
    wish, offer = waiting()
    remind_sites({}, now=YES + 7 * DAY - SECOND)
    assert tasks(wish) == []
    remind_sites({}, now=YES + 7 * DAY)
    remind_sites({}, now=YES + 8 * DAY)
    (task,) = tasks(wish)
    assert (task.kind, task.key, task.done_at) == ("place_student", f"site_silent:{offer}", None)
    assert f"({offer}) 7 days ago and has not answered. Call " in task.sentence
    places.answer_yes(offer, at=YES + 9 * DAY)
    assert [one.done_at for one in tasks(wish)] == [YES + 9 * DAY]


def test_days_in_which_no_job_ran_are_one_reminder_and_one_task(context: AppContext) -> None:
    wish, _ = waiting()
    remind_sites({}, now=YES + 20 * DAY)
    assert sent_to(wish, site=True) == ["place_asked"] * 2
    assert [one.sentence.partition(") ")[2][:11] for one in tasks(wish)] == ["20 days ago"]


def test_a_site_is_not_asked_for_days_that_are_over_and_staff_are_told_all_the_same(context: AppContext) -> None:
    wish, offer = waiting()
    over = dt.datetime(2027, 4, 1, 4, tzinfo=dt.UTC)  # the day after the last one, in New York
    assert places.offered(offer).last_on == dt.date(2027, 3, 31)
    for late in (dt.timedelta(0), HOUR, 40 * DAY):
        remind_sites({}, now=over + late)
    assert sent_to(wish, site=True) == ["place_asked"]
    assert [one.key for one in tasks(wish)] == [f"site_silent:{offer}"]


def test_on_the_last_day_a_site_is_still_reminded(context: AppContext) -> None:
    wish, _ = waiting()
    remind_sites({}, now=dt.datetime(2027, 4, 1, 4, tzinfo=dt.UTC) - SECOND)
    assert sent_to(wish, site=True) == ["place_asked"] * 2


@pytest.mark.parametrize("how", ["declined", "revoked"])
def test_whoever_was_answered_or_is_not_needed_hears_nothing_more(context: AppContext, how: str) -> None:
    wish, offer = waiting()
    remind_sites({}, now=YES + 8 * DAY)
    if how == "declined":
        places.answer_no(offer, at=YES + 9 * DAY)
    else:
        places.revoke(offer, ReleaseReason.COORDINATOR, at=YES + 9 * DAY)
    before = len(sent_to(wish, site=True))
    remind_sites({}, now=YES + 30 * DAY)
    assert len(sent_to(wish, site=True)) == before
    assert [one.state for one in tasks(wish) if one.key == f"site_silent:{offer}"] == ["done"]
