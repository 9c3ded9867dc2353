"""The back office at 10,000 and at 1,000,000 enrollments: its pages opened in turns, one at a time, and its exports."""

import datetime as dt
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, replace

from provider.kernel import clock
from tests.bench import table
from tests.bench.fill import story
from tests.bench.load import Order
from tests.bench.measure import Loader, Series, Sheet, median_ratio, percentile
from tests.bench.servers import Side
from tests.bench.table import Bar


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of the back office: its address (``{deep}`` is the key of a page far down), and what must stand on it."""

    name: str
    path: str
    bar: Bar
    holds: str = ""
    times: int = 1


L, S, H, T = table.LISTS, table.SEARCH, table.HISTORY, table.STUDENT
THREE_DAYS = dt.timedelta(days=3)
CHANGE = 'data-label="What"'
PAGES = (
    Shown("enrollments, first page", "/staff/enrollments", L, 'href="/staff/enrollments/E-', 50),
    Shown("enrollments, far down", "/staff/enrollments?before={deep}", L, 'href="/staff/enrollments/E-', 50),
    Shown(
        "enrollments, one state and program",
        "/staff/enrollments?state=completed&program=CCMA",
        L,
        'href="/staff/enrollments/E-',
        50,
    ),
    Shown("enrollments, few and long ago", "/staff/enrollments?state=withdrawn", L, "Withdrawn", 10),
    Shown("enrollments, late", "/staff/enrollments?state=late", L, 'href="/staff/enrollments/E-', 50),
    Shown("enrollments, unpaid", "/staff/enrollments?state=unpaid", L, 'href="/staff/enrollments/E-', 50),
    Shown("enrollments, a common name", "/staff/enrollments?q=garcia", S, 'href="/staff/enrollments/E-', 50),
    Shown("enrollments, two names", "/staff/enrollments?q=ana+garcia", table.NAMES, 'href="/staff/enrollments/E-', 50),
    Shown("enrollments, one e-mail address", "/staff/enrollments?q=student0000077@example.org", S, "student0000077"),
    Shown("everything, a common name", "/staff/search?q=garcia", S, 'href="/staff/students/P-', 5),
    Shown("everything, two names", "/staff/search?q=ana+garcia", table.NAMES, 'href="/staff/enrollments/E-', 5),
    Shown("everything, one e-mail address", "/staff/search?q=student0000077@example.org", S, "student0000077"),
    Shown("everything, what nobody is called", "/staff/search?q=garcia+zebediah", S, "Nothing that you may see"),
    Shown("all changes, the newest", "/staff/history", H, CHANGE, 50),
    Shown("all changes, far down", "/staff/history?before={deep}", H, CHANGE, 50),
    Shown("all changes, one day", "/staff/history?since={day}&until={day}", H, CHANGE, 50),
    Shown("all changes, one day and event", "/staff/history?until={day}&event=payment.captured", H, CHANGE, 50),
    Shown("all changes, one person", "/staff/history?who=P-22222223", H, CHANGE, 50),
    Shown("all changes, one record", "/staff/history?about={story}", H, CHANGE, 3),
    Shown("all changes, a rare kind", "/staff/history?kind=program", H, CHANGE, 5),
    Shown("completions", "/staff/completions", L, 'href="/staff/enrollments/E-', 50),
    Shown("payments", "/staff/payments", L, 'href="/staff/payments/PY-', 50),
    Shown("payments, to be returned", "/staff/payments?view=to_return", L, "To be returned"),
    Shown("payments, awaited", "/staff/payments?view=awaited", L, 'href="/staff/enrollments/E-', 50),
    Shown("payments, recorded in error", "/staff/payments?view=reversed", L, "Recorded in error"),
    Shown("refunds", "/staff/refunds", L, 'href="/staff/refunds/R-', 50),
    Shown("refunds, declined", "/staff/refunds?state=declined", L, "Declined"),
    Shown("letters", "/staff/mail", L, 'href="/staff/mail/L-', 50),
    Shown("letters, failed", "/staff/mail?state=failed", L, "Failed"),
    Shown("tasks", "/staff/tasks", L, 'href="/staff/tasks/T-', 50),
    Shown("tasks, nobody’s", "/staff/tasks?owner=nobody", L, 'href="/staff/tasks/T-', 50),
    Shown(
        "tasks, overdue ones of a kind", "/staff/tasks?due=overdue&kind=payment_hold", L, 'href="/staff/tasks/T-', 50
    ),
    Shown("people", "/staff/people", L, "Ada Admin"),
    Shown("letters, oldest first", "/staff/mail?sort=oldest", L, 'href="/staff/mail/L-', 50),
    Shown(
        "payments, largest first, far down", "/staff/payments?sort=largest&before={paid}", L, "/staff/payments/PY-", 50
    ),
    Shown("payments of a common name", "/staff/payments?q=garcia", S, 'href="/staff/payments/PY-', 50),
    Shown("externship requests", "/staff/externships", L, 'href="/staff/externships/XR-', 50),
    Shown("externship requests, completed", "/staff/externships?state=completed&sort=newest", L, "Completed", 50),
    Shown("externship requests, ready, of a name", "/staff/externships?state=ready&q=garcia", S, "Garcia", 10),
    Shown("openings", "/staff/openings", L, 'href="/staff/openings/OP-', 50),
    Shown("openings, ending first", "/staff/openings?sort=ends&state=open", L, 'href="/staff/openings/OP-', 50),
    Shown("sites", "/staff/sites", L, 'href="/staff/sites/S-', 50),
    Shown("sites, newest first, open", "/staff/sites?sort=newest&state=open", L, 'href="/staff/sites/S-', 50),
    Shown("home", "/staff", L, "Back office"),
    Shown("home, what nobody has taken", "/staff?owner=nobody", L, 'href="/staff/tasks/T-'),
    Shown("one enrollment with its story", "/staff/enrollments/{story}", T, "Payment recorded"),
    Shown("one student with the story of all", "/staff/students/{student}", T, "Payment recorded"),
    Shown(
        "one student, the letters, oldest first", "/staff/students/{student}?only=letters&order=oldest", T, "Letter: "
    ),
)


class Office:
    """The pages of one database, small and large."""

    def __init__(self, sheet: Sheet, sides: Mapping[int, Side], loader: Loader) -> None:
        self.sheet, self.sides, self.loader = sheet, dict(sides), loader
        self.tails: dict[str, float] = {}

    def run(self, cookies: Mapping[Side, str], *, rounds: int, seconds: float) -> None:
        """Open each page on both sides in turns."""
        for shown in PAGES:
            orders = {size: self._order(shown, size, cookies, seconds) for size in self.sides}
            for size, order in orders.items():
                self._check(shown, size, order)
            found = self.loader.in_turns({str(size): order for size, order in orders.items()}, rounds)
            few, many = (found[str(size)] for size in sorted(self.sides))
            self._add(shown, few, many)
            self.tails[shown.name] = max(few.tail(), many.tail())
        worst = max(self.tails, key=lambda name: self.tails[name])
        self.sheet.add(table.TAIL, self.tails[worst], product=f"worst: {worst}")

    def count(self, cookies: Mapping[Side, str]) -> None:
        """Count the statements of each page, on servers that count them; as many whatever the size."""
        for shown in PAGES:
            orders = [self._order(shown, size, cookies, 30, most=2) for size in self.sides]
            counts = {self.loader.must(order).statements["get"] for order in orders}
            told = f"{' or '.join(map(str, sorted(counts)))} statements"
            number, row = next(each for each in enumerate(self.sheet.rows) if each[1].detail == shown.name)
            self.sheet.rows[number] = replace(row, product=f"{row.product}, {told}")

    def _order(
        self, shown: Shown, size: int, cookies: Mapping[Side, str], seconds: float, most: int = 1_000_000
    ) -> Order:
        side = self.sides[size]
        path = shown.path.format(**_keys(size))
        return Order("reading", side.port, 1, seconds, most=most, path=path, cookie=cookies[side])

    def _check(self, shown: Shown, size: int, order: Order) -> None:
        holds = shown.holds.format(**_keys(size))
        if self.loader.must(replace(order, most=1)).body.count(holds) < shown.times:
            raise SystemExit(f"{order.path} does not show {shown.times} of {holds}")

    def _add(self, shown: Shown, few: Series, many: Series) -> None:
        self.sheet.add(
            shown.bar,
            median_ratio(many, few),
            bare=_written(few),
            product=_written(many),
            errors=few.errors + many.errors,
            detail=shown.name,
        )


def _keys(size: int) -> dict[str, str]:
    """Return what addresses name in a school of so many enrollments."""
    deep = size // 20 + 1_000
    return {
        "deep": f"{deep}",
        "paid": f"{deep - deep % 10}",
        "story": story(size),
        "student": story(size, "P"),
        "day": f"{clock.now() - THREE_DAYS:%Y-%m-%d}",
    }


def _written(series: Series) -> str:
    times = series.took["flow"]
    return f"p50 {statistics.median(times) * 1000:.1f}  p99 {percentile(times, 0.99) * 1000:.1f} ms"
