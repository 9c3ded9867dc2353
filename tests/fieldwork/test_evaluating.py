"""When an evaluation is asked for and reminded of, and what several of them come to."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from provider.affiliations.rules import Period
from provider.fieldwork.evaluating import (
    ASPECTS,
    POINTS,
    Way,
    due_on,
    is_late,
    means,
    rated,
    reminders_due,
    to_ask,
    words_of,
    writing_day,
)
from provider.fieldwork.evaluation_schemas import ratings, schema_of
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.forms import Form

MID, FINAL, OF_SITE = EvaluationKind
DAYS = Period(dt.date(2026, 11, 2), dt.date(2026, 11, 12))  # half of it is over when the 7th is
NEW_YORK = ZoneInfo("America/New_York")
ASKED = dt.datetime(2026, 11, 9, 14, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
INSTANT = dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    "day, minutes, asked, wanted",
    [
        (7, 0, (), ()),
        (8, 0, (), (MID,)),
        (3, 4799, (), ()),
        (3, 4800, (), (MID,)),
        (3, 4800, (MID,), ()),
        (11, 9599, (MID,), ()),
        (4, 9600, (MID,), (FINAL, OF_SITE)),
        (12, 0, (MID,), (FINAL, OF_SITE)),
        (12, 0, (), (FINAL, OF_SITE)),
        (20, 0, (FINAL,), (OF_SITE,)),
        (20, 9600, (FINAL, OF_SITE), ()),
    ],
)
def test_the_middle_and_the_end_come_by_hours_or_by_days(
    day: int, minutes: int, asked: tuple[EvaluationKind, ...], wanted: tuple[EvaluationKind, ...]
) -> None:
    assert to_ask(Way(DAYS, 9600, minutes), asked, dt.date(2026, 11, day)) == wanted


def test_a_program_without_hours_goes_by_its_days_alone() -> None:
    assert to_ask(Way(DAYS, 0, 0), (), dt.date(2026, 11, 3)) == ()
    assert to_ask(Way(DAYS, 0, 600), (), dt.date(2026, 11, 11)) == (MID,)
    assert to_ask(Way(DAYS, 0, 600), (), dt.date(2026, 11, 12)) == (FINAL, OF_SITE)


def test_reminders_come_after_three_and_seven_days_and_the_task_after_ten() -> None:
    for days, reminders, late in ((3, 1, False), (7, 2, False), (10, 2, True)):
        assert reminders_due(ASKED, ASKED + days * DAY) == reminders
        assert is_late(ASKED, ASKED + days * DAY) is late
        before = ASKED + days * DAY - INSTANT
        assert (reminders_due(ASKED, before), is_late(ASKED, before)) == (reminders - (days < 10), False)
    assert due_on(ASKED, NEW_YORK) == dt.date(2026, 11, 19)


def test_letters_leave_from_nine_in_the_morning_at_the_school() -> None:
    nine = dt.datetime(2026, 11, 9, 9, tzinfo=NEW_YORK)
    assert writing_day(nine, NEW_YORK) == dt.date(2026, 11, 9)
    assert writing_day(nine - dt.timedelta(seconds=1), NEW_YORK) == dt.date(2026, 11, 8)


def test_a_mean_names_how_many_said_so_and_of_fewer_than_three_there_is_none() -> None:
    two = [{"welcome": 5, "overall": 4}, {"welcome": 2, "overall": 4}]
    assert [one.written for one in means(two)] == [
        "2 of at least 3 ratings",
        *["0 of at least 3 ratings"] * 4,
        "2 of at least 3 ratings",
    ]
    three = means([*two, {"welcome": 4, "overall": 0}])
    assert three[0].written == "3.7 of 5, from 3 ratings"
    assert (three[-1].count, three[-1].mean) == (2, None)
    assert [one.label for one in three] == [*(point.label for point in ASPECTS), "Overall"]


@pytest.mark.parametrize("kind", EvaluationKind)
def test_a_form_asks_for_every_point_and_takes_one_to_five(kind: EvaluationKind) -> None:
    form = Form(schema_of(kind)).load({})
    keys = [point.key for point in POINTS[kind]] + ["overall"]
    rest = {OF_SITE: "evaluation"}.get(kind, "signature")
    assert set(form.errors) == {*keys, rest}
    good = {**dict.fromkeys(keys, "4"), rest: "VL-22222222"}
    loaded = Form(schema_of(kind)).load(good)
    assert (loaded.ok, ratings(kind, loaded.data)) == (True, dict.fromkeys(keys, 4))
    for wrong in ("6", "-1", "4.5", "x"):
        assert Form(schema_of(kind)).load(good | {"overall": wrong}).errors == {
            "overall": ["Choose a number from 1 to 5."]
        }
    assert Form(schema_of(kind)).load(good | {"overall": "0"}).ok is False
    assert Form(schema_of(kind)).load(good | {keys[0]: "0"}).ok is (kind is not OF_SITE)


def test_ratings_are_written_in_words() -> None:
    assert rated(FINAL, 4) == "4 of 5, on their own"
    assert rated(MID, 0) == "Not seen"
    assert rated(OF_SITE, 5) == "5 of 5, excellent"
    assert all(set(words_of(kind)) == {1, 2, 3, 4, 5} for kind in EvaluationKind)
