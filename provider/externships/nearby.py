"""The openings around a student for placing by hand: by distance, each with all that speaks against it."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.affiliations import queries as affiliations
from provider.affiliations.models import Opening, Site, SiteLocation
from provider.affiliations.rules import OpeningState, Period, SiteState
from provider.documents import queries as documents
from provider.externships import checks, fitting
from provider.externships.fitting import Against
from provider.externships.models import ExternshipRequest
from provider.externships.rules import TENTHS, box_around
from provider.kernel.database import db, not_by_index

MOST = 60  # shown on the page
MOST_READ = 2_000  # of a box


@dataclass(frozen=True, slots=True)
class Near:
    """One opening as the page shows it: how far, on which days, and what speaks against it (nothing: it fits)."""

    opening: Opening
    tenths: int | None
    days: Period | None
    against: tuple[Against, ...]

    @property
    def fits(self) -> bool:
        """Say whether it can be offered by hand."""
        return not self.against


def nearby(request: ExternshipRequest, *, at: dt.datetime) -> list[Near]:
    """Return the openings within a student's miles, the nearest first, those of unknown distance last.

    A box of degrees is asked of the database, the exact distance only of what lies in it; a handful of
    statements, however many openings there are.
    """
    wish = checks.wish_of(request)
    found = [
        (opening, tenths)
        for opening in _in_box(request, at)
        if (tenths := checks.tenths_between(request, opening)) is None or tenths <= request.miles * TENTHS
    ]
    found.sort(key=lambda one: (one[1] is None, one[1] or 0, one[0].id))
    chosen = found[:MOST]
    covering = affiliations.covering({opening.location_id for opening, _ in chosen}) if chosen else {}
    program_id = request.enrollment.program_id
    asked = documents.asked_by([program_id], {opening.location.site_id for opening, _ in chosen})
    near = []
    for opening, tenths in chosen:
        location, today = opening.location, checks.today_at(opening, at)
        place = checks.place_from(
            opening,
            is_open=affiliations.takes_students(opening),
            agreements=covering.get((location.id, opening.program_id), ()),
            papers=asked.of(program_id, location.site_id),
            free=opening.free,
        )
        against = tuple(one for one in fitting.against(wish, place, today) if one.why not in checks.BY_HAND)
        near.append(Near(opening, tenths, fitting.days_for(wish, place, today), against))
    return near


def _in_box(request: ExternshipRequest, at: dt.datetime) -> list[Opening]:
    query = (
        sa.select(Opening)
        .join(Opening.location)
        .join(SiteLocation.site)
        .where(
            not_by_index(Opening.program_id) == request.enrollment.program_id,  # the box leads to fewer
            Opening.state == OpeningState.OPEN,
            Opening.last_on >= at.date(),
            SiteLocation.state == SiteState.OPEN,
            Site.state == SiteState.OPEN,
        )
        .options(
            joinedload(Opening.location, innerjoin=True).joinedload(SiteLocation.site, innerjoin=True),
            joinedload(Opening.preceptor, innerjoin=True),
            joinedload(Opening.program, innerjoin=True),
        )
    )
    if request.point is not None:
        box = box_around(request.point, request.miles)
        inside = sa.and_(
            SiteLocation.latitude.between(box.south, box.north), SiteLocation.longitude.between(box.west, box.east)
        )
        query = query.where(sa.or_(inside, SiteLocation.latitude.is_(None)))
    return list(db.session.scalars(query.order_by(Opening.id).limit(MOST_READ)))
