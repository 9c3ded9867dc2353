"""Calendar days as a place lives them: where a day starts and ends, and how a date is written."""

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

_INSTANT = dt.timedelta(microseconds=1)  # the finest time that both databases keep


def utc(instant: dt.datetime) -> dt.datetime:
    """Return the instant in UTC; refuse a naive one with ValueError."""
    if instant.tzinfo is None:
        raise ValueError(f"a time without a zone: {instant.isoformat()}")
    return instant.astimezone(dt.UTC)


def day_of(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Return the date that the wall calendar shows in the zone at this instant."""
    return utc(instant).astimezone(zone).date()


def start_of(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the first instant of the day in the zone, as UTC; right in nights of 23 and 25 hours too."""
    return dt.datetime.combine(day, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def end_of(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the last instant of the day in the zone, as UTC: one microsecond before the next day."""
    return start_of(day + dt.timedelta(days=1), zone) - _INSTANT


def months_on(day: dt.date, months: int) -> dt.date:
    """Return the same day so many calendar months later (earlier, if negative), or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def written(day: dt.date) -> str:
    """Write a date as people read it: ``November 21, 2026``."""
    return f"{day:%B} {day.day}, {day.year}"


def counted(number: int, noun: str) -> str:
    """Write a count with its noun: ``1 hour``, ``24 hours``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
