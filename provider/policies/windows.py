"""The refund window: policy versions, state floors, which of them governs, and its last instant."""

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from provider.kernel.days import counted, day_of, end_of, utc
from provider.policies.business_days import business_day_after

DEFAULT_HOURS = 24
NATIONWIDE = "US"
STATE_LAW_NOTE = "The law of your state may give you more time or more money back. Where it does, it prevails."


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One dated version of the school's refund policy; ``hours`` are elapsed, weekends and nights included."""

    number: int
    hours: int
    effective_from: dt.datetime
    summary: str = ""

    def __post_init__(self) -> None:
        """Refuse a window that is none, and a date without a zone."""
        if self.hours < 1:
            raise ValueError(f"a refund window of {self.hours} hours")
        utc(self.effective_from)

    @property
    def sentence(self) -> str:
        """Say the promise as the public page does."""
        return f"You get all of your money back if you ask within {counted(self.hours, 'hour')} of your first payment."


class Anchor(enum.StrEnum):
    """From when a state's window counts."""

    ACCEPTANCE = "acceptance"
    PURCHASE = "purchase"
    OTHER = "other"

    @classmethod
    def of(cls, text: str) -> "Anchor":
        """Read an anchor as a row states it; every event we cannot date ("first session") is OTHER."""
        return cls(text) if text in set(cls) else cls.OTHER

    @property
    def label(self) -> str:
        """Name the event in sentence case."""
        return _ANCHORS[self][0]

    @property
    def since(self) -> str:
        """Say the event to the student, after "from"."""
        return _ANCHORS[self][1]


class Unit(enum.StrEnum):
    """What a state's window is counted in."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"

    @property
    def noun(self) -> str:
        """Return the singular: hour, calendar day, business day."""
        return self.value.removesuffix("s").replace("_", " ")

    @property
    def label(self) -> str:
        """Return the plural in sentence case."""
        return self.value.replace("_", " ").capitalize()


_ANCHORS = {
    Anchor.ACCEPTANCE: ("Acceptance of the agreement", "when you accepted the agreement"),
    Anchor.PURCHASE: ("First payment", "your first payment"),
    Anchor.OTHER: ("Another event", "another event"),
}


@dataclass(frozen=True, slots=True)
class StateFloor:
    """A state's least refund window, as read in a source on a date; a pointer for counsel, off until turned on.

    ``state`` is the postal code of a state, or NATIONWIDE for a federal row. ``amount`` and ``unit`` are None where the
    number was not read. ``rule`` is the text in our words: a condition in it (training not begun) is shown, and never
    used against the student. ``keeps_money`` says that the text lets the school keep a part.
    """

    state: str
    anchor: Anchor
    amount: int | None
    unit: Unit | None
    citation: str
    source: str
    as_of: dt.date
    rule: str = ""
    keeps_money: bool = False
    enabled: bool = False

    @property
    def for_counsel(self) -> tuple[str, ...]:
        """Say why this row can only be shown to counsel; empty when it can be turned on."""
        reasons = []
        if self.anchor is Anchor.OTHER:
            reasons.append("It counts from an event other than the agreement or the first payment.")
        if self.amount is None or self.unit is None or self.amount < 1:
            reasons.append("It names no number of hours or days.")
        if self.keeps_money:
            reasons.append("It lets the school keep a part of the money; our refunds are whole.")
        return tuple(reasons)

    @property
    def can_be_enabled(self) -> bool:
        """Say whether an administrator may turn this row on."""
        return not self.for_counsel

    @property
    def length(self) -> str:
        """Say how long it is: ``3 business days``."""
        return counted(self.amount, self.unit.noun) if self.amount and self.unit else "not read"

    def governs_in(self, state: str) -> bool:
        """Say whether this row counts for a student of the state."""
        return self.enabled and self.can_be_enabled and self.state in {state, NATIONWIDE}


class ClauseCode(enum.StrEnum):
    """Which promise a decision rests on."""

    POLICY_ACCEPTED = "policy_accepted"
    POLICY_AT_PURCHASE = "policy_at_purchase"
    STATE_FLOOR = "state_floor"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Clause:
    """The promise that governs, by code and in words."""

    code: ClauseCode
    text: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What the agreement froze that the window depends on; ``state`` and ``zone`` are the student's own."""

    accepted_at: dt.datetime
    policy: PolicyVersion
    state: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Window:
    """When the student may have the money back: up to ``deadline`` (UTC), that very instant included."""

    purchased_at: dt.datetime
    deadline: dt.datetime
    clause: Clause
    policy_at_purchase: PolicyVersion
    floor: StateFloor | None = None


