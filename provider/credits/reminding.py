"""Reminding registrars 14 and 30 days after our letter, as long as a college has not decided; each once."""

import datetime as dt

import sqlalchemy as sa

from provider.credits import queries, registrar
from provider.credits.ending import undecided_key
from provider.credits.models import AT_COLLEGE_ROWS, CreditRequest
from provider.credits.rules import REMIND_REGISTRAR_DAYS, reminder
from provider.history.actions import note
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, rows_changed
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

ASK_YOURSELF_WITHIN = dt.timedelta(days=14)


def due(now: dt.datetime) -> list[str]:
    """Return the requests that a college has had for as long as the first reminder takes, and that may get one."""
    since = now - dt.timedelta(days=min(REMIND_REGISTRAR_DAYS) - 1)
    query = sa.select(CreditRequest.reference).where(
        AT_COLLEGE_ROWS, CreditRequest.sent_at <= since, CreditRequest.reminded_days < max(REMIND_REGISTRAR_DAYS)
    )
    return list(db.session.scalars(query.order_by(CreditRequest.sent_at, CreditRequest.id)))


def remind(*, reference: str, at: dt.datetime) -> int | None:
    """Send the reminder that is due, and return its days; None when none is, or another worker was first.

    With the last one a task is kept: nobody else will ask the college after it.
    """
    request = queries.by_reference(reference, lock=True)
    zone = settings().SCHOOL_ZONE
    sent_on = day_of(request.sent_at, zone) if request.sent_at else None
    days = reminder(sent_on, day_of(at, zone), request.reminded_days) if sent_on else None
    if days is None or not _count(request, days):
        return None
    registrar.send_reminder(request, days=days, at=at)
    note(request, "credit_request.reminded", actor=SYSTEM, at=at, about=request.about, data={"days": days})
    if days == max(REMIND_REGISTRAR_DAYS):
        raise_task(
            kind=TaskKind.CREDIT_UNDECIDED,
            key=undecided_key(request),
            about=request.about,
            owner=request.assigned_to,
            sentence=f"{request.college.name} has had our letter about {request.reference} for {days} days, and the "
            "last reminder has gone. If it does not answer, ask it by telephone, or close the request.",
            due_on=day_of(at + ASK_YOURSELF_WITHIN, zone),
            at=at,
        )
    return days


def _count(request: CreditRequest, days: int) -> bool:
    """Count a reminder, unless it was counted or the college has decided since."""
    counted = rows_changed(
        sa.update(CreditRequest)
        .where(CreditRequest.id == request.id, AT_COLLEGE_ROWS, CreditRequest.reminded_days < days)
        .values(reminded_days=days)
    )
    return counted == 1
