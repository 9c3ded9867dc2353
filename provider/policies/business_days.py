"""Business days in the United States: Monday to Friday less the holidays of the Federal Reserve Banks."""

import datetime as dt
from functools import lru_cache

_ONE_DAY = dt.timedelta(days=1)
_WEEK = 7
_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
_FIRST_JUNETEENTH = 2022  # the law is of June 17, 2021; that year's day fell on a Saturday


def _nth(year: int, month: int, weekday: int, n: int) -> dt.date:
    """Return the nth given weekday of a month."""
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % _WEEK + _WEEK * (n - 1))


def _last_monday_of_may(year: int) -> dt.date:
    """Return Memorial Day."""
    last = dt.date(year, 5, 31)
    return last - dt.timedelta(days=last.weekday())


def _kept(day: dt.date) -> dt.date | None:
    """Return when the banks close for a fixed date: for a Sunday on Monday, for a Saturday not at all."""
    if day.weekday() == _SATURDAY:
        return None
    return day + _ONE_DAY if day.weekday() == _SUNDAY else day


@lru_cache(maxsize=256)
def federal_reserve_holidays(year: int) -> frozenset[dt.date]:
    """Return the weekdays on which the Federal Reserve Banks are closed in a year.

    Source: the Banks' holiday schedule. Eleven holidays since Juneteenth became one; those on a Saturday drop out.
    """
    fixed = [dt.date(year, 1, 1), dt.date(year, 7, 4), dt.date(year, 11, 11), dt.date(year, 12, 25)]
    if year >= _FIRST_JUNETEENTH:
        fixed.append(dt.date(year, 6, 19))
    floating = {
        _nth(year, 1, _MONDAY, 3),  # Martin Luther King Jr.
        _nth(year, 2, _MONDAY, 3),  # Washington
        _last_monday_of_may(year),
        _nth(year, 9, _MONDAY, 1),  # Labor Day
        _nth(year, 10, _MONDAY, 2),  # Columbus Day
        _nth(year, 11, _THURSDAY, 4),  # Thanksgiving
    }
    return frozenset(floating | {kept for day in fixed if (kept := _kept(day)) is not None})


def is_business_day(day: dt.date) -> bool:
    """Say whether banks work on this day."""
    return day.weekday() < _SATURDAY and day not in federal_reserve_holidays(day.year)


def business_day_after(day: dt.date, n: int) -> dt.date:
    """Return the nth business day after a day; the day itself is day 0 and never counts."""
    if n < 0:
        raise ValueError(f"business days are counted forward, not {n}")
    while n:
        day += _ONE_DAY
        n -= is_business_day(day)
    return day
