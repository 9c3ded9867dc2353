"""What a plan says of a student, in sentences: why this opening, why none, and the one change that would help."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provider.affiliations.models import Opening
from provider.affiliations.rules import clock_time, named_days
from provider.documents.rules import DocumentKind
from provider.externships.fitting import Hindrance, in_miles
from provider.externships.models import PlanRow
from provider.externships.planning import Reason, Remedy
from provider.externships.rules import MOST_MILES
from provider.kernel.days import counted

_SPEAKS = {
    Hindrance.DECLINED_SITE: "at a site that the student said no to",
    Hindrance.DAYS: "over before the student can start",
    Hindrance.AGREEMENT: "without an agreement through the last day",
    Hindrance.HOURS: "with too few hours in common",
    Hindrance.MILES: "too far away",
    Hindrance.DOCUMENTS: "asking for documents that are missing or expire before the last day",
}
_PLAIN = {
    Reason.CHEAPEST: "No opening suits better.",
    Reason.KIND: "It is the kind of site that the student would like.",
    Reason.PINNED: "Staff pinned it.",
    Reason.NONE_AROUND: f"There is no opening of the program within {MOST_MILES} miles.",
    Reason.NOWHERE: "The ZIP code is not on the map, so no distance is known. Place this student by hand.",
}
_REMEDIES = frozenset(Remedy)


@dataclass(frozen=True, slots=True)
class Said:
    """A row in words: the reasons, and the changes of which each alone would place the student."""

    reasons: tuple[str, ...]
    remedies: tuple[str, ...]


def named(rows: Sequence[PlanRow]) -> set[int]:
    """Return the ids of the openings that rows speak of beside their own."""
    speaking = (*_REMEDIES, Reason.PIN_BROKEN)
    return {told[1] for row in rows for told in row.reasons if told[0] in speaking}


def said(row: PlanRow, openings: Mapping[int, Opening]) -> Said:
    """Put what a row was stored with into words; an opening that is gone by now is not named."""
    known = [told for told in row.reasons if told[0] not in _REMEDIES]
    changes = [told for told in row.reasons if told[0] in _REMEDIES]
    return Said(
        tuple(_reason(told, openings) for told in known),
        tuple(sentence for told in changes for sentence in _remedy(told, openings)),
    )


def _reason(told: Sequence[Any], openings: Mapping[int, Opening]) -> str:
    kind = Reason(told[0])
    if kind is Reason.PIN_BROKEN:
        return _broken(told, openings)
    if kind is Reason.NONE_FITS:
        return f"Of {counted(told[1], 'opening')} within {MOST_MILES} miles none fits: {_counts(told[2])}."
    return _PLAIN[kind] if len(told) == 1 else _counted(kind, told[1])


def _counted(kind: Reason, number: int) -> str:
    return {
        Reason.AFTER: f"{counted(number, 'opening')} that would suit better went to others.",
        Reason.RANK: f"It is number {number} on the student’s list.",
        Reason.WAITED: f"The student has waited for {counted(number, 'day')}.",
        Reason.ALL_TAKEN: f"{counted(number, 'opening')} would fit, but every place there goes to somebody else.",
    }[kind]


def _counts(found: Mapping[str, int]) -> str:
    return "; ".join(f"{number:,} {_SPEAKS[Hindrance(why)]}" for why, number in found.items())


def _broken(told: Sequence[Any], openings: Mapping[int, Opening]) -> str:
    opening = openings.get(told[1])
    where = place_name(opening) if opening else "an opening"
    why = ", ".join(_SPEAKS[Hindrance(one)] for one in told[2]) or "closed, full, or for another program"
    return f"Staff pinned it to {where}, which is by now {why}."


def _remedy(told: Sequence[Any], openings: Mapping[int, Opening]) -> Iterator[str]:
    kind, opening = Remedy(told[0]), openings.get(told[1])
    if opening is None:
        return
    where = f"{place_name(opening)}, {in_miles(told[2])} away"
    if kind is Remedy.DOCUMENTS:
        yield f"{' and '.join(DocumentKind(one).label for one in told[3])}, good through the last day at {where}."
    elif kind is Remedy.MILES:
        yield f"Widen to {told[3]} miles: {where}, has room."
    elif kind is Remedy.TIMES:
        times = f"{clock_time(opening.from_minute)} to {clock_time(opening.until_minute)}"
        yield f"Other days or hours: {where}, has room on {named_days(opening.weekdays)}, {times}."
    else:
        yield f"One more place at {where}."


def place_name(opening: Opening) -> str:
    """Name an opening by its site and location."""
    return f"{opening.location.site.name}, {opening.location.name}"
