"""Paying by card: states of a card, a charge, an event and a dispute, and on which days an installment is charged."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from provider.kernel.days import day_of, written
from provider.kernel.lifecycles import Lifecycle, State, Tone
from provider.kernel.money import dollars
from provider.payments.gateway import CURRENCY, Intent
from provider.payments.rules import OpenInstallment, PaymentState

CARD_PREFIX = "CD"
CHARGE_PREFIX = "CH"
DISPUTE_PREFIX = "D"
EVENT_PREFIX = "EV"
PAUSE_PREFIX = "PS"
CHANGE_CARD_LINK = "change_card"
RETRY_DAYS = (1, 3, 7)
LINK_DAYS = 30
CHARGE_HOUR = 9  # the school's wall clock: a bank that asks its customer to confirm does not wake them
CARDS_PER_HOUR = 12
ABANDONED_AFTER = dt.timedelta(hours=1)
STUCK_AFTER = dt.timedelta(hours=24)
PENDING_FOR = dt.timedelta(hours=2)


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

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return _EVENT_TONES.get(self, "neutral")


UNSETTLED = frozenset({EventState.RECEIVED, EventState.PARKED})


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

_E = EventState
_EVENT_TONES: dict[EventState, Tone] = {_E.RECEIVED: "warn", _E.APPLIED: "good", _E.PARKED: "warn", _E.REFUSED: "bad"}

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
    on = next_attempt(due_on=due_on, tried_on=tried_on)
    return on is not None and on <= today and not (tried_on and tried_on[-1] >= today)


def next_attempt(*, due_on: dt.date, tried_on: Sequence[dt.date]) -> dt.date | None:
    """Return from which day an unpaid installment is charged by itself next; None when it is not tried any more."""
    if not tried_on:
        return due_on
    return charge_days(tried_on[0])[len(tried_on)] if len(tried_on) <= len(RETRY_DAYS) else None


def charging_day(now: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Return the school's day whose installments are charged now: a day begins at nine, and lasts until the next."""
    return day_of(now - dt.timedelta(hours=CHARGE_HOUR), zone)


