"""Programs and their versions, credentials with their exams, recommendations of credit, questions and answers."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.kernel.database import Line, Model, Ref


class Credential(Model):
    """A certificate of an issuing body, with the plain facts of its exam."""

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(32))
    slug: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[Line]
    body: Mapped[Line]
    minutes: Mapped[int | None]
    scored_items: Mapped[int | None]
    unscored_items: Mapped[int | None]
    options_per_item: Mapped[int | None]
    renewal_months: Mapped[int | None]
    content: Mapped[dict[str, Any]]
    updated_at: Mapped[dt.datetime]
    blueprints: Mapped[list["Blueprint"]] = relationship(
        back_populates="credential", lazy="raise", order_by="Blueprint.id.desc()"
    )
    recommendations: Mapped[list["Recommendation"]] = relationship(
        back_populates="credential", lazy="raise", order_by="Recommendation.id.desc()"
    )

    __table_args__ = (sa.UniqueConstraint("code"), sa.UniqueConstraint("slug"))

    @property
    def reference(self) -> str:
        """How history names it."""
        return self.code


class Blueprint(Model):
    """One version of an exam's topics; percentages are derived from item counts, never stored."""

    __tablename__ = "blueprint"

    id: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[int] = mapped_column(sa.ForeignKey("credential.id"))
    version: Mapped[str] = mapped_column(sa.String(64))
    topics: Mapped[list[Any]]
    credential: Mapped[Credential] = relationship(back_populates="blueprints")

    __table_args__ = (sa.UniqueConstraint("credential_id", "version"),)


class Recommendation(Model):
    """A dated number of credits recommended for a credential; unconfirmed until somebody saw the record.

    ``level`` and ``subject`` are what evaluators recommend beside the number, where somebody wrote them down.
    """

    __tablename__ = "recommendation"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    credential_id: Mapped[int] = mapped_column(sa.ForeignKey("credential.id"))
    credits: Mapped[int]
    level: Mapped[Line | None]
    subject: Mapped[Line | None]
    source: Mapped[str] = mapped_column(sa.Text)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    confirmed_by: Mapped[Line | None]
    confirmed_on: Mapped[dt.date | None]
    sample: Mapped[bool]
    credential: Mapped[Credential] = relationship(back_populates="recommendations")

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("credential_id", "valid_from"),
        sa.CheckConstraint("credits > 0", name="credits_positive"),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_on IS NULL)", name="confirmed_whole"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        sa.Index(
            "uq_recommendation_lasting",
            "credential_id",
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        ),
    )


class Program(Model):
    """What the school teaches and sells; what it says of itself stands in its versions."""

    __tablename__ = "program"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    slug: Mapped[str] = mapped_column(sa.String(64))
    code: Mapped[str] = mapped_column(sa.String(32))
    position: Mapped[int]
    on_sale: Mapped[bool]
    versions: Mapped[list["ProgramVersion"]] = relationship(
        back_populates="program", lazy="raise", order_by="ProgramVersion.number.desc()"
    )

    __table_args__ = (sa.UniqueConstraint("reference"), sa.UniqueConstraint("slug"), sa.UniqueConstraint("code"))


class ProgramVersion(Model):
    """One version of a program's words and terms; an edit makes the next one. The highest number is in force."""

    __tablename__ = "program_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    number: Mapped[int]
    title: Mapped[Line]
    class_weeks: Mapped[int]
    sample: Mapped[bool]
    content: Mapped[dict[str, Any]]
    created_at: Mapped[dt.datetime]
    created_by: Mapped[Ref | None]
    program: Mapped[Program] = relationship(back_populates="versions")

    __table_args__ = (
        sa.UniqueConstraint("program_id", "number"),
        sa.CheckConstraint("class_weeks BETWEEN 1 AND 104", name="class_weeks_allowed"),
    )


class FaqItem(Model):
    """One question with its answer and the instant it was last changed."""

    __tablename__ = "faq_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(64))
    position: Mapped[int]
    question: Mapped[Line]
    answer: Mapped[str] = mapped_column(sa.Text)
    updated_at: Mapped[dt.datetime]

    __table_args__ = (sa.UniqueConstraint("slug"),)

    @property
    def reference(self) -> str:
        """How history names it."""
        return f"Q-{self.id}"
