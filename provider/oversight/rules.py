"""The weeks that figures are counted by: Monday to Sunday, as the school's calendar shows them."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from provider.kernel.days import start_of

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """One week: its Monday, its first instant, and the first instant after it; an hour longer or shorter in two."""

    monday: dt.date
    begins_at: dt.datetime
    ends_at: dt.datetime


def weeks(today: dt.date, zone: ZoneInfo, count: int) -> tuple[Week, ...]:
    """Return the week of a day and those before it, oldest first."""
    monday = today - dt.timedelta(days=today.weekday())
    mondays = [monday - number * WEEK for number in range(count - 1, -1, -1)]
    return tuple(Week(one, start_of(one, zone), start_of(one + WEEK, zone)) for one in mondays)
