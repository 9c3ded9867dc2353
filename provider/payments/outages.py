"""When the payment service cannot be reached: jobs wait for it together, and staff hear of keys that it refuses."""

import datetime as dt

from provider.jobs.actions import postpone, wake
from provider.jobs.queries import anything_waits
from provider.jobs.rules import Later
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.payments.gateway import NotLetIn, Unreachable
from provider.payments.service import SERVICE
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

WAIT = dt.timedelta(minutes=1)
_TURN = dt.timedelta(seconds=1)  # who found the service away goes after all others, so that nobody blocks them


def wait(kind: str, error: Unreachable, *, now: dt.datetime) -> Later:
    """Let all jobs of a kind wait for the service, so that one attempt a minute speaks for them; return this one's."""
    with unit_of_work():
        postpone(kind=kind, until=now + WAIT, waits_for=SERVICE, at=now)
        if isinstance(error, NotLetIn):
            tell_keys(error, at=now)
    return Later(now + WAIT + _TURN, str(error), waits_for=SERVICE)


def is_over(*, now: dt.datetime) -> None:
    """Wake what waits for the service: it has answered."""
    if anything_waits(SERVICE):
        with unit_of_work():
            wake(SERVICE, at=now)


def tell_keys(error: NotLetIn, *, at: dt.datetime) -> None:
    """Tell staff, once a day, that the service does not take the keys: no student and no bank can help with that."""
    raise_task(
        kind=TaskKind.CHECK_CARD_PAYMENT,
        key=f"keys_refused:{day_of(at, settings().SCHOOL_ZONE)}",
        sentence=f"The payment service does not take the school's keys: {error}. Until it does, no card is charged, "
        "no money goes back to one, and what was begun waits. Ask the operator to check STRIPE_SECRET_KEY, then try "
        "the service under “Setup”. If the school has left the service, have the operator take the keys out, then open "
        "each refund and send it another way.",
        at=at,
    )