def in_force(versions: Iterable[PolicyVersion], at: dt.datetime) -> PolicyVersion | None:
    """Return the version in force at an instant, its first instant included; None before the first of all."""
    begun = [version for version in versions if version.effective_from <= at]
    return max(begun, key=lambda version: (version.effective_from, version.number), default=None)


def floor_deadline(
    floor: StateFloor, *, accepted_at: dt.datetime, purchased_at: dt.datetime, zone: ZoneInfo
) -> dt.datetime:
    """Return the last instant (UTC) of a state's window.

    Hours are elapsed. Days are read in the student's favor: the day of the event is day 0 and the last day counts to
    its end in the student's zone; business days leave out weekends and Federal Reserve holidays.
    """
    if floor.amount is None or floor.unit is None or floor.anchor is Anchor.OTHER:
        raise ValueError(f"{floor.citation} names no window that can be computed")
    start = utc(accepted_at if floor.anchor is Anchor.ACCEPTANCE else purchased_at)
    if floor.unit is Unit.HOURS:
        return start + dt.timedelta(hours=floor.amount)
    day = day_of(start, zone)
    if floor.unit is Unit.CALENDAR_DAYS:
        return end_of(day + dt.timedelta(days=floor.amount), zone)
    return end_of(business_day_after(day, floor.amount), zone)


def window(
    *,
    terms: Terms,
    purchased_at: dt.datetime,
    policy_at_purchase: PolicyVersion,
    floors: Iterable[StateFloor] = (),
) -> Window:
    """Return the window most favorable to the student.

    The version accepted with the agreement governs; the one in force at purchase only if it is longer; an enabled
    floor of the student's state only if it is longer still. The purchase is the first captured payment.
    """
    bought = utc(purchased_at)
    policy, code = terms.policy, ClauseCode.POLICY_ACCEPTED
    if policy_at_purchase.hours > policy.hours:
        policy, code = policy_at_purchase, ClauseCode.POLICY_AT_PURCHASE
    best = Window(
        purchased_at=bought,
        deadline=bought + dt.timedelta(hours=policy.hours),
        clause=Clause(code, policy_clause(policy, code)),
        policy_at_purchase=policy_at_purchase,
    )
    for floor in floors:
        if not floor.governs_in(terms.state):
            continue
        ends = floor_deadline(floor, accepted_at=terms.accepted_at, purchased_at=bought, zone=terms.zone)
        if ends > best.deadline:
            clause = Clause(ClauseCode.STATE_FLOOR, _floor_clause(floor))
            best = replace(best, deadline=ends, clause=clause, floor=floor)
    return best


def policy_clause(policy: PolicyVersion, code: ClauseCode) -> str:
    """Say which version governs and why."""
    why = "which you accepted with the agreement"
    if code is ClauseCode.POLICY_AT_PURCHASE:
        why = "in force when you first paid and better for you than the version you accepted"
    return f"Refund policy version {policy.number}, {why}: {counted(policy.hours, 'hour')} from your first payment."


def _floor_clause(floor: StateFloor) -> str:
    """Say which law lengthens the window."""
    law = f"{floor.citation} ({floor.state})"
    return f"{law}, longer than the school's own policy: {floor.length} from {floor.anchor.since}."


def is_open(deadline: dt.datetime, now: dt.datetime) -> bool:
    """Say whether the window is open; its last instant still is."""
    return now <= deadline


def remaining(deadline: dt.datetime, now: dt.datetime) -> dt.timedelta:
    """Return the elapsed time left, never less than zero."""
    return max(utc(deadline) - utc(now), dt.timedelta())
