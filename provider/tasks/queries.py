"""Reading tasks."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import PAGE, Page, up_to
from provider.kernel.promises import NOBODY
from provider.tasks.models import Task
from provider.tasks.rules import TIMED, TaskKind, TaskState, place, place_of


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list of tasks is narrowed to; ``owner`` is a person's reference, `NOBODY`, or empty for everybody's.

    ``overdue_on`` keeps those whose due date lies before that day.
    """

    state: TaskState = TaskState.OPEN
    kinds: tuple[TaskKind, ...] = ()
    owner: str = ""
    overdue_on: dt.date | None = None


def page(asked: Asked, *, before: int | None = None, after: int | None = None, size: int = PAGE) -> Page[Task]:
    """Return a page of tasks: open ones by the day their turn comes, the first at the top; done ones newest first.

    The keys are those of `rules.place`; ``before`` goes further down the list, ``after`` back up.
    """
    down = after is None
    ascending = (asked.state is TaskState.OPEN) is down
    key = before if down else after
    query = narrowed(asked)
    spot = sa.tuple_(Task.turn_on, Task.id)
    if key is not None:
        from_here = sa.tuple_(*place_of(key))
        query = query.where(spot > from_here if ascending else spot < from_here)
    order = (Task.turn_on, Task.id) if ascending else (Task.turn_on.desc(), Task.id.desc())
    found = db.session.scalars(query.order_by(*order).limit(size + 1)).all()
    more, rows = len(found) > size, list(found[:size])
    if not down:
        rows.reverse()
    further = more if down else bool(rows)
    back = more if not down else before is not None and bool(rows)
    return Page(
        rows,
        older=place(rows[-1].turn_on, rows[-1].id) if further else None,
        newer=place(rows[0].turn_on, rows[0].id) if back else None,
    )


def first(asked: Asked, most: int) -> Sequence[Task]:
    """Return the open tasks whose turn comes first, but for those that nobody has taken of what has a clock."""
    query = narrowed(asked).where(sa.or_(Task.kind.not_in(TIMED), Task.owner_reference.is_not(None)))
    return db.session.scalars(query.order_by(Task.turn_on, Task.id).limit(most)).all()


def narrowed(asked: Asked) -> sa.Select[Task]:
    """Return the query of what was asked for, in no order."""
    query = sa.select(Task).where(Task.state == asked.state)
    if asked.kinds and set(asked.kinds) != set(TaskKind):
        query = query.where(Task.kind.in_(asked.kinds) if len(asked.kinds) > 1 else Task.kind == asked.kinds[0])
    if asked.owner:
        query = query.where(Task.owner_reference.is_(None) if asked.owner == NOBODY else _owned_by(asked.owner))
    if asked.overdue_on:
        query = query.where(Task.turn_on < asked.overdue_on, Task.due_on < asked.overdue_on)
    return query


def _owned_by(reference: str) -> sa.ColumnElement[bool]:
    return Task.owner_reference == reference


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of open tasks."""
    return up_to(sa.select(Task.id).where(Task.state == TaskState.OPEN))


def about(reference: str) -> Sequence[Task]:
    """Return the tasks around one enrollment, newest first."""
    return db.session.scalars(sa.select(Task).where(Task.about == reference).order_by(Task.id.desc())).all()


def about_any(references: Sequence[str]) -> Sequence[Task]:
    """Return the tasks around several enrollments or people, newest first."""
    return db.session.scalars(sa.select(Task).where(Task.about.in_(references)).order_by(Task.id.desc())).all()


def by_reference(reference: str, *, lock: bool = False) -> Task:
    """Return one task, locked for changing if asked; raises NotFound."""
    query = sa.select(Task).where(Task.reference == reference)
    task = db.session.scalar(query.with_for_update() if lock else query)
    if task is None:
        raise NotFound
    return task


def by_key(key: str) -> Task | None:
    """Return the task of a key."""
    return db.session.scalar(sa.select(Task).where(Task.key == key))


def open_of(kind: TaskKind) -> Sequence[Task]:
    """Return the open tasks of a kind, oldest first."""
    query = sa.select(Task).where(Task.state == TaskState.OPEN, Task.kind == kind)
    return db.session.scalars(query.order_by(Task.id)).all()
