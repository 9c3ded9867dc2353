"""What the registries call by name: the daily tidying of done jobs, and the promise that no job hangs."""

import datetime as dt
from collections.abc import Iterator

from provider.jobs import actions, queries
from provider.jobs.rules import KEEP_DONE
from provider.kernel import clock
from provider.kernel.database import unit_of_work
from provider.kernel.registry import Breach, Payload, Periodic, Registry

TIDY = "jobs.tidy"
STUCK = "job_never_stuck"


def tidy(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Remove jobs that were done more than 30 days ago; failed ones stay for staff."""
    removed = 1
    while removed:
        with unit_of_work():
            removed = actions.forget_done(before=now - KEEP_DONE)


def stuck() -> Iterator[Breach]:
    """No job is due for longer than 72 hours and its lease."""
    for job in queries.hanging(clock.now()):
        yield Breach(STUCK, job.key, f"has been due since {job.run_at.isoformat()} and nobody does it")


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs[TIDY] = tidy
    registry.periodic.append(Periodic(TIDY, lambda now: f"{now:%Y-%m-%d}"))
    registry.invariants[STUCK] = stuck
