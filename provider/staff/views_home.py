"""What runs and waits for the one who is looking: one list by due date, counts of every queue, figures by week."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import Viewer, may, signed_in
from provider.clocks.rules import Standing, stands
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.money import dollars
from provider.kernel.paging import counted
from provider.kernel.promises import NOBODY, Asked, Promise, Queue, first
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.kernel.web import received_at
from provider.oversight.weekly import Figures, figures
from provider.staff import charts, setup
from provider.staff.charts import Chart, Series
from provider.staff.nav import figure

door = Door("staff", __name__, needs=Permission.SEE_STAFF_PAGES, url_prefix="/staff")
MOST = 50
MINE = "mine"
P = Permission


@dataclass(frozen=True, slots=True)
class Tile:
    """How much waits in one queue."""

    label: str
    number: str
    href: str
    tone: str


@dataclass(frozen=True, slots=True)
class Line:
    """One promise as the list shows it."""

    promise: Promise
    standing: Standing | None


@door.get("")
def index() -> ResponseReturnValue:
    viewer = signed_in()
    queues = [queue for queue in sorted(registry().queues.values(), key=lambda one: one.rank) if may(queue.needs)]
    owner = request.args.get("owner", "")
    lines = _lines(queues, viewer, owner)
    known = {one.promise.owner for one in lines if one.promise.owner}
    found = figures(received_at()) if may(P.SEE_ENROLLMENTS) or may(P.SEE_MONEY) else None
    return render_template(
        "staff/index.html",
        tiles=_tiles(queues),
        lines=lines[:MOST],
        more=len(lines) > MOST,
        owner=owner if owner in {MINE, NOBODY} else "",
        names=people.names(known) if known else {},
        charts=_charts(found) if found else [],
        as_of=found.as_of if found else None,
        setup=setup.missing(),
    )


def _tiles(queues: Sequence[Queue]) -> list[Tile]:
    numbers = counted({f"queue{number}": queue.waiting() for number, queue in enumerate(queues)})
    return [
        Tile(queue.label, figure(number), queue.href(), queue.tone if number else "good")
        for queue, number in zip(queues, numbers.values(), strict=True)
    ]


def _lines(queues: Sequence[Queue], viewer: Viewer | None, owner: str) -> list[Line]:
    """Return what runs in all queues that may be seen, oldest clock first, and one more than there is room for."""
    asked = Asked(
        most=MOST + 1,
        today=day_of(received_at(), settings().SCHOOL_ZONE),
        held=frozenset(viewer.permissions) if viewer else frozenset(),
        owner=(viewer.reference if viewer else "") if owner == MINE else NOBODY if owner == NOBODY else "",
    )
    found = first([queue.rows(asked) for queue in queues if queue.rows is not None], asked.most)
    return [Line(one, stands(due_on=one.due_on, last_on=one.last_on, today=asked.today)) for one in found]


def _charts(found: Figures) -> list[Chart]:
    drawn = []
    if may(P.SEE_ENROLLMENTS):
        series = [Series("Enrollments", found.enrollments, charts.counted)]
        drawn.append(charts.weekly("enrolled", "Enrollments by week", found.weeks, series, charts.counted))
    if may(P.SEE_MONEY):
        series = [Series("Money in", found.received, dollars), Series("Money back", found.sent_back, dollars)]
        drawn.append(charts.weekly("money", "Money in and money back by week", found.weeks, series, charts.money_short))
    return drawn
