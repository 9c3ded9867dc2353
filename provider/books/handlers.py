"""What the registries call by name: the comparing of days, shortly after midnight and until each agrees."""

import datetime as dt

from provider.accounts.rules import Permission
from provider.books import closing
from provider.books.closing import COMPARE
from provider.jobs.rules import Later
from provider.kernel.days import day_of
from provider.kernel.registry import Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings
from provider.payments.gateway import Unreachable
from provider.payments.service import SERVICE

DAYS = "books.compare_days"
AGAIN = dt.timedelta(minutes=10)


def compare_days(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Compare the days before today that were not compared or did not agree; come back when the service is away."""
    for day in closing.to_compare(day_of(now, settings().SCHOOL_ZONE)):
        _compare(day, now)


def compare_day(payload: Payload, *, now: dt.datetime) -> None:
    """Compare the one day that somebody asked for."""
    _compare(dt.date.fromisoformat(str(payload["day"])), now)


def _compare(day: dt.date, now: dt.datetime) -> None:
    try:
        closing.compare_day(day, now=now)
    except Unreachable as error:
        raise Later(now + AGAIN, str(error), waits_for=SERVICE) from error


def _hour(now: dt.datetime) -> str:
    """Name the hour of the school's calendar, whose first one after midnight compares the day that ended."""
    return f"{now.astimezone(settings().SCHOOL_ZONE):%Y-%m-%dT%H%z}"


STORY = Strand(
    "money",
    "Money",
    frozenset({"day_close"}),
    {
        "day_close.asked": ("Day to be compared again", "event"),
        "day_close.closed": ("Day closed", "money"),
    },
    needs=Permission.SEE_MONEY,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs[DAYS] = compare_days
    registry.jobs[COMPARE] = compare_day
    registry.periodic.append(Periodic(DAYS, _hour))
    registry.strands.append(STORY)
