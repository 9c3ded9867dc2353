"""Tuition: two ways of paying, whole cents, dated rows inside the class, and what happens when one is late."""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from zoneinfo import ZoneInfo

from provider.kernel.days import counted, start_of
from provider.kernel.money import dollars

MAX_COUNT = 24
MAX_CLASS_WEEKS = 104
COUNSEL_ABOVE = 4
HOLD_AFTER_DAYS = 10
_WEEK = 7
COUNSEL_SENTENCE = (
    f"A plan with more than {COUNSEL_ABOVE} installments may need the disclosures of the Truth in Lending Act. "
    "Ask your counsel, and confirm here with your name and the date that you did."
)


class PlanKind(enum.StrEnum):
    """How tuition is paid."""

    UPFRONT = "upfront"
    INSTALLMENTS = "installments"

    @property
    def label(self) -> str:
        """Name the way of paying in sentence case."""
        return "All at once" if self is PlanKind.UPFRONT else "Installments"


class ImpossibleSchedule(ValueError):
    """A plan that cannot be laid into the class; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Row:
    """One dated part of the tuition, in whole cents; ``number`` counts from 1."""

    number: int
    due_on: dt.date
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One way of paying for a program: the whole price in cents, and in how many parts it is paid."""

    kind: PlanKind
    total_cents: int
    count: int = 1

    def schedule(self, accepted_on: dt.date, class_weeks: int) -> tuple[Row, ...]:
        """Return the rows of this plan for a student who accepts on a date (in the school's zone)."""
        count = 1 if self.kind is PlanKind.UPFRONT else self.count
        return schedule(self.total_cents, count, accepted_on, class_weeks)


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan as an editor writes it: its name in addresses, its title, and what it costs."""

    slug: str
    title: str
    plan: Plan
    sample: bool


def split(total_cents: int, count: int) -> list[int]:
    """Split whole cents into parts that sum exactly to the total; the first parts carry the remainder, a cent each."""
    if count < 1 or total_cents < count:
        raise ImpossibleSchedule(
            f"{dollars(total_cents)} cannot be paid in {counted(count, 'part')} of at least one cent."
        )
    part, rest = divmod(total_cents, count)
    return [part + 1] * rest + [part] * (count - rest)


def schedule(total_cents: int, count: int, accepted_on: dt.date, class_weeks: int) -> tuple[Row, ...]:
    """Return the dated rows: the first due on the day of acceptance, the last inside the nominal class length.

    The class takes ``class_weeks`` weeks (1 to 104) and its first day is the day of acceptance, a date in the school's
    zone. Rows follow each other evenly, rounded down to whole days. ImpossibleSchedule says what does not fit.
    """
    if not 1 <= count <= MAX_COUNT:
        raise ImpossibleSchedule(f"Choose 1 to {MAX_COUNT} installments, not {count}.")
    if not 1 <= class_weeks <= MAX_CLASS_WEEKS:
        raise ImpossibleSchedule(f"A class takes 1 to {MAX_CLASS_WEEKS} weeks, not {class_weeks}.")
    length = class_weeks * _WEEK
    if count > length:
        raise ImpossibleSchedule(
            f"A class of {counted(class_weeks, 'week')} has no room for {count} installments on days of their own."
        )
    return tuple(
        Row(number + 1, accepted_on + dt.timedelta(days=number * length // count), amount)
        for number, amount in enumerate(split(total_cents, count))
    )


def saving_cents(upfront: Plan, installments: Plan) -> int:
    """Return what paying all at once saves; never less than zero."""
    return max(installments.total_cents - upfront.total_cents, 0)


def needs_counsel(count: int) -> bool:
    """Say whether a plan has more installments than the Truth in Lending rule lets pass without disclosures."""
    return count > COUNSEL_ABOVE


def check_plans(plans: Sequence[Plan], class_weeks: int) -> list[str]:
    """Return a sentence for each thing wrong with a program's plans; an empty list when they may be sold."""
    problems = [] if plans else ["Offer at least one way of paying."]
    for plan in plans:
        try:
            plan.schedule(dt.date(2000, 1, 1), class_weeks)
        except ImpossibleSchedule as refusal:
            problems.append(refusal.sentence)
    upfront = [plan for plan in plans if plan.kind is PlanKind.UPFRONT]
    installments = [plan for plan in plans if plan.kind is PlanKind.INSTALLMENTS]
    problems += [
        f"Paying all at once ({dollars(one.total_cents)}) must cost less than the sum of the installments "
        f"({dollars(many.total_cents)})."
        for one, many in product(upfront, installments)
        if one.total_cents >= many.total_cents
    ]
    return problems


class Reminder(enum.StrEnum):
    """The letters about one installment."""

    AHEAD = "ahead"
    TODAY = "today"
    LATE = "late"
    LAST = "last"

    @property
    def days(self) -> int:
        """Return on which day the letter goes out, counted from the due day."""
        return _REMINDER_DAYS[self]


_REMINDER_DAYS = {Reminder.AHEAD: -3, Reminder.TODAY: 0, Reminder.LATE: 3, Reminder.LAST: 10}


def reminders(due_on: dt.date, accepted_on: dt.date) -> dict[Reminder, dt.date]:
    """Return the dates of the letters about an installment; none from before the agreement or on its day."""
    dates = {reminder: due_on + dt.timedelta(days=reminder.days) for reminder in Reminder}
    return {reminder: on for reminder, on in dates.items() if on > accepted_on}


def past_due_at(due_on: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the instant (UTC) from which an unpaid installment is past due: its due day has ended at the school."""
    return start_of(due_on + dt.timedelta(days=1), zone)


def hold_at(due_on: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the instant (UTC) from which an unpaid installment gets a hold for staff: its tenth late day has ended."""
    return past_due_at(due_on + dt.timedelta(days=HOLD_AFTER_DAYS), zone)
