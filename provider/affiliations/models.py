"""Sites with their locations, contacts and affiliation agreements, and the openings they offer."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.affiliations.rules import (
    DAY_MINUTES,
    EVERY_DAY,
    AgreementState,
    OpeningState,
    Pattern,
    Period,
    SiteKind,
    SiteState,
)
from provider.files.models import File
from provider.kernel.database import EmailText, Line, Model, Ref, known
from provider.programs.models import Program

_SIGNED = "('signed', 'in_force')"


class Site(Model):
    """A hospital, clinic or laboratory that takes students."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    name: Mapped[Line]
    kind: Mapped[SiteKind]
    state: Mapped[SiteState] = mapped_column(default=SiteState.OPEN)
    notes: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    locations: Mapped[list["SiteLocation"]] = relationship(
        back_populates="site", lazy="raise", order_by="SiteLocation.name"
    )
    contacts: Mapped[list["SiteContact"]] = relationship(
        back_populates="site", lazy="raise", order_by="SiteContact.name"
    )
    agreements: Mapped[list["AffiliationAgreement"]] = relationship(
        back_populates="site", lazy="raise", order_by="AffiliationAgreement.id.desc()"
    )

    __table_args__ = (
        known("kind", SiteKind),
        known("state", SiteState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("name"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_instant"),
    )


class SiteProgram(Model):
    """A site takes students of a program."""

    __tablename__ = "site_program"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"), primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)


class SiteLocation(Model):
    """Where a site works; its coordinates are those of its ZIP code, which a few have none of."""

    __tablename__ = "site_location"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    name: Mapped[Line]
    street: Mapped[Line]
    city: Mapped[str] = mapped_column(sa.String(64))
    state_code: Mapped[str] = mapped_column(sa.String(2))
    zip: Mapped[str] = mapped_column(sa.String(5))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    zone: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[SiteState] = mapped_column(default=SiteState.OPEN)
    notes: Mapped[str | None] = mapped_column(sa.Text)
    site: Mapped[Site] = relationship(back_populates="locations", lazy="raise")

    __table_args__ = (
        known("state", SiteState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("site_id", "name"),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_whole"),
        sa.Index(None, "latitude", "longitude"),
    )


class SiteContact(Model):
    """Somebody at a site whom letters reach; a preceptor is one who ``supervises``."""

    __tablename__ = "site_contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    location_id: Mapped[int | None] = mapped_column(sa.ForeignKey("site_location.id"))
    name: Mapped[Line]
    title: Mapped[Line | None]
    email: Mapped[EmailText]
    phone: Mapped[str | None] = mapped_column(sa.String(40))
    supervises: Mapped[bool] = mapped_column(default=False)
    signs: Mapped[bool] = mapped_column(default=False)
    left_at: Mapped[dt.datetime | None]
    site: Mapped[Site] = relationship(back_populates="contacts", lazy="raise")

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("site_id", "email"),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        sa.Index(None, "location_id"),
    )


class AffiliationAgreement(Model):
    """The dated contract with a site; a renewal is a row of its own.

    ``terminated_on`` is the last day it is in force when notice was given before ``last_on``. Both typed signatures
    stand under the file whose fingerprint is ``document_sha256``.
    """

    __tablename__ = "affiliation_agreement"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("site.id"))
    renews_id: Mapped[int | None] = mapped_column(sa.ForeignKey("affiliation_agreement.id"))
    state: Mapped[AgreementState] = mapped_column(default=AgreementState.DRAFT)
    school_name: Mapped[Line]
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date]
    terminated_on: Mapped[dt.date | None]
    notice_days: Mapped[int]
    all_locations: Mapped[bool] = mapped_column(default=True)
    all_programs: Mapped[bool] = mapped_column(default=True)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("file.id"))
    document_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    signer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("site_contact.id"))
    signature: Mapped[Line | None]
    signed_at: Mapped[dt.datetime | None]
    countersigner_name: Mapped[Line | None]
    countersigner_email: Mapped[EmailText | None]
    countersignature: Mapped[Line | None]
    countersigned_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str | None] = mapped_column(sa.Text)
    site: Mapped[Site] = relationship(back_populates="agreements", lazy="raise")
    file: Mapped[File | None] = relationship(lazy="raise")
    signer: Mapped[SiteContact | None] = relationship(lazy="raise")

    __table_args__ = (
        known("state", AgreementState),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("first_on <= last_on", name="first_before_last"),
        sa.CheckConstraint("terminated_on IS NULL OR terminated_on <= last_on", name="terminated_before_last"),
        sa.CheckConstraint("notice_days BETWEEN 0 AND 366", name="notice_allowed"),
        sa.CheckConstraint("(signature IS NULL) = (signed_at IS NULL)", name="signature_whole"),
        sa.CheckConstraint("(countersignature IS NULL) = (countersigned_at IS NULL)", name="countersignature_whole"),
        sa.CheckConstraint(f"state NOT IN {_SIGNED} OR signed_at IS NOT NULL", name="signed_has_signature"),
        sa.CheckConstraint("state <> 'in_force' OR countersigned_at IS NOT NULL", name="in_force_has_both"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_has_instant"),
        sa.Index(None, "site_id"),
        sa.Index(None, "state", "last_on"),
    )

    @property
    def until(self) -> dt.date:
        """The last day it is in force."""
        return self.terminated_on or self.last_on

    @property
    def period(self) -> Period:
        """The days it covers; none are left when it was ended before its first."""
        return Period(self.first_on, self.until)


class AgreementLocation(Model):
    """An agreement that is not for all locations is for this one."""

    __tablename__ = "agreement_location"

    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliation_agreement.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("site_location.id"), primary_key=True)


