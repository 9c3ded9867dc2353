"""Paying by card as a page asks for it: the card is taken over, the charge decided and carried out, once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from provider.cards import charging, queries, saving
from provider.cards.charging import AmountChanged, ChargeRunning
from provider.cards.rules import CardState, Choice, What, choices, consent, fingerprint, next_attempt, to_come
from provider.enrollments.models import Enrollment
from provider.kernel.actors import Actor
from provider.kernel.database import retrying
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.payments import queries as paid
from provider.payments.gateway import Unreachable
from provider.payments.rules import OpenInstallment


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a page asks for: the card that pays, what it pays, and whether it is kept for what is still to come.

    ``shown`` is the fingerprint of what the page offered, ``after`` the charge that was the newest one then.
    """

    card: str
    what: What
    keep: bool
    shown: str
    after: str | None


def offered(enrollment: Enrollment, now: dt.datetime) -> list[Choice]:
    """Return what may be paid now for a loaded enrollment."""
    return choices(paid.owed(enrollment), day_of(now, settings().SCHOOL_ZONE))


def pay(*, enrollment: Enrollment, order: Order, actor: Actor, now: dt.datetime) -> str:
    """Charge a card for what a page offered, and return the charge; done again from the same page, the same charge.

    Calls the service between units of work of its own; while it does not answer, a job goes on. Raises AmountChanged
    and what saving a card and starting a charge raise, Unreachable only before anything was decided.
    """
    enrollment_id = enrollment.id
    since = _since(enrollment_id, order)
    if since is not None:
        return since
    rows = offered(enrollment, now)
    if fingerprint(rows) != order.shown:
        raise AmountChanged
    card = queries.own_card(enrollment_id, order.card)
    if card.state is not CardState.SAVED:
        keeps = order.keep and order.what is not What.REST and to_come(rows)
        words = consent(rows[-1].rows, settings().SCHOOL_NAME) if keeps else None
        saving.save(card=card, consent=words, actor=actor, now=now)
    try:
        reference = retrying(lambda: _start(enrollment_id, order, actor, now))
    except ChargeRunning as running:
        return running.reference
    try:
        charging.follow(reference, now=now)
    except Unreachable:
        return reference  # the job that settles it asks again
    return reference


def _since(enrollment_id: int, order: Order) -> str | None:
    """Return the charge that was started since the page was made: by a double click, another tab, or the schedule."""
    newest = queries.newest_charge(enrollment_id)
    return None if newest == order.after else newest


def _start(enrollment_id: int, order: Order, actor: Actor, now: dt.datetime) -> str:
    enrollment = paid.hold(enrollment_id)
    since = _since(enrollment_id, order)
    if since is not None:
        raise ChargeRunning(since)
    rows = offered(enrollment, now)
    if fingerprint(rows) != order.shown:
        raise AmountChanged
    expected_cents = next((choice.cents for choice in rows if choice.what is order.what), 0)
    return charging.start(
        enrollment_id=enrollment_id,
        card_reference=order.card,
        what=order.what,
        expected_cents=expected_cents,
        actor=actor,
        at=now,
    ).reference


def change(*, enrollment: Enrollment, card: str, shown: str, actor: Actor, now: dt.datetime) -> None:
    """Keep another card for the installments that are still to come, with consent to what the page showed.

    Calls the service between units of work of its own. Raises AmountChanged and what saving a card raises.
    """
    rows = charged_by_itself(enrollment)
    if not rows or named(rows) != shown:
        raise AmountChanged
    words = consent(rows, settings().SCHOOL_NAME)
    saving.save(card=queries.own_card(enrollment.id, card), consent=words, actor=actor, now=now)


def charged_by_itself(enrollment: Enrollment) -> list[OpenInstallment]:
    """Return the open installments that a kept card will be charged for, the next one first.

    One that was declined on all its days is not among them: only the student pays it.
    """
    return [one for one, on in attempts_to_come(enrollment) if on]


def attempts_to_come(enrollment: Enrollment) -> list[tuple[OpenInstallment, dt.date | None]]:
    """Return each open installment with the day from which a kept card is charged for it, None when it is not."""
    zone, tried = settings().SCHOOL_ZONE, queries.attempts(enrollment.id)
    rows = sorted(paid.owed(enrollment), key=lambda one: (one.due_on, one.number))
    days = {one.number: [day_of(at, zone) for at in tried.get(one.number, [])] for one in rows}
    return [(one, next_attempt(due_on=one.due_on, tried_on=days[one.number])) for one in rows]


def named(rows: Sequence[OpenInstallment]) -> str:
    """Name the installments that a page offers to keep a card for."""
    return fingerprint([Choice(What.REST, sum(one.open_cents for one in rows), tuple(rows))])
