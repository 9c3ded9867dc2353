"""Tasks of the back office."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.accounts.rules import Role
from provider.tasks.models import Task
from provider.tasks.rules import TaskState
from tests.harness.room import (
    Case,
    Objects,
    Room,
    Visit,
    by_query,
    by_staff,
    first,
    looked_up,
)
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (
    Case("task", Role.ADMIN, "/staff/tasks/{task}", {"remark": "Called the student"}, first=True),
    Case("task's plan", Role.ADMIN, "/staff/tasks/{task}", {"due_on": ""}, "/plan"),
    Case("new task", Role.ADMIN, "/staff/tasks/new", {"sentence": "Call the student"}),
)
BUTTONS = {
    "/staff/tasks/{task}/take": Role.ADMISSIONS,
    "/staff/tasks/{task}/reopen": Role.ADMISSIONS,
}

ANY = sa.select(Task.reference)


def _staff(stage: Stage) -> Iterator[Visit]:
    task = looked_up(stage.app, lambda: first(ANY))
    paths = {
        "tasks": "/staff/tasks",
        "tasks-mine": "/staff/tasks?owner=mine",
        "tasks-done": "/staff/tasks?state=done",
        "task": f"/staff/tasks/{task}",
        "task-new": "/staff/tasks/new",
    }
    yield from by_staff(stage, paths)


def _objects(season: Season) -> Objects:
    return {"/staff/tasks/": {"reference": first(ANY)}}


RECORDS = (by_query("task", ANY.where(Task.state == TaskState.OPEN)),)


ROOM = Room(forms=FORMS, buttons=BUTTONS, staff=_staff, records=RECORDS, objects=_objects)
