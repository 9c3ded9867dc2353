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
LABELS = (
    f"Within {RINGS[0] // TENTHS} miles",
    *(f"{near // TENTHS} to {far // TENTHS} miles" for near, far in pairwise(RINGS)),
    f"Farther than {RINGS[-1] // TENTHS} miles",
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Sites that lie together: where on the drawing, named by the busiest, and its rings from the outermost in."""

    name: str
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
    """The drawing, the words for who cannot see it, and the same numbers as rows."""

    clusters: tuple[Cluster, ...]
    description: str
    rows: tuple[tuple[str, ...], ...]


def drawn(spots: Sequence[Spot]) -> Map:
    """Draw where a plan sends students; the area of each disc tells how many, its rings from how far."""
    groups = _grouped(spots)
    most = max((sum(spot.students for spot in members) for _, _, members in groups), default=1)
    clusters = tuple(_cluster(x, y, members, most) for x, y, members in groups)
    rows = tuple((one.name, f"{one.students:,}", *(f"{number:,}" for number in one.counts)) for one in clusters)
    students, near = sum(one.students for one in clusters), sum(one.counts[0] for one in clusters)
    whose = "the site" if students == 1 else "their site"
    description = f"{counted(students, 'student')}, {near:,} of them within {RINGS[0] // TENTHS} miles of {whose}."
    if clusters:
        description += f" Most go to {clusters[0].name}: {clusters[0].students:,}."
    return Map(clusters, description, rows)


def _grouped(spots: Sequence[Spot]) -> list[tuple[float, float, list[Spot]]]:
    """Put sites that would overlap together, each with the busiest one near it."""
    groups: list[tuple[float, float, list[Spot]]] = []
    for spot, (x, y) in zip(spots, _positions(spots), strict=True):
        near = next((one for one in groups if math.hypot(one[0] - x, one[1] - y) < CLOSE), None)
        if near is None:
            groups.append((x, y, [spot]))
        else:
            near[2].append(spot)
    return sorted(groups, key=lambda one: (-sum(spot.students for spot in one[2]), one[2][0].site))


def _positions(spots: Sequence[Spot]) -> list[tuple[float, float]]:
    """Lay coordinates onto the drawing, north up, a mile as long in each direction."""
    if not spots:
        return []
    middle = (min(one.latitude for one in spots) + max(one.latitude for one in spots)) / 2
    narrow = math.cos(math.radians(middle))
    east, north = [one.longitude * narrow for one in spots], [one.latitude for one in spots]
    wide, tall = max(east) - min(east), max(north) - min(north)
    scale = min((WIDTH - 2 * EDGE) / wide if wide else math.inf, (HEIGHT - 2 * EDGE) / tall if tall else math.inf)
    scale = scale if math.isfinite(scale) else 0.0
    left, top = (WIDTH - wide * scale) / 2, (HEIGHT - tall * scale) / 2
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
    return Cluster(name, round(x, 1), round(y, 1), counts, tuple(rings))
