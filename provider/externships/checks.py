"""Whether a place fits a student, asked of the database as it stands: before an offer, and again at each yes."""

import datetime as dt
from zoneinfo import ZoneInfo

from provider.affiliations import queries as affiliations
from provider.affiliations.actions import OpeningClosed
from provider.affiliations.models import Opening
from provider.affiliations.rules import Period, SiteState
from provider.documents import queries as documents
from provider.documents.rules import DocumentKind
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import UNPAID_STATES, EnrollmentState
from provider.externships import fitting, offer_queries
from provider.externships.fitting import Against, Hindrance, Place, Wish
from provider.externships.models import ExternshipRequest, Offer
from provider.externships.refusals import (
    AgreementDoesNotCover,
    DaysOver,
    DocumentsDoNotHold,
    DoesNotFit,
    LastPlaceTaken,
    NotAStudent,
    NotPaid,
)
from provider.externships.rules import UNPLACED_REQUESTS, Point, RequestState, tenths_of_miles
from provider.kernel.days import day_of
from provider.kernel.errors import DomainError
from provider.programs.queries import hours_of

# What a person may decide otherwise than the planner: how far away an unknown ZIP code is, they can look up.
BY_HAND = frozenset({Hindrance.NO_DISTANCE})
LOOKING = UNPLACED_REQUESTS | {RequestState.OFFERED}


def today_at(opening: Opening, at: dt.datetime) -> dt.date:
    """Return the day that it is at an opening's location."""
    return day_of(at, ZoneInfo(opening.location.zone))


def check_student(request: ExternshipRequest) -> None:
    """Pass who has a right to a place: the program completed, or let ask earlier; raises NotAStudent, NotPaid."""
    if waits_for_payment(request):
        raise NotPaid
    if not may_be_placed(request, request.enrollment):
        raise NotAStudent


def may_be_placed(request: ExternshipRequest, enrollment: Enrollment) -> bool:
    """Say whether a student may go: the program is completed, or staff let them ask before (R13)."""
    if enrollment.state is EnrollmentState.COMPLETED:
        return True
    return enrollment.state is EnrollmentState.ACTIVE and request.early_reason is not None


def waits_for_payment(request: ExternshipRequest) -> bool:
    """Say whether a request stays open, without a place, until a payment that was recorded in error is made good."""
    return request.state in LOOKING and request.enrollment.state in UNPAID_STATES


def new_days(request: ExternshipRequest, opening: Opening, at: dt.datetime) -> Period:
    """Return the days of a placement at an opening; raises a refusal for whatever speaks against offering it."""
    today = today_at(opening, at)
    wish, place = wish_of(request), place_of(opening)
    return _days(wish, place, today, ignored=BY_HAND)


def days_left(offer: Offer, at: dt.datetime, *, with_documents: bool = True) -> Period:
    """Return what is left of an offer's days; raises a refusal for whatever speaks against it by now.

    The place is kept for it, so neither a full opening nor one that takes nobody new does.
    """
    request, opening = offer.request, offer.opening
    today = today_at(opening, at)
    wish = wish_of(request, declined=frozenset())
    place = place_of(opening, period=offer.period, kept=True)
    ignored = BY_HAND | {Hindrance.MILES} | (frozenset() if with_documents else {Hindrance.DOCUMENTS})
    return _days(wish, place, today, ignored=ignored, over=True)


def _days(wish: Wish, place: Place, today: dt.date, *, ignored: frozenset[Hindrance], over: bool = False) -> Period:
    found = [one for one in fitting.against(wish, place, today) if one.why not in ignored]
    if found:
        raise refusal(found, place.period, over=over)
    days = fitting.days_for(wish, place, today)
    if days is None:
        raise DaysOver
    return days


def why_not_days(offer: Offer, period: Period, at: dt.datetime) -> tuple[Against, ...]:
    """Return what speaks against other days that the site proposes for the place it was asked for."""
    opening = offer.opening
    wish = wish_of(offer.request, declined=frozenset())
    place = place_of(opening, period=period, kept=True)
    ignored = BY_HAND | {Hindrance.MILES, Hindrance.DOCUMENTS}
    return tuple(one for one in fitting.against(wish, place, today_at(opening, at)) if one.why not in ignored)


def refusal(found: list[Against], period: Period, *, over: bool = False) -> DomainError:
    """Return what speaks against a place as the one refusal that says most; ``over`` for an offer that was good."""
    first = found[0]
    if first.why is Hindrance.AGREEMENT:
        return AgreementDoesNotCover()
    if first.why is Hindrance.FULL:
        return LastPlaceTaken()
    if first.why is Hindrance.CLOSED:
        return OpeningClosed()
    if first.why is Hindrance.DOCUMENTS:
        return DocumentsDoNotHold([kind.label for kind in first.kinds], period.last_on)
    if over and first.why in {Hindrance.DAYS, Hindrance.HOURS}:
        return DaysOver()
    return DoesNotFit([one.sentence for one in found])


def wish_of(request: ExternshipRequest, *, declined: frozenset[int] | None = None) -> Wish:
    """Return a request as the rules of matching read it, documents included."""
    enrollment = request.enrollment
    if declined is None:
        declined = offer_queries.sites_declined([request.id]).get(request.id, frozenset())
    papers = documents.held_by([enrollment.person_id]) if enrollment.person_id is not None else {}
    return Wish(
        id=request.id,
        program_id=enrollment.program_id,
        point=request.point,
        miles=request.miles,
        pattern=request.pattern,
        earliest_on=request.earliest_on,
        required_hours=hours_of(enrollment.program_id),
        declined_sites=declined,
        kind=request.site_kind,
        papers=tuple(papers.get(enrollment.person_id or 0, ())),
    )


def place_of(opening: Opening, *, period: Period | None = None, kept: bool = False) -> Place:
    """Return an opening as the rules of matching read it; ``kept`` when a place of it is the student's already."""
    location, program_id = opening.location, opening.program_id
    agreements = affiliations.covering([location.id]).get((location.id, program_id), ())
    return place_from(
        opening,
        is_open=_is_open(opening) if kept else affiliations.takes_students(opening),
        agreements=agreements,
        papers=documents.asked_by([program_id], [location.site_id]).of(program_id, location.site_id),
        period=period,
        free=1 if kept else opening.free,
    )


def place_from(
    opening: Opening,
    *,
    is_open: bool,
    agreements: tuple[Period, ...],
    papers: frozenset[DocumentKind],
    free: int,
    period: Period | None = None,
) -> Place:
    """Return an opening as the rules of matching read it, from what was read of it already."""
    location = opening.location
    known = location.latitude is not None and location.longitude is not None
    return Place(
        id=opening.id,
        program_id=opening.program_id,
        location_id=location.id,
        site_id=location.site_id,
        kind=location.site.kind,
        point=Point(location.latitude or 0.0, location.longitude or 0.0) if known else None,
        pattern=opening.pattern,
        period=period or opening.period,
        free=free,
        is_open=is_open,
        agreements=agreements,
        papers=papers,
    )


def tenths_between(request: ExternshipRequest, opening: Opening) -> int | None:
    """Return how far an opening is from a student, in tenths of a mile; None where one of them is not known."""
    location = opening.location
    if request.point is None or location.latitude is None or location.longitude is None:
        return None
    return tenths_of_miles(request.point, Point(location.latitude, location.longitude))


def _is_open(opening: Opening) -> bool:
    """Say whether location and site take students; an opening may be closed to new ones and keep those it has."""
    return opening.location.state is SiteState.OPEN and opening.location.site.state is SiteState.OPEN
