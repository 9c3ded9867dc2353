"""Days at a site: how long somebody was there, which week it belongs to, and what is odd about it. Pure.

Time at a site is elapsed UTC time, so that a night in which the clocks change counts as long as it was. A day is the
one on which somebody began, by the calendar of the place.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from provider.affiliations.rules import DAY_MINUTES, ONE_DAY, Pattern, Period, days_of
from provider.fieldwork.rules import EntrySource
from provider.kernel.days import day_of
from provider.kernel.lifecycles import State, Tone

MINUTE = dt.timedelta(minutes=1)
LONG_MINUTES = 12 * 60
LATE_AFTER = dt.timedelta(days=7)
AROUND_MINUTES = 30  # nobody arrives to the minute: so far before and after the agreed hours nothing is odd
FASTEST_CLOCK = dt.timedelta(minutes=2)  # how far a phone may run ahead of us before it tells of the future
KEPT_LONG = dt.timedelta(minutes=10)  # a press that reaches us later than this was kept while the line was down


class Oddity(State):
    """What is odd about an entry: it is marked for the preceptor, who decides whether it counts."""

    OUTSIDE_PLACEMENT = "outside_placement"
    OTHER_WEEKDAY = "other_weekday"
    OTHER_HOURS = "other_hours"
    LONG = "long"
    OVERLAP = "overlap"
    LATE = "late"
    NEXT_DAY = "next_day"
    SENT_LATER = "sent_later"
    WHILE_HELD = "while_held"

    @property
    def label(self) -> str:
        """Return it in words that follow the day."""
        return {
            "outside_placement": "Not within the days of this placement",
            "other_weekday": "Not one of the agreed weekdays",
            "other_hours": "Outside the agreed hours",
            "long": "Longer than 12 hours",
            "overlap": "Overlaps another entry",
            "late": "Entered more than 7 days later",
            "next_day": "Clocked out on a later day",
            "sent_later": "Kept by the phone and sent later",
            "while_held": "While the placement was held",
        }[self.value]

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return "warn"


# What only the moment of pressing told, and no column tells again.
OF_THE_PRESS = frozenset({Oddity.NEXT_DAY, Oddity.SENT_LATER})


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed for a placement: its days, its weekly pattern, and the zone of the place."""

    period: Period
    pattern: Pattern
    zone: ZoneInfo
    held_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when until when somebody was there, as UTC instants."""

    from_at: dt.datetime
    until_at: dt.datetime

    def meets(self, other: "Stretch") -> bool:
        """Say whether two stretches share any time; one that begins when the other ends does not."""
        return self.from_at < other.until_at and other.from_at < self.until_at


def to_the_minute(instant: dt.datetime) -> dt.datetime:
    """Return an instant without its seconds."""
    return instant.replace(second=0, microsecond=0)


def instant_of(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime | None:
    """Return the instant at which the clock on the wall shows a time; None when the clocks were put forward over it.

    A time that there is twice in the night in which the clocks are put back is the first of the two.
    """
    wall = dt.datetime.combine(day, time)
    instant = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    return instant if instant.astimezone(zone).replace(tzinfo=None) == wall else None


def stretch_of(day: dt.date, begins: dt.time, ends: dt.time, zone: ZoneInfo) -> Stretch | None:
    """Return the stretch of a day typed by hand; an end that is not after its beginning is on the next day.

    None when the clocks were put forward over one of the times.
    """
    last = day if ends > begins else day + ONE_DAY
    from_at, until_at = instant_of(day, begins, zone), instant_of(last, ends, zone)
    if from_at is None or until_at is None:
        return None
    return Stretch(from_at, until_at)


def minutes_of(stretch: Stretch, break_minutes: int) -> int:
    """Return for how many minutes somebody was there without the break: elapsed time, whatever the wall clock did."""
    return (stretch.until_at - stretch.from_at) // MINUTE - break_minutes


def is_whole(stretch: Stretch, break_minutes: int) -> bool:
    """Say whether it is a stretch that can be kept: a minute at least, a day at most."""
    return minutes_of(stretch, break_minutes) >= 1 and (stretch.until_at - stretch.from_at) // MINUTE <= DAY_MINUTES


def is_future(instant: dt.datetime, now: dt.datetime) -> bool:
    """Say whether an instant lies ahead, by more than what the clock of a phone may differ."""
    return instant > now + FASTEST_CLOCK


def is_held(day: dt.date, held_on: dt.date | None) -> bool:
    """Say whether nothing counts on a day, since a document did not hold."""
    return held_on is not None and day >= held_on


def pressed_at(claimed: dt.datetime | None, received_at: dt.datetime) -> tuple[dt.datetime, bool]:
    """Return when a clock button was pressed, and whether the press was kept by the phone before it reached us.

    What the page says counts only where it lies before: a phone that is ahead of us presses now.
    """
    if claimed is None or claimed >= received_at:
        return received_at, False
    return claimed, received_at - claimed > KEPT_LONG


def odd(
    stretch: Stretch, agreed: Agreed, *, others: Iterable[Stretch], entered_at: dt.datetime, kept: Collection[str] = ()
) -> tuple[Oddity, ...]:
    """Return what is odd about a stretch, in the order in which it is read; ``kept`` is what was odd before."""
    day = day_of(stretch.from_at, agreed.zone)
    weekday = day.weekday() in days_of(agreed.pattern.weekdays)
    found = {
        Oddity.OUTSIDE_PLACEMENT: not agreed.period.first_on <= day <= agreed.period.last_on,
        Oddity.OTHER_WEEKDAY: not weekday,
        Oddity.OTHER_HOURS: weekday and not _within(stretch, day, agreed),
        Oddity.LONG: minutes_of(stretch, 0) > LONG_MINUTES,
        Oddity.OVERLAP: any(stretch.meets(other) for other in others),
        Oddity.LATE: day_of(entered_at, agreed.zone) - day > LATE_AFTER,
        Oddity.NEXT_DAY: Oddity.NEXT_DAY in kept,
        Oddity.SENT_LATER: Oddity.SENT_LATER in kept,
        Oddity.WHILE_HELD: is_held(day, agreed.held_on),
    }
    return tuple(oddity for oddity, is_so in found.items() if is_so)


def _within(stretch: Stretch, day: dt.date, agreed: Agreed) -> bool:
    begins, ends = (_minute(instant, day, agreed.zone) for instant in (stretch.from_at, stretch.until_at))
    pattern = agreed.pattern
    return pattern.from_minute - AROUND_MINUTES <= begins and ends <= pattern.until_minute + AROUND_MINUTES


def _minute(instant: dt.datetime, day: dt.date, zone: ZoneInfo) -> int:
    """Return the minute that the wall clock shows, counted from midnight of a day on."""
    local = instant.astimezone(zone)
    return (local.date() - day).days * DAY_MINUTES + local.hour * 60 + local.minute


def of_the_press(source: EntrySource, *, day: dt.date, pressed_on: dt.date, kept: bool) -> tuple[Oddity, ...]:
    """Return what is odd about how somebody clocked out."""
    if source is not EntrySource.CLOCK:
        return ()
    found = {Oddity.NEXT_DAY: pressed_on > day, Oddity.SENT_LATER: kept}
    return tuple(oddity for oddity, is_so in found.items() if is_so)


def week_of(day: dt.date) -> dt.date:
    """Return the Monday of the week in which a day lies."""
    return day - dt.timedelta(days=day.weekday())


def week_at(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Return the Monday of the week that it is at a place."""
    return week_of(day_of(instant, zone))


