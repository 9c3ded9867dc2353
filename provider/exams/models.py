"""The results that students report or a cohort's list brings."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.accounts.models import Person
from provider.exams.rules import Attempt, ExamState
from provider.files.models import File
from provider.kernel.database import Line, Model, Ref, known
from provider.programs.models import Credential

TO_CHECK_ROWS = sa.text("state = 'reported'")
COUNTED_ROWS = sa.text("state <> 'rejected'")
RENEWED_ROWS = sa.text("renew_by IS NOT NULL")


class ExamResult(Model):
    """One attempt at the exam of a credential.

    ``file_id`` is the student's evidence; a result that a list of the issuing body brought has none. ``renew_by`` is
    the last day on which the certificate of a verified pass is good without being renewed.
    """

    __tablename__ = "exam_result"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    about: Mapped[Ref]
    credential_id: Mapped[int] = mapped_column(sa.ForeignKey("credential.id"))
    taken_on: Mapped[dt.date]
    passed: Mapped[bool]
    score: Mapped[int | None]
    certificate_number: Mapped[Line | None]
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("file.id"))
    state: Mapped[ExamState] = mapped_column(default=ExamState.REPORTED)
    reported_at: Mapped[dt.datetime]
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[Ref | None]
    rejection: Mapped[str | None] = mapped_column(sa.Text)
    renew_by: Mapped[dt.date | None]
    person: Mapped[Person] = relationship(lazy="raise")
    credential: Mapped[Credential] = relationship(lazy="raise")
    file: Mapped[File | None] = relationship(lazy="raise")

    __table_args__ = (
        known("state", ExamState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("file_id"),
        sa.CheckConstraint("(state = 'reported') = (decided_at IS NULL)", name="decided_has_instant"),
        sa.CheckConstraint("(state = 'rejected') = (rejection IS NOT NULL)", name="rejected_has_reason"),
        sa.CheckConstraint("renew_by IS NULL OR (state = 'verified' AND passed)", name="renews_what_was_passed"),
        sa.Index(
            "uq_exam_result_attempt", "person_id", "credential_id", "taken_on", unique=True,
            sqlite_where=COUNTED_ROWS, postgresql_where=COUNTED_ROWS,
        ),
        sa.Index("ix_exam_result_to_check", "id", sqlite_where=TO_CHECK_ROWS, postgresql_where=TO_CHECK_ROWS),
        sa.Index(None, "person_id"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "renew_by", sqlite_where=RENEWED_ROWS, postgresql_where=RENEWED_ROWS),
    )  # fmt: skip

    @property
    def attempt(self) -> Attempt:
        """It as the rules read it."""
        return Attempt(self.taken_on, self.passed)
