"""The weeks that figures are counted by; when a person's data may be erased, and how long what nobody needs is kept."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from provider.enrollments.rules import UNPAID_STATES, EnrollmentState
from provider.kernel.days import months_on, start_of, written
from provider.kernel.money import dollars

WEEK = dt.timedelta(days=7)
# Cal. Civ. Code 1798.130(a)(2) gives 45 days from the request, and most other states' privacy laws give the same. A
# school may be too small for these laws; the promise is kept all the same. A pointer for counsel, no legal advice.
ERASURE_DAYS = 45
TRIES_KEPT = dt.timedelta(days=30)


class ErasureBasis(StrEnum):
    """Why data was erased."""

    ASKED = "asked"
    RETENTION = "retention"

    @property
    def label(self) -> str:
        """The reason in words."""
        return {"asked": "Asked by the person", "retention": "Its time was over"}[self.value]


def erased_on(day: dt.date) -> str:
    """Return the words that stand in the place of a name or a text that was erased."""
    return f"Erased on {written(day)}"


@dataclass(frozen=True, slots=True)
class Running:
    """What may still run in one enrollment, in cents where it is money."""

    reference: str
    state: EnrollmentState
    owed: int = 0
    credit: int = 0
    to_pay_out: int = 0
    disputed: int = 0
    refundable_until: str | None = None
    externship: str | None = None


def obstacles(
    enrollments: Sequence[Running], *, undecided: Sequence[str] = (), works_here: bool = False, sending: bool = False
) -> list[str]:
    """Say why a person cannot be erased now, each with what to do about it; nothing when they can be."""
    found = []
    if works_here:
        found.append("This person works here. Take the roles away first.")
    for one in enrollments:
        found += _running(one)
    found += [f"Credit request {one} is not decided. Close it first, or let it be decided." for one in undecided]
    if sending:
        found.append("A letter is just being sent. Wait a minute and try again.")
    return found


def _running(one: Running) -> list[str]:
    named = one.reference
    sentences = {
        f"{named} waits for a payment. Cancel it first.": one.state in UNPAID_STATES,
        f"{named} is active. Complete it, withdraw the student or refund it first.": one.state
        is EnrollmentState.ACTIVE,
        f"{named} owes {dollars(one.owed)}. Wait for the payments, or decide on a withdrawal that waives them.": bool(
            one.owed
        )
        and one.state not in UNPAID_STATES,
        f"{named} holds {dollars(one.credit)} of the student’s money. Send it back first.": bool(one.credit),
        f"{named} has {dollars(one.to_pay_out)} to be paid back. Pay it out first.": bool(one.to_pay_out),
        f"{named} has {dollars(one.disputed)} in dispute. Wait for the decision.": bool(one.disputed),
        f"{named} has an open externship request, {one.externship}. Complete it or withdraw it first.": one.externship
        is not None,
        f"{named} can be refunded until {one.refundable_until}. Wait until then.": one.refundable_until is not None,
    }
    return [sentence for sentence, holds in sentences.items() if holds]


def months_before(instant: dt.datetime, months: int) -> dt.datetime:
    """Return the same instant so many calendar months earlier; a day that a month lacks becomes its last day."""
    return dt.datetime.combine(months_on(instant.date(), -months), instant.timetz())


def kept_since(now: dt.datetime, months: int) -> dt.datetime | None:
    """Return the instant from which on something is still kept, that instant included; None keeps it for good."""
    return months_before(now, months) if months > 0 else None


@dataclass(frozen=True, slots=True)
class Week:
    """One week: its Monday, its first instant, and the first instant after it; an hour longer or shorter in two."""

    monday: dt.date
    begins_at: dt.datetime
    ends_at: dt.datetime


def weeks(today: dt.date, zone: ZoneInfo, count: int) -> tuple[Week, ...]:
    """Return the week of a day and those before it, oldest first."""
    monday = today - dt.timedelta(days=today.weekday())
    mondays = [monday - number * WEEK for number in range(count - 1, -1, -1)]
    return tuple(Week(one, start_of(one, zone), start_of(one + WEEK, zone)) for one in mondays)
