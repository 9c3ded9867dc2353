"""Externship requests with their preferences, offers, placements, and the plans of the planner."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.affiliations.models import Opening, SiteContact, SiteLocation
from provider.affiliations.rules import DAY_MINUTES, EVERY_DAY, Pattern, Period, SiteKind
from provider.enrollments.models import Enrollment
from provider.externships.planning import PlanState, RowOutcome
from provider.externships.rules import (
    FEWEST_MILES,
    MOST_MILES,
    MOST_PREFERENCES,
    OfferState,
    PlacementState,
    Point,
    ReleaseReason,
    RequestState,
)
from provider.kernel.database import Model, Ref, known

OPEN_REQUEST_ROWS = sa.text("state NOT IN ('completed', 'withdrawn')")
LIVE_OFFER_ROWS = sa.text("state IN ('proposed', 'sent', 'accepted', 'confirmed')")
ACTIVE_PLACEMENT_ROWS = sa.text("state IN ('planned', 'running')")
# The same with the table's name, for queries that join others.
OPEN_REQUESTS_HERE = sa.text("externship_request.state NOT IN ('completed', 'withdrawn')")
LIVE_OFFERS_HERE = sa.text("offer.state IN ('proposed', 'sent', 'accepted', 'confirmed')")
ACTIVE_PLACEMENTS_HERE = sa.text("placement.state IN ('planned', 'running')")


class ExternshipRequest(Model):
    """A graduate asks for a place; at most one of an enrollment is open.

    ``missing_since`` is set while documents wait for the student, ``reminded_days`` the last reminder of them.
    ``early_reason`` is why staff let somebody ask who has not completed the program.
    """

    __tablename__ = "externship_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    state: Mapped[RequestState] = mapped_column(default=RequestState.REQUESTED)
    asked_at: Mapped[dt.datetime]
    zip: Mapped[str] = mapped_column(sa.String(5))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    miles: Mapped[int]
    weekdays: Mapped[int]
    from_minute: Mapped[int]
    until_minute: Mapped[int]
    earliest_on: Mapped[dt.date]
    site_kind: Mapped[SiteKind | None]
    transport_note: Mapped[str | None] = mapped_column(sa.Text)
    early_reason: Mapped[str | None] = mapped_column(sa.Text)
    missing_since: Mapped[dt.datetime | None]
    reminded_days: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[ReleaseReason | None]
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    preferences: Mapped[list["ExternshipPreference"]] = relationship(
        lazy="raise", order_by="ExternshipPreference.rank", cascade="all, delete-orphan"
    )

    __table_args__ = (
        known("state", RequestState),
        known("site_kind", SiteKind),
        known("end_reason", ReleaseReason),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint(f"miles BETWEEN {FEWEST_MILES} AND {MOST_MILES}", name="miles_allowed"),
        sa.CheckConstraint(f"weekdays BETWEEN 1 AND {EVERY_DAY}", name="weekdays_known"),
        sa.CheckConstraint(
            f"0 <= from_minute AND from_minute < until_minute AND until_minute <= {DAY_MINUTES}", name="hours_in_a_day"
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="coordinates_whole"),
        sa.CheckConstraint(
            "(state IN ('completed', 'withdrawn')) = (ended_at IS NOT NULL)", name="ended_has_instant"
        ),
        sa.CheckConstraint("(state = 'withdrawn') = (end_reason IS NOT NULL)", name="withdrawn_has_reason"),
        sa.Index(
            "uq_externship_request_open", "enrollment_id", unique=True,
            sqlite_where=OPEN_REQUEST_ROWS, postgresql_where=OPEN_REQUEST_ROWS,
        ),
        sa.Index(None, "enrollment_id"),
        sa.Index(None, "state", "asked_at", "id"),
        sa.Index(None, "state", "latitude", "longitude"),
    )  # fmt: skip

    @property
    def point(self) -> Point | None:
        """Where the student lives, as far as the ZIP code tells."""
        if self.latitude is None or self.longitude is None:
            return None
        return Point(self.latitude, self.longitude)

    @property
    def pattern(self) -> Pattern:
        """When the student can be there."""
        return Pattern(self.weekdays, self.from_minute, self.until_minute)


class ExternshipPreference(Model):
    """A location that a student would like, the first the most."""

    __tablename__ = "externship_preference"

    request_id: Mapped[int] = mapped_column(sa.ForeignKey("externship_request.id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    location_id: Mapped[int] = mapped_column(sa.ForeignKey("site_location.id"))
    location: Mapped[SiteLocation] = relationship(lazy="raise")

    __table_args__ = (
        sa.UniqueConstraint("request_id", "location_id"),
        sa.CheckConstraint(f"rank BETWEEN 1 AND {MOST_PREFERENCES}", name="rank_allowed"),
        sa.Index(None, "location_id"),
    )


class PlacementPlan(Model):
    """One run of the planner, with what it was given and what it found; weights are those of its day."""

    __tablename__ = "placement_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    state: Mapped[PlanState] = mapped_column(default=PlanState.QUEUED)
    weights: Mapped[dict[str, Any]]
    inputs: Mapped[dict[str, Any]]
    seed: Mapped[int]
    progress: Mapped[int] = mapped_column(default=0)
    students: Mapped[int | None]
    placed: Mapped[int | None]
    tenths: Mapped[int | None] = mapped_column(sa.BigInteger)
    trouble: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[dt.datetime]
    created_by: Mapped[Ref | None]
    solved_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]

    __table_args__ = (
        known("state", PlanState),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name="progress_percent"),
        sa.Index(None, "state", "id"),
    )


class PlanRow(Model):
    """What a plan says of one request: an opening and why, or why not and the one change that would place it."""

    __tablename__ = "plan_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_plan.id"))
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("externship_request.id"))
    opening_id: Mapped[int | None] = mapped_column(sa.ForeignKey("opening.id"))
    next_opening_id: Mapped[int | None] = mapped_column(sa.ForeignKey("opening.id"))
    tenths: Mapped[int | None]
    cost: Mapped[int | None] = mapped_column(sa.BigInteger)
    pinned: Mapped[bool] = mapped_column(default=False)
    reasons: Mapped[list[Any]]
    outcome: Mapped[RowOutcome] = mapped_column(default=RowOutcome.WAITING)
    remark: Mapped[str | None] = mapped_column(sa.Text)
    request: Mapped[ExternshipRequest] = relationship(lazy="raise")
    opening: Mapped[Opening | None] = relationship(lazy="raise", foreign_keys=[opening_id])
    next_opening: Mapped[Opening | None] = relationship(lazy="raise", foreign_keys=[next_opening_id])

    __table_args__ = (
        known("outcome", RowOutcome),
        sa.UniqueConstraint("plan_id", "request_id"),
        sa.Index(None, "request_id"),
        sa.Index(None, "opening_id"),
        sa.Index(None, "next_opening_id"),
    )


class Offer(Model):
    """A proposed opening for a request, on days that never change; other days are another offer.

    ``site_agreed`` is set on an offer of days that the site itself proposed: the student's word then confirms it.
    """

    __tablename__ = "offer"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("externship_request.id"))
    opening_id: Mapped[int] = mapped_column(sa.ForeignKey("opening.id"))
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offer.id"))
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement_plan.id"))
    state: Mapped[OfferState] = mapped_column(default=OfferState.PROPOSED)
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date]
    tenths: Mapped[int | None]
    site_agreed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]
    created_by: Mapped[Ref | None]
    sent_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    site_answered_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[ReleaseReason | None]
    words: Mapped[str | None] = mapped_column(sa.Text)
    request: Mapped[ExternshipRequest] = relationship(lazy="raise")
    opening: Mapped[Opening] = relationship(lazy="raise")

    __table_args__ = (
        known("state", OfferState),
        known("end_reason", ReleaseReason),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("first_on <= last_on", name="first_before_last"),
        sa.CheckConstraint("(state = 'revoked') = (end_reason IS NOT NULL)", name="revoked_has_reason"),
        sa.CheckConstraint(
            "(state IN ('declined', 'expired', 'revoked')) = (ended_at IS NOT NULL)", name="ended_has_instant"
        ),
        sa.CheckConstraint("state <> 'sent' OR expires_at IS NOT NULL", name="sent_expires"),
        sa.Index(
            "uq_offer_live", "request_id", unique=True, sqlite_where=LIVE_OFFER_ROWS, postgresql_where=LIVE_OFFER_ROWS
        ),
        sa.Index(None, "request_id"),
        sa.Index(None, "opening_id", "state"),
        sa.Index(None, "state", "expires_at"),
    )

    @property
    def period(self) -> Period:
        """The days it is for."""
        return Period(self.first_on, self.last_on)


class Placement(Model):
    """A confirmed offer; at most one of an enrollment is planned or running.

    ``held_on`` is the day from which a document that is required no longer holds: until it does, nothing counts.
    """

    __tablename__ = "placement"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    offer_id: Mapped[int] = mapped_column(sa.ForeignKey("offer.id"))
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("externship_request.id"))
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    opening_id: Mapped[int] = mapped_column(sa.ForeignKey("opening.id"))
    preceptor_id: Mapped[int] = mapped_column(sa.ForeignKey("site_contact.id"))
    state: Mapped[PlacementState] = mapped_column(default=PlacementState.PLANNED)
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date]
    required_hours: Mapped[int]
    tenths: Mapped[int | None]
    confirmed_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    completed_at: Mapped[dt.datetime | None]
    released_at: Mapped[dt.datetime | None]
    release_reason: Mapped[ReleaseReason | None]
    held_on: Mapped[dt.date | None]
    offer: Mapped[Offer] = relationship(lazy="raise")
    request: Mapped[ExternshipRequest] = relationship(lazy="raise")
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    opening: Mapped[Opening] = relationship(lazy="raise")
    preceptor: Mapped[SiteContact] = relationship(lazy="raise")

    __table_args__ = (
        known("state", PlacementState),
        known("release_reason", ReleaseReason),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("offer_id"),
        sa.CheckConstraint("first_on <= last_on", name="first_before_last"),
        sa.CheckConstraint("required_hours >= 0", name="hours_not_negative"),
        sa.CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="released_has_instant"),
        sa.CheckConstraint("(state = 'released') = (release_reason IS NOT NULL)", name="released_has_reason"),
        sa.CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completed_has_instant"),
        sa.Index(
            "uq_placement_active", "enrollment_id", unique=True,
            sqlite_where=ACTIVE_PLACEMENT_ROWS, postgresql_where=ACTIVE_PLACEMENT_ROWS,
        ),
        sa.Index(None, "request_id"),
        sa.Index(None, "enrollment_id"),
        sa.Index(None, "opening_id", "state"),
        sa.Index(None, "preceptor_id"),
        sa.Index(None, "state", "first_on"),
    )  # fmt: skip

    @property
    def period(self) -> Period:
        """The days it is for."""
        return Period(self.first_on, self.last_on)
