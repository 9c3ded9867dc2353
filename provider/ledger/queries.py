"""Reading the ledger."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from provider.kernel.database import db
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.ledger.rules import Account, Side


def postings(about: str) -> Sequence[LedgerPosting]:
    """Return the postings of one enrollment with their entries, oldest first."""
    query = sa.select(LedgerPosting).where(LedgerPosting.about == about).order_by(LedgerPosting.id)
    return db.session.scalars(query.options(selectinload(LedgerPosting.entries))).all()


def balances(about: str) -> dict[Account, int]:
    """Return what each account of one enrollment stands at in cents: debits less credits."""
    signed = sa.case((LedgerEntry.side == Side.DEBIT, LedgerEntry.cents), else_=-LedgerEntry.cents)
    rows = db.session.execute(
        sa.select(LedgerEntry.account, sa.func.sum(signed))
        .join(LedgerPosting, LedgerPosting.id == LedgerEntry.posting_id)
        .where(LedgerPosting.about == about)
        .group_by(LedgerEntry.account)
    )
    return {account: int(total) for account, total in rows}
