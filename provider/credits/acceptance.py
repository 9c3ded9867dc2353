"""What the school publishes of what colleges decided: how many asked, received and granted; pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from provider.credits.rules import FEWEST_PUBLISHED, CreditState


@dataclass(frozen=True, slots=True)
class Counted:
    """So many requests of one college that were sent, by what the college has said."""

    key: str
    college: str
    received: bool
    decision: CreditState | None
    number: int


@dataclass(frozen=True, slots=True)
class Line:
    """What became of the requests that were sent to one college, or to all of them."""

    college: str
    sent: int
    received: int
    whole: int
    partly: int
    denied: int

    @property
    def decided(self) -> int:
        """Return how many were decided."""
        return self.whole + self.partly + self.denied


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What may be published: of all colleges together, None with too few, and of each with enough decisions."""

    all: Line | None
    colleges: tuple[Line, ...]


def acceptance(counts: Iterable[Counted]) -> Acceptance:
    """Return what may be published: everything from five requests up, a college by its name from five decisions up.

    A college that decided without a word of receipt has received the letter.
    """
    rows = list(counts)
    by_college: dict[str, list[Counted]] = defaultdict(list)
    for row in rows:
        by_college[row.key].append(row)
    lines = [_line(min(row.college for row in mine), mine) for mine in by_college.values()]
    together = _line("", rows)
    named = [line for line in lines if line.decided >= FEWEST_PUBLISHED]
    return Acceptance(
        together if together.sent >= FEWEST_PUBLISHED else None,
        tuple(sorted(named, key=lambda line: (-line.decided, line.college))),
    )


def _line(college: str, rows: Iterable[Counted]) -> Line:
    counted: dict[CreditState | None, int] = defaultdict(int)
    sent = received = 0
    for row in rows:
        sent += row.number
        received += row.number if row.received or row.decision else 0
        counted[row.decision] += row.number
    whole, partly, denied = (
        counted[state] for state in (CreditState.GRANTED, CreditState.PARTLY_GRANTED, CreditState.DENIED)
    )
    return Line(college, sent, received, whole, partly, denied)
