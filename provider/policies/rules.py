"""The refund promise: what is owed back, why, and when it has to arrive. The door to all rules of this room."""

import datetime as dt
import enum
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from provider.kernel.days import day_of, utc
from provider.policies.business_days import business_day_after, federal_reserve_holidays, is_business_day
from provider.policies.windows import (
    DEFAULT_HOURS,
    NATIONWIDE,
    STATE_LAW_NOTE,
    Anchor,
    Clause,
    ClauseCode,
    PolicyVersion,
    StateFloor,
    Terms,
    Unit,
    Window,
    floor_deadline,
    in_force,
    is_open,
    policy_clause,
    remaining,
    window,
)

__all__ = [
    "DEFAULT_HOURS",
    "DUE_BUSINESS_DAYS",
    "MIN_REASON",
    "NATIONWIDE",
    "OVERDUE_BUSINESS_DAYS",
    "STATE_LAW_NOTE",
    "Anchor",
    "Clause",
    "ClauseCode",
    "Decision",
    "PayoutDates",
    "PolicyVersion",
    "Refusal",
    "StateFloor",
    "Terms",
    "Unit",
    "Window",
    "business_day_after",
    "decide",
    "federal_reserve_holidays",
    "floor_deadline",
    "in_force",
    "is_business_day",
    "is_open",
    "override",
    "payout_dates",
    "policy_clause",
    "reason_problem",
    "remaining",
    "window",
]

DUE_BUSINESS_DAYS = 7
OVERDUE_BUSINESS_DAYS = 10
MIN_REASON = 10


class Refusal(enum.StrEnum):
    """The only reasons to turn a request down; there is no other."""

    OUTSIDE_WINDOW = "outside_window"
    NOTHING_CAPTURED = "nothing_captured"
    ALREADY_REFUNDED = "already_refunded"
    DISPUTED = "disputed"

    @property
    def label(self) -> str:
        """Name the reason in sentence case."""
        return _REFUSAL_LABELS.get(self) or self.value.replace("_", " ").capitalize()

    @property
    def sentence(self) -> str:
        """Say the reason to the student, plainly, and what to do next."""
        return _REFUSAL_SENTENCES[self]

    @property
    def to_staff(self) -> str:
        """Say the reason to staff."""
        return _REFUSALS_TO_STAFF[self]


