"""Refunds and payouts: their states, what may follow, and what a refund rests on."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from provider.kernel.days import utc
from provider.kernel.lifecycles import Lifecycle, State, Tone
from provider.policies.rules import ClauseCode, Decision

REFERENCE_PREFIX = "R"
PAYOUT_PREFIX = "PO"
WITHDRAWAL_PREFIX = "W"
DECLINED_PER_HOUR = 10
LINK_DAYS = 60
MOST_NOTE = 500
MOST_EVIDENCE = 2000
LATE_PAYMENT_CLAUSE = "The payment came when the enrollment could not take it any more, so all of it goes back."


class RefundState(State):
    """Where a refund stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SETTLED = "settled"
    DECLINED = "declined"

    @property
    def label(self) -> str:
        """Return the state in a student's words."""
        return _REFUND_LABELS[self]

    @property
    def tone(self) -> Tone:
        """Return how it feels: a payout is waited for until it is sent."""
        return _REFUND_TONES[self]


class PayoutState(State):
    """Where one payment's part of a refund stands."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """Return the state in a student's words."""
        return _PAYOUT_LABELS[self]

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return _PAYOUT_TONES[self]


class RefundBasis(State):
    """What a refund rests on."""

    WINDOW = "window"
    STATE_FLOOR = "state_floor"
    OVERRIDE = "override"
    LATE_PAYMENT = "late_payment"
    OUTSIDE = "outside"

    @property
    def label(self) -> str:
        """Say the ground in sentence case."""
        return _BASIS_LABELS[self]


_R, _P, _B = RefundState, PayoutState, RefundBasis
_REFUND_LABELS = {
    _R.REQUESTED: "Requested",
    _R.APPROVED: "Approved, on its way",
    _R.SETTLED: "Paid back",
    _R.DECLINED: "Declined",
}
_REFUND_TONES: dict[RefundState, Tone] = {
    _R.REQUESTED: "neutral",
    _R.APPROVED: "warn",
    _R.SETTLED: "good",
    _R.DECLINED: "bad",
}
_PAYOUT_LABELS = {
    _P.DUE: "To be sent",
    _P.SENDING: "Being sent",
    _P.SENT: "Sent",
    _P.FAILED: "Failed, will be sent again",
}
_PAYOUT_TONES: dict[PayoutState, Tone] = {_P.DUE: "warn", _P.SENDING: "neutral", _P.SENT: "good", _P.FAILED: "bad"}
_BASIS_LABELS = {
    _B.WINDOW: "Refund policy of the school",
    _B.STATE_FLOOR: "Law of the student's state",
    _B.OVERRIDE: "Exception made by staff",
    _B.LATE_PAYMENT: "Payment that came too late",
    _B.OUTSIDE: "Made at the payment service itself",
}
_BASIS_OF_CLAUSE = {
    ClauseCode.POLICY_ACCEPTED: _B.WINDOW,
    ClauseCode.POLICY_AT_PURCHASE: _B.WINDOW,
    ClauseCode.STATE_FLOOR: _B.STATE_FLOOR,
    ClauseCode.OVERRIDE: _B.OVERRIDE,
}

LIFECYCLE = Lifecycle(
    {
        _R.REQUESTED: frozenset({_R.APPROVED, _R.DECLINED}),
        _R.APPROVED: frozenset({_R.SETTLED}),
    }
)
PAYOUT_LIFECYCLE = Lifecycle(
    {
        _P.DUE: frozenset({_P.SENDING}),
        _P.SENDING: frozenset({_P.SENT, _P.FAILED}),
        _P.FAILED: frozenset({_P.SENDING}),
    }
)


def basis_of(decision: Decision) -> RefundBasis:
    """Return what a decided request rests on, approved or declined."""
    return _BASIS_OF_CLAUSE[decision.clause.code]


def state_of(decision: Decision) -> RefundState:
    """Return the state a decided request goes to."""
    return RefundState.APPROVED if decision.approved else RefundState.DECLINED


def is_settled(payouts: Iterable[PayoutState]) -> bool:
    """Say whether a refund is settled: it has payouts and every one of them is sent."""
    states = list(payouts)
    return bool(states) and all(state is PayoutState.SENT for state in states)


class Channel(State):
    """How a request reached the school."""

    PAGE = "page"
    LINK = "link"
    STAFF = "staff"
    MAIL = "mail"
    SERVICE = "service"


def late_payment_record(*, amount_cents: int, at: dt.datetime) -> dict[str, Any]:
    """Return the decision to give back a payment that was never for a running enrollment, in a decision's shape."""
    return {
        "approved": True,
        "amount_cents": amount_cents,
        "captured_cents": amount_cents,
        "refusal": None,
        "override_reason": None,
        "clause": {"code": RefundBasis.LATE_PAYMENT.value, "text": LATE_PAYMENT_CLAUSE},
        "asked_at": utc(at).isoformat(),
        "purchased_at": None,
        "deadline": None,
    }
