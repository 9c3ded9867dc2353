"""Sites, affiliation agreements and openings: their states, when an agreement is in force, and weekly patterns."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provider.kernel.lifecycles import Lifecycle, State, Tone

SITE_PREFIX = "SI"
LOCATION_PREFIX = "LO"
CONTACT_PREFIX = "CO"
AGREEMENT_PREFIX = "AG"
OPENING_PREFIX = "OP"
SEARCH_KIND = "site"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEK = range(7)
EVERY_DAY = 2**7 - 1
DAY_MINUTES = 24 * 60
ONE_DAY = dt.timedelta(days=1)
_TIME = re.compile(r"(\d{1,2})(?::(\d\d))?(?:\s*([ap])\.?m\.?)?")
# The signed links of this room, and how long each opens what it is for.
SIGN_AGREEMENT, COUNTERSIGN_AGREEMENT, OFFER_PLACES = "sign_agreement", "countersign_agreement", "site_openings"
SIGNING_LASTS = dt.timedelta(days=60)
OFFERING_LASTS = dt.timedelta(days=90)


class SiteKind(State):
    """What kind of place a site is."""

    HOSPITAL = "hospital"
    CLINIC = "clinic"
    LAB = "lab"
    OTHER = "other"


class SiteState(State):
    """Whether a site or one of its locations takes students at all."""

    OPEN = "open"
    CLOSED = "closed"


class AgreementState(State):
    """Where an affiliation agreement stands.

    ``in_force`` says that both have signed; which days it covers, its dates say.
    """

    DRAFT = "draft"
    SENT = "sent"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return {"sent": "Sent to sign", "signed": "Signed by the site"}.get(self.value) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"sent": "warn", "signed": "warn", "in_force": "good", "ended": "bad"}
        return tones.get(self.value, "neutral")


class OpeningState(State):
    """Whether new students may be offered the places of an opening."""

    OPEN = "open"
    CLOSED = "closed"


SITE_LIFECYCLE: Lifecycle[SiteState] = Lifecycle(
    {SiteState.OPEN: frozenset({SiteState.CLOSED}), SiteState.CLOSED: frozenset({SiteState.OPEN})}
)
AGREEMENT_LIFECYCLE: Lifecycle[AgreementState] = Lifecycle(
    {
        AgreementState.DRAFT: frozenset({AgreementState.SENT, AgreementState.ENDED}),
        AgreementState.SENT: frozenset({AgreementState.SIGNED, AgreementState.DRAFT, AgreementState.ENDED}),
        AgreementState.SIGNED: frozenset({AgreementState.IN_FORCE, AgreementState.ENDED}),
        AgreementState.IN_FORCE: frozenset({AgreementState.ENDED}),
    }
)
# In force once, whatever became of it: its days are those it says, and an ended one has none ahead.
SIGNED_BY_BOTH = frozenset({AgreementState.IN_FORCE, AgreementState.ENDED})
RUNNING = frozenset({AgreementState.DRAFT, AgreementState.SENT, AgreementState.SIGNED, AgreementState.IN_FORCE})
LONGEST_NOTICE = 366
MOST_PLACES = 500
OPENING_LIFECYCLE: Lifecycle[OpeningState] = Lifecycle(
    {OpeningState.OPEN: frozenset({OpeningState.CLOSED}), OpeningState.CLOSED: frozenset({OpeningState.OPEN})}
)


@dataclass(frozen=True, slots=True)
class Period:
    """Days, the first and the last included."""

    first_on: dt.date
    last_on: dt.date


def covers(periods: Iterable[Period], wanted: Period) -> bool:
    """Say whether agreements together are in force on each day from the first to the last (R17); renewals join up."""
    day = wanted.first_on
    for period in sorted(periods, key=lambda one: one.first_on):
        if period.first_on > day:
            return False
        day = max(day, period.last_on + ONE_DAY)
        if day > wanted.last_on:
            return True
    return False


def mask(days: Iterable[int]) -> int:
    """Write weekdays (Monday is 0) as one number, a bit for each."""
    return sum(1 << day for day in set(days))


def days_of(weekdays: int) -> tuple[int, ...]:
    """Return the weekdays of such a number, Monday is 0."""
    return tuple(day for day in WEEK if weekdays >> day & 1)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Weekdays (a bit for each, Monday the lowest) and the hours of such a day, in minutes from midnight."""

    weekdays: int
    from_minute: int
    until_minute: int

    @property
    def days(self) -> str:
        """The days in words: "Monday to Friday"."""
        return named_days(self.weekdays)

    @property
    def hours(self) -> str:
        """The hours in words: "8:00 AM to 4:30 PM"."""
        return f"{clock_time(self.from_minute)} to {clock_time(self.until_minute)}"


def minutes_in_common(one: Pattern, other: Pattern, within: Period) -> int:
    """Return for how many minutes two weekly patterns meet between two days, both included."""
    shared = min(one.until_minute, other.until_minute) - max(one.from_minute, other.from_minute)
    days = set(days_of(one.weekdays & other.weekdays))
    if shared <= 0 or not days:
        return 0
    whole, rest = divmod((within.last_on - within.first_on).days + 1, len(WEEK))
    first = within.first_on.weekday()
    return shared * (whole * len(days) + sum((first + n) % len(WEEK) in days for n in range(rest)))


def clock_time(minute: int) -> str:
    """Write minutes from midnight as people read them: ``8:30 AM``."""
    hour, rest = divmod(minute % DAY_MINUTES, 60)
    return f"{(hour - 1) % 12 + 1}:{rest:02d} {'AM' if hour < 12 else 'PM'}"


def named_days(weekdays: int) -> str:
    """Name weekdays in words: "Monday to Friday", "Monday, Wednesday and Saturday"."""
    days: Sequence[int] = days_of(weekdays)
    if not days:
        return "no day"
    names = [WEEKDAYS[day] for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]} to {names[-1]}"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def earliest_end(*, today: dt.date, notice_days: int) -> dt.date:
    """Return the first day that an agreement may end on when notice is given today: so many whole days later."""
    return today + dt.timedelta(days=notice_days)


def same_name(name: str, typed: str) -> bool:
    """Say whether a typed signature is the signer's name, blanks and capitals aside."""
    return " ".join(name.split()).casefold() == " ".join(typed.split()).casefold()


def minute_of(typed: str) -> int | None:
    """Read a time of day as minutes from midnight: ``8:30``, ``16:30``, ``4:30 PM``, ``8 am``; None when it is none."""
    found = _TIME.fullmatch(typed.strip().lower())
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if minute > 59 or hour > (12 if half else 24) or (half and hour == 0) or (not half and found[2] is None):
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    total = hour * 60 + minute
    return total if total <= DAY_MINUTES else None


def field_time(minute: int) -> str:
    """Write minutes from midnight as a field for a time of day shows them: ``08:30``; the end of a day as midnight."""
    return f"{minute % DAY_MINUTES // 60:02d}:{minute % 60:02d}"


# How many days before its end an agreement is remembered, each once.
REMINDED = (120, 90, 30)


def reminder_due(*, today: dt.date, until: dt.date) -> int | None:
    """Return which reminder of an agreement's end has come, the latest where several have; None before and after."""
    left = (until - today).days
    if left < 0:
        return None
    return min((days for days in REMINDED if left <= days), default=None)
