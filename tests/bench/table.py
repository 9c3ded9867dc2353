"""The rows of the table: what was measured, what must hold, what is aimed at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of the requirements: the figure's name, what it must reach, and what is aimed at."""

    figure: str
    must: float
    aim: float
    at_least: bool = False
    unit: str = ""

    def reached(self, value: float, limit: float) -> bool:
        """Say whether a value is on the right side of a limit."""
        return value >= limit if self.at_least else value <= limit

    def written(self, limit: float) -> str:
        """Write a limit as the table shows it."""
        return f"{'≥' if self.at_least else '≤'} {limit:g}{self.unit}"


PAGE = Bar("program page, 8 connections, against the bare page", 0.4, 0.7, at_least=True)
FLOW = Bar("full enrollment, 4 clients, against the bare flow", 0.3, 0.5, at_least=True)
STATEMENTS = Bar("SQL statements in that flow", 30, 20)
COMMITS = Bar("durable commits in the POST", 1, 1)
LIST = Bar("staff list, {small:,} enrollments, p50 against the bare list", 4, 2)
TAIL = Bar("back office, worst p99 / p50 of its pages", 4, 2.5)
LISTS = Bar("back office, {small:,} → {big:,} enrollments", 1.2, 1.1)
SEARCH = Bar("search, {small:,} → {big:,} enrollments", 1.2, 1.1)
HISTORY = Bar("all changes, {small:,} → {big:,} enrollments", 1.2, 1.1)
NAMES = Bar("two common names at once, {small:,} → {big:,} enrollments", 8, 4)
STUDENT = Bar("one student, {small:,} → {big:,} enrollments", 1.2, 1.1)
AT_ONCE = Bar("8 enrollments at once, p99 / p50 of the POST", 20, 8)
COLD = Bar("cold start to first 200, against the bare one", 3, 2)
MEMORY = Bar("own memory per worker, against the bare one", 3, 2)
EMPTY = Bar("empty database to first page", 7, 3, unit=" s")
FRONT = Bar("comparison page, 8 connections, against a bare page of its size", 0.7, 1, at_least=True)
UNCHANGED = Bar("its 304, 8 connections, against a bare 304", 0.9, 1, at_least=True)
FRONT_STATEMENTS = Bar("SQL statements in a comparison page that was made before", 0, 0)
TWO = Bar("largest page of two careers", 60, 60, unit=" kB")
FOUR = Bar("largest page of four careers", 110, 110, unit=" kB")
_SCHOOL = (PAGE, FLOW, STATEMENTS, COMMITS, LIST, AT_ONCE, COLD, MEMORY, EMPTY)
EXPORT = Bar("export of 100,000 enrollments, memory added to the web process", 60, 30, unit=" MB")
INTAKE = Bar("payment events taken in, 8 connections, against a bare door", 0.25, 0.5, at_least=True)
INTAKE_TAIL = Bar("payment events taken in, 8 connections, p99 / p50 of the answer", 20, 8)
HUNG = Bar("worst page while 8 calls to the payment service hang, p50 against idle", 1.2, 1.1)
INSTALLMENTS = Bar("due installments charged, against the payment server's own limit", 0.1, 0.25, at_least=True)
MAIL_IN = Bar("mails taken in, 8 connections, against aiosmtpd writing to a Maildir", 0.5, 1, at_least=True)
FILED = Bar("mails filed", 25, 60, at_least=True, unit="/s")
LETTERS_OUT = Bar("letters out, against the mail server’s own limit", 0.02, 0.05, at_least=True)
PLAN = Bar("plan, from asking to solved, against a process with OR-Tools alone on its arcs", 3, 1.5)
PLAN_MEMORY = Bar("plan, memory that it adds at most, against that process", 2, 1.5)
PLAN_JOB = Bar("plan, the whole job with reasons and storing, against that process", 5, 3)
PLAN_UNPLACED = Bar("plan, students unplaced above the optimum", 0, 0)
PLAN_GAP = Bar("plan, cost above the bound of linear programming", 0, 0)
FIRST_COME = Bar("first come, first served: students left out whom a plan places", 0, 1, at_least=True)
FIRST_COME_MILES = Bar("first come, first served: miles of each against a plan’s", 1, 1.05, at_least=True)
_OFFICE = (LISTS, SEARCH, NAMES, HISTORY, STUDENT, TAIL, EXPORT)
_FRONT = (FRONT, UNCHANGED, FRONT_STATEMENTS, TWO, FOUR)
_CARDS = (INTAKE, INTAKE_TAIL, INSTALLMENTS, HUNG)
_PLANNER = (PLAN, PLAN_MEMORY, PLAN_JOB, PLAN_UNPLACED, PLAN_GAP, FIRST_COME, FIRST_COME_MILES)
_MAILS = (MAIL_IN, FILED, LETTERS_OUT)
ORDER = _SCHOOL + _OFFICE + _FRONT + _CARDS + _MAILS + _PLANNER


@dataclass(frozen=True, slots=True)
class Row:
    """One figure on one database."""

    bar: Bar
    database: str
    value: float
    bare: str = ""
    product: str = ""
    errors: int = 0
    detail: str = ""

    def figure(self, sizes: Mapping[str, int]) -> str:
        """Say what was measured: the bar's figure, and which page of several."""
        told = self.bar.figure.format(**sizes)
        return f"{told}: {self.detail}" if self.detail else told

    @property
    def verdict(self) -> str:
        """Aim reached, must reached, or missed; an error always misses."""
        if self.errors:
            return f"MISSED, {self.errors} errors"
        if not self.bar.reached(round(self.value, 3), self.bar.must):
            return "MISSED"
        return "aim" if self.bar.reached(round(self.value, 3), self.bar.aim) else "must"

    @property
    def missed(self) -> bool:
        """Say whether what must hold does not."""
        return self.verdict.startswith("MISSED")


HEADINGS = ("figure", "database", "bare", "product", "value", "must", "aim", "reached")


def drawn(rows: Sequence[Row], **sizes: int) -> str:
    """Draw the table."""
    lines = [HEADINGS] + [
        (
            row.figure(sizes),
            row.database,
            row.bare,
            row.product,
            f"{row.value:.2f}{row.bar.unit}" if row.value % 1 else f"{row.value:g}{row.bar.unit}",
            row.bar.written(row.bar.must),
            row.bar.written(row.bar.aim),
            row.verdict,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, tuple("-" * width for width in widths))  # type: ignore[arg-type]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
