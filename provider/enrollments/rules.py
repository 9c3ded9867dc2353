"""Enrollments and their installments: states, what may follow, and the two weeks given for a first payment."""

import datetime as dt
import enum
import hashlib
import json
from collections.abc import Mapping

from provider.kernel.days import utc
from provider.kernel.lifecycles import Lifecycle, State, Tone

PROOF_LETTERS_PER_HOUR = 3
SEARCH_KIND = "enrollment"
REFERENCE_PREFIX = "E"
LAPSE_AFTER = dt.timedelta(days=14)


class EnrollmentState(State):
    """Where an enrollment stands."""

    STARTED = "started"
    AWAITING_PAYMENT = "awaiting_payment"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELED = "canceled"
    WITHDRAWN = "withdrawn"
    REFUNDED = "refunded"

    @property
    def tone(self) -> Tone:
        """Return how it feels: paid and done is good, waiting wants something."""
        return _ENROLLMENT_TONES.get(self, "neutral")


class InstallmentState(State):
    """Where an installment stands."""

    SCHEDULED = "scheduled"
    PAST_DUE = "past_due"
    PAID = "paid"
    WAIVED = "waived"
    CANCELED = "canceled"

    @property
    def tone(self) -> Tone:
        """Return how it feels: late is bad, paid is good."""
        return _INSTALLMENT_TONES.get(self, "neutral")


_E, _I = EnrollmentState, InstallmentState
_ENROLLMENT_TONES: dict[EnrollmentState, Tone] = {
    _E.STARTED: "warn",
    _E.AWAITING_PAYMENT: "warn",
    _E.ACTIVE: "good",
    _E.COMPLETED: "good",
}
_INSTALLMENT_TONES: dict[InstallmentState, Tone] = {_I.PAST_DUE: "bad", _I.PAID: "good"}

LIFECYCLE = Lifecycle(
    {
        _E.STARTED: frozenset({_E.AWAITING_PAYMENT, _E.ACTIVE, _E.CANCELED}),
        _E.AWAITING_PAYMENT: frozenset({_E.ACTIVE, _E.CANCELED}),
        # Back to waiting only when the payment that made it active turns out to be recorded in error.
        _E.ACTIVE: frozenset({_E.COMPLETED, _E.WITHDRAWN, _E.REFUNDED, _E.AWAITING_PAYMENT, _E.STARTED}),
        _E.COMPLETED: frozenset({_E.WITHDRAWN, _E.REFUNDED}),
        _E.WITHDRAWN: frozenset({_E.REFUNDED}),
    }
)
INSTALLMENT_LIFECYCLE = Lifecycle(
    {
        _I.SCHEDULED: frozenset({_I.PAID, _I.PAST_DUE, _I.WAIVED, _I.CANCELED}),
        _I.PAST_DUE: frozenset({_I.PAID, _I.WAIVED, _I.CANCELED}),
        # Open again when the payment that paid it is reversed.
        _I.PAID: frozenset({_I.SCHEDULED, _I.PAST_DUE}),
    }
)

OPEN_STATES = frozenset({_E.STARTED, _E.AWAITING_PAYMENT, _E.ACTIVE})
UNPAID_STATES = frozenset({_E.STARTED, _E.AWAITING_PAYMENT})
CLASSROOM_STATES = frozenset({_E.ACTIVE, _E.COMPLETED})
REFUNDABLE_STATES = frozenset(state for state in LIFECYCLE if LIFECYCLE.can(state, _E.REFUNDED))
OWED_STATES = frozenset({_I.SCHEDULED, _I.PAST_DUE})


def why_not_completed(state: EnrollmentState) -> str | None:
    """Say why an enrollment cannot be marked as completed now; None when it can."""
    if LIFECYCLE.can(state, _E.COMPLETED):
        return None
    return "Is completed already." if state is _E.COMPLETED else f"Is {_said(state)}, so it cannot be completed."


def why_not_canceled(state: EnrollmentState) -> str | None:
    """Say why an enrollment cannot be canceled free of charge; None when nothing was paid for it."""
    if state in UNPAID_STATES:
        return None
    return (
        "Is canceled already."
        if state is _E.CANCELED
        else f"Is {_said(state)}: it was paid for, so it cannot be canceled."
    )


def why_not_released(hold_on: dt.date | None) -> str | None:
    """Say why no hold can be released; None when there is one."""
    return None if hold_on else "Is not on hold."


def _said(state: EnrollmentState) -> str:
    return state.label.lower()


def lapses_at(accepted_at: dt.datetime, after: dt.timedelta = LAPSE_AFTER) -> dt.datetime:
    """Return from when an enrollment without a payment is canceled: 14 days unless told, elapsed (UTC)."""
    return utc(accepted_at) + after


class CancelReason(enum.StrEnum):
    """Why an enrollment ended before its first payment."""

    UNPAID = "unpaid"
    STUDENT = "student"
    STAFF = "staff"
    REPLACED = "replaced"
    ALREADY_ENROLLED = "already_enrolled"

    @property
    def sentence(self) -> str:
        """Say the reason plainly."""
        return _CANCEL_SENTENCES[self]


_CANCEL_SENTENCES = {
    CancelReason.UNPAID: "No payment reached us in time.",
    CancelReason.STUDENT: "The student canceled it before paying.",
    CancelReason.STAFF: "The school canceled it before a payment.",
    CancelReason.REPLACED: "A newer enrollment in the same program took its place.",
    CancelReason.ALREADY_ENROLLED: "The student is enrolled in this program already.",
}


class Joined(enum.StrEnum):
    """What came of proving the address of an enrollment."""

    JOINED = "joined"
    ALREADY_ENROLLED = "already_enrolled"
    PAID_TWICE = "paid_twice"


CONSENT = (
    "I agree to receive this agreement, receipts and notices electronically, by e-mail and on these pages, and that my "
    "typed name is my signature. I can print them, and ask for paper copies free of charge at any time."
)


def same_signature(legal_name: str, signature: str) -> bool:
    """Say whether the typed signature is the legal name, blanks and capitals aside."""
    return " ".join(legal_name.split()).casefold() == " ".join(signature.split()).casefold()


def answers_digest(answers: Mapping[str, object]) -> str:
    """Return a fingerprint of what a student answered: the same for the same answers in any order (SHA-256, hex).

    It tells a form sent twice from a form sent again with other answers. Dates count by their ISO form.
    """
    canonical = json.dumps(answers, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    """Return dates and sets in a form JSON knows; refuse the rest with TypeError."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"an answer of type {type(value).__name__}")
