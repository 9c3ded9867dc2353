import datetime as dt
import itertools

import pytest

from provider.affiliations.rules import (
    AGREEMENT_LIFECYCLE,
    EVERY_DAY,
    AgreementState,
    Pattern,
    Period,
    covers,
    earliest_end,
    mask,
    minute_of,
    minutes_in_common,
    named_days,
    reminder_due,
    same_name,
)

MONDAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)
HOUR = 60


def days(first: int, last: int) -> Period:
    return Period(MONDAY + first * DAY, MONDAY + last * DAY)


@pytest.mark.parametrize(
    "periods, wanted, covered",
    [
        ([days(0, 9)], days(0, 9), True),
        ([days(0, 9)], days(9, 9), True),
        ([days(0, 9)], days(9, 10), False),
        ([days(1, 9)], days(0, 9), False),
        ([days(0, 4), days(5, 9)], days(0, 9), True),
        ([days(5, 9), days(0, 4)], days(0, 9), True),
        ([days(0, 4), days(6, 9)], days(0, 9), False),
        ([days(0, 9), days(2, 3)], days(0, 9), True),
        ([days(3, 1)], days(2, 2), False),
        ([], days(0, 0), False),
    ],
    ids=[
        "whole",
        "last day",
        "a day after",
        "a day before",
        "renewal joins",
        "in any order",
        "a day between",
        "one inside another",
        "ended before it began",
        "none",
    ],
)
def test_agreements_cover_a_placement_on_each_of_its_days_or_not_at_all(
    periods: list[Period], wanted: Period, *, covered: bool
) -> None:
    assert covers(periods, wanted) is covered


def by_hand(one: Pattern, other: Pattern, within: Period) -> int:
    """Count what two patterns have in common minute by minute."""
    total, day = 0, within.first_on
    while day <= within.last_on:
        bit = 1 << day.weekday()
        if one.weekdays & bit and other.weekdays & bit:
            here = set(range(one.from_minute, one.until_minute)) & set(range(other.from_minute, other.until_minute))
            total += len(here)
        day += DAY
    return total


@pytest.mark.parametrize(
    "one, other",
    [
        (Pattern(mask(range(5)), 8 * HOUR, 16 * HOUR), Pattern(mask([0, 2, 5]), 12 * HOUR, 20 * HOUR)),
        (Pattern(EVERY_DAY, 0, 24 * HOUR), Pattern(mask([6]), 0, 1)),
        (Pattern(mask([1]), 8 * HOUR, 12 * HOUR), Pattern(mask([1]), 12 * HOUR, 16 * HOUR)),
        (Pattern(mask([1]), 8 * HOUR, 12 * HOUR), Pattern(mask([2]), 8 * HOUR, 12 * HOUR)),
    ],
    ids=["part of a day", "one minute a week", "one ends as the other begins", "other days"],
)
def test_minutes_in_common_are_those_counted_by_hand(one: Pattern, other: Pattern) -> None:
    for first, length in itertools.product(range(7), (0, 1, 6, 7, 8, 30)):
        within = days(first, first + length)
        found = (minutes_in_common(one, other, within), minutes_in_common(other, one, within))
        assert (within, found) == (within, (by_hand(one, other, within),) * 2)


@pytest.mark.parametrize(
    "left, due",
    [(121, None), (120, 120), (91, 120), (90, 90), (31, 90), (30, 30), (0, 30), (-1, None)],
)
def test_a_reminder_comes_on_its_day_and_the_latest_one_speaks_for_those_missed(left: int, due: int | None) -> None:
    assert reminder_due(today=MONDAY, until=MONDAY + left * DAY) == due


@pytest.mark.parametrize(
    "typed, minute",
    [
        ("8:30", 510),
        ("08:30", 510),
        ("8:30 AM", 510),
        ("8 am", 480),
        ("12:00 a.m.", 0),
        ("12 pm", 720),
        ("4:30PM", 990),
        ("24:00", 1440),
        ("24:01", None),
        ("8", None),
        ("8:60", None),
        ("13 pm", None),
        ("0:30 am", None),
        ("noon", None),
    ],
)
def test_a_time_of_day_is_read_as_people_write_it(typed: str, minute: int | None) -> None:
    assert minute_of(typed) == minute


def test_a_signature_is_the_name_blanks_and_capitals_aside() -> None:
    assert same_name("Ana Ñúñez", "  ana   ÑÚÑEZ ")
    assert not same_name("Ana Ñúñez", "Ana Nunez")


def test_notice_counts_whole_days_from_today() -> None:
    assert earliest_end(today=MONDAY, notice_days=60) == dt.date(2027, 1, 22)
    assert earliest_end(today=MONDAY, notice_days=0) == MONDAY


def test_days_of_the_week_are_named() -> None:
    assert [named_days(mask(each)) for each in (range(5), [0, 2, 5], [6], [])] == [
        "Monday to Friday",
        "Monday, Wednesday and Saturday",
        "Sunday",
        "no day",
    ]


def test_an_ended_agreement_stays_ended() -> None:
    assert AGREEMENT_LIFECYCLE[AgreementState.ENDED] == frozenset()
    assert all(AGREEMENT_LIFECYCLE.can(state, AgreementState.ENDED) for state in list(AgreementState)[:-1])
