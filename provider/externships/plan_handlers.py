"""What the registries call by name: the jobs of plans, the end of one whose job failed, and words of history."""

import datetime as dt

from provider.accounts.rules import Permission
from provider.externships import plans
from provider.kernel.registry import Payload, Registry, Strand


def solve(payload: Payload, *, now: dt.datetime) -> None:
    """Solve one plan."""
    plans.solve(str(payload["plan"]), now=now)


def send(payload: Payload, *, now: dt.datetime) -> None:
    """Send some offers of one plan."""
    by = payload["actor"]
    plans.send_some(str(payload["plan"]), by=None if by is None else str(by), after=int(payload["after"] or 0), now=now)


def failed(payload: Payload, error: str, now: dt.datetime) -> None:  # noqa: ARG001 - the error is in the worker's log
    """Tell staff on the plan's page."""
    plans.give_up(str(payload["plan"]), now=now)


PLAN_STORY = Strand(
    "externship",
    "Externship",
    frozenset({"placement_plan"}),
    {
        "placement_plan.queued": ("Plan of placements asked for", "event"),
        "placement_plan.solving": ("Plan of placements begun", "event"),
        "placement_plan.solved": ("Plan of placements ready", "check"),
        "placement_plan.decided": ("Decided for the next plan of placements", "note"),
        "placement_plan.committed": ("Offers of a plan to be sent", "letter"),
        "placement_plan.dropped": ("Plan of placements dropped", "warn"),
        "placement_plan.failed": ("Plan of placements failed", "warn"),
    },
    needs=Permission.SEE_PLACEMENTS,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs |= {plans.SOLVE: solve, plans.SEND: send}
    registry.failed_jobs[plans.SOLVE] = failed
    registry.strands.append(PLAN_STORY)
