"""The product's sides of the planner, each a process that loads no more of the bench than this.

What the bench itself needs to start servers and fill schools is 12 MB, which would count as the product's memory.
"""

import argparse
import datetime as dt
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from config import Config
from provider.app import create_app
from provider.externships import plan_reading, plan_solver, plans
from provider.externships.fitting import Weights
from provider.externships.models import ExternshipRequest, PlanRow
from provider.externships.plan_columns import Question, Row, Wanted
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.settings import settings

ARCS, BY_DISTANCE, PLANNED = "arcs.npz", "by_distance.npz", "planned.json"
LOADING_SECONDS = 1.5  # more than the solver's libraries take
TICKS = os.sysconf("SC_CLK_TCK")
_WAITING = sa.select(sa.func.count()).select_from(ExternshipRequest)
_PLANS = sa.select(PlanRow.plan_id, sa.func.count()).group_by(PlanRow.plan_id)


def _weights() -> Weights:
    known = settings()
    return Weights(known.PLAN_WEIGHT_RANK, known.PLAN_WEIGHT_KIND, known.PLAN_WEIGHT_WAITING)


def _memory(line: str, pid: int | str = "self") -> float:
    """Return megabytes of a process from the kernel: `getrusage` would count what the parent had, too."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith(f"{line}:")) / 1024


def _processor(pid: int) -> float:
    """Return the seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _planned(now: dt.datetime, *, before: float) -> tuple[dict[str, float], list[Row]]:
    """Plan as the job does, and return the seconds and megabytes of it, and its rows.

    The clock begins so many seconds before the question is read: 0 when the solver's start counts.
    """
    began = time.perf_counter()
    used = time.process_time()
    with plan_solver.started() as solver:
        time.sleep(before)
        began += before
        cohort = plan_reading.read(now=now)
        read = time.perf_counter()
        solver.ask(Question(cohort, Wanted({}, ()), _weights(), settings().PLAN_OPENINGS, plans.SEED))
        solver.told()
        narrowed = time.perf_counter()
        solver.told()
        solved = time.perf_counter()
        pid = solver.process.pid
        mb, processor = _memory("VmHWM", pid), time.process_time() - used + _processor(pid)
        solver.told()
        solver.told()
        rows = [row for some in iter(solver.told, []) for row in some]
    db.session.remove()
    parts = {"read": read - began, "narrow": narrowed - read, "solve": solved - narrowed, "all": solved - began}
    return parts | {"mb": mb, "processor": processor}, rows


def _ours(folder: Path, rounds: int, now: dt.datetime) -> dict[str, Any]:
    """Read, narrow and solve, with the start of the solver and without; keep what was planned for whoever judges.

    What a plan needs of memory is the solver's, and what the worker has more than before its first plan.
    """
    idle = _memory("VmRSS")
    first, rows = _planned(now, before=0)
    worker = _memory("VmHWM")
    (folder / PLANNED).write_text(json.dumps([(row["request_id"], row["opening_id"]) for row in rows]))
    del rows
    whole = min([first, *(_planned(now, before=0)[0] for _ in range(rounds - 1))], key=lambda one: one["all"])
    loaded = min((_planned(now, before=LOADING_SECONDS)[0] for _ in range(rounds)), key=lambda one: one["all"])
    told = {"loaded": loaded, "processor": whole["processor"], "idle": idle, "worker": worker, "solver": first["mb"]}
    return {"seconds": whole["all"], "mb": first["mb"] + worker - idle, "told": told}


def _arcs(folder: Path, _rounds: int, now: dt.datetime) -> dict[str, Any]:
    """Keep what the solver has to choose from, for the bare side and for whoever judges; nothing is measured."""
    import numpy as np  # noqa: PLC0415 - the other sides have none of it

    from provider.externships import candidates, planner  # noqa: PLC0415 - the same

    students, places = candidates.boards(plan_reading.read(now=now))
    none, most = np.zeros(0, np.int64), settings().PLAN_OPENINGS
    row_of, place_of = ({int(one): n for n, one in enumerate(each.ids)} for each in (students, places))
    chosen = np.full(len(students), planner.NOBODY)
    for request, opening in json.loads((folder / PLANNED).read_text()):
        if opening is not None:
            chosen[row_of[request]] = place_of[opening]
    by_distance = Weights(0, 0, 0)
    for name, weights in ((ARCS, _weights()), (BY_DISTANCE, by_distance)):
        arcs = candidates.cheapest(students, places, most=most, weights=weights, barred=none)
        if weights == by_distance:
            chosen = planner.assign(arcs, places.free, students=len(students), seed=plans.SEED)
        # In eight bytes each, as somebody who has only OR-Tools would hold them.
        np.savez(
            folder / name, students=arcs.students.astype(np.int64), places=arcs.places.astype(np.int64),
            costs=arcs.costs, free=places.free, count=len(students), chosen=chosen,
        )  # fmt: skip
    return {"seconds": 0, "mb": 0, "told": {}}


def _job(_folder: Path, rounds: int, now: dt.datetime) -> dict[str, Any]:
    """Do the worker's whole job: read, narrow, solve, find the reasons, and store them in one transaction."""
    took, idle, most = [], _memory("VmRSS"), 0.0
    for _ in range(rounds):
        with unit_of_work():
            reference = plans.start(actor=SYSTEM, at=now).reference
        began = time.perf_counter()
        plans.solve(reference, now=now)
        took.append(time.perf_counter() - began)
        db.session.remove()
        most = most or _memory("VmHWM")
    waiting = db.session.scalars(_WAITING).one()
    rows = {count for _, count in db.session.execute(_PLANS)}
    assert rows == {waiting}, f"{rows} rows of plans for {waiting} students"
    return {"seconds": min(took), "mb": most, "told": {"rows": waiting, "idle": idle}}


def main() -> int:
    """Be one side of the comparison, and print what it found as the last line."""
    sides = {"ours": _ours, "arcs": _arcs, "job": _job}
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=sides)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rounds", type=int)
    parser.add_argument("now", type=dt.datetime.fromisoformat)
    asked = parser.parse_args()
    app = create_app(Config.load(os.environ))
    with app.app_context():
        print(json.dumps(sides[asked.side](asked.folder, asked.rounds, asked.now)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
