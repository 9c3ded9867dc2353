"""How the promise of a place stands, in days: what has run, what stood still and why, and by when it is due."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from provider.clocks import queries as clocks
from provider.clocks.models import Clock, ClockPause
from provider.clocks.rules import DAY, ClockKind, ClockState, days_moved, time_run
from provider.externships.rules import PAUSE_LABELS
from provider.kernel.days import day_of, end_of
from provider.kernel.settings import settings

WHOLE = 100


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which the clock stood still; without an end it lasts."""

    label: str
    began_at: dt.datetime
    ended_at: dt.datetime | None
    days: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The guarantee of one request as a page shows it.

    ``state`` is one of the clock's faces: running, paused, met, overdue, closed. ``days_of`` is what was promised when
    it began; while the clock stands still, ``due_on`` is the day that would hold if it ran again now.
    """

    state: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    due_on: dt.date
    deadline: dt.datetime
    days_run: int
    days_paused: int
    days_of: int
    pauses: tuple[Pause, ...]

    @property
    def left(self) -> int:
        """The share of the promised days that is left, in percent."""
        return max(0, WHOLE - self.days_run * WHOLE // self.days_of) if self.days_of else 0

    @property
    def waits_for(self) -> str | None:
        """Why it stands still now, in words."""
        return next((one.label for one in self.pauses if one.ended_at is None), None)


def of(request_reference: str, *, now: dt.datetime) -> Progress | None:
    """Return how the guarantee of a request stands at an instant, in two statements; None when none was begun."""
    clock = clocks.of(ClockKind.GUARANTEE, request_reference)
    return told(clock, clocks.pauses(clock), now=now) if clock is not None else None


def told(clock: Clock, pauses: Sequence[ClockPause], *, now: dt.datetime) -> Progress:
    """Put a clock and its pauses into days; whole ones, as the promise counts them."""
    zone = settings().SCHOOL_ZONE
    end = clock.ended_at or now
    over = dt.timedelta(seconds=clock.paused_seconds)
    lasting = sum((max(now - one.began_at, dt.timedelta(0)) for one in pauses if one.ended_at is None), dt.timedelta(0))
    due_on = clock.due_on + dt.timedelta(days=days_moved(over + lasting) - days_moved(over))
    run = time_run(started_at=clock.started_at, now=end, paused=over + lasting)
    return Progress(
        state=_face(clock, due_on, day_of(now, zone)),
        started_at=clock.started_at,
        ended_at=clock.ended_at,
        due_on=due_on,
        deadline=end_of(due_on, zone).replace(microsecond=0),
        days_run=run // DAY,
        days_paused=(over + lasting) // DAY,
        days_of=clock.days or 0,
        pauses=tuple(_pause(one, now) for one in pauses),
    )


def _face(clock: Clock, due_on: dt.date, today: dt.date) -> str:
    if clock.state is ClockState.RUNNING and today > due_on:
        return "overdue"
    return {ClockState.STOPPED: "closed"}.get(clock.state) or clock.state.value


def _pause(one: ClockPause, now: dt.datetime) -> Pause:
    days = max((one.ended_at or now) - one.began_at, dt.timedelta(0)) // DAY
    return Pause(PAUSE_LABELS.get(one.reason, one.reason), one.began_at, one.ended_at, days)
