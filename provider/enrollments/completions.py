"""Completions in bulk: what will become of each row, told before and done afterwards by the same judgment."""

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from provider.enrollments import actions, queries
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import LIFECYCLE, EnrollmentState
from provider.kernel.actors import Actor
from provider.kernel.days import day_of, end_of
from provider.kernel.settings import settings

MOST_ROWS = 500


class Fate(enum.StrEnum):
    """What becomes of one row of a list of completions."""

    COMPLETES = "completes"
    UNKNOWN = "unknown"
    TWICE = "twice"
    ALREADY = "already"
    NOT_ACTIVE = "not_active"
    NOT_A_DATE = "not_a_date"
    IN_THE_FUTURE = "in_the_future"
    TOO_EARLY = "too_early"

    @property
    def label(self) -> str:
        """Say it in a sentence."""
        return _LABELS[self]

    @property
    def tone(self) -> str:
        """How it is colored."""
        return {"completes": "good", "already": "neutral", "twice": "neutral"}.get(self.value, "bad")


_LABELS = {
    Fate.COMPLETES: "Will be marked as completed",
    Fate.UNKNOWN: "No enrollment has this reference",
    Fate.TWICE: "Stands in the list before",
    Fate.ALREADY: "Is completed already",
    Fate.NOT_ACTIVE: "Is not active, so it cannot be completed",
    Fate.NOT_A_DATE: "The date cannot be read; write it like 2026-11-21",
    Fate.IN_THE_FUTURE: "The date is in the future",
    Fate.TOO_EARLY: "The date lies before the agreement",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was given; ``completed_on`` is None for today, and empty text was none."""

    reference: str
    completed_on: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its fate, and what is known of its enrollment."""

    row: Row
    fate: Fate
    name: str | None = None
    state: EnrollmentState | None = None
    program: str | None = None
    completed_at: dt.datetime | None = None


def judge(rows: Sequence[Row], known: Mapping[str, Enrollment], *, now: dt.datetime, zone: ZoneInfo) -> list[Judged]:
    """Say what will become of each row; a date counts to the end of its day in the school's zone."""
    judged: list[Judged] = []
    seen: set[str] = set()
    for row in rows:
        enrollment = known.get(row.reference)
        fate, completed_at = _fate(row, enrollment, now, zone)
        if row.reference in seen:
            fate = Fate.TWICE
        seen.add(row.reference)
        if enrollment is None:
            judged.append(Judged(row, fate))
            continue
        title = enrollment.agreement.program_title
        judged.append(Judged(row, fate, enrollment.legal_name, enrollment.state, title, completed_at))
    return judged


def _fate(row: Row, enrollment: Enrollment | None, now: dt.datetime, zone: ZoneInfo) -> tuple[Fate, dt.datetime | None]:
    if enrollment is None:
        return Fate.UNKNOWN, None
    if enrollment.state is EnrollmentState.COMPLETED:
        return Fate.ALREADY, enrollment.completed_at
    if not LIFECYCLE.can(enrollment.state, EnrollmentState.COMPLETED):
        return Fate.NOT_ACTIVE, None
    return _dated(row.completed_on, enrollment.accepted_at, now, zone) if row.completed_on else (Fate.COMPLETES, now)


def _dated(
    completed_on: str, accepted_at: dt.datetime, now: dt.datetime, zone: ZoneInfo
) -> tuple[Fate, dt.datetime | None]:
    try:
        day = dt.date.fromisoformat(completed_on)
    except ValueError:
        return Fate.NOT_A_DATE, None
    if day > day_of(now, zone):
        return Fate.IN_THE_FUTURE, None
    if day < day_of(accepted_at, zone):
        return Fate.TOO_EARLY, None
    return Fate.COMPLETES, min(end_of(day, zone), now)


def dry_run(rows: Sequence[Row], *, now: dt.datetime) -> list[Judged]:
    """Say what would become of each row, and change nothing."""
    known = queries.by_references([row.reference for row in rows])
    return judge(rows, known, now=now, zone=settings().SCHOOL_ZONE)


def complete_all(*, rows: Sequence[Row], actor: Actor, at: dt.datetime) -> list[Judged]:
    """Complete whatever can be completed now, and return what became of each row; the rest stays as it is."""
    known = queries.by_references([row.reference for row in rows], lock=True)
    judged = judge(rows, known, now=at, zone=settings().SCHOOL_ZONE)
    for one in judged:
        if one.fate is Fate.COMPLETES:
            actions.complete(enrollment=known[one.row.reference], actor=actor, at=at, completed_at=one.completed_at)
    return judged
