"""Money coming in: states of a payment, ways of paying, what a payment pays, and the one table of ledger postings."""

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provider.kernel.lifecycles import Lifecycle, State, Tone

REFERENCE_PREFIX = "P"


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
    }
)
PURCHASE_STATES = frozenset({_S.CAPTURED, _S.DISPUTED, _S.LOST})


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


class Account(enum.StrEnum):
    """The accounts of an enrollment's ledger."""

    RECEIVABLE = "receivable"
    TUITION = "tuition"
    WAIVED = "waived"
    STUDENT_CREDIT = "student_credit"
    REFUNDS_PAYABLE = "refunds_payable"
    CASH_CARD = "cash_card"
    CASH_OFFLINE = "cash_offline"
    DISPUTED = "disputed"

    @property
    def label(self) -> str:
        """Name the account in sentence case."""
        return self.value.replace("_", " ").capitalize()


class Side(enum.StrEnum):
    """The two sides of a posting."""

    DEBIT = "debit"
    CREDIT = "credit"


class PostingKind(enum.StrEnum):
    """Why the ledger was written to."""

    ACCEPTED = "accepted"
    CAPTURED = "captured"
    REVERSED = "reversed"
    CREDIT_APPLIED = "credit_applied"
    WAIVED = "waived"
    CANCELED = "canceled"
    REFUND_APPROVED = "refund_approved"
    PAID_OUT = "paid_out"

    @property
    def label(self) -> str:
        """Name the event in sentence case."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a posting, in positive cents."""

    account: Account
    side: Side
    cents: int


@dataclass(frozen=True, slots=True)
class Amounts:
    """The cents of an event.

    ``owed`` is the tuition it concerns, ``credit`` what goes beyond, ``unpaid`` what is still open of the tuition.
    """

    owed: int = 0
    credit: int = 0
    unpaid: int = 0


class _Part(enum.StrEnum):
    OWED = "owed"
    CREDIT = "credit"
    UNPAID = "unpaid"


_A, _K = Account, PostingKind
_CASH = None  # stands for the cash account of the payment's method
# Each row moves one amount from a credited to a debited account: (debit, credit, amount). So each posting balances.
TABLE: dict[PostingKind, tuple[tuple[Account | None, Account | None, _Part], ...]] = {
    _K.ACCEPTED: ((_A.RECEIVABLE, _A.TUITION, _Part.OWED),),
    _K.CAPTURED: ((_CASH, _A.RECEIVABLE, _Part.OWED), (_CASH, _A.STUDENT_CREDIT, _Part.CREDIT)),
    _K.REVERSED: ((_A.RECEIVABLE, _CASH, _Part.OWED), (_A.STUDENT_CREDIT, _CASH, _Part.CREDIT)),
    _K.CREDIT_APPLIED: ((_A.STUDENT_CREDIT, _A.RECEIVABLE, _Part.CREDIT),),
    _K.WAIVED: ((_A.WAIVED, _A.RECEIVABLE, _Part.UNPAID),),
    _K.CANCELED: ((_A.TUITION, _A.RECEIVABLE, _Part.UNPAID),),
    _K.REFUND_APPROVED: (
        (_A.TUITION, _A.REFUNDS_PAYABLE, _Part.OWED),
        (_A.STUDENT_CREDIT, _A.REFUNDS_PAYABLE, _Part.CREDIT),
        (_A.TUITION, _A.RECEIVABLE, _Part.UNPAID),
    ),
    _K.PAID_OUT: ((_A.REFUNDS_PAYABLE, _CASH, _Part.OWED),),
}


def cash_account(method: PaymentMethod) -> Account:
    """Return the account on which money of a method stands."""
    return Account.CASH_CARD if method is PaymentMethod.CARD else Account.CASH_OFFLINE


def postings_for(kind: PostingKind, amounts: Amounts, cash: Account = Account.CASH_OFFLINE) -> tuple[Line, ...]:
    """Return the lines of a posting: debits and credits of the same sum, one line for each account and side.

    Amounts are cents, none negative; one that the event does not know is refused with ValueError. ``cash`` is the
    account of the payment's method. Lines of zero are left out.
    """
    cents = {part: int(getattr(amounts, part.value)) for part in _Part}
    known = {part for _debit, _credit, part in TABLE[kind]}
    if any(value < 0 or (value and part not in known) for part, value in cents.items()):
        raise ValueError(f"{kind.value} cannot be posted with {amounts}")
    sums: dict[tuple[Account, Side], int] = {}
    for debit, credit, part in TABLE[kind]:
        for account, side in ((debit or cash, Side.DEBIT), (credit or cash, Side.CREDIT)):
            sums[account, side] = sums.get((account, side), 0) + cents[part]
    return tuple(Line(account, side, total) for (account, side), total in sums.items() if total)


def balances(lines: Iterable[Line]) -> bool:
    """Say whether debits equal credits."""
    return sum(line.cents if line.side is Side.DEBIT else -line.cents for line in lines) == 0


class ReceiptKind(enum.StrEnum):
    """What a numbered paper says: money came in, or its record was taken back."""

    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"

    @property
    def label(self) -> str:
        """Return the paper's title."""
        return self.value.replace("_", " ").capitalize()
