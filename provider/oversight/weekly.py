"""Figures by week, remembered for a short while in each process: they say as of when they are.

Counting a year's enrollments takes longer than any page may. So each process counts what is new since it counted last,
and an enrollment that was counted is never counted again: it keeps its number and its instant.
"""

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from provider.enrollments.models import Enrollment
from provider.kernel.database import db, table
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.oversight.rules import Week, weeks
from provider.payments.models import Payment
from provider.payments.rules import PURCHASE_STATES
from provider.refunds.models import Payout

COUNT = 12
KEPT = dt.timedelta(minutes=2)
# A transaction that took its number may not be seen yet; so many numbers later it is, or never will be.
UNSETTLED = 10_000
_E, _P, _O = table(Enrollment).c, table(Payment).c, table(Payout).c
Counts = dict[dt.date, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """The last weeks, oldest first, each with its number of enrollments and its cents in and back."""

    as_of: dt.datetime
    weeks: tuple[Week, ...]
    enrollments: Sequence[int]
    received: Sequence[int]
    sent_back: Sequence[int]


@dataclass(slots=True)
class Memory:
    """What one process remembers: the figures as they were last counted, and enrollments up to a number for good."""

    figures: Figures | None = None
    zone: ZoneInfo | None = None
    settled: Counts = field(default_factory=dict)
    settled_id: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def figures(now: dt.datetime) -> Figures:
    """Return the figures of the last weeks; while one counts anew, others read what was counted before."""
    memory: Memory = current_app.extensions.setdefault("weekly", Memory())
    known = memory.figures
    if known is not None and known.as_of <= now < known.as_of + KEPT:
        return known
    if not memory.lock.acquire(blocking=known is None) and known is not None:
        return known
    try:
        known = memory.figures
        if known is None or not known.as_of <= now < known.as_of + KEPT:
            memory.figures = known = _counted(memory, now)
        return known
    finally:
        memory.lock.release()


def forget() -> None:
    """Forget what this process remembers; for whoever puts another database in place."""
    current_app.extensions.pop("weekly", None)


def _counted(memory: Memory, now: dt.datetime) -> Figures:
    zone = settings().SCHOOL_ZONE
    known = weeks(day_of(now, zone), zone, COUNT)
    if memory.zone != zone:  # the same Mondays begin at other instants now
        memory.figures, memory.zone = None, zone
    enrolled = _enrollments(memory, known, now)
    received = _cents(_P.amount_cents, _P.recorded_at, _P.state.in_(PURCHASE_STATES), known)
    sent_back = _cents(_O.amount_cents, _O.sent_at, sa.true(), known)
    return Figures(
        as_of=now,
        weeks=known,
        enrollments=[enrolled.get(week.monday, 0) for week in known],
        received=[received.get(week.monday, 0) for week in known],
        sent_back=[sent_back.get(week.monday, 0) for week in known],
    )


def _enrollments(memory: Memory, known: Sequence[Week], now: dt.datetime) -> Counts:
    """Count enrollments by number: all but the newest for good, the newest once more each time."""
    newest = db.session.scalar(sa.select(sa.func.max(_E.id))) or 0
    before = memory.figures
    if before is None or newest < memory.settled_id or now < before.as_of:
        memory.settled, memory.settled_id = {}, _begin(newest, known[0].begins_at)
    settles = max(memory.settled_id, newest - UNSETTLED)
    memory.settled = _sum(memory.settled, _by_week(memory.settled_id, settles, known), known)
    memory.settled_id = settles
    return _sum(memory.settled, _by_week(settles, newest, known), known)


def _sum(one: Counts, other: Counts, known: Sequence[Week]) -> Counts:
    return {week.monday: one.get(week.monday, 0) + other.get(week.monday, 0) for week in known}


def _begin(newest: int, begins_at: dt.datetime) -> int:
    """Return a number before all enrollments since an instant, found in steps that double.

    Numbers follow the instants to within a request's length; a day more is taken for good measure.
    """
    step = 1_000
    while newest > step:
        query = sa.select(_E.accepted_at).where(_E.id <= newest - step).order_by(_E.id.desc()).limit(1)
        found = db.session.scalar(query)
        if found is None or found < begins_at - dt.timedelta(days=1):
            return newest - step
        step *= 2
    return 0


def _by_week(after: int, up_to: int, known: Sequence[Week]) -> Counts:
    query = sa.select(_number(_E.accepted_at, known), sa.func.count()).where(_E.id > after, _E.id <= up_to)
    return _added(query, _E.accepted_at, known)


def _cents(
    amount: sa.Column[int], at: sa.Column[dt.datetime], standing: sa.ColumnElement[bool], known: Sequence[Week]
) -> Counts:
    total = sa.cast(sa.func.sum(amount), sa.BigInteger)
    return _added(sa.select(_number(at, known), total).where(standing), at, known)


def _added(query: "sa.Select[*tuple[Any, ...]]", at: sa.Column[dt.datetime], known: Sequence[Week]) -> Counts:
    within = query.where(at >= known[0].begins_at, at < known[-1].ends_at).group_by(sa.literal_column("1"))
    return {known[number].monday: total for number, total in db.session.execute(within)}


def _number(at: sa.Column[dt.datetime], known: Sequence[Week]) -> sa.ColumnElement[int]:
    """Say in SQL which of the weeks an instant lies in, counted from zero."""
    return sa.case(*((at < week.ends_at, number) for number, week in enumerate(known)), else_=len(known))
