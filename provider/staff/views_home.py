"""What waits for the one who is looking: counts of every queue, and the first of each with a way to act."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments import lists
from provider.enrollments.lists import Filters, staff_page
from provider.enrollments.rules import UNPAID_STATES
from provider.kernel.doors import Door
from provider.kernel.paging import counted
from provider.mail import queries as mail
from provider.mail.rules import LetterState
from provider.refunds import queries as refunds
from provider.staff.nav import figure
from provider.staff.views_refunds import waiting
from provider.tasks import queries as tasks
from provider.tasks.queries import Asked

door = Door("staff", __name__, needs=Permission.SEE_STAFF_PAGES, url_prefix="/staff")
FIRST = 10
P = Permission


@dataclass(frozen=True, slots=True)
class Queue:
    """One thing that waits: its tile and the first of its list."""

    name: str
    label: str
    number: str
    tone: str
    rows: list[Any]


@door.get("")
def index() -> ResponseReturnValue:
    figures = counted(
        {name: count() for name, permission, count in _COUNTS if may(permission)},
    )
    queues = [
        Queue(name, _LABELS[name], figure(number), _tone(name, number), _ROWS[name]() if number else [])
        for name, number in figures.items()
    ]
    return render_template("staff/index.html", queues=queues, first=FIRST)


def _tone(name: str, number: int) -> str:
    if not number:
        return "good"
    return {"awaited": "neutral", "tasks": "warn", "payouts": "warn"}.get(name, "bad")


_COUNTS = (
    ("tasks", P.SEE_TASKS, tasks.waiting),
    ("payouts", P.SEE_MONEY, refunds.waiting),
    ("awaited", P.SEE_ENROLLMENTS, lists.waiting_for_payment),
    ("late", P.SEE_ENROLLMENTS, lists.late),
    ("letters", P.SEE_MAIL, mail.waiting),
)
_LABELS = {
    "tasks": "Open tasks",
    "payouts": "Refunds to pay out",
    "awaited": "Waiting for payment",
    "late": "Installments late",
    "letters": "Letters failed",
}
_ROWS: dict[str, Callable[[], list[Any]]] = {
    "tasks": lambda: list(tasks.page(Asked(), size=FIRST).rows),
    "payouts": lambda: waiting(FIRST),
    "awaited": lambda: list(staff_page(Filters(states=tuple(sorted(UNPAID_STATES))), size=FIRST).rows),
    "late": lambda: list(staff_page(Filters(late=True), size=FIRST).rows),
    "letters": lambda: list(mail.staff_page(state=LetterState.FAILED, size=FIRST).rows),
}
