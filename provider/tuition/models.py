"""Tuition plans, each version of them a row, and the record that counsel was asked."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import Cents, Line, Model, Ref, known
from provider.tuition.rules import PlanKind

_ON_SALE = sa.text("retired_at IS NULL")


class TuitionPlan(Model):
    """One version of one way of paying for a program; an edit retires it and adds the next."""

    __tablename__ = "tuition_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    slug: Mapped[str] = mapped_column(sa.String(64))
    version: Mapped[int]
    kind: Mapped[PlanKind]
    title: Mapped[Line]
    total_cents: Mapped[Cents]
    count: Mapped[int]
    sample: Mapped[bool]
    created_at: Mapped[dt.datetime]
    created_by: Mapped[Ref | None]
    retired_at: Mapped[dt.datetime | None]

    __table_args__ = (
        known("kind", PlanKind),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("program_id", "slug", "version"),
        sa.Index(
            "uq_tuition_plan_on_sale",
            "program_id",
            "slug",
            unique=True,
            sqlite_where=_ON_SALE,
            postgresql_where=_ON_SALE,
        ),
        sa.CheckConstraint("total_cents > 0", name="total_positive"),
        sa.CheckConstraint("count BETWEEN 1 AND 24", name="count_allowed"),
        sa.CheckConstraint("kind <> 'upfront' OR count = 1", name="upfront_once"),
    )


class CounselConfirmation(Model):
    """An administrator's word, with name and date, that counsel was asked about one topic (Truth in Lending)."""

    __tablename__ = "counsel_confirmation"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[Line]
    confirmed_on: Mapped[dt.date]
    confirmed_by: Mapped[Ref]

    __table_args__ = (sa.UniqueConstraint("topic"),)

    @property
    def reference(self) -> str:
        """How history names it."""
        return f"COUNSEL-{self.id}"
