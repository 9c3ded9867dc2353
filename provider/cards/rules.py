"""Paying by card: states of a card, a charge, an event and a dispute, and on which days an installment is charged."""

import datetime as dt
from collections.abc import Sequence

from provider.kernel.lifecycles import Lifecycle, State, Tone

CARD_PREFIX = "CD"
CHARGE_PREFIX = "CH"
DISPUTE_PREFIX = "D"
PAUSE_PREFIX = "PS"
CHANGE_CARD_LINK = "change_card"
RETRY_DAYS = (1, 3, 7)


class CardState(State):
    """Where a card stands with us.

    ``pending``: the browser is saving it. ``released``: no longer ours to charge, the service is being told to forget
    it. ``detached``: the service forgot it.
    """

    PENDING = "pending"
    SAVED = "saved"
    RELEASED = "released"
    DETACHED = "detached"


class ChargeState(State):
    """Where a charge stands; the first states of a payment, which begins when the money is captured."""

    STARTED = "started"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        """Return the state in a student's words."""
        return _CHARGE_LABELS[self]

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return _CHARGE_TONES[self]


class ChargePurpose(State):
    """Who set a charge going: the student on a page, or the schedule that the student consented to."""

    STUDENT = "student"
    SCHEDULE = "schedule"


class EventState(State):
    """Where an event of the service stands.

    ``ignored``: of a kind that changes nothing here. ``parked``: about something that we do not know. ``refused``: it
    contradicts our own records; staff look into it.
    """

    RECEIVED = "received"
    APPLIED = "applied"
    IGNORED = "ignored"
    PARKED = "parked"
    REFUSED = "refused"


class DisputeState(State):
    """Where a dispute stands: the bank holds the money (open), gave it back to the school (won), or kept it (lost)."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return {"open": "warn", "won": "good", "lost": "bad"}[self.value]  # type: ignore[return-value]


_C, _G, _D = CardState, ChargeState, DisputeState
_CHARGE_LABELS = {
    _G.STARTED: "Processing",
    _G.CAPTURED: "Paid",
    _G.FAILED: "Declined",
    _G.CANCELED: "Not completed",
}
_CHARGE_TONES: dict[ChargeState, Tone] = {
    _G.STARTED: "warn",
    _G.CAPTURED: "good",
    _G.FAILED: "bad",
    _G.CANCELED: "neutral",
}

CARD_LIFECYCLE = Lifecycle(
    {
        _C.PENDING: frozenset({_C.SAVED, _C.RELEASED}),
        _C.SAVED: frozenset({_C.RELEASED}),
        _C.RELEASED: frozenset({_C.DETACHED}),
    }
)
CHARGE_LIFECYCLE = Lifecycle(
    {
        _G.STARTED: frozenset({_G.CAPTURED, _G.FAILED, _G.CANCELED}),
        # Money that came in after all is never left without a state, however the charge looked before.
        _G.FAILED: frozenset({_G.CAPTURED}),
        _G.CANCELED: frozenset({_G.CAPTURED}),
    }
)
DISPUTE_LIFECYCLE = Lifecycle(
    {
        _D.OPEN: frozenset({_D.WON, _D.LOST}),
        _D.WON: frozenset({_D.LOST}),
        _D.LOST: frozenset({_D.WON}),
    }
)


def charge_days(first_on: dt.date) -> tuple[dt.date, ...]:
    """Return the days on which an installment is charged: the first, then 1, 3 and 7 days after a decline on it."""
    return (first_on, *(first_on + dt.timedelta(days=days) for days in RETRY_DAYS))


def attempt_due(*, due_on: dt.date, tried_on: Sequence[dt.date], today: dt.date) -> bool:
    """Say whether an installment is charged today; days are those of the school's zone, ``tried_on`` in their order.

    The first attempt is made on its due day, or later when no worker ran. The others follow 1, 3 and 7 days after the
    first, one a day at most, and when days were missed they are made up once. After the fourth no more is tried.
    """
    if not tried_on:
        return due_on <= today
    if len(tried_on) > len(RETRY_DAYS) or tried_on[-1] >= today:
        return False
    return charge_days(tried_on[0])[len(tried_on)] <= today
