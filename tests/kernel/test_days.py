import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from provider.kernel.days import counted, day_of, end_of, start_of, utc, written

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "day, zone, start, end",
    [
        ("2026-11-21", "America/New_York", "2026-11-21T05:00:00", "2026-11-22T04:59:59.999999"),
        ("2027-03-14", "America/New_York", "2027-03-14T05:00:00", "2027-03-15T03:59:59.999999"),
        ("2026-11-01", "America/New_York", "2026-11-01T04:00:00", "2026-11-02T04:59:59.999999"),
        ("2026-11-01", "America/Phoenix", "2026-11-01T07:00:00", "2026-11-02T06:59:59.999999"),
        ("2028-02-29", "Pacific/Guam", "2028-02-28T14:00:00", "2028-02-29T13:59:59.999999"),
        ("2026-03-08", "America/Havana", "2026-03-08T05:00:00", "2026-03-09T03:59:59.999999"),
        ("2026-11-01", "America/Havana", "2026-11-01T04:00:00", "2026-11-02T04:59:59.999999"),
    ],
    ids=["plain", "23 hours", "25 hours", "no change", "leap day", "no midnight", "two midnights"],
)
def test_a_day_starts_and_ends_as_its_place_lives_it(day: str, zone: str, start: str, end: str) -> None:
    date, place = dt.date.fromisoformat(day), ZoneInfo(zone)
    assert start_of(date, place).isoformat() == f"{start}+00:00"
    assert end_of(date, place).isoformat() == f"{end}+00:00"
    assert day_of(start_of(date, place), place) == day_of(end_of(date, place), place) == date


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a time without a zone: 2026-11-21T10:00:00"):
        utc(dt.datetime(2026, 11, 21, 10))  # noqa: DTZ001 - what is refused


def test_dates_and_counts_are_written_as_people_read_them() -> None:
    assert written(dt.date(2026, 3, 4)) == "March 4, 2026"
    assert [counted(number, "hour") for number in (0, 1, 24, 8760)] == ["0 hours", "1 hour", "24 hours", "8,760 hours"]
