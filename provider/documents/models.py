"""What programs and sites require, and what students uploaded."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.accounts.models import Person
from provider.documents.rules import DocumentKind, DocumentState, Shown
from provider.files.models import File
from provider.kernel.database import Line, Model, Ref, known

_OF_PROGRAM = sa.text("site_id IS NULL AND ended_at IS NULL")
_OF_SITE = sa.text("program_id IS NULL AND ended_at IS NULL")
_OF_BOTH = sa.text("site_id IS NOT NULL AND program_id IS NOT NULL AND ended_at IS NULL")
TO_CHECK_ROWS = sa.text("state = 'uploaded'")


class DocumentRequirement(Model):
    """A program, a site, or a site for one program asks for a document, until it is ended."""

    __tablename__ = "document_requirement"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    program_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"))
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("site.id"))
    kind: Mapped[DocumentKind]
    remark: Mapped[Line | None]
    created_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

    __table_args__ = (
        known("kind", DocumentKind),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("program_id IS NOT NULL OR site_id IS NOT NULL", name="somebody_asks"),
        sa.Index(
            "uq_document_requirement_of_program", "program_id", "kind", unique=True,
            sqlite_where=_OF_PROGRAM, postgresql_where=_OF_PROGRAM,
        ),
        sa.Index(
            "uq_document_requirement_of_site", "site_id", "kind", unique=True,
            sqlite_where=_OF_SITE, postgresql_where=_OF_SITE,
        ),
        sa.Index(
            "uq_document_requirement_of_both", "site_id", "program_id", "kind", unique=True,
            sqlite_where=_OF_BOTH, postgresql_where=_OF_BOTH,
        ),
    )  # fmt: skip


class StudentDocument(Model):
    """One upload of a student: it belongs to the person, so that it serves each of their enrollments.

    ``expires_on`` is the last day it is good, None when it does not expire; the student states it, staff set it right.
    """

    __tablename__ = "student_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    about: Mapped[Ref]
    kind: Mapped[DocumentKind]
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("file.id"))
    state: Mapped[DocumentState] = mapped_column(default=DocumentState.UPLOADED)
    expires_on: Mapped[dt.date | None]
    uploaded_at: Mapped[dt.datetime]
    checked_at: Mapped[dt.datetime | None]
    checked_by: Mapped[Ref | None]
    refusal: Mapped[str | None] = mapped_column(sa.Text)
    person: Mapped[Person] = relationship(lazy="raise")
    file: Mapped[File] = relationship(lazy="raise")

    __table_args__ = (
        known("kind", DocumentKind),
        known("state", DocumentState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("file_id"),
        sa.CheckConstraint("(state = 'uploaded') = (checked_at IS NULL)", name="checked_has_instant"),
        sa.CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused_has_reason"),
        sa.Index(None, "person_id", "kind"),
        sa.Index("ix_student_document_to_check", "id", sqlite_where=TO_CHECK_ROWS, postgresql_where=TO_CHECK_ROWS),
        sa.Index(None, "state", "expires_on"),
    )

    @property
    def shown(self) -> Shown:
        """It as the rules read it."""
        return Shown(self.kind, self.state, self.expires_on)