_REFUSAL_LABELS = {Refusal.OUTSIDE_WINDOW: "After the window had closed"}
_REFUSAL_SENTENCES = {
    Refusal.OUTSIDE_WINDOW: (
        "Your request reached us after the refund window had closed, so we cannot give the money back."
    ),
    Refusal.NOTHING_CAPTURED: (
        "We have not received a payment from you, so there is nothing to give back. "
        "You can cancel the enrollment free of charge."
    ),
    Refusal.ALREADY_REFUNDED: (
        "All of your money for this enrollment has already been given back, or is on its way to you."
    ),
    Refusal.DISPUTED: (
        "Your bank is looking into one of your payments. Until it has decided, it holds the money, "
        "and we cannot send it back."
    ),
}
_REFUSALS_TO_STAFF = {
    Refusal.OUTSIDE_WINDOW: "It came after the refund window had closed.",
    Refusal.NOTHING_CAPTURED: "No payment of this student has come in, or none is left to give back.",
    Refusal.ALREADY_REFUNDED: "All of the money was given back already, or is on its way.",
    Refusal.DISPUTED: "A bank holds a payment of this student in a dispute, and has not decided yet.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on a request and everything it rests on, so that it can be explained years later.

    Amounts are whole cents: ``amount_cents`` goes back, ``captured_cents`` is what had been paid. Instants are UTC.
    """

    asked_at: dt.datetime
    captured_cents: int
    terms: Terms
    window: Window | None
    refusal: Refusal | None
    override_reason: str | None = None

    @property
    def approved(self) -> bool:
        """Say whether the money goes back."""
        return self.refusal is None or self.override_reason is not None

    @property
    def amount_cents(self) -> int:
        """Return what goes back: the whole of what was captured, or nothing."""
        return self.captured_cents if self.approved else 0

    @property
    def deadline(self) -> dt.datetime | None:
        """Return the last instant of the window; None when nothing was ever paid."""
        return self.window.deadline if self.window else None

    @property
    def purchased_at(self) -> dt.datetime | None:
        """Return the first captured payment; None when there was none."""
        return self.window.purchased_at if self.window else None

    @property
    def policy_accepted(self) -> PolicyVersion:
        """Return the version accepted with the agreement."""
        return self.terms.policy

    @property
    def policy_at_purchase(self) -> PolicyVersion | None:
        """Return the version in force at purchase; None when nothing was ever paid."""
        return self.window.policy_at_purchase if self.window else None

    @property
    def clause(self) -> Clause:
        """Return the promise the decision rests on."""
        if self.override_reason is not None:
            return Clause(ClauseCode.OVERRIDE, f"Approved by the school outside the window: {self.override_reason}")
        if self.window is None:
            return Clause(ClauseCode.POLICY_ACCEPTED, policy_clause(self.terms.policy, ClauseCode.POLICY_ACCEPTED))
        return self.window.clause

    @property
    def can_be_overridden(self) -> bool:
        """Say whether staff may still approve: only a closed window, never missing, returned or disputed money."""
        return self.refusal is Refusal.OUTSIDE_WINDOW and self.override_reason is None

    def as_record(self) -> dict[str, Any]:
        """Return the decision as JSON-ready values, to be stored beside the refund."""
        floor = self.window.floor if self.window else None
        return {
            "approved": self.approved,
            "amount_cents": self.amount_cents,
            "captured_cents": self.captured_cents,
            "refusal": self.refusal.value if self.refusal else None,
            "override_reason": self.override_reason,
            "clause": {"code": self.clause.code.value, "text": self.clause.text},
            "asked_at": utc(self.asked_at).isoformat(),
            "purchased_at": self.purchased_at.isoformat() if self.purchased_at else None,
            "deadline": self.deadline.isoformat() if self.deadline else None,
            "accepted_at": utc(self.terms.accepted_at).isoformat(),
            "state": self.terms.state,
            "zone": self.terms.zone.key,
            "policy_accepted": _policy_record(self.policy_accepted),
            "policy_at_purchase": _policy_record(self.policy_at_purchase) if self.policy_at_purchase else None,
            "floor": _floor_record(floor) if floor else None,
        }


def _policy_record(policy: PolicyVersion) -> dict[str, Any]:
    """Return what a decision keeps of a version; its text stands in the version's own row."""
    return {"number": policy.number, "hours": policy.hours, "effective_from": utc(policy.effective_from).isoformat()}


def _floor_record(floor: StateFloor) -> dict[str, Any]:
    """Return what a decision keeps of a floor: all that its deadline was computed from."""
    return {
        "state": floor.state,
        "anchor": floor.anchor.value,
        "amount": floor.amount,
        "unit": floor.unit.value if floor.unit else None,
        "citation": floor.citation,
        "source": floor.source,
        "as_of": floor.as_of.isoformat(),
    }


def decide(
    *,
    terms: Terms,
    window: Window | None,
    asked_at: dt.datetime,
    captured_cents: int,
    already_refunded: bool,
    disputed: bool,
) -> Decision:
    """Say what is owed back; inside the window it is everything that was captured, at once and without staff.

    ``asked_at`` is the instant at which the request reached the school, ``window`` is None before any payment. Where
    several reasons hold, the one that is told is the one that will not go away by waiting.
    """
    if captured_cents < 0:
        raise ValueError(f"captured {captured_cents} cents")
    refusal = None
    if already_refunded:
        refusal = Refusal.ALREADY_REFUNDED
    elif window is None or captured_cents == 0:
        refusal = Refusal.NOTHING_CAPTURED
    elif not is_open(window.deadline, utc(asked_at)):
        refusal = Refusal.OUTSIDE_WINDOW
    elif disputed:
        refusal = Refusal.DISPUTED
    return Decision(asked_at=utc(asked_at), captured_cents=captured_cents, terms=terms, window=window, refusal=refusal)


def reason_problem(reason: str) -> str | None:
    """Say what is wrong with the reason a staff member wrote for an exception; None when it will do."""
    if len(_plain(reason)) < MIN_REASON:
        return f"Write the reason in at least {MIN_REASON} characters: it is kept with the decision and audited."
    return None


def override(decision: Decision, *, reason: str) -> Decision:
    """Return the same decision approved by staff, outside the window and for a written reason.

    Refuses with ValueError what the caller has to check first: ``can_be_overridden`` and ``reason_problem``.
    """
    problem = reason_problem(reason)
    if problem is None and not decision.can_be_overridden:
        problem = "only a request outside the window can be overridden"
    if problem is not None:
        raise ValueError(problem)
    return replace(decision, override_reason=_plain(reason))


def _plain(reason: str) -> str:
    """Return the words with single blanks, so that padding does not count."""
    return " ".join(reason.split())


@dataclass(frozen=True, slots=True)
class PayoutDates:
    """When approved money has to arrive: by business day 7 (``due_on``), at the latest by day 10 (``overdue_on``)."""

    due_on: dt.date
    overdue_on: dt.date


def payout_dates(approved_at: dt.datetime, zone: ZoneInfo) -> PayoutDates:
    """Return the dates of the promise "7 to 10 business days"; day 0 is the approval's date in the school's zone."""
    approved_on = day_of(approved_at, zone)
    return PayoutDates(
        due_on=business_day_after(approved_on, DUE_BUSINESS_DAYS),
        overdue_on=business_day_after(approved_on, OVERDUE_BUSINESS_DAYS),
    )
