"""What a student wishes of a place: where, how far, when, and which; asked for, changed, and looked up on the map."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.affiliations.models import Site, SiteLocation, SiteProgram
from provider.affiliations.rules import DAY_MINUTES, EVERY_DAY, SiteKind, SiteState
from provider.externships.models import ExternshipPreference, ExternshipRequest
from provider.externships.rules import (
    EARLIEST_AHEAD_DAYS,
    FEWEST_MILES,
    MOST_MILES,
    MOST_PREFERENCES,
    Point,
    tenths_of_miles,
)
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.places import queries as places

MOST_CHOICES = 100


class WishRefused(DomainError):
    """A wish that cannot be kept as it is; ``field`` names it."""

    status = 422
    code = "wish_refused"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a student tells of the place they would like; ``locations`` are references, the most wanted first."""

    zip: str
    miles: int
    weekdays: int
    from_minute: int
    until_minute: int
    earliest_on: dt.date
    site_kind: SiteKind | None = None
    locations: tuple[str, ...] = ()
    transport_note: str | None = None


_PLAIN = ("zip", "miles", "weekdays", "from_minute", "until_minute", "earliest_on", "site_kind", "transport_note")


def of(request: ExternshipRequest) -> Wishes:
    """Return the wishes that a request has now."""
    plain = {name: getattr(request, name) for name in _PLAIN}
    return Wishes(**plain, locations=tuple(one.location.reference for one in request.preferences))


def set_on(request: ExternshipRequest, wishes: Wishes, *, program_id: int, today: dt.date) -> None:
    """Give a request its wishes, with the point of its ZIP code on the map; raises WishRefused.

    An unknown ZIP code has no point: such a request is placed by hand. A day that is over may stay as it was.
    """
    _check(wishes, today, unless=request.earliest_on)
    chosen = _locations(wishes.locations, program_id)
    for name in _PLAIN:
        setattr(request, name, getattr(wishes, name))
    point = point_of(wishes.zip)
    request.latitude, request.longitude = (point.latitude, point.longitude) if point else (None, None)
    _prefer(request, chosen)


def point_of(zip_code: str) -> Point | None:
    """Return where a ZIP code lies; None when it is not known, or nobody knows where."""
    place = places.place(zip_code)
    if place is None or place.latitude is None or place.longitude is None:
        return None
    return Point(place.latitude, place.longitude)


def _check(wishes: Wishes, today: dt.date, *, unless: dt.date | None) -> None:
    if not FEWEST_MILES <= wishes.miles <= MOST_MILES:
        raise WishRefused("miles", f"Choose a distance between {FEWEST_MILES} and {MOST_MILES} miles.")
    if not 1 <= wishes.weekdays <= EVERY_DAY:
        raise WishRefused("weekdays", "Choose at least one day on which you can be there.")
    if not 0 <= wishes.from_minute < wishes.until_minute <= DAY_MINUTES:
        raise WishRefused("until_minute", "Choose an end that lies after the beginning.")
    last = today + dt.timedelta(days=EARLIEST_AHEAD_DAYS)
    if wishes.earliest_on != unless and not today <= wishes.earliest_on <= last:
        raise WishRefused("earliest_on", "Choose a day from today on, a year ahead at most.")


def _locations(references: Sequence[str], program_id: int) -> list[SiteLocation]:
    """Return the locations of these references, in their order; each has to take students of the program."""
    if len(set(references)) != len(references):
        raise WishRefused("locations", "Choose each location once.")
    if len(references) > MOST_PREFERENCES:
        raise WishRefused("locations", f"Choose up to {MOST_PREFERENCES} locations.")
    query = _taking(program_id).where(SiteLocation.reference.in_(references))
    found = {one.reference: one for one in db.session.scalars(query)} if references else {}
    if len(found) != len(references):
        raise WishRefused("locations", "One of these locations does not take students now. Choose another one.")
    return [found[reference] for reference in references]


def _prefer(request: ExternshipRequest, chosen: Sequence[SiteLocation]) -> None:
    if [one.location_id for one in request.preferences] == [one.id for one in chosen]:
        return
    if request.preferences:
        request.preferences.clear()
        db.session.flush()  # ranks and locations are unique: the old rows go before the new ones come
    request.preferences.extend(ExternshipPreference(rank=n, location=one) for n, one in enumerate(chosen, 1))


def _taking(program_id: int) -> sa.Select[SiteLocation]:
    return (
        sa.select(SiteLocation)
        .join(SiteLocation.site)
        .join(SiteProgram, SiteProgram.site_id == Site.id)
        .where(SiteProgram.program_id == program_id, Site.state == SiteState.OPEN, SiteLocation.state == SiteState.OPEN)
        .options(joinedload(SiteLocation.site))
    )


def choices(program_id: int, point: Point | None) -> list[tuple[SiteLocation, int | None]]:
    """Return the locations that take students of a program with their distance in tenths of a mile, nearest first.

    One statement. Those that nobody knows the distance of stand last, by name.
    """
    found = [(one, _tenths(one, point)) for one in db.session.scalars(_taking(program_id))]
    found.sort(key=lambda pair: (pair[1] is None, pair[1] or 0, pair[0].site.name, pair[0].name))
    return found[:MOST_CHOICES]


def _tenths(location: SiteLocation, point: Point | None) -> int | None:
    if point is None or location.latitude is None or location.longitude is None:
        return None
    return tenths_of_miles(point, Point(location.latitude, location.longitude))
