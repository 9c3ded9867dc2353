"""Payments and what they paid, and receipts numbered without gaps."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.enrollments.models import Enrollment, Installment
from provider.files.models import File
from provider.kernel.database import Cents, Line, Model, Ref, known
from provider.payments.rules import CallKind, CallState, PaymentMethod, PaymentState, ReceiptKind

_OPEN = sa.text("state = 'open'")
_STANDING = sa.text("reversed_at IS NULL")
FOR_RETURN_ROWS = sa.text("for_return")


class Payment(Model):
    """Money captured for an enrollment; ``recorded_at`` is the instant that counts, ``received_at`` what staff saw.

    ``for_return``: the enrollment could not take it (ended, or another one is active); all of it goes back.
    """

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    method: Mapped[PaymentMethod]
    state: Mapped[PaymentState]
    amount_cents: Mapped[Cents]
    refunded_cents: Mapped[Cents] = mapped_column(default=0)
    external_reference: Mapped[Line]
    received_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]
    recorded_by: Mapped[Ref | None]
    proof_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("file.id"))
    proof_note: Mapped[str | None] = mapped_column(sa.Text)
    for_return: Mapped[bool] = mapped_column(default=False)
    reversed_at: Mapped[dt.datetime | None]
    reversed_reason: Mapped[str | None] = mapped_column(sa.Text)
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    proof_file: Mapped[File | None] = relationship(lazy="raise")
    allocations: Mapped[list["Allocation"]] = relationship(back_populates="payment", lazy="raise")
    receipts: Mapped[list["Receipt"]] = relationship(back_populates="payment", lazy="raise", order_by="Receipt.id")

    __table_args__ = (
        known("method", PaymentMethod),
        known("state", PaymentState),
        sa.UniqueConstraint("reference"),
        sa.Index(
            "uq_payment_recorded", "enrollment_id", "method", "external_reference", unique=True,
            sqlite_where=_STANDING, postgresql_where=_STANDING,
        ),
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
        sa.CheckConstraint("refunded_cents BETWEEN 0 AND amount_cents", name="refunded_at_most_captured"),
        sa.CheckConstraint("(state = 'reversed') = (reversed_at IS NOT NULL)", name="reversed_has_instant"),
        sa.Index(None, "enrollment_id"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "state", "amount_cents", "id"),
        sa.Index("ix_payment_for_return", "id", sqlite_where=FOR_RETURN_ROWS, postgresql_where=FOR_RETURN_ROWS),
        sa.Index(None, "recorded_at", "state", "amount_cents"),
    )  # fmt: skip


class Allocation(Model):
    """Which payment paid how much of which installment; released, never removed, when the payment is reversed."""

    __tablename__ = "allocation"

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"))
    installment_id: Mapped[int] = mapped_column(sa.ForeignKey("installment.id"))
    cents: Mapped[Cents]
    released_at: Mapped[dt.datetime | None]
    payment: Mapped[Payment] = relationship(back_populates="allocations", lazy="raise")
    installment: Mapped[Installment] = relationship(lazy="raise")

    __table_args__ = (
        sa.UniqueConstraint("payment_id", "installment_id"),
        sa.CheckConstraint("cents > 0", name="cents_positive"),
        sa.Index(None, "installment_id"),
    )


class ReceiptSeries(Model):
    """The last number given out in one series; raised as the last statement of a recording."""

    __tablename__ = "receipt_series"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    last_number: Mapped[int]


class Receipt(Model):
    """A receipt for a payment, or the credit note of its reversal; numbered without gaps, content frozen."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    kind: Mapped[ReceiptKind]
    series: Mapped[str] = mapped_column(sa.ForeignKey("receipt_series.name"))
    number: Mapped[int]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"))
    issued_at: Mapped[dt.datetime]
    content: Mapped[dict[str, Any]]
    payment: Mapped[Payment] = relationship(back_populates="receipts", lazy="raise")

    __table_args__ = (
        known("kind", ReceiptKind),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("series", "number"),
        sa.UniqueConstraint("payment_id", "kind"),
        sa.CheckConstraint("number > 0", name="number_positive"),
    )


class ServiceCall(Model):
    """One call to the payment service, stored with its key before the first attempt; each attempt uses that key.

    ``subject`` is the record it is for, ``number`` counts its keys: a key serves 23 hours, then the service is looked
    through, and only if nothing had come of it a new one is made.
    """

    __tablename__ = "service_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(64))
    kind: Mapped[CallKind]
    subject: Mapped[Ref]
    number: Mapped[int] = mapped_column(default=1)
    state: Mapped[CallState] = mapped_column(default=CallState.OPEN)
    created_at: Mapped[dt.datetime]
    tried_at: Mapped[dt.datetime | None]
    looked_up_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    object_id: Mapped[Line | None]
    error: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        known("kind", CallKind),
        known("state", CallState),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("subject", "kind", "number"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_has_instant"),
        sa.CheckConstraint("state <> 'answered' OR object_id IS NOT NULL", name="answered_has_object"),
        sa.CheckConstraint("state <> 'expired' OR looked_up_at IS NOT NULL", name="expired_was_looked_up"),
        sa.Index("uq_service_call_open", "subject", "kind", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
