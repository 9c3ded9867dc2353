"""The table of tasks."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Line, Model, Ref, known
from provider.tasks.rules import TaskKind, TaskState


class Task(Model):
    """Something a staff member has to do; raised once per key.

    ``turn_on`` orders the lists: while it is open the day its turn comes, once it is done the day on which it was.
    """

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    kind: Mapped[TaskKind]
    key: Mapped[Line]
    state: Mapped[TaskState] = mapped_column(default=TaskState.OPEN)
    about: Mapped[Ref | None]
    sentence: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[dt.datetime]
    due_on: Mapped[dt.date | None]
    turn_on: Mapped[dt.date]
    owner_reference: Mapped[Ref | None]
    done_at: Mapped[dt.datetime | None]
    done_by: Mapped[Ref | None]
    done_note: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        known("kind", TaskKind),
        known("state", TaskState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_has_instant"),
        sa.Index(None, "state", "turn_on", "id"),
        sa.Index(None, "state", "kind", "turn_on", "id"),
        sa.Index(None, "owner_reference", "state", "turn_on", "id"),
        sa.Index(None, "about"),
    )
