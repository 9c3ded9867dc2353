"""Raising tasks, giving them to somebody, moving their dates, doing them; each change is remembered."""

import datetime as dt
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, rows_changed
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.tasks.models import Task
from provider.tasks.rules import LIFECYCLE, TaskKind, TaskState, can_be_due, turn


class TaskDone(DomainError):
    """Somebody did it before."""

    code = "task_done"
    sentence = "Somebody has done this task already."


class TaskTaken(DomainError):
    """Somebody else took it first."""

    code = "task_taken"
    sentence = "A colleague has taken this task. Ask them, or hand it over below."


class OwnerCannotAct(DomainError):
    """A task was given to somebody who may not do it."""

    code = "owner_cannot_act"
    sentence = "This person’s role does not permit to do this task. Choose somebody else."


class DueOutOfReach(DomainError):
    """A due date that is over, or too far away to be meant."""

    code = "due_out_of_reach"
    sentence = "Choose a day from today on, a year ahead at most."


class ClosedByItself(DomainError):
    """A task whose reason has gone away was to be opened again."""

    code = "closed_by_itself"
    sentence = "This task closed by itself because its reason is gone. Write a new task if something is left to do."


def raise_task(
    *,
    kind: TaskKind,
    key: str,
    sentence: str,
    at: dt.datetime,
    about: str | None = None,
    due_on: dt.date | None = None,
    owner: str | None = None,
) -> Task:
    """Put a task before staff, once per key; a task that was raised before is returned as it is.

    ``owner`` is whoever sees the record through that it is about; nobody's else.
    """
    found = db.session.scalar(sa.select(Task).where(Task.key == key))
    if found is not None:
        return found
    return _add(
        kind=kind, key=key, sentence=sentence, about=about, due_on=due_on, owner_reference=owner, actor=SYSTEM, at=at
    )


def write(
    *,
    sentence: str,
    about: str | None,
    due_on: dt.date | None,
    owner: str | None,
    may_own: Collection[str],
    actor: Actor,
    at: dt.datetime,
) -> Task:
    """Write a task by hand, about an enrollment, a person or nothing; raises DueOutOfReach and OwnerCannotAct.

    ``may_own`` names the people whose roles permit to do it.
    """
    _check_due(due_on, at)
    _check_owner(owner, may_own)
    return _add(
        kind=TaskKind.FOLLOW_UP,
        key=None,
        sentence=sentence,
        about=about,
        due_on=due_on,
        owner_reference=owner,
        actor=actor,
        at=at,
    )


def _add(*, key: str | None, actor: Actor, at: dt.datetime, **values: Any) -> Task:  # noqa: ANN401 - columns
    reference = references.new("T")
    due_on = values["due_on"]
    task = Task(
        reference=reference,
        key=key or f"by_hand:{reference}",
        created_at=at,
        turn_on=turn(raised_on=_day(at), due_on=due_on),
        **values,
    )
    db.session.add(task)
    data = {"kind": values["kind"], "due_on": _written(due_on), "owner": values["owner_reference"]}
    note(task, "task.raised", actor=actor, at=at, about=task.about, data=_given(data))
    return task


def take(*, task: Task, may_own: Collection[str], actor: Actor, at: dt.datetime) -> Task:
    """Take a task that nobody has; of two who do so at once, one gets TaskTaken. Taking one's own changes nothing."""
    _check_open(task)
    if task.owner_reference == actor.reference:
        return task
    if task.owner_reference is not None:
        raise TaskTaken
    _check_owner(actor.reference, may_own)
    return _give(task, actor.reference, actor, at)


