"""Whether an opening fits a request, which days it would give, and what it costs; the hard rules of matching, pure."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from provider.affiliations.rules import ONE_DAY, Pattern, Period, SiteKind, covers, minutes_in_common, named_days
from provider.documents.rules import DocumentKind, Shown, Standing, standing
from provider.externships.rules import MOST_PREFERENCES, TENTHS, Point, tenths_of_miles
from provider.kernel.days import written

HOUR_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request says: where the student lives, how far and when they can go, and which papers they hold.

    ``preferred`` are locations, the one liked most first; ``required_hours`` is 0 for a program that names none.
    """

    id: int
    program_id: int
    point: Point | None
    miles: int
    pattern: Pattern
    earliest_on: dt.date
    required_hours: int
    declined_sites: frozenset[int] = frozenset()
    preferred: tuple[int, ...] = ()
    kind: SiteKind | None = None
    papers: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """What an opening says: for whom, where and when, how many places are left, and which papers are asked for there.

    ``is_open`` when the opening, its location and its site all take students; ``agreements`` are the days of those in
    force for the location and the program; ``papers`` are those of the program and of the site together.
    """

    id: int
    program_id: int
    location_id: int
    site_id: int
    kind: SiteKind
    point: Point | None
    pattern: Pattern
    period: Period
    free: int
    is_open: bool = True
    agreements: tuple[Period, ...] = ()
    papers: frozenset[DocumentKind] = frozenset()


class Hindrance(StrEnum):
    """Why an opening does not fit a request, in the order in which staff are told."""

    PROGRAM = "program"
    CLOSED = "closed"
    DECLINED_SITE = "declined_site"
    DAYS = "days"
    AGREEMENT = "agreement"
    HOURS = "hours"
    NO_DISTANCE = "no_distance"
    MILES = "miles"
    DOCUMENTS = "documents"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Against:
    """One reason why not, as a sentence, with what it would take: miles, documents, or hours more."""

    why: Hindrance
    sentence: str
    miles: int | None = None
    kinds: tuple[DocumentKind, ...] = ()
    minutes: int | None = None


def days_for(wish: Wish, place: Place, today: dt.date) -> Period | None:
    """Return the days that a placement would have, today being a day of the location's zone; None when none is left.

    It begins no earlier than the opening, the student's own earliest day and tomorrow; it ends with the opening.
    """
    first = max(place.period.first_on, wish.earliest_on, today + ONE_DAY)
    return Period(first, place.period.last_on) if first <= place.period.last_on else None


def distance(wish: Wish, place: Place) -> int | None:
    """Return how far it is, in tenths of a mile; None where either place is not known."""
    if wish.point is None or place.point is None:
        return None
    return tenths_of_miles(wish.point, place.point)


def minutes_needed(required_hours: int) -> int:
    """Return for how long student and opening must meet: the program's hours, or one hour when it names none."""
    return max(required_hours, 1) * HOUR_MINUTES


def against(wish: Wish, place: Place, today: dt.date) -> tuple[Against, ...]:
    """Return all that speaks against offering an opening; nothing is left out after the first reason.

    An unknown distance speaks against planning it; a coordinator may still place by hand (Hindrance.NO_DISTANCE).
    """
    days = days_for(wish, place, today)
    found = [
        _program(wish, place),
        None if place.is_open else Against(Hindrance.CLOSED, "The opening, or its site, takes no students now."),
        _declined(wish, place),
        _days(wish, place) if days is None else None,
        None if days is None else _agreement(place, days),
        None if days is None else _hours(wish, place, days),
        _miles(wish, place),
        _documents(wish, place, today),
        None if place.free > 0 else Against(Hindrance.FULL, "All its places are taken."),
    ]
    return tuple(one for one in found if one is not None)


def _program(wish: Wish, place: Place) -> Against | None:
    if wish.program_id == place.program_id:
        return None
    return Against(Hindrance.PROGRAM, "It is for students of another program.")


def _declined(wish: Wish, place: Place) -> Against | None:
    if place.site_id not in wish.declined_sites:
        return None
    return Against(Hindrance.DECLINED_SITE, "The student has said no to this site before.")


def _days(wish: Wish, place: Place) -> Against:
    last = written(place.period.last_on)
    if wish.earliest_on > place.period.last_on:
        return Against(
            Hindrance.DAYS,
            f"The student can start on {written(wish.earliest_on)}, after its last day, {last}.",
        )
    return Against(Hindrance.DAYS, f"Its last day, {last}, is too near to start.")


