"""Places at sites: openings counted, requests with the offer and placement of their state, agreements on each day."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from provider.affiliations import queries as affiliations
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteLocation
from provider.affiliations.rules import AgreementState, Period, SiteState, covers
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.externships.models import ExternshipRequest, Offer, Placement, PlanRow
from provider.externships.planning import RowOutcome
from provider.externships.rules import (
    ENDED_REQUESTS,
    HOLDING_OFFERS,
    OfferState,
    PlacementState,
    ReleaseReason,
    RequestState,
)
from provider.files.models import File
from provider.kernel import clock
from provider.kernel.days import day_of, written
from provider.oversight.checks import Finding, findings, known, rows

_R, _O, _P = RequestState, OfferState, PlacementState
ACTIVE = (_P.PLANNED, _P.RUNNING)
WAITING = (_O.SENT, _O.ACCEPTED)
# What a request in each state has, by counts: offers that wait, that are confirmed; placements planned, run, completed.
_PARTS = ("waiting", "confirmed", "planned", "running", "completed")
_HAS: dict[RequestState, tuple[int, ...]] = {
    _R.OFFERED: (1, 0, 0, 0, 0),
    _R.PLACED: (0, 1, 1, 0, 0),
    _R.RUNNING: (0, 1, 0, 1, 0),
    _R.COMPLETED: (0, 1, 0, 0, 1),
}
_NOTHING = (0, 0, 0, 0, 0)
_ENDED_WITH = {
    ReleaseReason.REFUNDED: (EnrollmentState.REFUNDED,),
    ReleaseReason.WITHDRAWN_FROM_PROGRAM: (EnrollmentState.WITHDRAWN, EnrollmentState.REFUNDED),
}


def opening_counts_its_places() -> Iterator[Finding]:
    """The places taken of an opening are its offers that keep one, and never more than it has."""
    kept = _count(Offer.opening_id, Offer.state.in_(HOLDING_OFFERS))
    number = known(kept.c.number)
    query = (
        sa.select(Opening.reference.label("subject"), Opening.taken, Opening.capacity, number.label("kept"))
        .outerjoin(kept, kept.c.of == Opening.id)
        .where(sa.or_(Opening.taken != number, Opening.taken > Opening.capacity, Opening.taken < 0))
    )
    return findings(query, "has {taken} of {capacity} places taken, and {kept} offers keep one")


def _count(of: sa.orm.InstrumentedAttribute[int], *which: sa.ColumnElement[bool]) -> sa.Subquery:
    return sa.select(of.label("of"), sa.func.count().label("number")).where(*which).group_by(of).subquery()


def one_open_request() -> Iterator[Finding]:
    """An enrollment has at most one externship request that is open or completed."""
    query = (
        sa.select(Enrollment.reference.label("subject"), sa.func.count().label("number"))
        .join(ExternshipRequest, ExternshipRequest.enrollment_id == Enrollment.id)
        .where(ExternshipRequest.state != _R.WITHDRAWN)
        .group_by(Enrollment.reference)
        .having(sa.func.count() > 1)
    )
    return findings(query, "has {number} externship requests that are open or completed")


def one_active_placement() -> Iterator[Finding]:
    """A student has at most one placement of a program that is planned or runs."""
    whose = sa.func.coalesce(sa.cast(Enrollment.person_id, sa.String), Enrollment.reference)
    query = (
        sa.select(
            sa.func.min(Placement.reference).label("subject"),
            sa.func.max(Placement.reference).label("other"),
            sa.func.count().label("number"),
        )
        .join(Enrollment, Enrollment.id == Placement.enrollment_id)
        .where(Placement.state.in_(ACTIVE))
        .group_by(whose, Enrollment.program_id)
        .having(sa.func.count() > 1)
    )
    return findings(query, "is one of {number} placements of a student that are planned or run; another is {other}")


def request_has_what_its_state_says() -> Iterator[Finding]:
    """A request has the live offer and the placement that its state says, and no other."""
    offers = _of_request(Offer, waiting=WAITING, confirmed=(_O.CONFIRMED,), unsent=(_O.PROPOSED,))
    placements = _of_request(Placement, planned=(_P.PLANNED,), running=(_P.RUNNING,), completed=(_P.COMPLETED,))
    columns = {**offers.c, **placements.c}
    counted = [known(columns[name]) for name in _PARTS]
    agree = sa.or_(*(sa.and_(_state_is(state), *_are(counted, has)) for state, has in _expected()))
    query = (
        sa.select(
            ExternshipRequest.reference.label("subject"),
            ExternshipRequest.state,
            *(column.label(name) for name, column in zip(_PARTS, counted, strict=True)),
            known(columns["unsent"]).label("unsent"),
        )
        .outerjoin(offers, offers.c.request_id == ExternshipRequest.id)
        .outerjoin(placements, placements.c.request_id == ExternshipRequest.id)
        .where(sa.or_(~agree, known(columns["unsent"]) > 0, ExternshipRequest.state == _R.REQUESTED))
    )
    for row in rows(query):
        found = row._asdict()
        has = [f"{found[name]} {name}" for name in (*_PARTS, "unsent") if found[name]] or ["nothing"]
        yield row.subject, f"is {row.state.value} and has of offers and placements: {', '.join(has)}"


def _of_request(model: type[Offer] | type[Placement], **states: tuple[OfferState | PlacementState, ...]) -> sa.Subquery:
    """Count what requests have, by names for some states."""
    counts = [sa.func.sum(sa.case((model.state.in_(of), 1), else_=0)).label(name) for name, of in states.items()]
    return sa.select(model.request_id, *counts).group_by(model.request_id).subquery()


def _expected() -> Iterator[tuple[RequestState, tuple[int, ...]]]:
    for state in RequestState:
        yield state, _HAS.get(state, _NOTHING)


def _state_is(state: RequestState) -> sa.ColumnElement[bool]:
    return ExternshipRequest.state == state


def _are(counted: list[sa.ColumnElement[int]], numbers: tuple[int, ...]) -> Iterator[sa.ColumnElement[bool]]:
    return (column == number for column, number in zip(counted, numbers, strict=True))


def placement_is_its_offer() -> Iterator[Finding]:
    """A placement is for the request, the opening and the days of its offer, and released when that is revoked."""
    same = sa.and_(
        Placement.request_id == Offer.request_id,
        Placement.opening_id == Offer.opening_id,
        Placement.enrollment_id == ExternshipRequest.enrollment_id,
        Placement.first_on >= Offer.first_on,
        Placement.last_on == Offer.last_on,
        (Placement.state == _P.RELEASED) == (Offer.state == _O.REVOKED),
    )
    other = (
        sa.select(Placement.reference.label("subject"), Offer.reference.label("offer"))
        .join(Offer, Offer.id == Placement.offer_id)
        .join(ExternshipRequest, ExternshipRequest.id == Offer.request_id)
        .where(~same)
    )
    return findings(other, "is not what its offer {offer} says")


def only_students_are_placed() -> Iterator[Finding]:
    """Whoever asks for a place has completed the program, or was let ask earlier; who left it, or was refunded, not.

    Who was let ask earlier keeps the request while a payment that was recorded in error is made good.
    """
    early = sa.and_(
        Enrollment.state.in_((EnrollmentState.ACTIVE, EnrollmentState.AWAITING_PAYMENT)),
        ExternshipRequest.early_reason.is_not(None),
    )
    query = (
        sa.select(
            ExternshipRequest.reference.label("subject"),
            ExternshipRequest.state,
            Enrollment.reference.label("enrollment"),
            Enrollment.state.label("stands"),
        )
        .join(Enrollment, Enrollment.id == ExternshipRequest.enrollment_id)
        .where(ExternshipRequest.state.not_in(ENDED_REQUESTS), Enrollment.state != EnrollmentState.COMPLETED, ~early)
    )
    yield from findings(query, "is {state}, though the enrollment {enrollment} is {stands}")
    for reason, states in _ENDED_WITH.items():
        untrue = (
            sa.select(ExternshipRequest.reference.label("subject"), Enrollment.state.label("stands"))
            .join(Enrollment, Enrollment.id == ExternshipRequest.enrollment_id)
            .where(ExternshipRequest.end_reason == reason, Enrollment.state.not_in(states))
        )
        yield from findings(untrue, f"ended as {reason.value}, though its enrollment is {{stands}}")


def places_lie_within_agreements() -> Iterator[Finding]:
    """No place is kept or taken on a day that no agreement with its site covers, nor at a site that is closed.

    Who was there to the last day and waits to be completed may be so at a site that has closed since.
    """
    covering = affiliations.covering()
    for row in rows(_kept_places()):
        days = _days(row)
        if not covers(covering.get((row.location_id, row.program_id), ()), days):
            from_to = f"{written(days.first_on)} to {written(days.last_on)}"
            yield row.subject, f"is at {row.location} from {from_to}, and no agreement covers each of these days"
        over = row.placed_state == _P.COMPLETED or (
            row.placed_state == _P.RUNNING and row.last_on < day_of(clock.now(), ZoneInfo(row.zone))
        )
        if not over and SiteState.CLOSED in {row.site_state, row.location_state}:
            yield row.subject, f"is at {row.location}, which is closed"


def _days(row: sa.Row[Any]) -> Period:
    """Return the days that somebody is or was to be there; what was completed early, until that day."""
    if row.completed_at is None:
        return Period(row.first_on, row.last_on)
    over: dt.date = day_of(row.completed_at, ZoneInfo(row.zone))
    return Period(row.first_on, max(row.first_on, min(row.last_on, over)))


def _kept_places() -> sa.Executable:
    """Return each offer that keeps a place, as its placement where there is one."""
    return (
        sa.select(
            sa.func.coalesce(Placement.reference, Offer.reference).label("subject"),
            sa.func.coalesce(Placement.first_on, Offer.first_on).label("first_on"),
            sa.func.coalesce(Placement.last_on, Offer.last_on).label("last_on"),
            Placement.state.label("placed_state"),
            Placement.completed_at,
            Opening.location_id,
            Opening.program_id,
            SiteLocation.reference.label("location"),
            SiteLocation.zone,
            SiteLocation.state.label("location_state"),
            Site.state.label("site_state"),
        )
        .select_from(Offer)
        .join(Opening, Opening.id == Offer.opening_id)
        .join(SiteLocation, SiteLocation.id == Opening.location_id)
        .join(Site, Site.id == SiteLocation.site_id)
        .outerjoin(Placement, Placement.offer_id == Offer.id)
        .where(Offer.state.in_(HOLDING_OFFERS))
    )


def agreement_was_signed_as_kept() -> Iterator[Finding]:
    """What both signed is the file that is kept of an agreement."""
    signed = (AgreementState.SIGNED, AgreementState.IN_FORCE)
    query = (
        sa.select(AffiliationAgreement.reference.label("subject"), AffiliationAgreement.state)
        .outerjoin(File, File.id == AffiliationAgreement.file_id)
        .where(
            AffiliationAgreement.state.in_(signed),
            AffiliationAgreement.document_sha256.is_distinct_from(File.sha256),
        )
    )
    return findings(query, "is {state}, and its signatures stand under another file than the one that is kept")


def plan_sent_what_it_says() -> Iterator[Finding]:
    """A row of a plan that was offered has led to an offer of that opening to that student, and no other row has."""
    led = sa.exists().where(
        Offer.plan_id == PlanRow.plan_id,
        Offer.request_id == PlanRow.request_id,
        Offer.opening_id == PlanRow.opening_id,
    )
    query = (
        sa.select(ExternshipRequest.reference.label("subject"), PlanRow.outcome)
        .join(ExternshipRequest, ExternshipRequest.id == PlanRow.request_id)
        .where((PlanRow.outcome == RowOutcome.OFFERED) != led)
    )
    return findings(query, "stands in a plan as {outcome}, and its offers say otherwise")


CHECKS = (
    opening_counts_its_places,
    one_open_request,
    one_active_placement,
    request_has_what_its_state_says,
    placement_is_its_offer,
    only_students_are_placed,
    places_lie_within_agreements,
    agreement_was_signed_as_kept,
    plan_sent_what_it_says,
)
