"""Asking the payment service for what it should have told us: payouts without an answer, refunds not known here."""

import datetime as dt
from collections.abc import Sequence

from provider.jobs import queries as jobs
from provider.jobs.actions import enqueue_once
from provider.jobs.rules import Later
from provider.kernel.database import unit_of_work
from provider.kernel.registry import Payload
from provider.payments.gateway import Return, ReturnStatus, Unreachable
from provider.payments.service import SERVICE, ask, connected
from provider.refunds import queries
from provider.refunds.card_payouts import open_what_was_won
from provider.refunds.payouts import hangs_key
from provider.refunds.rules import HANGS_AFTER, LOOKED_AT_AFTER, PAY_OUT, SETTLE, PayoutState
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

RECONCILE = "refunds.reconcile"
OVERLAP = dt.timedelta(hours=1)
FIRST_LOOK = dt.timedelta(days=1)
_AGAIN = dt.timedelta(minutes=2)
_AT_ONCE = 500
_HANGS = "The refund {refund} has been on its way to the card for more than a day. Look at it at the payment service."
_KEYLESS = (
    "The refund {refund} was to go to the card more than a day ago, and the keys of the payment service are not set. "
    "If the school has left the service, open the refund and send the money another way."
)
# Which of our states says the same as the service's.
_SAME = {ReturnStatus.SUCCEEDED: PayoutState.SENT, ReturnStatus.PENDING: PayoutState.SENDING}


def quarter(now: dt.datetime) -> str:
    """Name the quarter of an hour, so that each has one look."""
    return f"{now:%Y-%m-%dT%H}:{now.minute // 15}"


def reconcile(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Have every payout that waits for an answer and every charge with an unknown refund looked at, each by a job.

    What was given back since the last look is listed, an hour more for what came late. Without keys there is nobody to
    ask, and staff hear of what waits for them.
    """
    if not connected():
        _put_before_staff([one.reference for one in queries.under_way(now - HANGS_AFTER)], _KEYLESS, now)
        return
    start = (jobs.last_done(RECONCILE) or now - FIRST_LOOK) - OVERLAP
    try:
        listed = ask(lambda gateway: list(gateway.returns_between(start, now + OVERLAP)))
    except Unreachable as error:
        raise Later(now + _AGAIN, str(error), waits_for=SERVICE) from error
    intents = unknown_intents(listed)
    waiting = queries.under_way(now - LOOKED_AT_AFTER)
    with unit_of_work():
        for intent in intents:
            enqueue_once(kind=SETTLE, key=f"{SETTLE}:{intent}:{quarter(now)}", payload={"intent": intent}, at=now)
        for one in waiting:
            payload_of = {"payout": one.reference}
            enqueue_once(kind=PAY_OUT, key=f"{PAY_OUT}:{one.reference}:{quarter(now)}", payload=payload_of, at=now)
    open_what_was_won(now=now)
    _put_before_staff([one.reference for one in waiting if one.since <= now - HANGS_AFTER], _HANGS, now)


def unknown_intents(listed: Sequence[Return]) -> list[str]:
    """Return the charges of those returns that our payouts do not know as they are, each once."""
    found: dict[str, None] = {}
    for some in (listed[n : n + _AT_ONCE] for n in range(0, len(listed), _AT_ONCE)):
        known = queries.states_by_return({one.intent_id for one in some if one.intent_id})
        found |= {
            one.intent_id: None
            for one in some
            if one.intent_id and (one.id not in known or known[one.id] is not _SAME.get(one.status))
        }
    return list(found)


def _put_before_staff(hanging: Sequence[str], sentence: str, now: dt.datetime) -> None:
    """Make a task of each payout of which the service has said nothing final for a day."""
    for reference in hanging:
        with unit_of_work():
            payout = queries.payout(reference)
            raise_task(
                kind=TaskKind.CHECK_CARD_PAYMENT,
                key=hangs_key(payout),
                about=payout.refund.enrollment.reference,
                sentence=sentence.format(refund=payout.refund.reference),
                at=now,
            )
