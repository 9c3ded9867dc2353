"""The days and how their money compares, as the page and the file show them."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from provider.books import closing
from provider.books.days import OTHER_WAY
from provider.books.models import DayClose
from provider.kernel.forms import Schema
from provider.kernel.paging import Page, Sort
from provider.kernel.sheets import Column
from provider.payments.rules import PaymentMethod
from provider.staff.lists import Listed
from provider.staff.schemas_lists import FindDays

NEWEST = Sort("newest", "Newest first", "Day")
KIND_LABELS = {"payments": "Came in", "payouts": "Sent back", "disputes": "Taken by banks"}
CARD = PaymentMethod.CARD.value


def method_label(name: str) -> str:
    """Name a method of a day's totals."""
    return "Card, sent another way" if name == OTHER_WAY else PaymentMethod(name).label


def ours_of(day: DayClose, kind: str) -> int:
    """Return what our books have of a kind, in cents."""
    by_method: dict[str, int] = day.ours.get(kind, {})
    return sum(by_method.values())


def card_of(day: DayClose, kind: str) -> int:
    """Return what of it came or went by the service."""
    return int(day.ours.get(kind, {}).get(CARD, 0))


def offline_of(day: DayClose, kind: str) -> int:
    """Return what of it came or went without the service."""
    return ours_of(day, kind) - card_of(day, kind)


def theirs_of(day: DayClose, kind: str) -> int | None:
    """Return what the service says of a kind; None when it was not asked."""
    return None if day.theirs is None else int(day.theirs.get(kind, 0))


def rows_of(day: DayClose) -> list[tuple[str, str, int, int | None]]:
    """Return the totals of a day: kind, method, ours, and the service's beside those by card."""
    found = []
    for kind, label in KIND_LABELS.items():
        by_method: dict[str, int] = day.ours.get(kind, {})
        told = theirs_of(day, kind)
        methods = sorted({*by_method, *([CARD] if told else [])})
        for method in methods:
            cents = by_method.get(method, 0)
            found.append((label, method_label(method), cents, told if method == CARD else None))
    return found


def _of(read: Callable[[DayClose, str], int | None], kind: str) -> Callable[[DayClose], int | None]:
    return lambda day: read(day, kind)


class Days(Listed[DayClose]):
    """Every day that was compared."""

    name, title, sorts = "closed-days", "Daily close", (NEWEST,)
    schema: ClassVar[type[Schema]] = FindDays

    def page(self, *, before: int | None = None, after: int | None = None, size: int = 50) -> Page[DayClose]:
        return closing.page(before=before, after=after, size=size)

    def columns(self) -> Sequence[Column[DayClose]]:
        money = [
            Column(f"{label}, {side} (USD)", _of(read, kind), money=True)
            for kind, label in KIND_LABELS.items()
            for side, read in (("card", card_of), ("service", theirs_of), ("offline", offline_of))
        ]
        return [
            Column("Day", lambda one: one.day),
            Column("State", lambda one: one.state.label, width=24),
            *money,
            Column("Differences", lambda one: len(one.differences)),
            Column("What differs", lambda one: " ".join(each.sentence for each in one.differing), width=60),
            Column("Compared (UTC)", lambda one: one.computed_at),
            Column("Closed (UTC)", lambda one: one.closed_at),
            Column("Closed by", lambda one: one.closed_by),
            Column("Remark", lambda one: one.remark, width=40),
        ]