class What(State):
    """What a student pays for at once: everything due by today, the next installment before its day, or all of it."""

    DUE = "due"
    NEXT = "next"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to pay now, in cents; ``rows`` are the installments it meets."""

    what: What
    cents: int
    rows: tuple[OpenInstallment, ...]


def choices(owed: Sequence[OpenInstallment], today: dt.date) -> list[Choice]:
    """Return what a student may pay now, the least first: what is due or else what comes next, and all of it."""
    if not owed:
        return []
    ordered = sorted(owed, key=lambda one: (one.due_on, one.number))
    due = tuple(one for one in ordered if one.due_on <= today)
    first = Choice(What.DUE, _sum(due), due) if due else Choice(What.NEXT, ordered[0].open_cents, (ordered[0],))
    rest = Choice(What.REST, _sum(ordered), tuple(ordered))
    return [rest] if len(first.rows) == len(rest.rows) else [first, rest]


def _sum(rows: Sequence[OpenInstallment]) -> int:
    return sum(one.open_cents for one in rows)


def fingerprint(offered: Sequence[Choice]) -> str:
    """Name what a page offers to pay. The page says it back, so that nothing else is charged, or consented to."""
    rows = (f"{choice.what}:{one.number}:{one.due_on}:{one.open_cents}" for choice in offered for one in choice.rows)
    return hashlib.sha256(";".join(rows).encode()).hexdigest()[:32]


def to_come(offered: Sequence[Choice]) -> list[OpenInstallment]:
    """Return the installments that are left for their days once the first choice is paid."""
    return [one for one in offered[-1].rows if one not in offered[0].rows] if offered else []


def consent(owed: Sequence[OpenInstallment], school: str) -> str:
    """Return the words by which a student lets a card be charged for the installments that are still to come."""
    dates = "; ".join(f"{dollars(one.open_cents)} on {written(one.due_on)}" for one in owed)
    return (
        f"I allow {school} to keep this card with its payment service and to charge it for my installments on their "
        f"days: {dates}. A charge that is declined is tried again 1, 3 and 7 days later. I get a letter before each "
        "day. I can take the card away at any time on the page of my enrollment."
    )


_DECLINED = "Your bank declined the payment and does not tell us why. The number on the back of the card helps."
_CONFIRM = "Your bank wanted you to confirm the payment, and that did not happen."
_WHY_FAILED = {
    "insufficient_funds": "There was not enough money on the card.",
    "card_velocity_exceeded": "The card has reached a limit that your bank has set for it.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The security code of the card was not right.",
    "invalid_cvc": "The security code of the card was not right.",
    "incorrect_number": "The number of the card was not right.",
    "authentication_required": _CONFIRM,
    "authentication_not_handled": _CONFIRM,
    "payment_intent_authentication_failure": _CONFIRM,
    "processing_error": "Something went wrong at the bank. Nothing was taken; trying again often works.",
    "refused": "Our payment service would not charge this card, and the bank was not asked. Our staff look into it.",
    "ended": "The enrollment ended before the payment was made, so nothing was taken.",
    "abandoned": "The payment was not confirmed, so nothing was taken.",
}


def why_failed(code: str | None) -> str:
    """Say why a charge failed; of what a bank keeps to itself (a card reported lost) no more than that it declined."""
    return _WHY_FAILED.get(code or "", _DECLINED)


def contradiction(
    intent: Intent, *, amount_cents: int, customer_id: str, reference: str, intent_id: str | None, live: bool
) -> str | None:
    """Say in what the service's word about a charge contradicts our own record of it; None when it does not."""
    there, here = dollars(intent.amount_cents), dollars(amount_cents)
    found = (
        (intent.amount_cents != amount_cents, f"the amount is {there} there and {here} here"),
        (intent.currency != CURRENCY, f"the currency there is {intent.currency.upper()}"),
        (intent.live != live, "it is a live payment there" if intent.live else "it is only a test there"),
        (intent.customer_id != customer_id, f"it belongs to another customer there, {intent.customer_id}"),
        (intent.reference != reference, f"it carries another reference there, {intent.reference}"),
        (intent_id not in {None, intent.id}, f"it is a second one there, {intent.id} beside {intent_id}"),
    )
    return next((sentence for differs, sentence in found if differs), None)


def claims_problem(
    *,
    amount_cents: int | None,
    currency: str | None,
    customer_id: str | None,
    reference: str | None,
    ours: tuple[int, str, str],
) -> str | None:
    """Say in what an event's own claims contradict our charge: its cents, its customer and its reference.

    What an event does not claim contradicts nothing; None when it may be believed.
    """
    cents, customer, name = ours
    found = (
        (amount_cents not in {None, cents}, f"it claims {dollars(amount_cents or 0)}, and here it is {dollars(cents)}"),
        (currency not in {None, CURRENCY}, f"it claims the currency {(currency or '').upper()}"),
        (customer_id not in {None, customer}, f"it claims another customer, {customer_id}"),
        (reference not in {None, name}, f"it claims another reference, {reference}"),
    )
    return next((sentence for differs, sentence in found if differs), None)


def dispute_problem(
    *, amount_cents: int, currency: str, captured_cents: int, known_cents: int | None, same_payment: bool
) -> str | None:
    """Say in what the service's word about a dispute contradicts our own records; None when it does not.

    A dispute is of a part or the whole of one payment, and stays as large as it was when it was opened.
    """
    there = dollars(amount_cents)
    found = (
        (currency != CURRENCY, f"the currency there is {currency.upper()}"),
        (not same_payment, "it is about another payment here"),
        (amount_cents <= 0, f"the amount there is {there}"),
        (amount_cents > captured_cents, f"it is about {there} there, and {dollars(captured_cents)} came in here"),
        (known_cents not in {None, amount_cents}, f"it was about {dollars(known_cents or 0)} and is about {there} now"),
    )
    return next((sentence for differs, sentence in found if differs), None)


def payment_standing(disputes: Sequence[DisputeState]) -> PaymentState:
    """Return how a captured payment stands by all its disputes: the bank holds some, has kept some, or neither."""
    if DisputeState.OPEN in disputes:
        return PaymentState.DISPUTED
    return PaymentState.LOST if DisputeState.LOST in disputes else PaymentState.CAPTURED
