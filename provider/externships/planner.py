"""The solver: most students first, then the least cost in sum; over OR-Tools' min-cost flow.

It is as heavy as it is fast (numpy and OR-Tools, some 40 MB): only the solver's process imports it (`plan_process`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

Numbers = NDArray[np.int64]
Rows = NDArray[np.signedinteger[Any]]
NOBODY = -1  # the place of a student who gets none


class NoPlan(RuntimeError):
    """The solver gave up on an instance that always has a solution: its sums overflowed."""


@dataclass(frozen=True, slots=True)
class Arcs:
    """Which places each student could take and what each costs: three columns, sorted by student, then by cost.

    Students and places are rows of their tables, which four bytes hold: there are very many of them.
    """

    students: Rows
    places: Rows
    costs: Numbers


def assign(arcs: Arcs, free: Numbers, *, students: int, seed: int) -> Numbers:
    """Return the place of each student, NOBODY for who gets none.

    No plan places more students; of those that place as many, none costs less; nobody has two places, and no place
    more students than are free. Of several such plans the seed decides: students and places enter the solver in an
    order drawn from it, so that the same inputs give the same plan, and no one comes first for having asked first.
    """
    dice = np.random.default_rng(seed)
    order = dice.permutation(students).astype(np.int32)
    row = (students + dice.permutation(len(free))).astype(np.int32)
    sink = students + len(free)
    flow = min_cost_flow.SimpleMinCostFlow()
    taken = flow.add_arcs_with_capacity_and_unit_cost(
        order[arcs.students], row[arcs.places], np.ones(len(arcs.students), np.int64), arcs.costs
    )
    flow.add_arcs_with_capacity_and_unit_cost(row, np.full(len(free), sink), free, np.zeros(len(free), np.int64))
    flow.set_nodes_supplies(order, np.ones(students, np.int64))
    flow.set_node_supply(sink, -students)
    if students and flow.solve_max_flow_with_min_cost() != flow.OPTIMAL:
        raise NoPlan
    chosen = np.full(students, NOBODY, np.int64)
    used = np.asarray(flow.flows(taken), np.int64) > 0 if len(taken) else np.zeros(0, bool)
    chosen[arcs.students[used]] = arcs.places[used]
    return chosen


def left(free: Numbers, chosen: Numbers) -> Numbers:
    """Return how many places of each opening a plan leaves free."""
    return free - np.bincount(chosen[chosen != NOBODY], minlength=len(free))


def can_make_room(arcs: Arcs, free: Numbers, chosen: Numbers, *, fixed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each place whether one more student could go there without anybody losing theirs.

    Either it has a place left, or somebody there (who is not fixed) could move to a place where that is so.
    """
    room = left(free, chosen) > 0
    here = chosen[arcs.students]
    movable = (here != NOBODY) & (here != arcs.places) & ~fixed[arcs.students]
    sources, targets = here[movable], arcs.places[movable]
    while True:
        more = room.copy()
        more[sources[room[targets]]] = True
        if np.array_equal(more, room):
            return room
        room = more


def runs(sizes: Numbers, most: int) -> Iterator[slice]:
    """Cut rows into runs whose sizes come to about ``most`` each, so that memory stays bounded."""
    ends, start = np.cumsum(sizes), 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield slice(start, stop)
        start = stop
