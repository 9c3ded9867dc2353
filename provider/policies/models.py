"""Refund policy versions and the floors that state law may put under them."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Line, Model, Ref


class RefundPolicy(Model):
    """One version of the refund policy, in force from its date until the next one's."""

    __tablename__ = "refund_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    hours: Mapped[int]
    summary: Mapped[str] = mapped_column(sa.Text)
    effective_from: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime]
    created_by: Mapped[Ref | None]

    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("effective_from"),
        sa.CheckConstraint("hours >= 24", name="hours_at_least_a_day"),
    )

    @property
    def reference(self) -> str:
        """How history names it."""
        return f"POLICY-{self.number}"


class StateFloorRow(Model):
    """A state's law as it was read, with source and date; off until an administrator turns it on."""

    __tablename__ = "state_floor"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    state: Mapped[str] = mapped_column(sa.String(2))
    citation: Mapped[Line]
    rule: Mapped[str] = mapped_column(sa.Text)
    anchor: Mapped[str] = mapped_column(sa.String(32))
    amount: Mapped[int | None]
    unit: Mapped[str | None] = mapped_column(sa.String(32))
    keeps_money: Mapped[bool]
    source: Mapped[str] = mapped_column(sa.Text)
    source_url: Mapped[str | None] = mapped_column(sa.Text)
    confidence: Mapped[str] = mapped_column(sa.String(16))
    as_of: Mapped[dt.date]
    enabled_at: Mapped[dt.datetime | None]
    enabled_by: Mapped[Ref | None]

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("state", "citation"),
        sa.CheckConstraint(
            "enabled_at IS NULL OR (NOT keeps_money AND anchor IN ('acceptance', 'purchase')"
            " AND amount IS NOT NULL AND unit IN ('hours', 'calendar_days', 'business_days'))",
            name="enabled_only_if_whole",
        ),
    )
