"""What the registries call by name: a job that nobody else speaks for becomes a task when it is given up."""

import datetime as dt

from provider.kernel.registry import Registry, Strand
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind


def job_failed(kind: str, key: str, now: dt.datetime) -> None:
    """Put a given-up job before staff."""
    sentence = (
        f"The background job {kind} ({key}) failed every time and was given up. Show this to whoever runs the machine."
    )
    raise_task(kind=TaskKind.JOB_FAILED, key=f"job:{key}:{now:%Y%m%d%H%M%S}"[-200:], sentence=sentence, at=now)


STORY = Strand(
    "tasks",
    "Tasks",
    frozenset({"task"}),
    {
        "task.raised": ("Task raised", "event"),
        "task.assigned": ("Task given to {new}", "person"),
        "task.freed": ("Task given back by {old}", "person"),
        "task.due_changed": ("Task due: {new}", "clock"),
        "task.done": ("Task done", "check"),
        "task.reopened": ("Task opened again", "event"),
    },
    needs="see_tasks",
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.any_failed_job = job_failed
    registry.strands.append(STORY)
