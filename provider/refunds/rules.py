"""Refunds and payouts: their states, what may follow, and what a refund rests on."""

import datetime as dt
import enum
from collections.abc import Iterable
from typing import Any

from provider.kernel.days import utc
from provider.kernel.lifecycles import Lifecycle, State, Tone
from provider.payments.rules import PaymentMethod
from provider.policies.rules import ClauseCode, Decision

REFERENCE_PREFIX = "R"
PAYOUT_PREFIX = "PO"
WITHDRAWAL_PREFIX = "W"
DECLINED_PER_HOUR = 10
LINK_DAYS = 60
MOST_NOTE = 500
LATE_PAYMENT_CLAUSE = "The payment came when the enrollment could not take it any more, so all of it goes back."
OUTSIDE_CLAUSE = "The school gave this money back at the payment service itself."
PAY_OUT = "refunds.pay_out"  # the job that sends one payout back to its card
SETTLE = "refunds.settle"  # the job that looks at everything that went back of one charge
OTHER_WAYS = (PaymentMethod.BANK_TRANSFER, PaymentMethod.CHECK)  # for what cannot go to its card; never another card
HANGS_AFTER = dt.timedelta(hours=24)
LOOKED_AT_AFTER = dt.timedelta(minutes=10)


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
    _P.SENDING: "On its way",
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
        # Open again when a bank gives back what had been sent.
        _R.SETTLED: frozenset({_R.APPROVED}),
    }
)
PAYOUT_LIFECYCLE = Lifecycle(
    {
        _P.DUE: frozenset({_P.SENDING}),
        _P.SENDING: frozenset({_P.SENT, _P.FAILED}),
        _P.FAILED: frozenset({_P.SENDING}),
        # A bank may give money back days after it had taken it.
        _P.SENT: frozenset({_P.FAILED}),
    }
)
# Refunds of one payment alone: they are no decision about the enrollment, and any number of them may be.
OF_ONE_PAYMENT = frozenset({_B.LATE_PAYMENT, _B.OUTSIDE})


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

    @property
    def label(self) -> str:
        """Name the channel in sentence case."""
        return _CHANNELS.get(self) or super().label


_CHANNELS = {
    Channel.PAGE: "The student’s page",
    Channel.LINK: "The link in a letter",
    Channel.SERVICE: "Payment service",
}
_CLAUSES = {_B.LATE_PAYMENT: LATE_PAYMENT_CLAUSE, _B.OUTSIDE: OUTSIDE_CLAUSE}


def one_payment_record(basis: RefundBasis, *, amount_cents: int, at: dt.datetime) -> dict[str, Any]:
    """Return, in a decision's shape, why one payment or a part of it goes back alone."""
    return {
        "approved": True,
        "amount_cents": amount_cents,
        "captured_cents": amount_cents,
        "refusal": None,
        "override_reason": None,
        "clause": {"code": basis.value, "text": _CLAUSES[basis]},
        "asked_at": utc(at).isoformat(),
        "purchased_at": None,
        "deadline": None,
    }


def posted_as(payout_reference: str, tries: int) -> str:
    """Return under what name a try of a payout stands in the ledger: the first under the payout's own."""
    return payout_reference if tries <= 1 else f"{payout_reference}.{tries}"


def tuition_part(*, part_cents: int, left_cents: int, paying_cents: int) -> int:
    """Return how much of what goes back of a payment is tuition; what paid nothing goes first.

    ``left_cents`` is what of the payment has not gone back yet, ``paying_cents`` what of it pays installments.
    """
    return max(0, part_cents - max(0, left_cents - paying_cents))


REFUSED, LOST_IN_PART, WON_AFTER_ALL = "refused", "lost_in_part", "won_after_all"
_FAILURES = {
    "expired_or_canceled_card": "The card has expired or was canceled.",
    "lost_or_stolen_card": "The card was reported as lost or stolen.",
    "insufficient_funds": "The school's balance at the payment service was too small.",
    "declined": "The bank declined to take it.",
    "charge_for_pending_refund_disputed": "The student had disputed the payment at the bank meanwhile.",
    "merchant_request": "It was canceled at the payment service by the school.",
    REFUSED: "The payment service would not send it.",
    LOST_IN_PART: "The bank gave a part of it back in a dispute; only the rest is still to be sent.",
    WON_AFTER_ALL: "The bank had given it back in a dispute, and took it again.",
}


def failure_words(code: str | None) -> str:
    """Say why money did not arrive, from the service's code."""
    return _FAILURES.get(code or "", "The bank did not say why.")


class Stays(enum.StrEnum):
    """Why what goes back of a card payment is not to be sent another way: it went, or it still may go, by itself."""

    NOT_BY_CARD = "not_by_card"
    SENT = "sent"
    DISPUTED = "disputed"
    GIVEN_BACK = "given_back"
    UNDER_WAY = "under_way"
    NOBODY_ASKS = "nobody_asks"
    UNANSWERED = "unanswered"
    GOES_BY_ITSELF = "goes_by_itself"

    @property
    def sentence(self) -> str:
        """Say it to the bursar, with what to do instead."""
        return _STAYS[self]


_STAYS = {
    Stays.NOT_BY_CARD: "This money does not go to a card. Send it by the way it came, and enter its reference.",
    Stays.SENT: "This money was sent already. Do not send it a second time.",
    Stays.DISPUTED: "A bank holds this payment in a dispute. If it decides for the student, it gives the money back "
    "itself; sent from here as well, it would go back twice. Wait until the bank has decided.",
    Stays.GIVEN_BACK: "The bank has given this payment back in a dispute, so the student has the money. Do not send it "
    "a second time.",
    Stays.UNDER_WAY: "The payment service has taken this money, and the bank has not confirmed it yet. Wait until it "
    "does; if the card does not take it, this page offers another way.",
    Stays.NOBODY_ASKS: "The payment service has taken this money, and the bank has not confirmed it yet. The keys of "
    "the service are not set, so nobody asks whether it arrived. Do not send it from here. Have the operator set the "
    "keys once more, and it is asked.",
    Stays.UNANSWERED: "The payment service was asked to send this money, and its answer is not known: it may have "
    "arrived. Do not send it from here. Have the operator set the keys of the service again, and it is asked.",
    Stays.GOES_BY_ITSELF: "This money goes back to the card by itself; nobody has to send it. If the card does not "
    "take it, this page offers another way.",
}


def why_not_another_way(
    state: PayoutState,
    *,
    by_card: bool,
    disputed: bool,
    given_back: bool,
    taken: bool,
    untried: bool,
    unanswered: bool,
    service_on: bool,
) -> Stays | None:
    """Say why a payout must not be sent another way; None when it was never sent, or did not arrive, for good.

    ``disputed``: a bank holds its payment; ``given_back``: a bank gave it back in a dispute, whole. ``taken``: the
    service has it; ``untried``: the service was never asked to send it; ``unanswered``: it was asked, and what came of
    that is not known. Without a service (``service_on``) what was never asked for never goes by itself.
    """
    if not by_card or state is PayoutState.SENT:
        return Stays.SENT if state is PayoutState.SENT else Stays.NOT_BY_CARD
    if disputed or given_back:
        return Stays.DISPUTED if disputed else Stays.GIVEN_BACK
    if state is PayoutState.FAILED:
        return Stays.UNANSWERED if unanswered else None
    if taken:
        return Stays.UNDER_WAY if service_on else Stays.NOBODY_ASKS
    if unanswered or not untried:
        return Stays.UNANSWERED
    return Stays.GOES_BY_ITSELF if service_on else None
