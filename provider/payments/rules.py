"""Money coming in: states of a payment, ways of paying, what a payment pays, and the papers it makes."""

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from provider.enrollments.rules import EnrollmentState
from provider.kernel.lifecycles import Lifecycle, State, Tone
from provider.kernel.money import MOST_CENTS
from provider.ledger.rules import Account
from provider.tuition.rules import Reminder, hold_at, past_due_at, reminders

REFERENCE_PREFIX = "PY"
RETURN_JOB = "refunds.return_payment"  # sends a card payment back that its enrollment could not take
KEY_SERVES = dt.timedelta(hours=23)  # the payment service forgets a key after 24
REFUND_LINK = "refund"  # the purpose of the link that receipts carry; its handler is in the room refunds
LINK_DAYS = 30


class PaymentState(State):
    """Where a payment stands."""

    STARTED = "started"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELED = "canceled"
    REVERSED = "reversed"
    DISPUTED = "disputed"
    LOST = "lost"

    @property
    def label(self) -> str:
        """Return the state in a student's words."""
        return _LABELS.get(self) or self.value.capitalize()

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return _TONES.get(self, "neutral")


_S = PaymentState
_LABELS = {_S.CAPTURED: "Received", _S.REVERSED: "Recorded in error", _S.LOST: "Lost in dispute"}
_TONES: dict[PaymentState, Tone] = {_S.CAPTURED: "good", _S.FAILED: "bad", _S.DISPUTED: "warn", _S.LOST: "bad"}

LIFECYCLE = Lifecycle(
    {
        _S.STARTED: frozenset({_S.CAPTURED, _S.FAILED, _S.CANCELED}),
        _S.CAPTURED: frozenset({_S.REVERSED, _S.DISPUTED}),
        _S.DISPUTED: frozenset({_S.CAPTURED, _S.LOST}),
        # Banks change their mind, and what they left of a payment may be disputed, too.
        _S.LOST: frozenset({_S.CAPTURED, _S.DISPUTED}),
    }
)
PURCHASE_STATES = frozenset({_S.CAPTURED, _S.DISPUTED, _S.LOST})
CLOCK_STATES = frozenset({EnrollmentState.ACTIVE, EnrollmentState.COMPLETED, EnrollmentState.WITHDRAWN})


class CallKind(enum.StrEnum):
    """What the payment service is asked for with a key of its own."""

    CUSTOMER = "customer"
    SETUP = "setup"
    CHARGE = "charge"
    GIVE_BACK = "give_back"


class CallState(enum.StrEnum):
    """How a call to the payment service ended.

    ``open``: not answered yet. ``expired``: its key is too old to be used again, and nothing had come of it.
    """

    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"
    EXPIRED = "expired"


def key_serves(first_tried_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether the key of a call may be used again: for less than 23 hours from its first attempt."""
    return now - first_tried_at < KEY_SERVES


class PaymentMethod(enum.StrEnum):
    """How money came in."""

    BANK_TRANSFER = "bank_transfer"
    CHECK = "check"
    MONEY_ORDER = "money_order"
    CASH = "cash"
    CARD = "card"

    @property
    def label(self) -> str:
        """Name the method in sentence case."""
        return self.value.replace("_", " ").capitalize()


OFFLINE_METHODS = tuple(method for method in PaymentMethod if method is not PaymentMethod.CARD)


def purchased_at(payments: Iterable[tuple[PaymentState, dt.datetime | None]]) -> dt.datetime | None:
    """Return the purchase: the instant of the first captured payment that is not reversed; None when there is none.

    Each payment is its state and the instant it was captured. Later payments never move the purchase.
    """
    captured = [at for state, at in payments if state in PURCHASE_STATES and at is not None]
    return min(captured, default=None)


@dataclass(frozen=True, slots=True)
class OpenInstallment:
    """An installment with cents still owed."""

    number: int
    due_on: dt.date
    open_cents: int


@dataclass(frozen=True, slots=True)
class Share:
    """What of a payment goes to one installment, in cents."""

    number: int
    cents: int


@dataclass(frozen=True, slots=True)
class Allocated:
    """How a payment was spread; ``rest_cents`` is more than was owed and stays with the student as credit."""

    shares: tuple[Share, ...]
    rest_cents: int

    @property
    def owed_cents(self) -> int:
        """Return what of the payment met installments."""
        return sum(share.cents for share in self.shares)


def allocate(amount_cents: int, open_installments: Sequence[OpenInstallment]) -> Allocated:
    """Spread a payment over the installments, the one due first before all others."""
    if amount_cents <= 0:
        raise ValueError(f"a payment of {amount_cents} cents")
    shares, rest = [], amount_cents
    for installment in sorted(open_installments, key=lambda one: (one.due_on, one.number)):
        part = min(rest, installment.open_cents)
        if part > 0:
            shares.append(Share(installment.number, part))
            rest -= part
    return Allocated(tuple(shares), rest)


def cash_account(method: PaymentMethod) -> Account:
    """Return the account on which money of a method stands."""
    return Account.CASH_CARD if method is PaymentMethod.CARD else Account.CASH_OFFLINE


class ReceiptKind(enum.StrEnum):
    """What a numbered paper says: money came in, or its record was taken back."""

    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"

    @property
    def label(self) -> str:
        """Return the paper's title."""
        return self.value.replace("_", " ").capitalize()

    @property
    def prefix(self) -> str:
        """Return what its reference begins with."""
        return "RC" if self is ReceiptKind.RECEIPT else "CN"

    @property
    def series(self) -> str:
        """Return the series whose numbers it counts up, without a gap."""
        return f"{self.value}s"


def amount_problem(amount_cents: int) -> str | None:
    """Say what is wrong with an amount that was typed; None when it can be recorded."""
    if amount_cents <= 0:
        return "Write the amount that came in; it is more than zero."
    if amount_cents > MOST_CENTS:
        return "This amount is larger than any tuition. Check the decimal point."
    return None


@dataclass(frozen=True, slots=True)
class Steps:
    """What the clock of one installment calls for; nothing of it charges anything."""

    past_due: bool = False
    reminder: Reminder | None = None
    hold: bool = False

    def __bool__(self) -> bool:
        return self.past_due or self.hold or self.reminder is not None


def reminder_on(due_on: dt.date, accepted_on: dt.date, today: dt.date) -> Reminder | None:
    """Return the one letter that is right about an unpaid installment on a day, also when earlier ones were missed.

    The first stands until the day before it is due, the second on that day only, the third from 3 days late, the last
    from 10. So after days without a worker one letter goes out, and what it says is so.
    """
    begun = [reminder for reminder, on in reminders(due_on, accepted_on).items() if on <= today]
    latest = begun[-1] if begun else None
    stale = (
        latest in {Reminder.AHEAD, Reminder.TODAY} and today != due_on and (today > due_on or latest is Reminder.TODAY)
    )
    return None if stale else latest


def steps(
    *, due_on: dt.date, accepted_on: dt.date, today: dt.date, now: dt.datetime, zone: ZoneInfo, scheduled: bool
) -> Steps:
    """Say what an unpaid installment calls for now; ``today`` and ``accepted_on`` are dates in the school's zone."""
    return Steps(
        past_due=scheduled and now >= past_due_at(due_on, zone),
        reminder=reminder_on(due_on, accepted_on, today),
        hold=now >= hold_at(due_on, zone),
    )