def week_days(week_on: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a week."""
    return week_on, week_on + dt.timedelta(days=6)


def spoken(minutes: int) -> str:
    """Write a time as people say it: ``7 h 30 min``."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours:,} h" if hours else "", f"{rest} min" if rest or not hours else ""]
    return " ".join(part for part in parts if part)


def typed(minutes: int) -> str:
    """Write a time as a field shows it: ``7:30``."""
    return f"{minutes // 60}:{minutes % 60:02d}"


def read_minutes(text: str) -> int | None:
    """Read a time as people type it: ``7:30``, ``7.5``, ``7 h 30 min``, ``7``; None when it is none of these.

    A bare number is hours, since nobody approves minutes.
    """
    plain = " ".join(text.lower().replace("hours", "h").replace("hour", "h").replace("minutes", "min").split())
    for sign in (":", "h"):
        head, found, tail = plain.partition(sign)
        if found:
            rest = tail.removesuffix("min").strip() or "0"
            return _sum(head.strip(), rest)
    if plain.endswith("min"):
        return _sum("0", plain.removesuffix("min").strip(), most=DAY_MINUTES)
    whole, point, part = plain.replace(",", ".").partition(".")
    if not _digits(whole) or (point and not _digits(part)):
        return None
    minutes = int(whole) * 60 + (round(int(part) * 60 / 10 ** len(part)) if point else 0)
    return minutes if minutes <= DAY_MINUTES else None


def _sum(hours: str, rest: str, *, most: int = 59) -> int | None:
    if not (_digits(hours) and _digits(rest) and int(rest) <= most):
        return None
    minutes = int(hours) * 60 + int(rest)
    return minutes if minutes <= DAY_MINUTES else None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4
