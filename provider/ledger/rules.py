"""The accounts, and the one table that says what each event of money posts to them."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


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
    PAYOUT_FAILED = "payout_failed"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"

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

    ``owed`` is the tuition it concerns, ``credit`` what goes beyond, ``unpaid`` what is still open of the tuition,
    ``by_bank`` what a bank gave back itself in a dispute.
    """

    owed: int = 0
    credit: int = 0
    unpaid: int = 0
    by_bank: int = 0


class _Part(enum.StrEnum):
    OWED = "owed"
    CREDIT = "credit"
    UNPAID = "unpaid"
    BY_BANK = "by_bank"


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
    _K.PAID_OUT: ((_A.REFUNDS_PAYABLE, _CASH, _Part.OWED), (_A.REFUNDS_PAYABLE, _A.DISPUTED, _Part.BY_BANK)),
    _K.PAYOUT_FAILED: ((_CASH, _A.REFUNDS_PAYABLE, _Part.OWED),),
    # A dispute that is lost posts nothing more: the loss stays where it is.
    _K.DISPUTED: ((_A.DISPUTED, _CASH, _Part.OWED),),
    _K.DISPUTE_WON: ((_CASH, _A.DISPUTED, _Part.OWED),),
}


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
