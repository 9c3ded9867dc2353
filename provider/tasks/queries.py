"""Reading tasks."""

from collections.abc import Sequence

import sqlalchemy as sa

from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import PAGE, Page, keyset, up_to
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState


def page(
    *,
    state: TaskState = TaskState.OPEN,
    kind: TaskKind | None = None,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE,
) -> Page[Task]:
    """Return a page of open or of done tasks, newest first."""
    query = sa.select(Task).where(Task.state == state)
    if kind is not None:
        query = query.where(Task.kind == kind)
    return keyset(query, Task.id, before=before, after=after, size=size)


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of open tasks."""
    return up_to(sa.select(Task.id).where(Task.state == TaskState.OPEN))


def counts() -> dict[TaskKind, int]:
    """Return how many tasks of each kind are open."""
    rows = db.session.execute(
        sa.select(Task.kind, sa.func.count()).where(Task.state == TaskState.OPEN).group_by(Task.kind)
    )
    return {kind: number for kind, number in rows}  # noqa: C416 - rows are Row objects, plain pairs are wanted


def about(reference: str) -> Sequence[Task]:
    """Return the tasks around one enrollment, newest first."""
    return db.session.scalars(sa.select(Task).where(Task.about == reference).order_by(Task.id.desc())).all()


def by_reference(reference: str) -> Task:
    """Return one task; raises NotFound."""
    task = db.session.scalar(sa.select(Task).where(Task.reference == reference))
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
