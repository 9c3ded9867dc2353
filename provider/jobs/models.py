"""The table of jobs."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.jobs.rules import JobState
from provider.kernel.database import Line, Model, known

_QUEUED = sa.text("state = 'queued'")
_WAITING = sa.text("waits_for IS NOT NULL")
_DONE = sa.text("state = 'done'")


class Job(Model):
    """One effect to bring about, once per key; leased by pushing ``run_at`` ahead under a fresh ``owner``."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[Line]
    payload: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED)
    run_at: Mapped[dt.datetime]
    owner: Mapped[str | None] = mapped_column(sa.String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    waits_for: Mapped[str | None] = mapped_column(sa.String(32))
    created_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    last_error: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        known("state", JobState),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("(state = 'queued') = (ended_at IS NULL)", name="ended_has_instant"),
        sa.Index(None, "run_at", "id", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        sa.Index(None, "waits_for", sqlite_where=_WAITING, postgresql_where=_WAITING),
        sa.Index(None, "ended_at", sqlite_where=_DONE, postgresql_where=_DONE),
    )
