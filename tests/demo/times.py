"""When things happen: some time after what happened before, in the office's hours, or when an installment is due."""

import datetime as dt
import random
from collections.abc import Callable
from zoneinfo import ZoneInfo

from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.payments import queries as paid
from provider.policies.business_days import business_day_after, is_business_day
from tests.demo.steps import Player

Start = Callable[[dt.datetime, random.Random], dt.datetime]
When = Callable[[Player, dt.datetime, random.Random], dt.datetime]
OPENS, CLOSES = 9, 17
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)
NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
ONE_DAY = dt.timedelta(days=1)


def zone() -> ZoneInfo:
    """Return the school's zone."""
    return settings().SCHOOL_ZONE


def on(day: dt.date, first_hour: int, last_hour: int, chance: random.Random) -> dt.datetime:
    """Return an instant of a day between two hours of the school's clock."""
    minutes = chance.randrange(first_hour * 60, last_hour * 60)
    clock = dt.time(minutes // 60, minutes % 60, chance.randrange(60), tzinfo=zone())
    return dt.datetime.combine(day, clock).astimezone(dt.UTC)


def ago(days: float) -> Start:
    """Begin so many days before now: to the hour for a fraction of a day, else at some time of that day."""

    def start(now: dt.datetime, chance: random.Random) -> dt.datetime:
        if days < 1:
            return now - dt.timedelta(days=days)
        return on(day_of(now, zone()) - dt.timedelta(days=days), 8, 21, chance)

    return start


def business_ago(days: int) -> Start:
    """Begin in the morning of the last business day that lies at least so many business days back."""

    def start(now: dt.datetime, chance: random.Random) -> dt.datetime:
        today = day_of(now, zone())
        day = today - ONE_DAY
        while not is_business_day(day) or business_day_after(day, days) > today:
            day -= ONE_DAY
        return on(day, OPENS, OPENS + 1, chance)

    return start


def after(*, days: float = 0, hours: float = 0, minutes: float = 0) -> When:
    """Go on after about so long, a tenth more or less."""
    span = dt.timedelta(days=days, hours=hours, minutes=minutes)
    return lambda _player, last, chance: last + span * chance.uniform(0.9, 1.1)


def office(days: int = 0) -> When:
    """Go on in the office, so many business days later, or as soon as it is open."""

    def when(_player: Player, last: dt.datetime, chance: random.Random) -> dt.datetime:
        day = day_of(last, zone())
        soon = last + dt.timedelta(minutes=chance.randrange(10, 90))
        if not days and is_business_day(day) and OPENS <= soon.astimezone(zone()).hour < CLOSES:
            return soon
        early = is_business_day(day) and last.astimezone(zone()).hour < OPENS
        return on(day if early and not days else business_day_after(day, max(days, 1)), OPENS, CLOSES, chance)

    return when


def due(days: int = 0) -> When:
    """Go on in the office so many days after the next installment is due; never when nothing is owed any more."""

    def when(player: Player, last: dt.datetime, chance: random.Random) -> dt.datetime:
        owed = paid.owed(player.enrollment)
        if not owed:
            return NEVER
        day = owed[0].due_on + dt.timedelta(days=days)
        while not is_business_day(day):
            day += ONE_DAY
        return max(on(day, OPENS, CLOSES, chance), last + dt.timedelta(minutes=30))

    return when


def of_week(now: dt.datetime, weeks: int, weekday: int) -> dt.date:
    """Return a weekday (Monday is 0) of the week that lies so many weeks before (negative) or after the present one."""
    today = day_of(now, zone())
    return today + dt.timedelta(days=weekday - today.weekday(), weeks=weeks)


def day(days: int, first_hour: int = OPENS, last_hour: int = CLOSES) -> When:
    """Go on so many days before now, between two hours."""
    return lambda player, _last, chance: on(
        day_of(player.now, zone()) - dt.timedelta(days=days), first_hour, last_hour, chance
    )


def week(weeks: int, weekday: int, first_hour: int = 18, last_hour: int = 21) -> When:
    """Go on at a weekday of the week that lies so many weeks before (negative) the present one, in the evening."""
    return lambda player, _last, chance: on(of_week(player.now, weeks, weekday), first_hour, last_hour, chance)


def before_now(hours: float) -> When:
    """Go on so many hours before now."""
    return lambda player, _last, _chance: player.now - dt.timedelta(hours=hours)
