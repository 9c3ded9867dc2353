"""What runs and waits for staff: each room hands in its queue, and the home page of the back office shows one list."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing that runs: what it is, by when, who is on it, and the page on which to act.

    Before ``due_on`` has passed it is in time, after ``last_on`` overdue, between them due; where both are one day, it
    is due on that day. Without dates any day will do, and it stands where ``turn_on`` puts it. ``team`` says in words
    who sees to what is no one person's.
    """

    label: str
    text: str
    href: str
    turn_on: dt.date
    due_on: dt.date | None = None
    last_on: dt.date | None = None
    owner: str | None = None
    team: str = "Nobody yet"
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see: whose (a person's reference, `NOBODY`, or empty for everybody's), and how many.

    ``held`` are the permissions of the one who looks; ``today`` is the date in the school's zone.
    """

    most: int
    today: dt.date
    held: frozenset[StrEnum]
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """One thing that waits: who may see it, how much of it there is, its first rows by turn, and its own list.

    ``rows`` is left out where only the number matters, or where the rows stand in another queue.
    """

    label: str
    needs: StrEnum | str
    waiting: Callable[[], sa.ScalarSelect[int]]
    href: Callable[[], str]
    rows: Callable[[Asked], Sequence[Promise]] | None = None
    tone: str = "warn"
    rank: int = 50


def first(lists: Sequence[Sequence[Promise]], most: int) -> list[Promise]:
    """Return the first of several lists together, oldest turn first; what has a date stands before what has none."""
    together = [promise for one in lists for promise in one]
    return sorted(together, key=lambda one: (one.turn_on, one.due_on is None))[:most]