def _agreement(place: Place, days: Period) -> Against | None:
    if covers(place.agreements, days):
        return None
    return Against(
        Hindrance.AGREEMENT,
        f"No agreement with the site is in force on each day from {written(days.first_on)} to {written(days.last_on)}.",
    )


def _hours(wish: Wish, place: Place, days: Period) -> Against | None:
    common, needed = minutes_in_common(wish.pattern, place.pattern, days), minutes_needed(wish.required_hours)
    if common >= needed:
        return None
    if common:
        sentence = f"Student and opening meet for {in_hours(common)}, and it takes {in_hours(needed)}."
    elif wish.pattern.weekdays & place.pattern.weekdays:
        sentence = "The student has no time in common with its hours."
    else:
        sentence = f"The student can come on {named_days(wish.pattern.weekdays)}, and it is on other days."
    return Against(Hindrance.HOURS, sentence, minutes=needed - common)


def in_hours(minutes: int) -> str:
    """Write a length of time: "40 hours", "1 hour", "39.5 hours"; rounded down, so that it never promises more."""
    tenths = minutes * TENTHS // HOUR_MINUTES
    whole, rest = divmod(tenths, TENTHS)
    return f"{whole}.{rest} hours" if rest else f"{whole} {'hour' if whole == 1 else 'hours'}"


def _miles(wish: Wish, place: Place) -> Against | None:
    tenths = distance(wish, place)
    if tenths is None:
        return Against(Hindrance.NO_DISTANCE, "How far it is cannot be told: the ZIP code of one of them is not known.")
    if tenths <= wish.miles * TENTHS:
        return None
    wide = math.ceil(tenths / TENTHS)
    return Against(
        Hindrance.MILES, f"It is {in_miles(tenths)} away, and the student asked for {wish.miles} at most.", miles=wide
    )


def in_miles(tenths: int) -> str:
    """Write a distance: "12.4 miles", "1 mile"."""
    whole, rest = divmod(tenths, TENTHS)
    return f"{whole:,}.{rest} miles" if rest else f"{whole:,} {'mile' if whole == 1 else 'miles'}"


_LACKS = {
    Standing.BEING_CHECKED: "is still being checked",
    Standing.EXPIRES_TOO_EARLY: "expires before the last day",
    Standing.REFUSED: "was refused",
    Standing.EXPIRED: "has expired",
    Standing.MISSING: "is missing",
}


def _documents(wish: Wish, place: Place, today: dt.date) -> Against | None:
    through = place.period.last_on
    standings = {
        kind: standing(kind, wish.papers, through=through, today=today) for kind in DocumentKind if kind in place.papers
    }
    lacking = {kind: one for kind, one in standings.items() if one is not Standing.HOLDS}
    if not lacking:
        return None
    told = "; ".join(f"{kind.label} {_LACKS[one]}" for kind, one in lacking.items())
    return Against(Hindrance.DOCUMENTS, f"{told}.", kinds=tuple(lacking))


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts beside distance, each in tenths of a mile.

    ``rank``: for each step that a location stands above the last of the student's list (the first of five: five times);
    ``kind``: when the site is of the kind that the student would like; ``waiting``: for each day since they asked.
    """

    rank: int
    kind: int
    waiting: int


def cost(wish: Wish, place: Place, weights: Weights, waited_days: int) -> int:
    """Return what placing the student there costs, in tenths of a mile; the least in sum wins.

    It is the distance, less what a preference is worth, less what each day of waiting is worth. The last is the same
    for all openings of one student: it decides who comes first where not all can be placed, never which place they get.
    It may be below zero. Raises ValueError where the distance is not known: such a pair is never planned.
    """
    tenths = distance(wish, place)
    if tenths is None:
        raise ValueError("a pair without a distance has no cost")
    liked = weights.kind if wish.kind is not None and wish.kind is place.kind else 0
    return tenths - rank_worth(wish.preferred, place.location_id, weights) - liked - waited_days * weights.waiting


def rank_worth(preferred: Sequence[int], location_id: int, weights: Weights) -> int:
    """Return what a location's rank on the student's list is worth, in tenths of a mile; 0 when it is not on it."""
    if location_id not in preferred:
        return 0
    return (MOST_PREFERENCES - preferred.index(location_id)) * weights.rank
