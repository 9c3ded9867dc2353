"""Colleges that were written to, and the requests of students."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.accounts.models import Person
from provider.credits.rules import ENDED, CreditState, DecisionChannel, EndReason
from provider.enrollments.models import Enrollment
from provider.exams.models import ExamResult
from provider.kernel.database import EmailText, Line, Model, Ref, known
from provider.programs.models import Credential, Recommendation

_ENDED = ", ".join(f"'{state.value}'" for state in sorted(ENDED))
_ACTIVE = sa.text(f"state NOT IN ({_ENDED})")
# Written out in queries, too: SQLite knows a partial index again by its own words only, not by bound values.
ACTIVE_ROWS = sa.text(f"credit_request.state NOT IN ({_ENDED})")
WRITTEN_ROWS = sa.text("written_at IS NOT NULL")
AT_COLLEGE_ROWS = sa.text("state IN ('sent', 'received')")


class College(Model):
    """A college with the mailbox of its registrar, as a request first named it.

    ``key`` is its name as two names are compared. ``written_at`` is when the first letter went there: from then on
    staff have checked it, and it is offered to others. What proved wrong is followed by ``replaced_by``; this row stays
    as it was, since students agreed to it and letters went there.
    """

    __tablename__ = "college"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    name: Mapped[Line]
    key: Mapped[Line]
    registrar_email: Mapped[EmailText]
    created_at: Mapped[dt.datetime]
    written_at: Mapped[dt.datetime | None]
    replaced_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("college.id"))
    replaced_by: Mapped["College | None"] = relationship(lazy="raise", remote_side="College.id")

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("registrar_email", "key"),
        sa.CheckConstraint("replaced_by_id <> id", name="replaced_by_another"),
        sa.Index(None, "replaced_by_id"),
        sa.CheckConstraint("registrar_email = lower(registrar_email)", name="email_lower"),
        sa.Index("ix_college_written", "name", "id", sqlite_where=WRITTEN_ROWS, postgresql_where=WRITTEN_ROWS),
    )

    @property
    def mailboxes(self) -> list[str]:
        """The registrar's mailbox, and the one that holds since it proved wrong."""
        return [one.registrar_email for one in (self, self.replaced_by) if one is not None]


class CreditRequest(Model):
    """One student's request that a college be told of one credential.

    ``credits``, ``level`` and ``subject`` are those of the recommendation that held on the day of the pass, frozen when
    the student asked (R20). ``consent`` is the text that was agreed to, about what stands beside it, anew
    with each change.
    ``answer_recorded_at`` is when staff wrote down an answer that came by mail, ``answer_thread`` the messages it
    stands in; both are empty once the student answers on the page.
    ``enrollment_id`` is what the right to ask rests on: when its money goes back, an unsent request ends with it (R5).
    ``assigned_to`` is the colleague who sees it through, by reference; nobody's while it is empty.
    ``reminded_days`` is the last reminder that the registrar got, in days after the letter.
    """

    __tablename__ = "credit_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    about: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    credential_id: Mapped[int] = mapped_column(sa.ForeignKey("credential.id"))
    result_id: Mapped[int] = mapped_column(sa.ForeignKey("exam_result.id"))
    recommendation_id: Mapped[int] = mapped_column(sa.ForeignKey("recommendation.id"))
    college_id: Mapped[int] = mapped_column(sa.ForeignKey("college.id"))
    credits: Mapped[int]
    level: Mapped[Line | None]
    subject: Mapped[Line | None]
    legal_name: Mapped[Line]
    student_number: Mapped[Line | None]
    badge_claimed: Mapped[bool]
    consent: Mapped[str] = mapped_column(sa.Text)
    consent_at: Mapped[dt.datetime]
    state: Mapped[CreditState] = mapped_column(default=CreditState.REQUESTED)
    assigned_to: Mapped[Ref | None]
    requested_at: Mapped[dt.datetime]
    asked_for: Mapped[str | None] = mapped_column(sa.Text)
    answer: Mapped[str | None] = mapped_column(sa.Text)
    answer_recorded_at: Mapped[dt.datetime | None]
    answer_thread: Mapped[Ref | None]
    sent_at: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime | None]
    reminded_days: Mapped[int] = mapped_column(default=0)
    decided_at: Mapped[dt.datetime | None]
    decision: Mapped[CreditState | None]
    decision_channel: Mapped[DecisionChannel | None]
    decision_credits: Mapped[int | None]
    decision_course: Mapped[Line | None]
    decision_reason: Mapped[str | None] = mapped_column(sa.Text)
    decision_by: Mapped[Line | None]
    decision_evidence: Mapped[str | None] = mapped_column(sa.Text)
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[EndReason | None]
    end_words: Mapped[str | None] = mapped_column(sa.Text)
    person: Mapped[Person] = relationship(lazy="raise")
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    credential: Mapped[Credential] = relationship(lazy="raise")
    result: Mapped[ExamResult] = relationship(lazy="raise")
    recommendation: Mapped[Recommendation] = relationship(lazy="raise")
    college: Mapped[College] = relationship(lazy="raise")

    __table_args__ = (
        known("state", CreditState),
        sa.CheckConstraint("decision IN ('granted', 'partly_granted', 'denied')", name="decision_known"),
        known("decision_channel", DecisionChannel),
        known("end_reason", EndReason),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("credits > 0", name="credits_positive"),
        sa.CheckConstraint(f"(state IN ({_ENDED})) = (ended_at IS NOT NULL)", name="ended_has_instant"),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_has_reason"),
        sa.CheckConstraint(
            "state NOT IN ('sent', 'received', 'granted', 'partly_granted', 'denied') OR sent_at IS NOT NULL",
            name="sent_has_instant",
        ),
        sa.CheckConstraint(
            "state NOT IN ('requested', 'verified', 'needs_information', 'withdrawn') OR sent_at IS NULL",
            name="unsent_has_no_instant",
        ),
        sa.CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decision_has_instant"),
        sa.CheckConstraint("(decided_at IS NULL) = (decision_channel IS NULL)", name="decision_has_channel"),
        sa.CheckConstraint("decided_at IS NULL OR sent_at IS NOT NULL", name="decided_after_sent"),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'partly_granted', 'denied') OR (decision IS NOT NULL AND decision = state)",
            name="decided_as_it_says",
        ),
        sa.CheckConstraint(
            "decision IS NULL OR (decision = 'denied') = (decision_credits IS NULL)", name="grants_have_credits"
        ),
        sa.CheckConstraint("decision_credits BETWEEN 1 AND credits", name="granted_at_most_recommended"),
        sa.CheckConstraint("state <> 'needs_information' OR asked_for IS NOT NULL", name="asked_has_words"),
        sa.CheckConstraint("answer_thread IS NULL OR answer_recorded_at IS NOT NULL", name="thread_was_recorded"),
        sa.Index(
            "uq_credit_request_active", "person_id", "credential_id", unique=True,
            sqlite_where=_ACTIVE, postgresql_where=_ACTIVE,
        ),
        sa.Index("ix_credit_request_at_college", "sent_at", "id", sqlite_where=AT_COLLEGE_ROWS,
                 postgresql_where=AT_COLLEGE_ROWS),
        sa.Index(None, "person_id", "id"),
        sa.Index(None, "enrollment_id"),
        sa.Index(None, "college_id", "state", "id"),
        sa.Index(None, "assigned_to", "state", "id"),
        sa.Index(None, "state", "id"),
    )  # fmt: skip