class AgreementProgram(Model):
    """An agreement that is not for all programs is for this one."""

    __tablename__ = "agreement_program"

    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("affiliation_agreement.id"), primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)


class Opening(Model):
    """Places at a location for a program between two days; ``taken`` never exceeds ``capacity``."""

    __tablename__ = "opening"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("site_location.id"))
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    preceptor_id: Mapped[int] = mapped_column(sa.ForeignKey("site_contact.id"))
    state: Mapped[OpeningState] = mapped_column(default=OpeningState.OPEN)
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date]
    weekdays: Mapped[int]
    from_minute: Mapped[int]
    until_minute: Mapped[int]
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    bring: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[dt.datetime]
    created_by: Mapped[Ref | None]
    location: Mapped[SiteLocation] = relationship(lazy="raise")
    program: Mapped[Program] = relationship(lazy="raise")
    preceptor: Mapped[SiteContact] = relationship(lazy="raise")

    __table_args__ = (
        known("state", OpeningState),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("first_on <= last_on", name="first_before_last"),
        sa.CheckConstraint("capacity >= 0 AND taken >= 0 AND taken <= capacity", name="taken_at_most_capacity"),
        sa.CheckConstraint(f"weekdays BETWEEN 1 AND {EVERY_DAY}", name="weekdays_known"),
        sa.CheckConstraint(
            f"0 <= from_minute AND from_minute < until_minute AND until_minute <= {DAY_MINUTES}", name="hours_in_a_day"
        ),
        sa.Index(None, "location_id"),
        sa.Index(None, "program_id", "state", "last_on"),
        sa.Index(None, "last_on", "id"),
        sa.Index(None, "preceptor_id"),
    )

    @property
    def free(self) -> int:
        """How many places are left."""
        return self.capacity - self.taken

    @property
    def pattern(self) -> Pattern:
        """On which days and at which hours a student is there."""
        return Pattern(self.weekdays, self.from_minute, self.until_minute)

    @property
    def period(self) -> Period:
        """The days it is offered for."""
        return Period(self.first_on, self.last_on)
