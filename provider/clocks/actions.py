"""Starting and ending the clock of a promise."""

import datetime as dt

import sqlalchemy as sa

from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.kernel.database import db


def start(*, kind: ClockKind, subject: str, about: str, at: dt.datetime, due_on: dt.date, overdue_on: dt.date) -> Clock:
    """Start timing a promise; its dates never move afterwards."""
    clock = Clock(
        kind=kind, subject_reference=subject, about=about, started_at=at, due_on=due_on, overdue_on=overdue_on
    )
    db.session.add(clock)
    return clock


def end(*, kind: ClockKind, subject: str, at: dt.datetime, state: ClockState = ClockState.MET) -> None:
    """End a running clock; ending one that has ended changes nothing."""
    db.session.execute(
        sa.update(Clock)
        .where(Clock.kind == kind, Clock.subject_reference == subject, Clock.state == ClockState.RUNNING)
        .values(state=state, ended_at=at)
    )


def resume(*, kind: ClockKind, subject: str) -> None:
    """Let a clock that was kept run again, on the dates that were promised; a running one changes nothing."""
    db.session.execute(
        sa.update(Clock)
        .where(Clock.kind == kind, Clock.subject_reference == subject, Clock.state == ClockState.MET)
        .values(state=ClockState.RUNNING, ended_at=None)
    )
