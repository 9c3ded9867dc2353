"""Refunds with the decision that can be explained years later, their payouts, and withdrawals."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.enrollments.models import Enrollment
from provider.kernel.database import Cents, Line, Model, Ref, known
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.policies.rules import Refusal
from provider.refunds.rules import Channel, PayoutState, RefundBasis, RefundState

_RUNNING = sa.text("state IN ('requested', 'approved', 'settled') AND basis NOT IN ('late_payment', 'outside')")


class Refund(Model):
    """One request for the money back and its decision; approved and declined ones are both kept."""

    __tablename__ = "refund"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    state: Mapped[RefundState]
    basis: Mapped[RefundBasis]
    channel: Mapped[Channel]
    amount_cents: Mapped[Cents]
    asked_at: Mapped[dt.datetime]
    decided_at: Mapped[dt.datetime]
    purchased_at: Mapped[dt.datetime | None]
    deadline_at: Mapped[dt.datetime | None]
    decision: Mapped[dict[str, Any]]
    note: Mapped[str | None] = mapped_column(sa.Text)
    evidence: Mapped[str | None] = mapped_column(sa.Text)
    override_reason: Mapped[str | None] = mapped_column(sa.Text)
    decided_by: Mapped[Ref | None]
    due_on: Mapped[dt.date | None]
    overdue_on: Mapped[dt.date | None]
    settled_at: Mapped[dt.datetime | None]
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    payouts: Mapped[list["Payout"]] = relationship(back_populates="refund", lazy="raise", order_by="Payout.id")

    __table_args__ = (
        known("state", RefundState),
        known("basis", RefundBasis),
        known("channel", Channel),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("amount_cents >= 0", name="amount_not_negative"),
        sa.CheckConstraint("state = 'declined' OR amount_cents > 0", name="approved_has_amount"),
        sa.CheckConstraint("basis <> 'override' OR override_reason IS NOT NULL", name="override_has_reason"),
        sa.CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name="settled_has_instant"),
        sa.Index("uq_refund_running", "enrollment_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        sa.Index(None, "enrollment_id"),
        sa.Index(None, "state", "id"),
    )

    @property
    def refusal(self) -> Refusal | None:
        """Why it was turned down, as decided then."""
        named = self.decision["refusal"]
        return Refusal(named) if named and self.state is RefundState.DECLINED else None


class Payout(Model):
    """One payment's part of a refund, going back to where it came from."""

    __tablename__ = "payout"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    refund_id: Mapped[int] = mapped_column(sa.ForeignKey("refund.id"))
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"))
    amount_cents: Mapped[Cents]
    method: Mapped[PaymentMethod]
    state: Mapped[PayoutState] = mapped_column(default=PayoutState.DUE)
    tries: Mapped[int] = mapped_column(default=0)
    external_reference: Mapped[Line | None]
    sent_at: Mapped[dt.datetime | None]
    sent_by: Mapped[Ref | None]
    failure: Mapped[str | None] = mapped_column(sa.Text)
    refund: Mapped[Refund] = relationship(back_populates="payouts", lazy="raise")
    payment: Mapped[Payment] = relationship(lazy="raise")

    __table_args__ = (
        known("method", PaymentMethod),
        known("state", PayoutState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("refund_id", "payment_id"),
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL) AND (state <> 'sent' OR external_reference IS NOT NULL)",
            name="sent_has_proof",
        ),
        sa.Index(None, "state", "id"),
        sa.Index(None, "sent_at", "amount_cents"),
    )


class Withdrawal(Model):
    """A student leaving the program after the window, decided by staff with a reason."""

    __tablename__ = "withdrawal"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    reason: Mapped[str] = mapped_column(sa.Text)
    waived_cents: Mapped[Cents]
    decided_at: Mapped[dt.datetime]
    decided_by: Mapped[Ref | None]

    __table_args__ = (sa.UniqueConstraint("reference"), sa.UniqueConstraint("enrollment_id"))
