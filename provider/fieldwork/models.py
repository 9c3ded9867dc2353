"""Hours and procedures, the weeks in which a preceptor approves them, evaluations, visits, and the final record."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.affiliations.models import SiteContact
from provider.affiliations.rules import DAY_MINUTES
from provider.externships.models import Placement
from provider.fieldwork.rules import (
    BatchState,
    EntrySource,
    EntryState,
    EvaluationKind,
    EvaluationState,
    ProcedureKind,
)
from provider.kernel.database import Line, Model, Ref, known
from provider.verification.models import IssuedDocument

_RUNNING = sa.text("until_at IS NULL")
_WAITING = sa.text("state = 'sent'")
_ASKED = sa.text("state = 'asked'")


class EntryBatch(Model):
    """A week of entries that a preceptor was asked to approve; ``question`` is what they asked back."""

    __tablename__ = "entry_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("site_contact.id"))
    week_on: Mapped[dt.date]
    number: Mapped[int]
    state: Mapped[BatchState] = mapped_column(default=BatchState.SENT)
    sent_at: Mapped[dt.datetime]
    reminded_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    signature: Mapped[Line | None]
    question: Mapped[str | None] = mapped_column(sa.Text)
    placement: Mapped[Placement] = relationship(lazy="raise")
    contact: Mapped[SiteContact] = relationship(lazy="raise")

    __table_args__ = (
        known("state", BatchState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("placement_id", "week_on", "number"),
        sa.CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered_has_instant"),
        sa.Index("ix_entry_batch_waiting", "sent_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        sa.Index(None, "contact_id"),
    )


class HoursEntry(Model):
    """Time at a site on one day; no location is asked or stored.

    While the student is clocked in there is no ``until_at`` and no ``minutes``. ``client_key`` is made by the page, so
    that what was sent twice after the line was down counts once. ``exceptions`` are the codes of what is odd about it.
    """

    __tablename__ = "hours_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entry_batch.id"))
    state: Mapped[EntryState] = mapped_column(default=EntryState.ENTERED)
    source: Mapped[EntrySource]
    client_key: Mapped[str] = mapped_column(sa.String(64))
    day_on: Mapped[dt.date]
    from_at: Mapped[dt.datetime]
    until_at: Mapped[dt.datetime | None]
    break_minutes: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int | None]
    approved_minutes: Mapped[int | None]
    exceptions: Mapped[list[Any]]
    remark: Mapped[str | None] = mapped_column(sa.Text)
    returned_because: Mapped[str | None] = mapped_column(sa.Text)
    entered_at: Mapped[dt.datetime]
    placement: Mapped[Placement] = relationship(lazy="raise")

    __table_args__ = (
        known("state", EntryState),
        known("source", EntrySource),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("placement_id", "client_key"),
        sa.CheckConstraint("(until_at IS NULL) = (minutes IS NULL)", name="minutes_when_over"),
        sa.CheckConstraint("until_at IS NULL OR until_at > from_at", name="until_after_from"),
        sa.CheckConstraint(f"minutes IS NULL OR minutes BETWEEN 1 AND {DAY_MINUTES}", name="minutes_in_a_day"),
        sa.CheckConstraint(f"break_minutes BETWEEN 0 AND {DAY_MINUTES}", name="break_in_a_day"),
        sa.CheckConstraint("(state = 'approved') = (approved_minutes IS NOT NULL)", name="approved_has_minutes"),
        sa.CheckConstraint("state = 'entered' OR until_at IS NOT NULL", name="submitted_is_over"),
        sa.CheckConstraint(
            f"approved_minutes IS NULL OR approved_minutes BETWEEN 0 AND {DAY_MINUTES}", name="approved_in_a_day"
        ),
        sa.Index(
            "uq_hours_entry_running", "placement_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING
        ),
        sa.Index(None, "placement_id", "day_on"),
        sa.Index(None, "batch_id"),
    )


class ProcedureEntry(Model):
    """How often something was done on one day; nothing about patients."""

    __tablename__ = "procedure_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entry_batch.id"))
    state: Mapped[EntryState] = mapped_column(default=EntryState.ENTERED)
    client_key: Mapped[str] = mapped_column(sa.String(64))
    day_on: Mapped[dt.date]
    kind: Mapped[ProcedureKind]
    number: Mapped[int]
    approved_number: Mapped[int | None]
    remark: Mapped[str | None] = mapped_column(sa.Text)
    returned_because: Mapped[str | None] = mapped_column(sa.Text)
    entered_at: Mapped[dt.datetime]
    placement: Mapped[Placement] = relationship(lazy="raise")

    __table_args__ = (
        known("state", EntryState),
        known("kind", ProcedureKind),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("placement_id", "client_key"),
        sa.CheckConstraint("number BETWEEN 1 AND 200", name="number_allowed"),
        sa.CheckConstraint("approved_number IS NULL OR approved_number BETWEEN 0 AND 200", name="approved_allowed"),
        sa.CheckConstraint("(state = 'approved') = (approved_number IS NOT NULL)", name="approved_has_number"),
        sa.Index(None, "placement_id", "day_on"),
        sa.Index(None, "batch_id"),
    )


class Evaluation(Model):
    """What a preceptor says of a student, or a student of a site; asked for once of each kind.

    ``asked_of`` is the contact at the site whom the letter went to. ``answers`` are ratings by what is rated; 0 is what
    was not seen.
    """

    __tablename__ = "evaluation"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    kind: Mapped[EvaluationKind]
    state: Mapped[EvaluationState] = mapped_column(default=EvaluationState.ASKED)
    asked_at: Mapped[dt.datetime]
    asked_of: Mapped[Ref | None]
    due_on: Mapped[dt.date]
    reminders: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[dt.datetime | None]
    answers: Mapped[dict[str, Any]]
    words: Mapped[str | None] = mapped_column(sa.Text)
    signature: Mapped[Line | None]
    placement: Mapped[Placement] = relationship(lazy="raise")

    __table_args__ = (
        known("kind", EvaluationKind),
        known("state", EvaluationState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("placement_id", "kind"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_has_instant"),
        sa.Index("ix_evaluation_asked", "due_on", sqlite_where=_ASKED, postgresql_where=_ASKED),
    )


class SiteVisit(Model):
    """A member of staff was at a site, or called it; only staff read what they noted."""

    __tablename__ = "site_visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    visited_on: Mapped[dt.date]
    by_phone: Mapped[bool]
    words: Mapped[str] = mapped_column(sa.Text)
    noted_at: Mapped[dt.datetime]
    noted_by: Mapped[Ref | None]

    __table_args__ = (sa.UniqueConstraint("reference"), sa.Index(None, "placement_id"))


class ExternshipRecord(Model):
    """What a completed externship came to, frozen: hours, procedures, evaluation, signatures.

    ``number`` counts those of a placement: one that was revoked stays, and a new one stands beside it.
    """

    __tablename__ = "externship_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    number: Mapped[int] = mapped_column(default=1)
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("issued_document.id"))
    content: Mapped[dict[str, Any]]
    made_at: Mapped[dt.datetime]
    made_by: Mapped[Ref | None]
    signature: Mapped[Line]
    placement: Mapped[Placement] = relationship(lazy="raise")
    document: Mapped[IssuedDocument] = relationship(lazy="raise")

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("placement_id", "number"),
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.UniqueConstraint("document_id"),
    )
