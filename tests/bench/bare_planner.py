"""The bare side of the planner: the arcs that the product found, solved by OR-Tools; it loads nothing else."""

import json
import sys
import time
from pathlib import Path

import numpy as np
from ortools.graph.python import min_cost_flow


def solved(folder: Path) -> dict[str, float]:
    """Return the seconds that loading the arcs and solving them took, the most memory that this process had,
    the seconds of processor but for loading, how many are placed, the cost."""
    began, used = time.perf_counter(), time.process_time()
    with np.load(folder / "arcs.npz") as kept:
        row, place, costs, free = (kept[name] for name in ("students", "places", "costs", "free"))
        count = int(kept["count"])
    loaded, used = time.perf_counter(), time.process_time() - used
    flow = min_cost_flow.SimpleMinCostFlow()
    openings, sink = np.arange(len(free)) + count, count + len(free)
    flow.add_arcs_with_capacity_and_unit_cost(row, place + count, np.ones(len(row), np.int64), costs)
    no_cost = np.zeros(len(free), np.int64)
    flow.add_arcs_with_capacity_and_unit_cost(openings, np.full(len(free), sink), free, no_cost)
    flow.set_nodes_supplies(np.arange(count), np.ones(count, np.int64))
    flow.set_node_supply(sink, -count)
    assert flow.solve_max_flow_with_min_cost() == flow.OPTIMAL
    return {
        "loading": loaded - began, "solving": time.perf_counter() - loaded, "mb": _most_memory(),
        "processor": time.process_time() - used, "arcs": len(row),
        "placed": int(flow.maximum_flow()), "cost": int(flow.optimal_cost()),
    }  # fmt: skip


def _most_memory() -> float:
    """Read it from the kernel: `getrusage` would count what the parent had, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    print(json.dumps(solved(Path(sys.argv[1]))), flush=True)
