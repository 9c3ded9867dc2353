"""Raising tasks and doing them."""

import datetime as dt

import sqlalchemy as sa

from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, rows_changed
from provider.kernel.errors import DomainError
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState


class TaskDone(DomainError):
    """Somebody did it before."""

    code = "task_done"
    sentence = "Somebody has done this task already."


def raise_task(
    *,
    kind: TaskKind,
    key: str,
    sentence: str,
    at: dt.datetime,
    about: str | None = None,
    due_on: dt.date | None = None,
) -> Task:
    """Put a task before staff, once per key; a task that was raised before is returned as it is."""
    found = db.session.scalar(sa.select(Task).where(Task.key == key))
    if found is not None:
        return found
    task = Task(
        reference=references.new("T"), kind=kind, key=key, sentence=sentence, created_at=at, about=about, due_on=due_on
    )
    db.session.add(task)
    return task


def finish(*, task: Task, remark: str | None, actor: Actor, at: dt.datetime) -> Task:
    """Mark a task as done; raises TaskDone when it was."""
    changed = rows_changed(
        sa.update(Task)
        .where(Task.id == task.id, Task.state == TaskState.OPEN)
        .values(state=TaskState.DONE, done_at=at, done_by=actor.reference, done_note=remark)
    )
    if changed != 1:
        raise TaskDone
    note(task, "task.done", actor=actor, at=at, about=task.about)
    return task


def finish_by_key(*, key: str, at: dt.datetime) -> None:
    """Close a task whose reason has gone away by itself."""
    db.session.execute(
        sa.update(Task).where(Task.key == key, Task.state == TaskState.OPEN).values(state=TaskState.DONE, done_at=at)
    )
