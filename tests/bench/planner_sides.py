"""The product's sides of the planner, each a process that loads no more of the bench than this.

What the bench itself needs to start servers and fill schools is 12 MB, which would count as the product's memory.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from config import Config
from provider.app import create_app
from provider.externships import plans
from provider.externships.fitting import Weights
from provider.externships.models import ExternshipRequest, PlanRow
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.settings import settings

ARCS, BY_DISTANCE = "arcs.npz", "by_distance.npz"
_WAITING = sa.select(sa.func.count()).select_from(ExternshipRequest)


def _fastest(work: Callable[[], dict[str, float]], rounds: int) -> tuple[dict[str, float], float]:
    """Return the fastest round, and the most memory that the process had by the end of its first."""
    first = work()
    mb = _most_memory()
    return min([first, *(work() for _ in range(rounds - 1))], key=lambda parts: sum(parts.values())), mb


def _most_memory() -> float:
    """Read it from the kernel: `getrusage` would count what the parent had, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def _ours(folder: Path, rounds: int) -> dict[str, Any]:
    """Read, narrow and solve; the arcs stay in a file for the other side and for whoever judges."""
    from provider.externships import candidates, plan_reading, planner  # noqa: PLC0415 - this side alone needs them

    app = create_app(Config.load(os.environ))
    kept: dict[str, Any] = {}

    def solved(weights: Weights) -> dict[str, float]:
        kept.clear()
        began = time.perf_counter()
        board = plan_reading.read(now=now)
        read = time.perf_counter()
        arcs = candidates.cheapest(board.students, board.places, most=known.PLAN_OPENINGS, weights=weights, barred=none)
        narrowed = time.perf_counter()
        chosen = planner.assign(arcs, board.places.free, students=len(board.students), seed=plans.SEED)
        ended = time.perf_counter()
        db.session.remove()
        kept.update(
            students=arcs.students, places=arcs.places, costs=arcs.costs, free=board.places.free,
            count=len(board.students), chosen=chosen,
        )  # fmt: skip
        return {"read": read - began, "narrow": narrowed - read, "solve": ended - narrowed}

    with app.app_context():
        now, known, none = clock.now(), settings(), np.zeros(0, np.int64)
        weights = Weights(known.PLAN_WEIGHT_RANK, known.PLAN_WEIGHT_KIND, known.PLAN_WEIGHT_WAITING)
        parts, mb = _fastest(lambda: solved(weights), rounds)
        np.savez(folder / ARCS, **_whole(kept))
        count = len(kept["costs"])
        solved(Weights(0, 0, 0))
        np.savez(folder / BY_DISTANCE, **_whole(kept))
    return {"seconds": sum(parts.values()), "mb": mb, "told": {"parts": parts, "arcs": count}}


def _whole(kept: dict[str, Any]) -> dict[str, Any]:
    """Return the arcs in eight bytes each, as somebody who has only OR-Tools would hold them."""
    return kept | {name: kept[name].astype(np.int64) for name in ("students", "places")}


def _job(_folder: Path, rounds: int) -> dict[str, Any]:
    """Do the worker's whole job: read, narrow, solve, find the reasons, and store them in one transaction."""
    import_module("provider.externships.plan_solving")  # the job would, once
    app = create_app(Config.load(os.environ))

    def work() -> dict[str, float]:
        now = clock.now()
        with unit_of_work():
            reference = plans.start(actor=SYSTEM, at=now).reference
        began = time.perf_counter()
        plans.solve(reference, now=now)
        took = time.perf_counter() - began
        db.session.remove()
        return {"job": took}

    with app.app_context():
        waiting = db.session.scalars(_WAITING).one()
        db.session.remove()
        parts, mb = _fastest(work, min(3, rounds))
        query = sa.select(PlanRow.plan_id, sa.func.count()).group_by(PlanRow.plan_id)
        rows = {count for _, count in db.session.execute(query)}
        assert rows == {waiting}, f"{rows} rows of plans for {waiting} students"
    return {"seconds": sum(parts.values()), "mb": mb, "told": {"rows": waiting}}


def main() -> int:
    """Be one side of the comparison, and print what it found as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("ours", "job"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("rounds", type=int)
    asked = parser.parse_args()
    found = {"ours": _ours, "job": _job}[asked.side](asked.folder, asked.rounds)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
