"""Bringing our payouts of one card payment to where the payment service says its money is, in one transaction."""

import datetime as dt
from collections.abc import Sequence

from provider.kernel.money import dollars
from provider.payments import queries as payments
from provider.payments.gateway import Return
from provider.payments.models import Payment
from provider.payments.rules import PURCHASE_STATES, PaymentMethod
from provider.refunds import outside, queries
from provider.refunds.matching import Part, Plan, match
from provider.refunds.payouts import follow
from provider.refunds.rules import PayoutState
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind


def settle(payment: Payment, returns: Sequence[Return], *, at: dt.datetime, idle: str | None = None) -> Plan:
    """Apply everything that the service says has gone back of a payment; done again, it changes nothing.

    Returns what was found, for whoever is about to send more. ``idle`` names a payout in the caller's hand of which
    nothing is under way, so that money given back elsewhere may stand for it. Holds the enrollment.
    """
    enrollment = payments.hold(payment.enrollment_id)
    payouts = {one.reference: one for one in queries.payouts_of(payment)}
    paid = next(one for one in payments.of_enrollment(enrollment.id) if one.id == payment.id)
    former = queries.former_returns(list(payouts.values()))
    parts = [
        Part(
            reference=one.reference,
            state=PayoutState.FAILED if one.reference == idle else one.state,
            cents=one.amount_cents,
            by_card=one.method is PaymentMethod.CARD,
            return_id=one.external_reference,
            former=former[one.reference],
        )
        for one in payouts.values()
    ]
    # What has left there has left, be it that a bank took the payment in a dispute before we heard of it.
    came_in = paid.state in PURCHASE_STATES
    plan = match(parts, returns, captured_cents=paid.amount_cents if came_in else paid.refunded_cents)
    for reference, returned in plan.follow:
        follow(payouts[reference], returned, enrollment, at=at)
    for returned in plan.outside:
        outside.take_up(paid, returned, enrollment, at=at)
    for returned in plan.too_much:
        _contradiction(paid, returned, enrollment.reference, at)
    return plan


def _contradiction(payment: Payment, returned: Return, about: str, at: dt.datetime) -> None:
    """Put before staff what our books cannot hold: more went back than came in."""
    raise_task(
        kind=TaskKind.CHECK_CARD_PAYMENT,
        key=f"too_much_back:{returned.id}",
        about=about,
        sentence=f"The payment service gave back {dollars(returned.amount_cents)} of payment {payment.reference} "
        f"({returned.id}). With what went back before, that is more than came in, so the books do not count it. "
        "Look at the payment there and ask the student.",
        at=at,
    )
