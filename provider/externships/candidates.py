"""Which openings each student could take: the rules of `fitting` for many pairs at once, found without all pairs.

Openings are sorted by bands of latitude and by longitude within; a student's box then is a few runs of them. A pair is
judged as `fitting.against` judges one; a test holds the two against each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from provider.affiliations.rules import EVERY_DAY, WEEK, days_of
from provider.externships.fitting import Hindrance, Weights
from provider.externships.plan_columns import KINDS, NEVER, PAIR, Cohort
from provider.externships.planner import Arcs, Numbers, runs
from provider.externships.rules import EARTH_MILES, MOST_MILES, MOST_PREFERENCES, TENTHS

Degrees = NDArray[np.float64]
Globe = tuple[Degrees, Degrees, Degrees]
BAND = 0.25  # degrees of latitude
WORLD = 1000.0  # more than all degrees of longitude
AT_ONCE = 30_000  # pairs, so that what is worked on stays near the processor
ALWAYS = 0

_H = Hindrance
BITS = {
    why: 1 << n for n, why in enumerate((_H.DECLINED_SITE, _H.DAYS, _H.AGREEMENT, _H.HOURS, _H.MILES, _H.DOCUMENTS))
}


@dataclass(frozen=True, slots=True)
class Students:
    """The requests to be placed, a row for each; days as ordinals, documents as the last day on which each is good."""

    ids: Numbers
    programs: Numbers
    latitude: Degrees
    longitude: Degrees
    miles: Numbers
    weekdays: Numbers
    from_minute: Numbers
    until_minute: Numbers
    earliest: Numbers
    minutes: Numbers
    kinds: Numbers
    waited: Numbers
    papers: Numbers  # a column for each kind of document; ALWAYS where there is none
    declined: Numbers  # pairs of row and site, as one number each, sorted
    liked: Numbers  # pairs of row and location, as one number each, sorted
    ranks: Numbers  # of each of them, 1 for the location liked most

    def __len__(self) -> int:
        """Count the requests."""
        return len(self.ids)

    def rows(self, chosen: Numbers) -> "Students":
        """Return some of them as they were read; the pairs still go by the rows of all."""
        kept = {"declined", "liked", "ranks"}
        return replace(
            self, **{one.name: getattr(self, one.name)[chosen] for one in fields(self) if one.name not in kept}
        )


@dataclass(frozen=True, slots=True)
class Places:
    """The openings that take students, a row for each, sorted by band and longitude (`in_bands`)."""

    ids: Numbers
    programs: Numbers
    locations: Numbers
    sites: Numbers
    kinds: Numbers
    latitude: Degrees
    longitude: Degrees
    weekdays: Numbers
    from_minute: Numbers
    until_minute: Numbers
    first: Numbers
    last: Numbers
    tomorrow: Numbers  # where the opening is
    covered_from: Numbers  # from this day on agreements cover each day through its last one
    papers: Numbers  # a bit for each kind of document that is asked for
    free: Numbers

    def __len__(self) -> int:
        """Count the openings."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Students with openings around them: what speaks against each pair (`BITS`), and how far it is."""

    students: Numbers
    places: Numbers
    tenths: Numbers
    against: Numbers


def boards(cohort: Cohort) -> tuple[Students, Places]:
    """Return a cohort as what the rest works with: of each document of each student the best one counts."""
    students = {name: np.asarray(column) for name, column in cohort.students.items()}
    people = students.pop("people")
    good = np.full((int(people.max(initial=-1)) + 1, len(KINDS)), ALWAYS, np.int64)
    person, kind, until = (np.asarray(column) for column in cohort.papers)
    np.maximum.at(good, (person, kind), until)
    places = {name: np.asarray(column) for name, column in cohort.places.items()}
    return Students(**students, papers=good[people]), in_bands(Places(**places))


def in_bands(places: Places) -> Places:
    """Return openings in the order in which they are searched."""
    order = np.lexsort((places.ids, places.longitude, _band(places.latitude)))
    return replace(places, **{one.name: getattr(places, one.name)[order] for one in fields(places)})


def around(students: Students, places: Places, *, miles: Numbers, rows: Numbers | None = None) -> Iterator[Pairs]:
    """Yield the pairs of students (all, or some rows) with openings of their program within some miles, and judge them.

    In parts of about `AT_ONCE` pairs, by student. Students without coordinates are in none.
    """
    known = np.flatnonzero(~np.isnan(students.latitude)) if rows is None else rows[~np.isnan(students.latitude[rows])]
    starts, counts = _runs_of(students, places, known, miles)
    globe = _on_the_globe(students), _on_the_globe(places)
    reach = _reach(miles) * 1.000001
    for part in runs(counts.sum(axis=1), AT_ONCE):
        row, place = _expanded(known[part], starts[part], counts[part])
        chord = _chord(*globe, row, place)
        near = np.flatnonzero((chord <= reach[row]) & (students.programs[row] == places.programs[place]))
        row, place, tenths = row[near], place[near], _tenths(chord[near])
        inside = tenths <= miles[row] * TENTHS
        yield judged(students, places, row[inside], place[inside], tenths[inside])


