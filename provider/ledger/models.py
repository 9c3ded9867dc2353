"""The append-only ledger."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.kernel.database import Cents, Model, Ref, known
from provider.ledger.rules import Account, PostingKind, Side


class LedgerPosting(Model):
    """One balanced event of money of one enrollment (``about``), once per subject. No update, no delete (triggers)."""

    __tablename__ = "ledger_posting"

    id: Mapped[int] = mapped_column(primary_key=True)
    about: Mapped[Ref]
    kind: Mapped[PostingKind]
    at: Mapped[dt.datetime]
    subject_reference: Mapped[Ref]
    entries: Mapped[list["LedgerEntry"]] = relationship(lazy="raise", order_by="LedgerEntry.id")

    __table_args__ = (
        known("kind", PostingKind),
        sa.UniqueConstraint("kind", "subject_reference"),
        sa.Index(None, "about", "id"),
    )


class LedgerEntry(Model):
    """One side of a posting: a positive amount, debit or credit. No update, no delete (triggers)."""

    __tablename__ = "ledger_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    posting_id: Mapped[int] = mapped_column(sa.ForeignKey("ledger_posting.id"))
    account: Mapped[Account]
    side: Mapped[Side]
    cents: Mapped[Cents]

    __table_args__ = (
        known("account", Account),
        known("side", Side),
        sa.CheckConstraint("cents > 0", name="cents_positive"),
        sa.Index(None, "posting_id"),
        sa.Index(None, "account"),
    )
