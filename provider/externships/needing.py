"""What students need documents for: open requests, and the places that were offered or confirmed."""

from collections.abc import Sequence

import sqlalchemy as sa

from provider.affiliations.models import Opening, Site, SiteLocation
from provider.enrollments.models import Enrollment
from provider.externships.models import (
    ACTIVE_PLACEMENTS_HERE,
    LIVE_OFFERS_HERE,
    OPEN_REQUESTS_HERE,
    ExternshipRequest,
    Offer,
    Placement,
)
from provider.kernel.database import db
from provider.kernel.days import written
from provider.kernel.registry import DocumentsNeeded


def of_person(person_id: int) -> list[DocumentsNeeded]:
    """Return what a student needs documents for: each open request's program, and the site of each place they have.

    A request needs them for as long as it is open, a place through its last day. Two statements.
    """
    requests = (
        sa.select(ExternshipRequest.id, ExternshipRequest.reference, Enrollment.program_id)
        .join(ExternshipRequest.enrollment)
        .where(Enrollment.person_id == person_id, OPEN_REQUESTS_HERE)
        .order_by(ExternshipRequest.id)
    )
    found = db.session.execute(requests).all()
    if not found:
        return []
    programs = {row.id: row.program_id for row in found}
    offers = (
        sa.select(Offer.request_id, Offer.last_on, Site.id, Site.name)
        .join(Opening, Opening.id == Offer.opening_id)
        .join(SiteLocation, SiteLocation.id == Opening.location_id)
        .join(Site, Site.id == SiteLocation.site_id)
        .where(Offer.request_id.in_(list(programs)), LIVE_OFFERS_HERE)
        .order_by(Offer.id)
    )
    places = {
        row.request_id: DocumentsNeeded(
            programs[row.request_id], row.id, row.last_on, f"Your place at {row.name} until {written(row.last_on)}"
        )
        for row in db.session.execute(offers)
    }
    asked = {
        row.id: DocumentsNeeded(row.program_id, None, None, f"Your request for an externship, {row.reference}")
        for row in found
    }
    return [places.get(number, one) for number, one in asked.items()]


def people(program_id: int | None, site_id: int | None) -> Sequence[int]:
    """Return the students for whom it matters what a program, a site, or a site for a program asks for."""
    query = (
        sa.select(Enrollment.person_id)
        .join(ExternshipRequest, ExternshipRequest.enrollment_id == Enrollment.id)
        .where(Enrollment.person_id.is_not(None), OPEN_REQUESTS_HERE)
    )
    if program_id is not None:
        query = query.where(Enrollment.program_id == program_id)
    if site_id is not None:
        places = (
            sa.select(Placement.request_id)
            .join(Opening, Opening.id == Placement.opening_id)
            .join(SiteLocation, SiteLocation.id == Opening.location_id)
            .where(ACTIVE_PLACEMENTS_HERE, SiteLocation.site_id == site_id)
        )
        query = query.where(ExternshipRequest.id.in_(places))
    return [one for one in db.session.scalars(query.distinct().order_by(Enrollment.person_id)) if one is not None]
