"""The map of a plan: sites where they lie, each with rings that say from how far its students come; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from provider.externships.plan_queries import RINGS, Spot
from provider.externships.rules import TENTHS
from provider.kernel.days import counted

WIDTH, HEIGHT, EDGE = 720, 400, 44
CLOSE = 40.0  # sites nearer than this on the drawing are shown as one
LARGEST, SMALLEST = 34.0, 5.0
NAMED = 8  # discs at most that have their city and number below them
BELOW, LINE, LETTER = 11.0, 16.0, 7.0  # how far below the middle of a label is, how high it is, how wide a letter
_Box = tuple[float, float, float, float]  # its middle, and how far it reaches from there
BARS = (500, 250, 100, 50, 25, 10, 5, 2, 1)  # miles that the bar of the scale may stand for
LONGEST_BAR = 160.0
MILES_A_DEGREE = 69.1  # along a meridian
LABELS = (
    f"Within {RINGS[0] // TENTHS} miles",
    *(f"{near // TENTHS} to {far // TENTHS} miles" for near, far in pairwise(RINGS)),
    f"Farther than {RINGS[-1] // TENTHS} miles",
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Sites that lie together: where on the drawing, named by the busiest, and its rings from the outermost in."""

    name: str
    city: str
    x: float
    y: float
    counts: tuple[int, ...]
    rings: tuple[tuple[int, float], ...]  # which ring, and its radius

    @property
    def students(self) -> int:
        """How many go there."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Map:
    """The drawing, the words for who cannot see it, and the same numbers as rows.

    ``labels`` stand below the busiest discs, where there is room. ``bar`` is how long some whole miles are on
    the drawing; none where all of it is one spot.
    """

    clusters: tuple[Cluster, ...]
    labels: tuple[tuple[float, float, str], ...]
    bar: tuple[int, float] | None
    description: str
    rows: tuple[tuple[str, ...], ...]


def drawn(spots: Sequence[Spot]) -> Map:
    """Draw where a plan sends students; the area of each disc tells how many, its rings from how far."""
    scale = _scale(spots)
    groups = _grouped(spots, scale)
    most = max((sum(spot.students for spot in members) for _, _, members in groups), default=1)
    clusters = tuple(_cluster(x, y, members, most) for x, y, members in groups)
    rows = tuple((one.name, f"{one.students:,}", *(f"{number:,}" for number in one.counts)) for one in clusters)
    students, near = sum(one.students for one in clusters), sum(one.counts[0] for one in clusters)
    whose = "the site" if students == 1 else "their site"
    description = f"{counted(students, 'student')}, {near:,} of them within {RINGS[0] // TENTHS} miles of {whose}."
    if clusters:
        description += f" Most go to {clusters[0].name}: {clusters[0].students:,}."
    return Map(clusters, _labels(clusters), _bar(scale), description, rows)


def _labels(clusters: Sequence[Cluster]) -> tuple[tuple[float, float, str], ...]:
    """Return where the names of the busiest discs stand; one that would lie on a disc or another name is left away."""
    found: list[tuple[float, float, str]] = []
    taken = [(one.x, one.y, one.rings[0][1], one.rings[0][1]) for one in clusters]
    for one in clusters:
        text = f"{one.city} {one.students}"
        here = one.x, one.y + one.rings[0][1] + BELOW, LETTER * len(text) / 2, LINE / 2
        if len(found) < NAMED and not any(_overlap(here, other) for other in taken):
            found.append((here[0], round(here[1] + LINE / 4, 1), text))
            taken.append(here)
    return tuple(found)


def _overlap(one: _Box, other: _Box) -> bool:
    return abs(one[0] - other[0]) < one[2] + other[2] and abs(one[1] - other[1]) < one[3] + other[3]


def _bar(scale: float) -> tuple[int, float] | None:
    """Return the most miles that are not too long to be a bar, and how long they are."""
    lengths = ((miles, round(miles * scale / MILES_A_DEGREE, 1)) for miles in BARS)
    return next((one for one in lengths if 0 < one[1] <= LONGEST_BAR), None)


def _grouped(spots: Sequence[Spot], scale: float) -> list[tuple[float, float, list[Spot]]]:
    """Put sites that would overlap together, each with the busiest one near it."""
    groups: list[tuple[float, float, list[Spot]]] = []
    for spot, (x, y) in zip(spots, _positions(spots, scale), strict=True):
        near = next((one for one in groups if math.hypot(one[0] - x, one[1] - y) < CLOSE), None)
        if near is None:
            groups.append((x, y, [spot]))
        else:
            near[2].append(spot)
    return sorted(groups, key=lambda one: (-sum(spot.students for spot in one[2]), one[2][0].site))


def _flat(spots: Sequence[Spot]) -> tuple[list[float], list[float]]:
    """Return how far east and north spots lie, in degrees of a meridian: a mile is as long in each direction."""
    latitudes = [one.latitude for one in spots]
    narrow = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
    return [one.longitude * narrow for one in spots], latitudes


def _scale(spots: Sequence[Spot]) -> float:
    """Return how long a degree of a meridian is on the drawing; 0 where all spots are one."""
    if not spots:
        return 0.0
    room = zip(_flat(spots), (WIDTH, HEIGHT), strict=True)
    return min(((side - 2 * EDGE) / span for along, side in room if (span := max(along) - min(along))), default=0.0)


def _positions(spots: Sequence[Spot], scale: float) -> list[tuple[float, float]]:
    """Lay coordinates onto the drawing, north up, in its middle."""
    if not spots:
        return []
    east, north = _flat(spots)
    left = (WIDTH - (max(east) - min(east)) * scale) / 2
    top = (HEIGHT - (max(north) - min(north)) * scale) / 2
    return [(left + (x - min(east)) * scale, top + (max(north) - y) * scale) for x, y in zip(east, north, strict=True)]


def _cluster(x: float, y: float, members: Sequence[Spot], most: int) -> Cluster:
    counts = tuple(sum(spot.counts[n] for spot in members) for n in range(len(RINGS) + 1))
    students, rings, inside = sum(counts), [], sum(counts)
    largest = max(SMALLEST, LARGEST * math.sqrt(students / most))
    for n in reversed(range(len(counts))):
        if counts[n]:
            rings.append((n, round(largest * math.sqrt(inside / students), 1)))
        inside -= counts[n]
    more = len(members) - 1
    name = members[0].site + (f" and {more} more nearby" if more else "")
    return Cluster(name, members[0].city, round(x, 1), round(y, 1), counts, tuple(rings))
