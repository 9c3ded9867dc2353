"""Enrollments, the agreement each student accepted, and the installments frozen with it."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column, relationship

from provider.enrollments.rules import OWED_STATES, EnrollmentState, InstallmentState
from provider.kernel.database import Cents, EmailText, Line, Model, Ref, known

# Written out in queries, too: SQLite knows a partial index again by its own words only, not by bound values.
OPEN_ROWS = sa.text("state IN ('started', 'awaiting_payment', 'active')")
JOINED_ROWS = sa.text("person_id IS NOT NULL AND state IN ('awaiting_payment', 'active')")
ACTIVE_ROWS = sa.text("state = 'active'")
PAST_DUE_ROWS = sa.text("installment.state = 'past_due'")
_PAST_DUE = sa.text("state = 'past_due'")
_ON_HOLD = sa.text("hold_on IS NOT NULL")


class Enrollment(Model):
    """One student in one program under one plan.

    ``submission_key`` is the hash of the browser session's random key. ``claimed_email`` is what was typed;
    ``person_id`` is set once the address was proved.
    """

    __tablename__ = "enrollment"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("tuition_plan.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    state: Mapped[EnrollmentState] = mapped_column(default=EnrollmentState.STARTED)
    submission_key: Mapped[str] = mapped_column(sa.String(64))
    answers_digest: Mapped[str] = mapped_column(sa.String(64))
    legal_name: Mapped[Line]
    claimed_email: Mapped[EmailText]
    phone: Mapped[str | None] = mapped_column(sa.String(40))
    state_code: Mapped[str] = mapped_column(sa.String(2))
    zip: Mapped[str] = mapped_column(sa.String(5))
    zone: Mapped[str] = mapped_column(sa.String(64))
    accepted_at: Mapped[dt.datetime]
    proved_at: Mapped[dt.datetime | None]
    purchased_at: Mapped[dt.datetime | None]
    completed_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    hold_on: Mapped[dt.date | None]
    agreement: Mapped["Agreement"] = relationship(back_populates="enrollment", lazy="raise")
    installments: Mapped[list["Installment"]] = relationship(
        back_populates="enrollment", lazy="raise", order_by="Installment.number"
    )

    __table_args__ = (
        known("state", EnrollmentState),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("claimed_email = lower(claimed_email)", name="email_lower"),
        sa.CheckConstraint(
            "state NOT IN ('active', 'completed', 'refunded', 'withdrawn') OR purchased_at IS NOT NULL",
            name="paid_states_have_a_purchase",
        ),
        sa.Index(
            "uq_enrollment_submission", "submission_key", "program_id", unique=True,
            sqlite_where=OPEN_ROWS, postgresql_where=OPEN_ROWS,
        ),
        sa.Index(
            "uq_enrollment_person", "person_id", "program_id", unique=True,
            sqlite_where=JOINED_ROWS, postgresql_where=JOINED_ROWS,
        ),
        sa.Index(
            "uq_enrollment_active_email", "claimed_email", "program_id", unique=True,
            sqlite_where=ACTIVE_ROWS, postgresql_where=ACTIVE_ROWS,
        ),
        sa.Index(None, "person_id"),
        sa.Index(None, "submission_key", "person_id"),
        sa.Index("ix_enrollment_on_hold", "id", sqlite_where=_ON_HOLD, postgresql_where=_ON_HOLD),
        sa.Index(None, "state", "id"),
        sa.Index(None, "program_id", "id"),
        sa.Index(None, "program_id", "state", "id"),
    )  # fmt: skip


def _on_paper(kind: sa.types.TypeEngine[Any]) -> MappedColumn[Any]:
    """Declare a column that only the agreement itself shows; it is read when it is asked for."""
    return mapped_column(kind, deferred=True, deferred_group="paper")


class Agreement(Model):
    """The terms a student accepted, frozen: later edits of the catalog never reach them."""

    __tablename__ = "agreement"

    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"), primary_key=True)
    program_code: Mapped[str] = mapped_column(sa.String(32))
    program_title: Mapped[Line]
    program_version: Mapped[int]
    class_weeks: Mapped[int]
    plan_title: Mapped[Line]
    plan_kind: Mapped[str] = mapped_column(sa.String(32))
    plan_version: Mapped[int]
    total_cents: Mapped[Cents]
    policy_number: Mapped[int]
    policy_hours: Mapped[int]
    inclusions: Mapped[list[Any]] = _on_paper(sa.JSON())
    credits: Mapped[list[Any]] = _on_paper(sa.JSON())
    prerequisites: Mapped[list[Any]] = _on_paper(sa.JSON())
    terms: Mapped[str] = _on_paper(sa.Text())
    terms_sha256: Mapped[str] = _on_paper(sa.String(64))
    consent: Mapped[str] = _on_paper(sa.Text())
    signature: Mapped[Line]
    accepted_at: Mapped[dt.datetime]
    client_address: Mapped[str] = _on_paper(sa.String(64))
    sample: Mapped[bool]
    enrollment: Mapped[Enrollment] = relationship(back_populates="agreement")


class Installment(Model):
    """A dated amount of one enrollment, frozen at acceptance, with what was paid of it."""

    __tablename__ = "installment"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    number: Mapped[int]
    due_on: Mapped[dt.date]
    amount_cents: Mapped[Cents]
    paid_cents: Mapped[Cents] = mapped_column(default=0)
    state: Mapped[InstallmentState] = mapped_column(default=InstallmentState.SCHEDULED)
    enrollment: Mapped[Enrollment] = relationship(back_populates="installments", lazy="raise")

    __table_args__ = (
        known("state", InstallmentState),
        sa.UniqueConstraint("enrollment_id", "number"),
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
        sa.CheckConstraint("paid_cents BETWEEN 0 AND amount_cents", name="paid_at_most_amount"),
        sa.CheckConstraint("(state = 'paid') = (paid_cents = amount_cents)", name="paid_when_whole"),
        sa.Index(None, "state", "due_on"),
        # Holds only what is late: an enrollment that is made, or paid, never touches it. The state stands in it, too,
        # or SQLite would take the index above, and sort.
        sa.Index(
            "ix_installment_past_due", "state", "enrollment_id", sqlite_where=_PAST_DUE, postgresql_where=_PAST_DUE
        ),
        sa.Index("ix_installment_past_due_by_day", "due_on", "id", sqlite_where=_PAST_DUE, postgresql_where=_PAST_DUE),
    )

    @property
    def reference(self) -> str:
        """How history names it: the enrollment's id and the row's number."""
        return f"I-{self.enrollment_id}-{self.number}"

    @property
    def open_cents(self) -> int:
        """What is still to be paid of it; nothing once it is waived or canceled."""
        return self.amount_cents - self.paid_cents if self.state in OWED_STATES else 0
