"""Days at a site: what they come to across midnight and daylight saving, and what is odd about them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from provider.affiliations.rules import Pattern, Period, mask
from provider.fieldwork.days import (
    Agreed,
    Oddity,
    Stretch,
    instant_of,
    is_future,
    is_held,
    is_whole,
    minutes_of,
    odd,
    of_the_press,
    pressed_at,
    read_minutes,
    spoken,
    stretch_of,
    typed,
    week_at,
    week_days,
    week_of,
)
from provider.fieldwork.rules import EntrySource

NEW_YORK, PHOENIX, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Phoenix"), ZoneInfo("America/Chicago")
MONDAY = dt.date(2026, 11, 16)
AGREED = Agreed(Period(dt.date(2026, 11, 2), dt.date(2026, 12, 18)), Pattern(mask(range(5)), 480, 1020), NEW_YORK)


def clock(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


def stretch(day: dt.date, begins: str, ends: str, zone: ZoneInfo = NEW_YORK) -> Stretch:
    found = stretch_of(day, clock(begins), clock(ends), zone)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "day, begins, ends, zone, rest, minutes",
    [
        (MONDAY, "08:00", "16:30", NEW_YORK, 30, 480),
        (MONDAY, "22:00", "06:00", NEW_YORK, 0, 480),
        (MONDAY, "08:00", "08:00", NEW_YORK, 0, 1440),
        (dt.date(2026, 10, 31), "22:00", "06:00", NEW_YORK, 0, 540),  # the clocks are put back: 9 real hours
        (dt.date(2026, 10, 31), "22:00", "06:00", PHOENIX, 0, 480),
        (dt.date(2027, 3, 13), "22:00", "06:00", NEW_YORK, 0, 420),  # put forward: 7
        (dt.date(2026, 11, 1), "00:30", "03:30", CHICAGO, 0, 240),
        (dt.date(2026, 12, 31), "20:00", "04:00", NEW_YORK, 15, 465),
        (dt.date(2028, 2, 28), "23:30", "00:30", CHICAGO, 0, 60),
    ],
)
def test_a_stretch_is_as_long_as_it_really_was(
    day: dt.date, begins: str, ends: str, zone: ZoneInfo, rest: int, minutes: int
) -> None:
    assert minutes_of(stretch(day, begins, ends, zone), rest) == minutes


def test_a_time_that_never_was_is_no_time() -> None:
    night = dt.date(2027, 3, 14)
    assert instant_of(night, clock("02:30"), NEW_YORK) is None
    assert stretch_of(night, clock("02:30"), clock("08:00"), NEW_YORK) is None
    assert stretch_of(dt.date(2027, 3, 13), clock("22:00"), clock("02:30"), NEW_YORK) is None
    assert instant_of(night, clock("02:30"), PHOENIX) == dt.datetime(2027, 3, 14, 9, 30, tzinfo=dt.UTC)


def test_a_stretch_is_kept_from_a_minute_to_a_day() -> None:
    day = stretch(MONDAY, "08:00", "09:00")
    assert [is_whole(day, rest) for rest in (0, 59, 60, 90)] == [True, True, False, False]
    assert is_whole(stretch(MONDAY, "08:00", "08:00"), 0)
    assert not is_whole(Stretch(day.from_at, day.from_at + dt.timedelta(hours=24, minutes=1)), 0)
    assert not is_whole(stretch(dt.date(2026, 10, 31), "22:00", "22:00"), 0)  # 25 hours


def oddities(day: Stretch, *others: Stretch, entered: dt.date | None = None, **changed: object) -> list[str]:
    at = dt.datetime.combine(entered or day.from_at.date(), dt.time(23), tzinfo=dt.UTC)
    agreed = Agreed(**{name: getattr(AGREED, name) for name in ("period", "pattern", "zone")} | changed)
    return [oddity.value for oddity in odd(day, agreed, others=others, entered_at=at)]


@pytest.mark.parametrize(
    "day, begins, ends, found",
    [
        (MONDAY, "08:00", "17:00", []),
        (MONDAY, "07:30", "17:30", []),
        (MONDAY, "07:29", "17:00", ["other_hours"]),
        (MONDAY, "08:00", "17:31", ["other_hours"]),
        (MONDAY, "07:30", "19:30", ["other_hours"]),
        (MONDAY, "07:00", "19:01", ["other_hours", "long"]),
        (MONDAY, "08:00", "01:00", ["other_hours", "long"]),
        (dt.date(2026, 11, 21), "08:00", "16:00", ["other_weekday"]),
        (dt.date(2026, 11, 2), "08:00", "16:00", []),
        (dt.date(2026, 12, 18), "08:00", "16:00", []),
        (dt.date(2026, 12, 21), "08:00", "16:00", ["outside_placement"]),
        (dt.date(2026, 11, 1), "08:00", "16:00", ["outside_placement", "other_weekday"]),
    ],
)
def test_what_is_odd_about_a_day_is_marked(day: dt.date, begins: str, ends: str, found: list[str]) -> None:
    assert oddities(stretch(day, begins, ends)) == found


def test_a_day_is_that_of_the_place() -> None:
    late = stretch(MONDAY, "09:00", "16:00", ZoneInfo("Pacific/Honolulu"))
    assert oddities(late, zone=ZoneInfo("Pacific/Honolulu")) == []
    assert oddities(late) == ["other_hours"]


def test_entries_that_share_time_overlap_and_those_that_only_touch_do_not() -> None:
    day = stretch(MONDAY, "09:00", "12:00")
    assert oddities(day, stretch(MONDAY, "12:00", "15:00"), stretch(MONDAY, "08:00", "09:00")) == []
    assert oddities(day, stretch(MONDAY, "11:59", "15:00")) == ["overlap"]
    assert oddities(day, stretch(MONDAY, "08:00", "16:00")) == ["overlap"]


def test_a_day_entered_in_its_week_is_in_time() -> None:
    day = stretch(MONDAY, "09:00", "12:00")
    assert oddities(day, entered=MONDAY + dt.timedelta(days=7)) == []
    assert oddities(day, entered=MONDAY + dt.timedelta(days=8)) == ["late"]


def test_what_stands_still_since_a_document_does_not_hold() -> None:
    day = stretch(MONDAY, "09:00", "12:00")
    assert oddities(day, held_on=MONDAY) == ["while_held"]
    assert oddities(day, held_on=MONDAY + dt.timedelta(days=1)) == []
    assert [is_held(MONDAY, held) for held in (None, MONDAY, MONDAY + dt.timedelta(days=1))] == [False, True, False]


def test_what_only_the_press_told_stays_when_all_else_is_looked_at_again() -> None:
    day = stretch(MONDAY, "09:00", "12:00")
    kept = odd(day, AGREED, others=(), entered_at=day.until_at, kept=["sent_later", "next_day", "long"])
    assert kept == (Oddity.NEXT_DAY, Oddity.SENT_LATER)


def test_clocking_out_on_a_later_day_is_odd_of_a_clocked_entry() -> None:
    tuesday = MONDAY + dt.timedelta(days=1)
    assert of_the_press(EntrySource.CLOCK, day=MONDAY, pressed_on=MONDAY, kept=False) == ()
    assert of_the_press(EntrySource.CLOCK, day=MONDAY, pressed_on=tuesday, kept=True) == (
        Oddity.NEXT_DAY,
        Oddity.SENT_LATER,
    )
    assert of_the_press(EntrySource.TYPED, day=MONDAY, pressed_on=tuesday, kept=True) == ()


def test_a_press_counts_when_it_was_unless_the_phone_runs_ahead() -> None:
    now = dt.datetime(2026, 11, 16, 14, tzinfo=dt.UTC)
    ten = dt.timedelta(minutes=10)
    assert pressed_at(None, now) == (now, False)
    assert pressed_at(now + ten, now) == (now, False)
    assert pressed_at(now - ten, now) == (now - ten, False)
    assert pressed_at(now - ten - dt.timedelta(seconds=1), now) == (now - ten - dt.timedelta(seconds=1), True)
    assert [is_future(now + dt.timedelta(seconds=ahead), now) for ahead in (0, 120, 121)] == [False, False, True]


def test_a_week_begins_on_monday_where_the_site_is() -> None:
    assert [week_of(MONDAY + dt.timedelta(days=n)) for n in (-1, 0, 6, 7)] == [
        dt.date(2026, 11, 9),
        MONDAY,
        MONDAY,
        dt.date(2026, 11, 23),
    ]
    first_minute = dt.datetime(2026, 11, 16, 5, tzinfo=dt.UTC)
    assert week_at(first_minute, NEW_YORK) == MONDAY
    assert week_at(first_minute, CHICAGO) == dt.date(2026, 11, 9)
    assert week_at(first_minute - dt.timedelta(microseconds=1), NEW_YORK) == dt.date(2026, 11, 9)
    assert week_days(MONDAY) == (MONDAY, dt.date(2026, 11, 22))


@pytest.mark.parametrize(
    "text, minutes",
    [
        ("7:30", 450), ("7.5", 450), ("7,25", 435), ("7 h 30 min", 450), ("7h", 420), ("7 hours", 420), ("8", 480),
        ("45 min", 45), ("0:45", 45), ("0", 0), ("24", 1440), ("24:01", None), ("7:60", None), ("-1", None),
        ("", None), ("seven", None), ("7:3x", None), ("1e3", None), ("99999", None), ("7:30:00", None),
        ("\N{ARABIC-INDIC DIGIT SEVEN}", None),
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_type_it(text: str, minutes: int | None) -> None:
    assert read_minutes(text) == minutes


def test_a_time_is_written_as_it_is_read_back() -> None:
    assert [spoken(minutes) for minutes in (0, 45, 60, 450, 9_000)] == ["0 min", "45 min", "1 h", "7 h 30 min", "150 h"]
    assert [read_minutes(typed(minutes)) for minutes in (0, 1, 59, 60, 450, 1440)] == [0, 1, 59, 60, 450, 1440]
    assert [read_minutes(spoken(minutes)) for minutes in (0, 1, 59, 60, 450, 1440)] == [0, 1, 59, 60, 450, 1440]
