"""The table of promises being timed."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.clocks.rules import ClockKind, ClockState
from provider.kernel.database import Model, Ref, known

_RUNNING = sa.text("ended_at IS NULL")


class Clock(Model):
    """One promise to one person, with the dates it is measured by.

    ``paused_seconds`` is how long it stood still in pauses that are over; the dates have moved by them. ``days`` is in
    how many days of the calendar a guarantee was promised; what is promised in business days has none.
    """

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ClockKind]
    subject_reference: Mapped[Ref]
    about: Mapped[Ref]
    state: Mapped[ClockState] = mapped_column(default=ClockState.RUNNING)
    started_at: Mapped[dt.datetime]
    due_on: Mapped[dt.date]
    overdue_on: Mapped[dt.date]
    days: Mapped[int | None]
    ended_at: Mapped[dt.datetime | None]
    paused_seconds: Mapped[int] = mapped_column(sa.BigInteger, default=0)

    __table_args__ = (
        known("kind", ClockKind),
        known("state", ClockState),
        sa.CheckConstraint("due_on <= overdue_on", name="due_before_overdue"),
        sa.CheckConstraint("(state IN ('running', 'paused')) = (ended_at IS NULL)", name="ended_when_over"),
        sa.CheckConstraint("paused_seconds >= 0", name="paused_not_negative"),
        sa.CheckConstraint("(kind = 'guarantee') = (days IS NOT NULL)", name="guarantee_has_days"),
        sa.CheckConstraint("days IS NULL OR days >= 0", name="days_not_negative"),
        sa.UniqueConstraint("kind", "subject_reference"),
        sa.Index(None, "state", "due_on"),
        sa.Index(None, "about"),
    )


class ClockPause(Model):
    """A stretch in which a promise was not timed, and why; at most one of a clock lasts."""

    __tablename__ = "clock_pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(sa.ForeignKey("clock.id"))
    reason: Mapped[str] = mapped_column(sa.String(32))
    began_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="ended_after_began"),
        sa.Index("uq_clock_pause_lasting", "clock_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        sa.Index(None, "clock_id", "id"),
    )
