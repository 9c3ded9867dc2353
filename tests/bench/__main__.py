"""The benchmark: the product against a bare Flask application, in one run, in turns, on SQLite and PostgreSQL.

    make bench                         all of it, about twenty minutes
    python -m tests.bench --quick      smaller tables and fewer rounds, for a look in between
    python -m tests.bench --planner    plans of placements alone
    python -m tests.bench --mails      mail alone
    python -m tests.bench --cards      payments by card alone
    python -m tests.bench --largest    the largest plan alone, 100,000 students and 20,000 openings: part of make soak

The web processes run as in production; the worker does not run, on either side, while something is measured.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench import bare, table
from tests.bench.cards import Cards
from tests.bench.exports import Exports
from tests.bench.fill import EMAIL, PASSWORD, fill
from tests.bench.front import Front
from tests.bench.load import Order
from tests.bench.mails import Mails
from tests.bench.measure import Loader, Sheet, median_ratio, rate_ratio
from tests.bench.office import Office
from tests.bench.planner import LARGEST, SIZES, Planner, Size
from tests.bench.servers import Databases, Side, SqliteFiles, postgres

PROGRAM = "/programs/ccma"
LIST = "/staff/enrollments"
ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    small: int = 10_000
    big: int = 1_000_000
    rounds: int = 8
    seconds: float = 1.5
    office_rounds: int = 5
    office_seconds: float = 0.15
    starts: int = 5
    due: int = 10_000
    batch: int = 500
    mail_rounds: int = 4


QUICK = Plan(
    small=8_000,
    big=80_000,
    rounds=4,
    seconds=0.8,
    office_rounds=3,
    office_seconds=0.2,
    starts=3,
    due=500,
    batch=250,
    mail_rounds=2,
)


def plans(databases: Databases, folder: Path, sizes: tuple[Size, ...]) -> Sheet:
    """Measure plans of placements alone."""
    sheet = Sheet(databases.name)
    Planner(sheet, databases, folder).run(sizes)
    return sheet


def mails(databases: Databases, folder: Path, plan: Plan) -> Sheet:
    """Measure mail alone."""
    sheet = Sheet(databases.name)
    Mails(sheet, databases, folder).run(rounds=plan.mail_rounds, batch=500, letters=1_000)
    return sheet


def cards(databases: Databases, folder: Path, plan: Plan, loader: Loader) -> Sheet:
    """Measure payments by card alone."""
    sheet = Sheet(databases.name)
    _cards(sheet, databases, folder, plan, loader)
    return sheet


def _cards(sheet: Sheet, databases: Databases, folder: Path, plan: Plan, loader: Loader) -> None:
    """Measure cards; the day of the many installments is that of a school with PostgreSQL."""
    due = plan.due if databases.name == "PostgreSQL" else max(plan.batch, plan.due // 5)
    Cards(sheet, databases, folder, loader).run(due=due, batch=plan.batch, rounds=plan.rounds, seconds=plan.seconds)


class Bench:
    """All figures on one database."""

    def __init__(self, databases: Databases, folder: Path, plan: Plan, loader: Loader) -> None:
        self.databases, self.folder, self.plan, self.loader = databases, folder, plan, loader
        self.sheet = Sheet(databases.name)
        here = folder / databases.name
        self.bare = Side("bare", here / "bare", databases.url("bare"), "/page", "tests.bench.bare:create_app()")
        self.small = Side("product", here / "small", databases.url("small"), PROGRAM)
        self.big = Side("product, more rows", here / "big", "", PROGRAM)
        self.cookies: dict[Side, str] = {}
        self.office = Office(self.sheet, {plan.small: self.small, plan.big: self.big}, loader)

    def run(self) -> None:
        """Measure everything; what was started is ended, whatever happens."""
        try:
            self.from_empty()
            self.fill()
            self.cold_starts()
            for side in (self.bare, self.small, self.big):
                side.start()
            for side in (self.small, self.big):
                order = Order("sign_in", side.port, 1, 1, most=1, path=f"{EMAIL} {PASSWORD}")
                self.cookies[side] = self.loader.must(order).cookie
            self.pages()
            self.lists()
            self.office.run(self.cookies, rounds=self.plan.office_rounds, seconds=self.plan.office_seconds)
            Exports(self.sheet, self.big, self.cookies[self.big]).run()
            self.flows()
            if self.databases.name == "SQLite":
                self.at_once()
            self.memory()
            self.statements()
            if self.databases.name == "SQLite":
                self.front()
        finally:
            for side in (self.bare, self.small, self.big):
                side.stop()
        _cards(self.sheet, self.databases, self.folder, self.plan, self.loader)
        Mails(self.sheet, self.databases, self.folder).run(rounds=self.plan.mail_rounds, batch=500, letters=1_000)
        Planner(self.sheet, self.databases, self.folder).run(SIZES)

    def from_empty(self) -> None:
        """Time the way from nothing to the first page: migrations, ZIP codes, catalog, start."""
        began = time.perf_counter()
        self.small.prepare()
        prepared = time.perf_counter() - began
        started = self.small.start()
        self.small.stop()
        self.sheet.add(table.EMPTY, prepared + started, product=f"prepare {prepared:.2f} s, start {started:.2f} s")

    def fill(self) -> None:
        """Fill the tables of all sides."""
        bare.fill(self.bare.environ["DATABASE_URL"], self.plan.small)
        self.databases.copy("small", "big")
        self.big.environ["DATABASE_URL"] = self.databases.url("big")
        fill(self.small.environ, self.plan.small)
        fill(self.big.environ, self.plan.big)

    def cold_starts(self) -> None:
        """Start and stop both sides in turns."""
        times: dict[str, list[float]] = {"bare": [], "product": []}
        for _ in range(self.plan.starts):
            for side in (self.bare, self.small):
                times[side.name].append(side.start())
                side.stop()
        ratio = statistics.median(b / a for a, b in zip(times["bare"], times["product"], strict=True))
        plain, ours = (f"{statistics.median(times[name]):.2f} s" for name in ("bare", "product"))
        self.sheet.add(table.COLD, ratio, bare=plain, product=ours)

    def pages(self) -> None:
        """Open the public page again and again."""
        both = self.loader.in_turns(
            {
                "bare": Order("reading", self.bare.port, 8, self.plan.seconds, path="/page"),
                "product": Order("reading", self.small.port, 8, self.plan.seconds, path=PROGRAM),
            },
            self.plan.rounds,
        )
        self.sheet.compare(table.PAGE, rate_ratio(both["product"], both["bare"]), both["bare"], both["product"])

    def lists(self) -> None:
        """Open the staff list, one page at a time."""
        seconds, small = self.plan.seconds / 2, self.plan.small
        both = self.loader.in_turns(
            {
                "bare": Order("reading", self.bare.port, 1, seconds, path=f"/list?before={small // 2}"),
                "product": Order("reading", self.small.port, 1, seconds, path=LIST, cookie=self.cookies[self.small]),
            },
            self.plan.rounds,
        )
        self.sheet.compare(table.LIST, median_ratio(both["product"], both["bare"]), both["bare"], both["product"])

    def flows(self) -> None:
        """Enroll from the program page to the confirmation."""
        both = self.loader.in_turns(
            {
                "bare": Order("bare_enrollment", self.bare.port, 4, self.plan.seconds),
                "product": Order("enrollment", self.small.port, 4, self.plan.seconds, path=PROGRAM),
            },
            self.plan.rounds,
        )
        self.sheet.compare(table.FLOW, rate_ratio(both["product"], both["bare"]), both["bare"], both["product"])
        steps = (f"{step} {statistics.median(times) * 1000:.1f}" for step, times in both["product"].took.items())
        self.sheet.notes.append(f"{self.databases.name}, full enrollment, p50 in ms: {', '.join(steps)}")

    def at_once(self) -> None:
        """Let eight clients enroll all the time; what counts is the POST."""
        order = Order("enrollment", self.small.port, 8, self.plan.seconds, path=PROGRAM)
        plain = Order("bare_enrollment", self.bare.port, 8, self.plan.seconds)
        both = self.loader.in_turns({"bare": plain, "product": order}, self.plan.rounds)
        ours, other = both["product"], both["bare"]
        self.sheet.add(
            table.AT_ONCE,
            ours.tail("post"),
            bare=f"{other.written('post')} ({other.tail('post'):.1f})",
            product=ours.written("post"),
            errors=ours.errors,
        )

    def memory(self) -> None:
        """Read what each worker has for itself after all this work."""
        plain, ours = (statistics.mean(side.own_megabytes()) for side in (self.bare, self.small))
        self.sheet.add(table.MEMORY, ours / plain, bare=f"{plain:.0f} MB", product=f"{ours:.0f} MB")

    def statements(self) -> None:
        """Count statements and commits of one enrollment and of staff pages, on servers that count them."""
        for side in (self.small, self.big):
            side.stop()
            side.app = "tests.bench.counting:create_app()"
            side.start(BENCH_COUNT="1")
        self.office.count(self.cookies)
        counted = self.loader.must(Order("enrollment", self.small.port, 1, 30, most=8, path=PROGRAM))
        told = ", ".join(f"{step} {number}" for step, number in counted.statements.items())
        self.sheet.add(
            table.STATEMENTS, sum(counted.statements.values()), bare="page 0, form 0, post 2, done 1", product=told
        )
        others = sum(number for step, number in counted.commits.items() if step != "post")
        self.sheet.add(table.COMMITS, counted.commits["post"], bare="1", product=f"{others} elsewhere in the flow")

    def front(self) -> None:
        """Measure the comparison of careers, which asks no database and so is the same on each."""
        Front(self.sheet, self.bare, self.small, self.loader).run(
            rounds=self.plan.rounds, seconds=self.plan.seconds, visits=self.plan.starts
        )


def main() -> int:
    """Measure, print the table, and return 1 when something that must hold does not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Speed against a bare Flask application."
    )
    parser.add_argument("--quick", action="store_true", help="smaller tables, fewer rounds: a look, not a judgement")
    parser.add_argument("--only", choices=ENGINES, help="one database")
    parser.add_argument("--planner", action="store_true", help="plans of placements alone")
    parser.add_argument("--mails", action="store_true", help="mail alone")
    parser.add_argument("--cards", action="store_true", help="payments by card alone")
    parser.add_argument("--largest", action="store_true", help="the largest plan of placements alone")
    given = parser.parse_args()
    plan = QUICK if given.quick else Plan()
    began, folder = time.perf_counter(), Path(tempfile.mkdtemp(prefix="bench-"))
    measured: list[Sheet] = []
    try:
        with Loader() as loader:

            def measure(databases: Databases) -> Sheet:
                if given.planner or given.largest:
                    return plans(databases, folder, LARGEST if given.largest else SIZES)
                if given.mails:
                    return mails(databases, folder, plan)
                if given.cards:
                    return cards(databases, folder, plan, loader)
                bench = Bench(databases, folder, plan, loader)
                bench.run()
                return bench.sheet

            if given.only != "postgresql":
                measured.append(measure(SqliteFiles(folder)))
            if given.only != "sqlite":
                with postgres() as server:
                    measured.append(measure(server))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows, notes = (
        [row for sheet in measured for row in sheet.rows],
        [note for sheet in measured for note in sheet.notes],
    )
    print(table.drawn(sorted(rows, key=lambda row: table.ORDER.index(row.bar)), small=plan.small, big=plan.big))
    print("\n".join(["", *notes, f"{time.perf_counter() - began:.0f} s in all"]))
    for row in rows:
        if row.missed:
            print(f"Missed on {row.database}: {row.figure({'small': plan.small, 'big': plan.big})}")
    return int(any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
