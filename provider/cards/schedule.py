"""Installments that fall due: each is charged to the kept card on its day, after a decline on days 1, 3 and 7 again."""

import datetime as dt

from provider.cards import charging, queries
from provider.cards.charging import ChargeRunning
from provider.cards.disputes import InDispute
from provider.cards.rules import ChargeState, attempt_due, charging_day
from provider.enrollments import queries as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CLASSROOM_STATES
from provider.jobs.actions import enqueue_once
from provider.kernel.database import retrying, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.payments import queries as paid
from provider.payments.rules import OpenInstallment
from provider.payments.service import connected

OF_ONE = "cards.charge_due"
_MOST_AT_ONCE = 200  # enrollments asked for in one transaction


def ask_for_due(*, now: dt.datetime) -> None:
    """Ask for a visit to each enrollment of which an installment is due today and a card is kept.

    While the school takes no cards (its keys were taken out of the settings), nothing is charged and nobody is told of
    a decline; what fell due meanwhile is charged once they are back.
    """
    if not connected():
        return
    today = charging_day(now, settings().SCHOOL_ZONE)
    due = queries.due_by(today)
    for first in range(0, len(due), _MOST_AT_ONCE):
        with unit_of_work():
            for reference in due[first : first + _MOST_AT_ONCE]:
                payload = {"enrollment": reference}
                enqueue_once(kind=OF_ONE, key=f"{OF_ONE}:{reference}:{today}", payload=payload, at=now)


def charge_due(reference: str, *, now: dt.datetime) -> None:
    """Charge what is due of one enrollment, one installment after the other, until one is not captured at once.

    Raises Unreachable while the outcome of one is not known; done again, it goes on where it stopped.
    """
    while connected():
        charge = retrying(lambda: _start_next(reference, now))
        if charge is None or charging.follow(charge, now=now) is not ChargeState.CAPTURED:
            return


def _start_next(reference: str, now: dt.datetime) -> str | None:
    enrollment = paid.hold(enrollments.by_reference(reference, lock=True).id)
    card = queries.kept_card(enrollment.id)
    if card is None or enrollment.state not in CLASSROOM_STATES or queries.paused(enrollment.id) is not None:
        return None
    found = _next(enrollment, now)
    if found is None:
        return None
    installment, attempt = found
    try:
        return charging.start_installment(
            enrollment=enrollment,
            card=card,
            number=installment.number,
            attempt=attempt,
            amount_cents=installment.open_cents,
            at=now,
        ).reference
    except (ChargeRunning, InDispute):
        return None


def _next(enrollment: Enrollment, now: dt.datetime) -> tuple[OpenInstallment, int] | None:
    """Return the installment to charge now, the longest due first, and which attempt it is."""
    zone = settings().SCHOOL_ZONE
    today, tried = charging_day(now, zone), queries.attempts(enrollment.id)
    for installment in sorted(paid.owed(enrollment), key=lambda one: (one.due_on, one.number)):
        days = [day_of(at, zone) for at in tried.get(installment.number, [])]
        if attempt_due(due_on=installment.due_on, tried_on=days, today=today):
            return installment, len(days) + 1
    return None
