"""The journal for the school's bookkeeping: every ledger line of a stretch of days, and what each account came to.

Accepting an enrollment posts to the ledger, so the ledger has no index by instant; a stretch is read by going through
the postings in their order, a bounded number at a time.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from provider.books.comparing import Stretch
from provider.kernel.database import db, table
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.ledger.rules import Account, PostingKind, Side
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.refunds.models import Payout

POSTINGS_AT_A_TIME = 400  # with their lines, about a thousand rows; and names in one IN list
WINDOW = 50_000  # postings that one statement of the totals goes over

_P, _E = table(LedgerPosting).c, table(LedgerEntry).c
_OF_DISPUTES = frozenset({PostingKind.DISPUTED, PostingKind.DISPUTE_WON})
M = TypeVar("M", Payment, Payout)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of the ledger: cents on one side of one account; ``method`` where money moved."""

    posting: int
    at: dt.datetime
    kind: PostingKind
    account: Account
    side: Side
    cents: int
    enrollment: str
    subject: str
    method: PaymentMethod | None

    @property
    def debit(self) -> int | None:
        """The cents, when they stand on the debit side."""
        return self.cents if self.side is Side.DEBIT else None

    @property
    def credit(self) -> int | None:
        """The cents, when they stand on the credit side."""
        return self.cents if self.side is Side.CREDIT else None


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """What was posted to an account in a stretch, in cents; None stands for all accounts together."""

    account: Account | None
    debit: int
    credit: int

    @property
    def balance(self) -> int:
        """Debits less credits."""
        return self.debit - self.credit


def journal(stretch: Stretch) -> Iterator[Sequence[JournalLine]]:
    """Go through the lines of a stretch in the order in which they were posted, some at a time."""
    last = 0
    while True:
        ids = db.session.scalars(_following(stretch, last)).all()
        if not ids:
            return
        yield _lines(ids)
        last = ids[-1]


def _following(stretch: Stretch, last: int) -> sa.Select[int]:
    within = sa.select(_P.id).where(_P.id > last, _P.at >= stretch.start, _P.at < stretch.end)
    return within.order_by(_P.id).limit(POSTINGS_AT_A_TIME)


def _lines(ids: Sequence[int]) -> list[JournalLine]:
    query = (
        sa.select(_P.id, _P.at, _P.kind, _E.account, _E.side, _E.cents, _P.about, _P.subject_reference)
        .join_from(table(LedgerPosting), table(LedgerEntry), _E.posting_id == _P.id)
        .where(_P.id.in_(ids))
        .order_by(_P.id, _E.id)
    )
    rows = db.session.execute(query).all()
    subjects = {_named(row.subject_reference) for row in rows}
    methods = _methods(Payment, subjects) | _methods(Payout, subjects)
    return [JournalLine(*one[:8], _method(one.kind, one.subject_reference, methods)) for one in rows]


def _methods(model: type[M], references: set[str]) -> dict[str, PaymentMethod]:
    query = sa.select(model.reference, model.method).where(model.reference.in_(references))
    return {reference: method for reference, method in db.session.execute(query)}  # noqa: C416 - plain pairs are wanted


def _method(kind: PostingKind, subject: str, methods: dict[str, PaymentMethod]) -> PaymentMethod | None:
    if kind in _OF_DISPUTES:
        return PaymentMethod.CARD
    return None if kind is PostingKind.WAIVED else methods.get(_named(subject))


def _named(subject: str) -> str:
    """Return the record of a posting; a later try of a payout stands under its reference, a dot and a number."""
    return subject.partition(".")[0]


def totals(stretch: Stretch) -> list[AccountTotal]:
    """Return what each account came to in a stretch, and all of them together, which balance.

    Each statement goes over a bounded stretch of postings, so that none runs into a time-out.
    """
    sums: dict[tuple[Account, Side], int] = {}
    newest = db.session.scalar(sa.select(sa.func.max(_P.id))) or 0
    for first in range(1, newest + 1, WINDOW):
        for account, side, cents in db.session.execute(_sums(stretch, first)):
            sums[account, side] = sums.get((account, side), 0) + int(cents)
        db.session.rollback()
    found = [
        AccountTotal(account, sums.get((account, Side.DEBIT), 0), sums.get((account, Side.CREDIT), 0))
        for account in Account
    ]
    return [*found, AccountTotal(None, sum(one.debit for one in found), sum(one.credit for one in found))]


def _sums(stretch: Stretch, first: int) -> sa.Select[Account, Side, int]:
    within = (_P.id >= first, _P.id < first + WINDOW, _P.at >= stretch.start, _P.at < stretch.end)
    query = sa.select(_E.account, _E.side, sa.func.sum(_E.cents))
    joined = query.join_from(table(LedgerPosting), table(LedgerEntry), _E.posting_id == _P.id)
    return joined.where(*within).group_by(_E.account, _E.side)
