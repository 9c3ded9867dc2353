"""The table of promises being timed."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.clocks.rules import ClockKind, ClockState
from provider.kernel.database import Model, Ref, known


class Clock(Model):
    """One promise to one person, with the dates it is measured by."""

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ClockKind]
    subject_reference: Mapped[Ref]
    about: Mapped[Ref]
    state: Mapped[ClockState] = mapped_column(default=ClockState.RUNNING)
    started_at: Mapped[dt.datetime]
    due_on: Mapped[dt.date]
    overdue_on: Mapped[dt.date]
    ended_at: Mapped[dt.datetime | None]

    __table_args__ = (
        known("kind", ClockKind),
        known("state", ClockState),
        sa.CheckConstraint("due_on <= overdue_on", name="due_before_overdue"),
        sa.CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended_when_not_running"),
        sa.UniqueConstraint("kind", "subject_reference"),
        sa.Index(None, "state", "due_on"),
        sa.Index(None, "about"),
    )
