import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from provider.affiliations.rules import Pattern, Period, SiteKind, mask
from provider.documents.rules import DocumentKind, DocumentState, Shown
from provider.externships.fitting import (
    Against,
    Hindrance,
    Place,
    Weights,
    Wish,
    against,
    cost,
    days_for,
    in_hours,
    in_miles,
)
from provider.externships.rules import Point, tenths_of_miles

H, K = Hindrance, DocumentKind
TODAY = dt.date(2026, 11, 20)  # a Friday
DECATUR, ATLANTA = Point(33.77, -84.30), Point(33.75, -84.39)
AUGUSTA = Point(33.47, -81.97)
WORKDAYS = Pattern(mask(range(5)), 8 * 60, 16 * 60)
WINTER = Period(dt.date(2026, 12, 7), dt.date(2026, 12, 18))  # ten workdays of eight hours

WISH = Wish(
    id=1,
    program_id=7,
    point=DECATUR,
    miles=50,
    pattern=WORKDAYS,
    earliest_on=dt.date(2026, 11, 1),
    required_hours=80,
    papers=(Shown(K.TB, DocumentState.ACCEPTED, dt.date(2026, 12, 18)),),
)
PLACE = Place(
    id=1,
    program_id=7,
    location_id=11,
    site_id=3,
    kind=SiteKind.CLINIC,
    point=ATLANTA,
    pattern=WORKDAYS,
    period=WINTER,
    free=1,
    agreements=(WINTER,),
    papers=frozenset({K.TB}),
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_an_opening_that_meets_everything_to_the_last_hour_and_day_fits() -> None:
    assert against(WISH, PLACE, TODAY) == ()


AWAY = -(-tenths_of_miles(DECATUR, AUGUSTA) // 10)

REASONS: dict[str, tuple[dict[str, Any], dict[str, Any], Against]] = {
    "program": ({}, {"program_id": 8}, Against(H.PROGRAM, "It is for students of another program.")),
    "closed": ({}, {"is_open": False}, Against(H.CLOSED, "The opening, or its site, takes no students now.")),
    "declined": (
        {"declined_sites": frozenset({3})}, {},
        Against(H.DECLINED_SITE, "The student has said no to this site before."),
    ),
    "over before the student can": (
        {"earliest_on": day("2026-12-19")}, {},
        Against(H.DAYS, "The student can start on December 19, 2026, after its last day, December 18, 2026."),
    ),
    "over before tomorrow": (
        {}, {"period": Period(day("2026-11-10"), TODAY)},
        Against(H.DAYS, "Its last day, November 20, 2026, is too near to start."),
    ),
    "agreement a day short": (
        {}, {"agreements": (Period(day("2026-01-01"), day("2026-12-17")),)},
        Against(
            H.AGREEMENT,
            "No agreement with the site is in force on each day from December 7, 2026 to December 18, 2026.",
        ),
    ),
    "an hour short": (
        {"required_hours": 81}, {},
        Against(H.HOURS, "Student and opening meet for 80 hours, and it takes 81 hours.", minutes=60),
    ),
    "other weekdays": (
        {"pattern": Pattern(mask([5, 6]), 0, 1440)}, {},
        Against(
            H.HOURS, "The student can come on Saturday and Sunday, and it is on other days.", minutes=80 * 60
        ),
    ),
    "other hours": (
        {"pattern": Pattern(mask(range(7)), 16 * 60, 20 * 60)}, {},
        Against(H.HOURS, "The student has no time in common with its hours.", minutes=80 * 60),
    ),
    "half an hour where the program names none": (
        {"required_hours": 0, "pattern": Pattern(mask([0]), 15 * 60 + 45, 20 * 60)}, {},
        Against(H.HOURS, "Student and opening meet for 0.5 hours, and it takes 1 hour.", minutes=30),
    ),
    "no coordinates": (
        {"point": None}, {},
        Against(H.NO_DISTANCE, "How far it is cannot be told: the ZIP code of one of them is not known."),
    ),
    "too far": (
        {}, {"point": AUGUSTA},
        Against(
            H.MILES,
            f"It is {in_miles(tenths_of_miles(DECATUR, AUGUSTA))} away, and the student asked for 50 at most.",
            miles=AWAY,
        ),
    ),
    "documents": (
        {"papers": (
            Shown(K.TB, DocumentState.ACCEPTED, day("2026-12-17")),
            Shown(K.MMR, DocumentState.UPLOADED, None),
            Shown(K.TDAP, DocumentState.REFUSED, None),
            Shown(K.CPR_CARD, DocumentState.ACCEPTED, day("2026-11-19")),
        )},
        {"papers": frozenset({K.TB, K.MMR, K.TDAP, K.CPR_CARD, K.INFLUENZA})},
        Against(
            H.DOCUMENTS,
            "TB test expires before the last day; MMR vaccination is still being checked; Tdap vaccination was refused;"
            " Flu shot is missing; BLS or CPR card has expired.",
            kinds=(K.TB, K.MMR, K.TDAP, K.INFLUENZA, K.CPR_CARD),
        ),
    ),
    "full": ({}, {"free": 0}, Against(H.FULL, "All its places are taken.")),
}  # fmt: skip


@pytest.mark.parametrize("wish, place, told", REASONS.values(), ids=REASONS)
def test_each_hard_rule_speaks_for_itself(wish: dict[str, Any], place: dict[str, Any], told: Against) -> None:
    assert against(replace(WISH, **wish), replace(PLACE, **place), TODAY) == (told,)


def test_all_that_speaks_against_an_opening_is_told_in_one_order() -> None:
    wish = replace(WISH, declined_sites=frozenset({3}), required_hours=200, papers=(), miles=1)
    place = replace(PLACE, program_id=8, is_open=False, agreements=(), free=0)
    assert [one.why for one in against(wish, place, TODAY)] == [
        H.PROGRAM, H.CLOSED, H.DECLINED_SITE, H.AGREEMENT, H.HOURS, H.MILES, H.DOCUMENTS, H.FULL,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "earliest, first, today, expected",
    [
        ("2026-11-01", "2026-12-07", "2026-11-20", "2026-12-07"),
        ("2026-12-09", "2026-12-07", "2026-11-20", "2026-12-09"),
        ("2026-11-01", "2026-12-07", "2026-12-07", "2026-12-08"),
        ("2026-12-18", "2026-12-07", "2026-12-07", "2026-12-18"),
        ("2026-12-19", "2026-12-07", "2026-12-07", None),
        ("2026-11-01", "2026-12-07", "2026-12-17", "2026-12-18"),
        ("2026-11-01", "2026-12-07", "2026-12-18", None),
    ],
    ids=["opening", "student", "tomorrow", "last day", "too late", "last chance", "no tomorrow"],
)
def test_a_placement_begins_on_the_latest_of_three_days(
    earliest: str, first: str, today: str, expected: str | None
) -> None:
    wish = replace(WISH, earliest_on=day(earliest))
    place = replace(PLACE, period=Period(day(first), day("2026-12-18")))
    assert days_for(wish, place, day(today)) == (Period(day(expected), day("2026-12-18")) if expected else None)


def test_the_distance_a_student_asked_for_counts_to_its_last_tenth() -> None:
    tenths = tenths_of_miles(DECATUR, AUGUSTA)
    assert [one.why for one in against(replace(WISH, miles=tenths // 10), replace(PLACE, point=AUGUSTA), TODAY)] == [
        H.MILES
    ]
    assert against(replace(WISH, miles=AWAY), replace(PLACE, point=AUGUSTA), TODAY) == ()


def test_an_agreement_before_and_its_renewal_cover_the_days_together() -> None:
    joined = (Period(day("2026-12-12"), day("2027-12-11")), Period(day("2025-12-12"), day("2026-12-11")))
    assert against(WISH, replace(PLACE, agreements=joined), TODAY) == ()


WEIGHTS = Weights(rank=40, kind=50, waiting=5)


@pytest.mark.parametrize(
    "wish, waited, worth",
    [
        ({}, 0, 0),
        ({"preferred": (11,)}, 0, 200),
        ({"preferred": (1, 2, 3, 4, 11)}, 0, 40),
        ({"preferred": (1, 2)}, 0, 0),
        ({"kind": SiteKind.CLINIC}, 0, 50),
        ({"kind": SiteKind.LAB}, 0, 0),
        ({}, 12, 60),
        ({"preferred": (1, 11), "kind": SiteKind.CLINIC}, 100, 710),
    ],
    ids=["distance alone", "first", "fifth", "others", "kind", "other kind", "waited", "all"],
)
def test_preferences_and_waiting_are_worth_miles(wish: dict[str, Any], waited: int, worth: int) -> None:
    tenths = tenths_of_miles(DECATUR, ATLANTA)
    assert cost(replace(WISH, **wish), PLACE, WEIGHTS, waited) == tenths - worth


def test_what_has_no_distance_has_no_cost() -> None:
    with pytest.raises(ValueError, match="has no cost"):
        cost(replace(WISH, point=None), PLACE, WEIGHTS, 0)


@pytest.mark.parametrize(
    "written, expected",
    [
        (in_hours(60), "1 hour"),
        (in_hours(2430), "40.5 hours"),
        (in_hours(2399), "39.9 hours"),
        (in_miles(10), "1 mile"),
        (in_miles(12340), "1,234 miles"),
        (in_miles(3), "0.3 miles"),
    ],
)
def test_lengths_are_written_as_people_read_them(written: str, expected: str) -> None:
    assert written == expected
