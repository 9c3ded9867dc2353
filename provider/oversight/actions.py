"""Putting what the nightly audit found before staff, and taking it away when it is put right."""

import datetime as dt
from collections.abc import Sequence

from provider.kernel.registry import Breach
from provider.tasks import queries as tasks
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

SHOWN = 3


def report(*, invariant: str, found: Sequence[Breach], number: int, at: dt.datetime) -> None:
    """Keep one open task for an invariant that is broken, and none for one that holds.

    ``found`` are a few of the ``number`` breaches.
    """
    open_task = next((task for task in tasks.open_of(TaskKind.AUDIT_BREACH) if _is_about(task.key, invariant)), None)
    if number == 0:
        if open_task is not None:
            finish_by_key(key=open_task.key, at=at)
    elif open_task is None:
        raise_task(
            kind=TaskKind.AUDIT_BREACH,
            key=f"audit:{invariant}:{at.isoformat()}",
            sentence=_sentence(found, number),
            at=at,
        )


def _is_about(key: str, invariant: str) -> bool:
    return key.startswith(f"audit:{invariant}:")


def _sentence(found: Sequence[Breach], number: int) -> str:
    shown = "; ".join(f"{breach.subject} {breach.sentence}" for breach in found[:SHOWN])
    more = f"; and {number - SHOWN} more" if number > SHOWN else ""
    return f"{found[0].invariant}: {shown}{more}. Show this to whoever runs the machine: flask audit names each."
