"""Word from a payment service about what this school does not know: one event in each state that staff look at."""

import datetime as dt

from provider.cards.models import PaymentEvent
from provider.cards.rules import EventState
from provider.kernel.database import insert, unit_of_work

_REMARKS = {
    EventState.APPLIED: "CH-7K2M9Q4T is declined",
    EventState.IGNORED: "Nothing here depends on events of this kind.",
    EventState.PARKED: "No payment here is known as pi_3QxY7aLkdIwHu7ix0000003, nor as anything.",
    EventState.REFUSED: "It is about another account of the payment service, acct_1QxY7aLkdIwHu7ix.",
}


_KINDS = {EventState.APPLIED: "payment_intent.payment_failed", EventState.IGNORED: "setup_intent.succeeded"}


def tell(now: dt.datetime) -> None:
    """Store one event of each state."""
    with unit_of_work():
        for number, (state, remark) in enumerate(_REMARKS.items(), 1):
            at = now - dt.timedelta(hours=5 - number)
            insert(
                PaymentEvent,
                service_id=f"evt_3QxY7aLkdIwHu7ix{number:07d}",
                kind=_KINDS.get(state, "payment_intent.succeeded"),
                object_id=f"pi_3QxY7aLkdIwHu7ix{number:07d}",
                intent_id=f"pi_3QxY7aLkdIwHu7ix{number:07d}",
                amount_cents=52_500,
                currency="usd",
                live=False,
                account="acct_1QxY7aLkdIwHu7ix" if state is EventState.REFUSED else None,
                created_at=at,
                received_at=at,
                state=state,
                settled_at=at,
                remark=remark,
            )


def parked() -> str:
    """Return what pages call the event that waits."""
    return f"EV-{list(_REMARKS).index(EventState.PARKED) + 1}"