def plan(
    *,
    task: Task,
    owner: str | None,
    due_on: dt.date | None,
    may_own: Collection[str],
    actor: Actor,
    at: dt.datetime,
) -> Task:
    """Give a task to somebody or back to nobody, and set its due date; what stays as it was is not checked again."""
    _check_open(task)
    if due_on != task.due_on:
        _check_due(due_on, at)
        data = {"old": _written(task.due_on), "new": _written(due_on)}
        task.due_on = due_on
        task.turn_on = turn(raised_on=_day(task.created_at), due_on=due_on)
        note(task, "task.due_changed", actor=actor, at=at, about=task.about, data=data)
    if owner != task.owner_reference:
        _check_owner(owner, may_own)
        _give(task, owner, actor, at)
    return task


def finish(*, task: Task, remark: str | None, actor: Actor, at: dt.datetime) -> Task:
    """Mark a task as done; raises TaskDone when it was."""
    changed = rows_changed(
        sa.update(Task)
        .where(Task.id == task.id, Task.state == TaskState.OPEN)
        .values(state=TaskState.DONE, done_at=at, done_by=actor.reference, done_note=remark, turn_on=_day(at))
    )
    if changed != 1:
        raise TaskDone
    note(task, "task.done", actor=actor, at=at, about=task.about)
    return task


def reopen(*, task: Task, actor: Actor, at: dt.datetime) -> Task:
    """Open a task again that a person had called done; raises ClosedByItself for any other."""
    LIFECYCLE.check(task.state, TaskState.OPEN)
    if task.done_by is None:
        raise ClosedByItself
    task.state = TaskState.OPEN
    task.done_at = task.done_by = task.done_note = None
    task.turn_on = turn(raised_on=_day(task.created_at), due_on=task.due_on)
    note(task, "task.reopened", actor=actor, at=at, about=task.about)
    return task


def finish_by_key(*, key: str, at: dt.datetime) -> None:
    """Close a task whose reason has gone away by itself."""
    closed = db.session.execute(
        sa.update(Task)
        .where(Task.key == key, Task.state == TaskState.OPEN)
        .values(state=TaskState.DONE, done_at=at, turn_on=_day(at))
        .returning(Task)
    ).scalars()
    for task in closed.all():
        note(task, "task.done", actor=SYSTEM, at=at, about=task.about)


def free(*, owner: str, keeping: Collection[TaskKind], actor: Actor, at: dt.datetime) -> None:
    """Give the open tasks of somebody who cannot do them any more back to nobody, but for the kinds that they can."""
    mine = sa.select(Task).where(Task.owner_reference == owner, Task.state == TaskState.OPEN)
    mine = mine.where(Task.kind.not_in(keeping)).order_by(Task.id)
    for task in db.session.scalars(mine.with_for_update()).all():
        _give(task, None, actor, at)


def hand_over(*, keys: Collection[str], old: str | None, new: str | None, actor: Actor, at: dt.datetime) -> None:
    """Let open tasks follow the record that they are about from one owner to the next; not those given to others."""
    theirs = sa.select(Task).where(Task.key.in_(keys), Task.state == TaskState.OPEN)
    theirs = theirs.where(Task.owner_reference.is_not_distinct_from(old)).order_by(Task.id)
    for task in db.session.scalars(theirs.with_for_update()).all():
        _give(task, new, actor, at)


def _give(task: Task, owner: str | None, actor: Actor, at: dt.datetime) -> Task:
    data = {"old": task.owner_reference, "new": owner}
    task.owner_reference = owner
    note(task, "task.assigned" if owner else "task.freed", actor=actor, at=at, about=task.about, data=_given(data))
    return task


def _check_open(task: Task) -> None:
    if task.state is not TaskState.OPEN:
        raise TaskDone


def _check_owner(owner: str | None, may_own: Collection[str]) -> None:
    if owner is not None and owner not in may_own:
        raise OwnerCannotAct


def _check_due(due_on: dt.date | None, at: dt.datetime) -> None:
    if due_on is not None and not can_be_due(due_on, today=_day(at)):
        raise DueOutOfReach


def _day(at: dt.datetime) -> dt.date:
    return day_of(at, settings().SCHOOL_ZONE)


def _written(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _given(data: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in data.items() if value is not None}