def _band(latitude: Degrees) -> Numbers:
    return np.floor(latitude / BAND).astype(np.int64)


def _runs_of(students: Students, places: Places, rows: Numbers, miles: Numbers) -> tuple[Numbers, Numbers]:
    """Return for each student where the openings of each band of their box start, and how many there are."""
    latitude, longitude, reach = students.latitude[rows], students.longitude[rows], miles[rows] / EARTH_MILES
    tall = np.degrees(reach)
    narrow = np.cos(np.radians(np.minimum(89.0, np.abs(latitude) + tall)))
    wide = np.minimum(180.0, np.degrees(reach / narrow))
    lowest, highest = _band(latitude - tall), _band(latitude + tall)
    keys = _band(places.latitude) * WORLD + places.longitude
    most = int((highest - lowest).max(initial=-1)) + 1
    starts, counts = np.zeros((len(rows), most), np.int64), np.zeros((len(rows), most), np.int64)
    for n in range(most):
        band = lowest + n
        start = np.searchsorted(keys, band * WORLD + longitude - wide, side="left")
        stop = np.searchsorted(keys, band * WORLD + longitude + wide, side="right")
        starts[:, n], counts[:, n] = start, np.where(band <= highest, stop - start, 0)
    return starts, counts


def _expanded(rows: Numbers, starts: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    flat = counts.ravel()
    before = np.cumsum(flat) - flat
    places = np.repeat(starts.ravel() - before, flat) + np.arange(flat.sum())
    return np.repeat(rows, counts.sum(axis=1)), places


def tenths_between(students: Students, places: Places, row: Numbers, place: Numbers) -> Numbers:
    """Return how far each pair is, in tenths of a mile (`tenths_of_miles`)."""
    return _tenths(_chord(_on_the_globe(students), _on_the_globe(places), row, place))


def _tenths(chord: Degrees) -> Numbers:
    """Return tenths of a mile, rounded up, of the square of the straight line through the globe."""
    angle = 2 * np.arcsin(np.minimum(1.0, np.sqrt(chord) / 2))
    return np.ceil(angle * (EARTH_MILES * TENTHS) - 1e-6).astype(np.int64)


def _reach(miles: Numbers) -> Degrees:
    """Return the square of the straight line through the globe that some miles over it are."""
    return (2 * np.sin(np.minimum(miles / EARTH_MILES, np.pi) / 2)) ** 2


def _chord(students: Globe, places: Globe, row: Numbers, place: Numbers) -> Degrees:
    chord = np.zeros(len(row))
    for mine, theirs in zip(students, places, strict=True):
        across = mine[row] - theirs[place]
        chord += across * across
    return chord


def _on_the_globe(there: Students | Places) -> Globe:
    north, east = np.radians(there.latitude), np.radians(there.longitude)
    return np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)


def judged(students: Students, places: Places, row: Numbers, place: Numbers, tenths: Numbers) -> Pairs:
    """Say what speaks against each pair, but for its program and whether places are free."""
    first = np.maximum(np.maximum(places.first, places.tomorrow)[place], students.earliest[row])
    last = places.last[place]
    days = first > last
    against = np.where(days, BITS[_H.DAYS], 0)
    against |= np.where(~days & (first < places.covered_from[place]), BITS[_H.AGREEMENT], 0)
    short = _minutes(students, places, row, place, first) < students.minutes[row]
    against |= np.where(~days & short, BITS[_H.HOURS], 0)
    against |= np.where(tenths > students.miles[row] * TENTHS, BITS[_H.MILES], 0)
    against |= np.where(_lacks_papers(students, places, row, place), BITS[_H.DOCUMENTS], 0)
    declined = held(students.declined, row, places.sites[place])
    against[declined >= 0] |= BITS[_H.DECLINED_SITE]
    return Pairs(row, place, tenths, against)


_BITS_SET = np.array([len(days_of(mask)) for mask in range(EVERY_DAY + 1)], np.int64)
# How many days of a mask are among the first n days from a weekday.
_REST = np.array(
    [[[sum(mask >> (first + n) % 7 & 1 for n in range(rest)) for rest in WEEK] for first in WEEK]
     for mask in range(EVERY_DAY + 1)],
    np.int64,
)  # fmt: skip


def _minutes(students: Students, places: Places, row: Numbers, place: Numbers, first: Numbers) -> Numbers:
    """Return for how many minutes student and opening meet (`minutes_in_common`)."""
    start = np.maximum(students.from_minute[row], places.from_minute[place])
    shared = np.minimum(students.until_minute[row], places.until_minute[place]) - start
    mask = students.weekdays[row] & places.weekdays[place]
    whole, rest = np.divmod(np.maximum(places.last[place] - first + 1, 0), len(WEEK))
    # Day 1 of the calendar was a Monday.
    days = whole * _BITS_SET[mask] + _REST[mask, (first + 6) % len(WEEK), rest]
    together: Numbers = np.maximum(shared, 0) * days
    return together


