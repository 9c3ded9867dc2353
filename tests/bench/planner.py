"""Plans of placements from the database, against bare OR-Tools on the very arcs that the product finds, in one run.

The product solves in a process of its own, as it is started for each plan. So both sides are measured from the start of
such a process until it has the answer: ``ours`` is the worker, which starts it and reads meanwhile; ``bare`` is a
process with OR-Tools alone, and loading its arcs from a file does not count. What is left when neither
start counts is a note beneath the table. Memory is what a plan adds: the solver's process and what the worker grows by.
``job`` is the worker's whole job, with reasons and storing.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from provider.kernel import clock
from tests.bench import cohort, proof, table
from tests.bench.measure import Sheet
from tests.bench.planner_sides import ARCS, BY_DISTANCE
from tests.bench.proof import NOBODY, Instance, Numbers
from tests.bench.servers import ROOT, Databases, Side

SIZES = ((1_000, 200), (10_000, 2_000))
LARGEST = ((100_000, 20_000),)
WIDE, TIGHT = 1.4, 1.02  # places for each student
TURNS, ROUNDS = 2, 3  # the fastest of all counts
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What a side found: seconds of its fastest round, memory at its highest, and what it tells."""

    seconds: float
    mb: float
    told: dict[str, Any]


class Planner:
    """The planner's rows of one database."""

    def __init__(self, sheet: Sheet, databases: Databases, folder: Path) -> None:
        self.sheet, self.databases, self.folder = sheet, databases, folder / databases.name / "planner"
        self.now = clock.now()
        self.empty = Side("planner", self.folder / "empty", databases.url("planner"), "/")

    def run(self, sizes: tuple[Size, ...]) -> None:
        """Fill a school of each size and measure it, with places to choose from and with hardly any to spare."""
        self.empty.prepare()
        for size in sizes:
            name = f"planner_{size[0]}"
            self.databases.copy("planner", name)
            self.empty.environ["DATABASE_URL"] = self.databases.url(name)
            cohort.fill(self.empty.environ, *size)
            for share in (WIDE, TIGHT):
                cohort.give(self.empty.environ, round(size[0] * share))
                self._measure(size, share)

    def _measure(self, size: Size, share: float) -> None:
        rounds = str(_rounds(size[0]))
        turns = []
        for turn in range(TURNS if _rounds(size[0]) > 1 else 1):
            ours = self._side("ours", rounds)
            if turn == 0:
                self._side("arcs", rounds)
            turns.append((ours, *self._bare(int(rounds)), self._side("job", rounds)))
        ours, bare, solving, job = (min(found, key=lambda one: one.seconds) for found in zip(*turns, strict=True))
        detail, told, loaded = f"{size[0]:,} × {size[1]:,}, places {share:g}", ours.told, ours.told["loaded"]
        parts = ", ".join(f"{part} {loaded[part]:.3f}" for part in ("read", "narrow", "solve"))
        add = self.sheet.add
        add(
            table.PLAN, ours.seconds / bare.seconds, detail=detail,
            bare=f"{bare.seconds:.2f} s, {bare.told['processor']:.2f} of processor",
            product=f"{ours.seconds:.2f} s, {told['processor']:.2f} of processor",
        )  # fmt: skip
        self.sheet.notes.append(
            f"{self.sheet.database}, plan without the start of either process, {detail}: "
            f"{loaded['all']:.3f} s ({parts}), OR-Tools on these {bare.told['arcs']:,} arcs {solving.seconds:.3f} s: "
            f"{loaded['all'] / solving.seconds:.2f} times"
        )
        grown = f"the worker {told['idle']:.0f} → {told['worker']:.0f}"
        add(
            table.PLAN_MEMORY, ours.mb / bare.mb, detail=detail, bare=f"{bare.mb:.0f} MB",
            product=f"{ours.mb:.0f} MB (solver {told['solver']:.0f}, {grown})",
        )  # fmt: skip
        add(
            table.PLAN_JOB, job.seconds / bare.seconds, detail=detail, bare=f"{bare.seconds:.2f} s",
            product=f"{job.seconds:.2f} s; {job.told['rows']:,} rows stored; "
            f"the worker {job.told['idle']:.0f} → {job.mb:.0f} MB",
        )  # fmt: skip
        self._judge(detail, bare)

    def _judge(self, detail: str, bare: Found) -> None:
        """Hold the plan against the bare solver's, the bound, and, by distance alone, first come, first served."""
        (instance, chosen), (by_distance, nearest) = (_kept(self.folder / name) for name in (ARCS, BY_DISTANCE))
        placed = int((chosen != NOBODY).sum())
        cost = instance.total(chosen)
        mine = f"{placed:,} placed ({placed / instance.count:.2%})"
        unplaced, total = bare.told["placed"] - placed, cost - (instance.count - placed) * instance.dear
        self.sheet.add(
            table.PLAN_UNPLACED, unplaced, bare=f"{bare.told['placed']:,} placed", product=mine, detail=detail
        )
        gap, told = cost - proof.bound(instance, chosen), f"cost {bare.told['cost']:,}"
        self.sheet.add(table.PLAN_GAP, gap, bare=told, product=f"cost {total:,}", detail=detail)
        greedy = proof.first_come(by_distance)
        served, most = (int((one != NOBODY).sum()) for one in (greedy, nearest))
        theirs, ours = by_distance.miles(greedy), by_distance.miles(nearest)
        first, planned = (
            f"{instance.count - count:,} unplaced, {miles:.2f} miles each"
            for count, miles in ((served, theirs), (most, ours))
        )
        self.sheet.add(table.FIRST_COME, most - served, bare=first, product=planned, detail=detail)
        self.sheet.add(table.FIRST_COME_MILES, theirs / ours, bare=first, product=planned, detail=detail)

    def _side(self, side: str, rounds: str) -> Found:
        """Let one side of the product work in a process of its own."""
        return Found(**self._answer("planner_sides", side, str(self.folder), rounds, self.now.isoformat())[0])

    def _bare(self, rounds: int) -> tuple[Found, Found]:
        """Return the fastest of some processes, and the one that solved fastest once it was loaded."""
        found = [self._answer("bare_planner", str(self.folder)) for _ in range(rounds)]
        whole = [Found(took - told["loading"], told["mb"], told) for told, took in found]
        inner = [Found(told["solving"], told["mb"], told) for told, _ in found]
        return min(whole, key=lambda one: one.seconds), min(inner, key=lambda one: one.seconds)

    def _answer(self, module: str, *given: str) -> tuple[dict[str, Any], float]:
        """Return what a process says, and the seconds from its start until it said so."""
        began = time.perf_counter()
        command = [sys.executable, "-m", f"tests.bench.{module}", *given]
        with subprocess.Popen(command, cwd=ROOT, env=self.empty.environ, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            took = time.perf_counter() - began
        if process.returncode:
            message = f"{' '.join(command)} failed"
            raise SystemExit(message)
        return json.loads(line), took


def _kept(file: Path) -> tuple[Instance, Numbers]:
    with np.load(file) as kept:
        students, places, costs, free = (kept[name] for name in ("students", "places", "costs", "free"))
        return Instance(students, places, costs, free, int(kept["count"])), kept["chosen"]


def _rounds(count: int) -> int:
    return ROUNDS if count <= SIZES[-1][0] else 1
