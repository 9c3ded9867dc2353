"""Starting and ending the clock of a promise."""

import datetime as dt

import sqlalchemy as sa

from provider.clocks.models import Clock, ClockPause
from provider.clocks.rules import ClockKind, ClockState, days_moved
from provider.kernel.database import db


def start(
    *,
    kind: ClockKind,
    subject: str,
    about: str,
    at: dt.datetime,
    due_on: dt.date,
    overdue_on: dt.date,
    days: int | None = None,
) -> Clock:
    """Start timing a promise; its dates move afterwards by nothing but pauses.

    ``days`` is in how many days of the calendar it was promised: a guarantee keeps those that it was made with.
    """
    clock = Clock(
        kind=kind,
        subject_reference=subject,
        about=about,
        started_at=at,
        due_on=due_on,
        overdue_on=overdue_on,
        days=days,
    )
    db.session.add(clock)
    return clock


def end(*, kind: ClockKind, subject: str, at: dt.datetime, state: ClockState = ClockState.MET) -> None:
    """End a clock that runs or stands still; ending one that has ended changes nothing."""
    clock = _lasting(kind, subject)
    if clock is None:
        return
    _end_pause(clock, at)
    clock.state, clock.ended_at = state, at


def keep_paused(*, kind: ClockKind, subject: str, reason: str | None, at: dt.datetime) -> None:
    """Let a promise stand still for a reason, or run where there is none; what stands as it should stays untouched.

    Its dates move by the whole days it stood still, when the pause ends.
    """
    clock = _lasting(kind, subject)
    if clock is None:
        return
    pause = _pause(clock)
    if (pause.reason if pause else None) == reason:
        return
    _end_pause(clock, at)
    clock.state = ClockState.RUNNING
    if reason is not None:
        db.session.add(ClockPause(clock_id=clock.id, reason=reason, began_at=at))
        clock.state = ClockState.PAUSED
    db.session.flush()


def run_again(*, kind: ClockKind, subject: str, reason: str, at: dt.datetime) -> None:
    """Let a promise that was kept run again; the time in which it was kept is a pause for a reason."""
    clock = db.session.scalar(_of(kind, subject).where(Clock.state == ClockState.MET))
    if clock is None or clock.ended_at is None:
        return
    pause = ClockPause(clock_id=clock.id, reason=reason, began_at=clock.ended_at, ended_at=at)
    db.session.add(pause)
    clock.state, clock.ended_at = ClockState.RUNNING, None
    _move(clock, at - pause.began_at)


def _of(kind: ClockKind, subject: str) -> sa.Select[Clock]:
    return sa.select(Clock).where(Clock.kind == kind, Clock.subject_reference == subject).with_for_update()


def _lasting(kind: ClockKind, subject: str) -> Clock | None:
    return db.session.scalar(_of(kind, subject).where(Clock.ended_at.is_(None)))


def _pause(clock: Clock) -> ClockPause | None:
    lasting = sa.select(ClockPause).where(ClockPause.clock_id == clock.id, ClockPause.ended_at.is_(None))
    return db.session.scalar(lasting)


def _end_pause(clock: Clock, at: dt.datetime) -> None:
    pause = _pause(clock)
    if pause is not None:
        pause.ended_at = max(at, pause.began_at)
        db.session.flush()  # at most one lasts: this one has to be over before the next begins
        _move(clock, pause.ended_at - pause.began_at)


def _move(clock: Clock, paused: dt.timedelta) -> None:
    before = dt.timedelta(seconds=clock.paused_seconds)
    moved = dt.timedelta(days=days_moved(before + paused) - days_moved(before))
    clock.paused_seconds = int((before + paused).total_seconds())
    clock.due_on, clock.overdue_on = clock.due_on + moved, clock.overdue_on + moved


def resume(*, kind: ClockKind, subject: str) -> None:
    """Let a clock that was kept run again, on the dates that were promised; a running one changes nothing."""
    db.session.execute(
        sa.update(Clock)
        .where(Clock.kind == kind, Clock.subject_reference == subject, Clock.state == ClockState.MET)
        .values(state=ClockState.RUNNING, ended_at=None)
    )
