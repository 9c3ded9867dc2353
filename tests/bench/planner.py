"""Plans of placements from the database, against bare OR-Tools on the very arcs that the product finds, in one run.

Each side is a process of its own, so that its memory is its own: ``ours`` reads, narrows and solves, ``bare`` has the
arcs in memory when its clock starts, ``job`` is the worker's whole job, with reasons and storing. What each loads
(OR-Tools, numpy, the application) is loaded before its clock starts, and counts as its memory: the most it ever had
by the end of its first plan. The application alone has 120 MB of it, which shows in the smallest plan.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import cohort, proof, table
from tests.bench.measure import Sheet
from tests.bench.planner_sides import ARCS, BY_DISTANCE
from tests.bench.proof import NOBODY, Instance, Numbers
from tests.bench.servers import ROOT, Databases, Side

SIZES = ((1_000, 200), (10_000, 2_000))
LARGEST = ((100_000, 20_000),)
WIDE, TIGHT = 1.4, 1.02  # places for each student
TURNS, ROUNDS = 2, 5  # the fastest of all counts
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
        here, rounds = str(self.folder), str(_rounds(size[0]))
        turns = [
            (
                self._side("tests.bench.planner_sides", "ours", here, rounds),
                self._side("tests.bench.bare_planner", here, rounds),
                self._side("tests.bench.planner_sides", "job", here, rounds),
            )
            for _ in range(TURNS if _rounds(size[0]) > 1 else 1)
        ]
        ours, bare, job = (min(found, key=lambda one: one.seconds) for found in zip(*turns, strict=True))
        detail = f"{size[0]:,} × {size[1]:,}, places {share:g}"
        parts = ", ".join(f"{part} {seconds:.2f}" for part, seconds in ours.told["parts"].items())
        add = self.sheet.add
        add(
            table.PLAN, ours.seconds / bare.seconds, detail=detail,
            bare=f"{bare.seconds:.2f} s, {ours.told['arcs']:,} arcs", product=f"{ours.seconds:.2f} s ({parts})",
        )  # fmt: skip
        add(table.PLAN_MEMORY, ours.mb / bare.mb, bare=f"{bare.mb:.0f} MB", product=f"{ours.mb:.0f} MB", detail=detail)
        add(
            table.PLAN_JOB, job.seconds / bare.seconds, detail=detail, bare=f"{bare.seconds:.2f} s, {bare.mb:.0f} MB",
            product=f"{job.seconds:.2f} s, {job.mb:.0f} MB; {job.told['rows']:,} rows stored",
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

    def _side(self, *asked: str) -> Found:
        """Let one side work in a process of its own."""
        command = [sys.executable, "-m", *asked]
        ended = subprocess.run(
            command, check=False, cwd=ROOT, env=self.empty.environ, stdout=subprocess.PIPE, text=True
        )
        if ended.returncode:
            message = f"{' '.join(command)} failed"
            raise SystemExit(message)
        return Found(**json.loads(ended.stdout.splitlines()[-1]))


def _kept(file: Path) -> tuple[Instance, Numbers]:
    with np.load(file) as kept:
        students, places, costs, free = (kept[name] for name in ("students", "places", "costs", "free"))
        return Instance(students, places, costs, free, int(kept["count"])), kept["chosen"]


def _rounds(count: int) -> int:
    return ROUNDS if count <= SIZES[-1][0] else 1
