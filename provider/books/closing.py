"""Closing days: comparing one with the payment service, telling staff what differs, and the bursar's word for it."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.books import days
from provider.books.comparing import FINE, CloseState, Difference, compare, days_before, state_of, stretch_of
from provider.books.models import DayClose
from provider.history.actions import note
from provider.jobs.actions import enqueue_once
from provider.kernel.actors import Actor
from provider.kernel.database import db, insert_unless, unit_of_work
from provider.kernel.days import day_of, written
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.paging import Page, keyset
from provider.kernel.settings import settings
from provider.payments import service
from provider.payments.gateway import ServiceError, Unreachable
from provider.policies.rules import reason_problem
from provider.tasks import queries as tasks
from provider.tasks.actions import finish, finish_by_key, raise_task
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState

COMPARE = "books.compare_day"
MOST_NAMED = 5  # differences that a task names; the page of the day names all


class DayNotOver(DomainError):
    """Money of the day may still come in."""

    code = "day_not_over"
    sentence = "This day is not over yet. Close it from tomorrow on."


class ClosedAlready(DomainError):
    """A colleague, or another click, was first."""

    code = "closed_already"
    sentence = "This day is closed already. Reload the page to see who closed it and when."


class RemarkMissing(DomainError):
    """A day that does not agree is closed with a written reason."""

    status = 422
    code = "remark_missing"


def page(*, before: int | None = None, after: int | None = None, size: int = 50) -> Page[DayClose]:
    """Return a page of days, newest first."""
    return keyset(sa.select(DayClose), DayClose.id, before=before, after=after, size=size)


def of_day(day: dt.date, *, lock: bool = False) -> DayClose:
    """Return one day as it was compared; raises NotFound."""
    query = sa.select(DayClose).where(DayClose.id == day.toordinal()).execution_options(populate_existing=True)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


def to_compare(today: dt.date) -> list[dt.date]:
    """Return the days of the last week that were never compared, or did not agree and were not closed."""
    wanted = days_before(today)
    query = sa.select(DayClose.id).where(
        DayClose.id.in_([day.toordinal() for day in wanted]),
        sa.or_(DayClose.state.in_(FINE), DayClose.closed_at.is_not(None)),
    )
    settled = set(db.session.scalars(query))
    return [day for day in wanted if day.toordinal() not in settled]


def ask(*, day: dt.date, actor: Actor, at: dt.datetime) -> None:
    """Have a day compared again by the worker, which is quick; raises NotFound and DayNotOver."""
    known = of_day(day)
    _check_over(day, at)
    note(known, "day_close.asked", actor=actor, at=at)
    key = f"{COMPARE}:{day.isoformat()}:{at.isoformat()}"
    enqueue_once(kind=COMPARE, key=key, payload={"day": day.isoformat()}, at=at)


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of comparing a day."""

    state: CloseState
    ours: dict[str, Any]
    theirs: dict[str, Any] | None = None
    differences: Sequence[Difference] = ()
    trouble: str | None = None


def compare_day(day: dt.date, *, now: dt.datetime) -> CloseState:
    """Compare a day with the service and keep what came of it; its own units of work, the call outside of them.

    Raises Unreachable once it is kept that the service could not be asked.
    """
    stretch = stretch_of(day, settings().SCHOOL_ZONE)
    known = days.ours(stretch)
    if not settings().cards_on:
        return _keep(day, _Found(CloseState.OFFLINE, known.totals), now)
    try:
        told = service.ask(lambda gateway: days.theirs(gateway, stretch, known.items))
    except ServiceError as error:
        _keep(day, _Found(CloseState.UNREACHABLE, known.totals, trouble=str(error)), now)
        if isinstance(error, Unreachable):
            raise
        return CloseState.UNREACHABLE
    differences = compare([*known.items, *days.ours_named(told, known.items)], told.items)
    return _keep(day, _Found(state_of(differences), known.totals, told.totals, differences), now)


def _keep(day: dt.date, found: _Found, now: dt.datetime) -> CloseState:
    with unit_of_work():
        _begin(day)
        kept = of_day(day, lock=True)
        kept.state, kept.computed_at, kept.trouble = found.state, now, found.trouble
        kept.ours, kept.theirs = found.ours, found.theirs
        kept.differences = [one.as_record() for one in found.differences]
        _tell(kept, found.differences, now)
    return found.state


def _begin(day: dt.date) -> None:
    """See to it that there is a row of a day; two who begin it at once do not collide.

    No index is named: PostgreSQL lets whoever comes second pass by the named one alone, and a day is unique by two.
    """
    first = insert_unless(DayClose).values(
        id=day.toordinal(), day=day, state=CloseState.AWAITED, ours={}, differences=[]
    )
    db.session.execute(first.on_conflict_do_nothing())


def _tell(kept: DayClose, differences: Sequence[Difference], now: dt.datetime) -> None:
    """Put what differs before staff, once for the same differences; a task whose differences are gone is done."""
    key = _key(kept, differences) if differences and kept.closed_at is None else ""
    for task in _open(kept):
        if task.key != key and kept.state is not CloseState.UNREACHABLE:
            finish_by_key(key=task.key, at=now)
    if key:
        named = " ".join(one.sentence for one in differences[:MOST_NAMED])
        more = len(differences) - MOST_NAMED
        raise_task(
            kind=TaskKind.CLOSE_DAY,
            key=key,
            about=kept.reference,
            sentence=f"The money of {written(kept.day)} differs from what the payment service says. {named}"
            + (f" And {more} more." if more > 0 else ""),
            at=now,
        )


def _key(kept: DayClose, differences: Sequence[Difference]) -> str:
    digest = hashlib.sha256(repr([one.as_record() for one in differences]).encode()).hexdigest()
    return f"close_day:{kept.day.isoformat()}:{digest[:16]}"


def _open(kept: DayClose) -> list[Task]:
    return [task for task in tasks.about(kept.reference) if task.state is TaskState.OPEN]


def close(*, day: dt.date, remark: str | None, actor: Actor, at: dt.datetime) -> DayClose:
    """Close a day: who and when is kept. What does not agree is closed with a written remark only.

    Raises NotFound, DayNotOver, ClosedAlready, RemarkMissing.
    """
    kept = of_day(day, lock=True)
    _check_over(day, at)
    if kept.closed_at is not None:
        raise ClosedAlready
    problem = reason_problem(remark or "") if kept.state not in FINE or remark else None
    if problem is not None:
        raise RemarkMissing(f"This day does not agree with the payment service. {problem}" if not remark else problem)
    kept.closed_at, kept.closed_by, kept.remark = at, actor.reference, remark
    data = {"state": kept.state.value, "differences": len(kept.differences)}
    note(kept, "day_close.closed", actor=actor, at=at, data=data)
    for task in _open(kept):
        finish(task=task, remark=f"The day was closed: {remark or 'it agrees'}", actor=actor, at=at)
    return kept


def _check_over(day: dt.date, at: dt.datetime) -> None:
    if day >= day_of(at, settings().SCHOOL_ZONE):
        raise DayNotOver
