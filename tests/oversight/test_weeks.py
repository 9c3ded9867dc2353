import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest

from provider.oversight.rules import WEEK, weeks

NEW_YORK = ZoneInfo("America/New_York")
HOUR = dt.timedelta(hours=1)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize("day", range(23, 30))
def test_every_day_from_monday_to_sunday_lies_in_the_same_week(day: int) -> None:
    (week,) = weeks(dt.date(2026, 11, day), NEW_YORK, 1)
    assert week.monday == dt.date(2026, 11, 23)
    assert (week.begins_at, week.ends_at) == (utc("2026-11-23T05:00"), utc("2026-11-30T05:00"))


@pytest.mark.parametrize(
    "today, begins, ends, hours",
    [
        ("2026-11-01", "2026-10-26T04:00", "2026-11-02T05:00", 169),  # the clocks go back on its Sunday
        ("2027-03-14", "2027-03-08T05:00", "2027-03-15T04:00", 167),  # and forward on this one
        ("2027-01-01", "2026-12-28T05:00", "2027-01-04T05:00", 168),  # over the end of the year
        ("2028-02-29", "2028-02-28T05:00", "2028-03-06T05:00", 168),  # with a leap day
    ],
)
def test_a_week_begins_and_ends_at_midnight_of_the_schools_mondays(
    today: str, begins: str, ends: str, hours: int
) -> None:
    (week,) = weeks(dt.date.fromisoformat(today), NEW_YORK, 1)
    assert (week.begins_at, week.ends_at) == (utc(begins), utc(ends))
    assert week.ends_at - week.begins_at == hours * HOUR


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Santiago"])
def test_weeks_follow_one_another_without_a_gap_or_an_overlap(zone: str) -> None:
    found = weeks(dt.date(2027, 4, 7), ZoneInfo(zone), 60)
    assert len(found) == 60
    assert found[-1].monday == dt.date(2027, 4, 5)
    for one, following in itertools.pairwise(found):
        assert following.monday - one.monday == WEEK
        assert one.ends_at == following.begins_at
    assert all(week.monday.weekday() == 0 for week in found)