def _lacks_papers(students: Students, places: Places, row: Numbers, place: Numbers) -> NDArray[np.bool_]:
    asked, last = places.papers[place], places.last[place]
    lacks = np.zeros(len(row), bool)
    for kind in range(students.papers.shape[1]):
        if (places.papers >> kind & 1).any():
            lacks |= (asked >> kind & 1).astype(bool) & (students.papers[row, kind] < last)
    return lacks


def held(pairs: Numbers, row: Numbers, other: Numbers) -> Numbers:
    """Return where in the sorted pairs each stands, or -1."""
    if not len(pairs):
        return np.full(len(row), -1, np.int64)
    found = np.full(len(row), -1, np.int64)
    some = np.flatnonzero(_has_any(pairs, row))
    asked = row[some] * PAIR + other[some]
    at = np.minimum(np.searchsorted(pairs, asked), len(pairs) - 1)
    found[some] = np.where(pairs[at] == asked, at, -1)
    return found


def _has_any(pairs: Numbers, row: Numbers) -> NDArray[np.bool_]:
    """Say of which rows there are pairs at all: most have none, and need no search."""
    rows = pairs // PAIR
    has = np.zeros(int(max(rows[-1], row.max(initial=0))) + 1, bool)
    has[rows] = True
    chosen: NDArray[np.bool_] = has[row]
    return chosen


def cheapest(students: Students, places: Places, *, most: int, weights: Weights, barred: Numbers) -> Arcs:
    """Return the openings with free places that fit each student, the ``most`` cheapest ones (`fitting.cost`).

    ``barred`` are pairs of row and opening that staff excluded. Of two that cost the same, the lower id comes first.
    """
    order = np.argsort(places.ids)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    ends, size = np.empty((2, len(students) * most), np.int32), 0
    costs = np.empty(len(students) * most, np.int64)
    for pairs in around(students, places, miles=students.miles):
        good = (pairs.against == 0) & (places.free[pairs.places] > 0)
        if len(barred):
            good &= held(barred, pairs.students, places.ids[pairs.places]) < 0
        row, place, tenths = pairs.students[good], pairs.places[good], pairs.tenths[good]
        cost = tenths - worth_of(students, places, row, place, weights)
        row, ranked, cost = _fewest(row, rank[place], cost, most=most, places=len(places))
        part = slice(size, size + len(row))
        ends[0, part], ends[1, part] = row, order[ranked]
        costs[part] = cost - students.waited[row] * weights.waiting
        size = part.stop
    return Arcs(ends[0, :size], ends[1, :size], costs[:size])


def _fewest(row: Numbers, rank: Numbers, cost: Numbers, *, most: int, places: int) -> tuple[Numbers, Numbers, Numbers]:
    """Keep the first few of each row by cost, then rank; the three are sorted as one number, which is much faster."""
    if not len(row):
        return row, rank, cost
    lowest, first = int(cost.min()), int(row[0])
    span = int(cost.max()) - lowest + 1
    keys = np.sort(((row - first) * span + (cost - lowest)) * places + rank)
    row, rest = np.divmod(keys, span * places)
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    kept = np.arange(len(row)) - np.repeat(starts, np.diff(starts, append=len(row))) < most
    cost, rank = np.divmod(rest[kept], places)
    return row[kept] + first, rank, cost + lowest


def worth_of(students: Students, places: Places, row: Numbers, place: Numbers, weights: Weights) -> Numbers:
    """Return what a student's preferences for each opening are worth, in tenths of a mile."""
    worth = np.where(of_kind(students, places, row, place), weights.kind, 0)
    rank = rank_of(students, places, row, place)
    return worth + np.where(rank > 0, (MOST_PREFERENCES + 1 - rank) * weights.rank, 0)


def of_kind(students: Students, places: Places, row: Numbers, place: Numbers) -> NDArray[np.bool_]:
    """Say of each pair whether the site is of the kind that the student would like."""
    alike: NDArray[np.bool_] = students.kinds[row] == places.kinds[place]  # no site is of NO_KIND
    return alike


def rank_of(students: Students, places: Places, row: Numbers, place: Numbers) -> Numbers:
    """Return each location's rank on the student's list, 0 where it is not on it."""
    if not len(students.liked):
        return np.zeros(len(row), np.int64)
    liked = held(students.liked, row, places.locations[place])
    return np.where(liked >= 0, students.ranks[liked], 0)


def freed(students: Students, *, papers: bool = False, times: bool = False, miles: bool = False) -> Students:
    """Return students as they would be with all documents, with all days and hours, or willing to go anywhere."""
    changed: dict[str, Any] = {}
    if papers:
        changed["papers"] = np.full_like(students.papers, NEVER)
    if times:
        changed |= {
            "weekdays": np.full_like(students.weekdays, EVERY_DAY),
            "from_minute": np.zeros_like(students.from_minute),
            "until_minute": np.full_like(students.until_minute, 24 * 60),
            "earliest": np.full_like(students.earliest, ALWAYS),
        }
    if miles:
        changed["miles"] = np.full_like(students.miles, MOST_MILES)
    return replace(students, **changed)
