"""Measuring sides in turns: a slow moment of the machine hits all of them."""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from types import TracebackType

from tests.bench.load import Order, Outcome
from tests.bench.servers import ROOT
from tests.bench.table import Bar, Row


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(slots=True)
class Series:
    """What all rounds of one side brought: rates and medians by round, times by step, errors."""

    rates: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add one round."""
        self.rates.append(outcome.flows / outcome.seconds)
        if outcome.took.get("flow"):
            self.medians.append(statistics.median(outcome.took["flow"]))
        for step, times in outcome.took.items():
            self.took.setdefault(step, []).extend(times)
        self.errors += outcome.errors

    def extend(self, other: "Series") -> None:
        """Add the rounds of another series of the same side."""
        self.rates += other.rates
        self.medians += other.medians
        self.errors += other.errors
        for step, times in other.took.items():
            self.took.setdefault(step, []).extend(times)

    def written(self, step: str = "flow") -> str:
        """Write rate, p50 and p99 as the table shows them."""
        times = self.took.get(step) or [0.0]
        p50, p99 = (percentile(times, share) * 1000 for share in (0.5, 0.99))
        return f"{statistics.median(self.rates):,.0f}/s  p50 {p50:.1f}  p99 {p99:.1f} ms"

    def tail(self, step: str = "flow") -> float:
        """Return how many times its p50 the p99 is."""
        times = self.took[step]
        return percentile(times, 0.99) / percentile(times, 0.5)


def rate_ratio(ours: Series, bare: Series) -> float:
    """Return the median, over rounds, of our rate against the bare one of the same round."""
    return statistics.median(a / b for a, b in zip(ours.rates, bare.rates, strict=True))


def median_ratio(ours: Series, other: Series) -> float:
    """Return the median, over rounds, of our p50 against the other of the same round."""
    return statistics.median(a / b for a, b in zip(ours.medians, other.medians, strict=True))


@dataclass(slots=True)
class Sheet:
    """What was measured on one database: rows of the table, and notes beneath it."""

    database: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        bar: Bar,
        value: float,
        *,
        bare: str = "",
        product: str = "",
        errors: Sequence[str] = (),
        detail: str = "",
    ) -> None:
        """Add a row, and what went wrong to the notes."""
        self.rows.append(Row(bar, self.database, value, bare, product, len(errors), detail))
        self.notes += [f"{self.database}, {bar.figure}: {error}" for error in errors[:3]]

    def compare(self, bar: Bar, value: float, plain: Series, ours: Series) -> None:
        """Add a row that shows two series."""
        self.add(bar, value, bare=plain.written(), product=ours.written(), errors=plain.errors + ours.errors)


class Loader(AbstractContextManager["Loader"]):
    """The process that plays the clients."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.orders = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.communicate()

    def run(self, order: Order) -> Outcome:
        """Let the clients do one order; everybody in it has a name that nobody had before."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.orders += 1
        self.process.stdin.write(json.dumps(asdict(replace(order, tag=str(self.orders)))) + "\n")
        self.process.stdin.flush()
        return Outcome(**json.loads(self.process.stdout.readline()))

    def must(self, order: Order) -> Outcome:
        """Do an order that the rest depends on."""
        outcome = self.run(order)
        if outcome.errors:
            raise SystemExit("\n".join([f"{order.story} {order.path} failed:", *outcome.errors[:3]]))
        return outcome

    def in_turns(self, orders: Mapping[str, Order], rounds: int) -> dict[str, Series]:
        """Run all orders round by round, every second round backwards, after one that does not count."""
        series = {name: Series() for name in orders}
        for order in orders.values():
            self.must(replace(order, seconds=min(order.seconds, 0.4)))
        for number in range(rounds):
            for name in list(orders)[:: 1 if number % 2 == 0 else -1]:
                series[name].add(self.run(orders[name]))
        return series
