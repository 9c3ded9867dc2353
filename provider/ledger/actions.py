"""Writing the ledger."""

import datetime as dt

from provider.kernel.database import insert, insert_all
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.ledger.rules import Account, Amounts, PostingKind, postings_for


def post(
    *,
    kind: PostingKind,
    about: str,
    subject: str,
    amounts: Amounts,
    at: dt.datetime,
    cash: Account = Account.CASH_OFFLINE,
) -> None:
    """Write one balanced posting for an enrollment; nothing when all amounts are zero.

    ``subject`` is the record it happened to (enrollment, payment, refund, payout); once per kind and subject.
    """
    lines = postings_for(kind, amounts, cash)
    if not lines:
        return
    posting_id = insert(LedgerPosting, kind=kind, about=about, subject_reference=subject, at=at)
    insert_all(
        LedgerEntry,
        [{"posting_id": posting_id, "account": one.account, "side": one.side, "cents": one.cents} for one in lines],
    )
