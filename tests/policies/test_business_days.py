import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from holidays import financial_holidays
from hypothesis import given
from hypothesis import strategies as st

from provider.policies.rules import (
    business_day_after,
    federal_reserve_holidays,
    is_business_day,
    payout_dates,
)

NEW_YORK = ZoneInfo("America/New_York")
HONOLULU = ZoneInfo("Pacific/Honolulu")
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2060, 12, 31))


@pytest.mark.parametrize("year", range(2020, 2061))
def test_the_holidays_are_those_of_the_federal_reserve(year: int) -> None:
    theirs = {day for day in financial_holidays("XFED", years=year) if day.weekday() < 5}
    assert federal_reserve_holidays(year) == theirs


def test_a_year_has_eleven_holidays_when_none_falls_on_a_saturday() -> None:
    assert len(federal_reserve_holidays(2024)) == 11


def test_a_saturday_holiday_closes_nothing() -> None:
    assert is_business_day(dt.date(2026, 7, 3))
    assert dt.date(2026, 7, 4) not in federal_reserve_holidays(2026)


def test_a_sunday_holiday_closes_monday() -> None:
    assert not is_business_day(dt.date(2027, 7, 5))


def test_juneteenth_counts_since_2022() -> None:
    assert is_business_day(dt.date(2020, 6, 19))
    assert not is_business_day(dt.date(2023, 6, 19))


@pytest.mark.parametrize(
    "day, n, expected",
    [
        ("2026-11-24", 0, "2026-11-24"),
        ("2026-11-24", 1, "2026-11-25"),
        ("2026-11-24", 2, "2026-11-27"),
        ("2026-11-24", 7, "2026-12-04"),
        ("2026-11-24", 10, "2026-12-09"),
        ("2026-12-18", 7, "2026-12-30"),
        ("2026-12-18", 10, "2027-01-05"),
        ("2027-06-11", 7, "2027-06-22"),
        ("2027-06-11", 10, "2027-06-25"),
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-22", 1, "2026-11-23"),
        ("2028-02-28", 1, "2028-02-29"),
        ("2028-02-29", 1, "2028-03-01"),
        ("2022-12-30", 1, "2023-01-03"),
        ("2021-12-31", 1, "2022-01-03"),
        ("2026-07-02", 1, "2026-07-03"),
    ],
)
def test_business_days_leave_out_weekends_and_holidays(day: str, n: int, expected: str) -> None:
    assert business_day_after(dt.date.fromisoformat(day), n) == dt.date.fromisoformat(expected)


@given(DAYS, st.integers(1, 30))
def test_between_a_day_and_its_nth_business_day_lie_n_business_days(day: dt.date, n: int) -> None:
    then = business_day_after(day, n)
    passed = [day + dt.timedelta(days=offset) for offset in range(1, (then - day).days + 1)]
    assert is_business_day(then)
    assert sum(is_business_day(one) for one in passed) == n


def test_business_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="counted forward, not -1"):
        business_day_after(dt.date(2026, 11, 24), -1)


@pytest.mark.parametrize(
    "approved_at, zone, due_on, overdue_on",
    [
        ("2026-11-24T15:00:00+00:00", NEW_YORK, "2026-12-04", "2026-12-09"),
        ("2026-11-25T04:59:59+00:00", NEW_YORK, "2026-12-04", "2026-12-09"),
        ("2026-11-25T05:00:00+00:00", NEW_YORK, "2026-12-07", "2026-12-10"),
        ("2026-11-25T09:59:59+00:00", HONOLULU, "2026-12-04", "2026-12-09"),
        ("2026-11-25T10:00:00+00:00", HONOLULU, "2026-12-07", "2026-12-10"),
        ("2026-12-18T17:00:00+00:00", NEW_YORK, "2026-12-30", "2027-01-05"),
        ("2027-06-11T17:00:00+00:00", NEW_YORK, "2027-06-22", "2027-06-25"),
    ],
)
def test_day_zero_of_a_payout_is_the_date_of_approval_at_the_school(
    approved_at: str, zone: ZoneInfo, due_on: str, overdue_on: str
) -> None:
    dates = payout_dates(dt.datetime.fromisoformat(approved_at), zone)
    assert (dates.due_on.isoformat(), dates.overdue_on.isoformat()) == (due_on, overdue_on)
