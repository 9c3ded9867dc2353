"""Reading clocks."""

from collections.abc import Sequence

import sqlalchemy as sa

from provider.clocks.models import Clock, ClockPause
from provider.clocks.rules import ClockKind, ClockState
from provider.kernel.database import db


def running(limit: int = 50) -> Sequence[Clock]:
    """Return the running promises, the first due first."""
    query = sa.select(Clock).where(Clock.state == ClockState.RUNNING).order_by(Clock.due_on, Clock.id).limit(limit)
    return db.session.scalars(query).all()


def about(reference: str) -> Sequence[Clock]:
    """Return every promise made around one enrollment."""
    return db.session.scalars(sa.select(Clock).where(Clock.about == reference).order_by(Clock.id)).all()


def of(kind: ClockKind, subject: str) -> Clock | None:
    """Return the clock of one promise, if it was made."""
    return db.session.scalar(sa.select(Clock).where(Clock.kind == kind, Clock.subject_reference == subject))


def pauses(clock: Clock) -> Sequence[ClockPause]:
    """Return every stretch in which a promise was not timed, in order; the last may still last."""
    return db.session.scalars(
        sa.select(ClockPause).where(ClockPause.clock_id == clock.id).order_by(ClockPause.began_at, ClockPause.id)
    ).all()
