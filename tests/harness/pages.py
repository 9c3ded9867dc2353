"""Every page there is, with somebody who may open it: what pictures show, axe reads and crawlers visit."""

from collections.abc import Iterator

from tests.harness.house import ROOMS
from tests.harness.room import Visit
from tests.harness.stage import Stage

TICK_ALL = "for (const box of document.querySelectorAll('main tbody input[name=row]')) box.checked = true"


def public(stage: Stage) -> Iterator[Visit]:
    """Pages that a visitor opens, each form also as it looks when it was sent empty."""
    for room in ROOMS:
        yield from room.public(stage)


def student(stage: Stage) -> Iterator[Visit]:
    """The student's desk, and what students have in each room."""
    for room in ROOMS:
        yield from room.student(stage)


def staff(stage: Stage) -> Iterator[Visit]:
    """The back office: every list, object and form."""
    for room in ROOMS:
        yield from room.staff(stage)


def everything(stage: Stage) -> list[Visit]:
    """All of them."""
    return [*public(stage), *student(stage), *staff(stage)]
