"""What the worker hands to the solver's process, and what that process hands back: plain columns and rows, pure.

Nothing of it needs numpy or the database, so that neither process loads what only the other one needs.
"""

import datetime as dt
from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from provider.affiliations.rules import ONE_DAY, Period, SiteKind
from provider.documents.rules import DocumentKind
from provider.externships.fitting import Weights

Column: TypeAlias = "array[int] | array[float]"
Row = dict[str, Any]
NEVER = 10**7  # a day beyond all others
KINDS = {kind: number for number, kind in enumerate(DocumentKind)}
SITE_KINDS = {kind: number for number, kind in enumerate(SiteKind)}
NO_KIND = -1
PAIR = 1 << 32  # a row and an id as one number


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everybody who waits for a place, and all openings around one of them: columns as `candidates` names them.

    Students have a further column, ``people``, since somebody may wait for two places; documents are of people.
    ``papers`` are whose each of them is, its kind, and the last day on which it is good.
    """

    students: Mapping[str, Column]
    places: Mapping[str, Column]
    papers: tuple[Column, Column, Column]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What staff decided before: requests pinned to an opening, and pairs that are barred; all by id."""

    pins: Mapping[int, int]
    barred: Collection[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Question:
    """All that a plan follows from: the same question has the same answer."""

    cohort: Cohort
    wanted: Wanted
    weights: Weights
    most: int
    seed: int


@dataclass(frozen=True, slots=True)
class Sums:
    """What the rows of a plan come to."""

    students: int
    placed: int
    tenths: int
    openings: list[list[int]]  # each that was considered, with the places it had


def whole(values: Sequence[int]) -> Column:
    """Return a column of whole numbers."""
    return array("q", values)


def degrees(values: Sequence[float | None]) -> Column:
    """Return a column of degrees, not a number where there are none."""
    return array("d", [float("nan") if value is None else value for value in values])


def covered_from(periods: Sequence[Period], last: dt.date) -> int:
    """Return the first day from which agreements cover each day through the last one; NEVER when not even that one."""
    first = last + ONE_DAY
    for period in sorted(periods, key=lambda one: one.last_on, reverse=True):
        if period.last_on >= first - ONE_DAY:
            first = min(first, period.first_on)
    return NEVER if first > last else first.toordinal()
