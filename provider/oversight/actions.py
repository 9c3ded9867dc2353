"""Putting before staff what the nightly audit found, and who asks for their data to be erased."""

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.days import day_of
from provider.kernel.registry import Breach
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.oversight import letters
from provider.oversight.personal import Subject
from provider.oversight.rules import ERASURE_DAYS
from provider.tasks import queries as tasks
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState

SHOWN = 3
ERASE = "erase"


def report(*, found: Mapping[str, Sequence[Breach]], numbers: Mapping[str, int], at: dt.datetime) -> None:
    """Keep one open task for each invariant that is broken, and none for those that hold.

    ``found`` are a few breaches of each invariant by its name, ``numbers`` how many there are.
    """
    open_tasks = tasks.open_of(TaskKind.AUDIT_BREACH)
    for invariant, some in found.items():
        open_task = next((task for task in open_tasks if _is_about(task.key, invariant)), None)
        if not some and open_task is not None:
            finish_by_key(key=open_task.key, at=at)
        elif some and open_task is None:
            raise_task(
                kind=TaskKind.AUDIT_BREACH,
                key=f"audit:{invariant}:{at.isoformat()}",
                sentence=_sentence(some, numbers[invariant]),
                at=at,
            )


def _is_about(key: str, invariant: str) -> bool:
    return key.startswith(f"audit:{invariant}:")


def _sentence(found: Sequence[Breach], number: int) -> str:
    shown = "; ".join(f"{breach.subject} {breach.sentence}" for breach in found[:SHOWN])
    more = f"; and {number - SHOWN} more" if number > SHOWN else ""
    return f"{found[0].invariant}: {shown}{more}. Show this to whoever runs the machine: flask audit names each."


def ask_erasure(*, subject: Subject, actor: Actor, at: dt.datetime) -> Task:
    """Put a person's wish to be erased before staff, with the day by which it is answered, and confirm it by letter.

    Asked again while staff have not answered, it is the same request.
    """
    earlier = asked_erasures(subject.reference)
    if earlier and earlier[-1].state is TaskState.OPEN:
        return earlier[-1]
    due_on = day_of(at, settings().SCHOOL_ZONE) + dt.timedelta(days=ERASURE_DAYS)
    task = raise_task(
        kind=TaskKind.ERASE_PERSON,
        key=f"{ERASE}:{subject.reference}:{len(earlier) + 1}",
        sentence=f"{subject.reference} asks to be erased. Look at what would go and what stays, then erase or answer.",
        about=subject.reference,
        due_on=due_on,
        at=at,
    )
    post(letters.erasure_asked(subject, task, due_on=due_on), at=at, actor=actor)
    note(task, "erasure.asked", actor=actor, at=at, about=subject.reference)
    return task


def asked_erasures(reference: str) -> Sequence[Task]:
    """Return a person's requests to be erased, oldest first."""
    query = sa.select(Task).where(Task.about == reference, Task.kind == TaskKind.ERASE_PERSON)
    return db.session.scalars(query.order_by(Task.id)).all()
