"""Reads a whole cohort and the openings around it for a plan: few statements, tuples and columns instead of objects.

What it reads goes to the solver's process as it is (`plan_columns`): the worker itself never loads numpy.
"""

import datetime as dt
import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from provider.affiliations import queries as affiliations
from provider.affiliations.models import Opening, Site, SiteLocation
from provider.affiliations.rules import OpeningState, SiteState
from provider.documents import queries as documents
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentKind, DocumentState
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.externships.fitting import minutes_needed
from provider.externships.models import ExternshipPreference, ExternshipRequest, Offer
from provider.externships.plan_columns import (
    KINDS,
    NO_KIND,
    PAIR,
    SITE_KINDS,
    Cohort,
    Column,
    covered_from,
    degrees,
    whole,
)
from provider.externships.rules import MOST_MILES, Box, OfferState, Point, RequestState, box_around
from provider.kernel.database import db, not_by_index, table
from provider.kernel.days import day_of
from provider.programs.queries import hours_of

_R, _E, _P = table(ExternshipRequest).c, table(Enrollment).c, table(ExternshipPreference).c
_F, _O = table(Offer).c, table(Opening).c
_L, _S, _D = table(SiteLocation).c, table(Site).c, table(StudentDocument).c
_COHORT = table(ExternshipRequest).join(table(Enrollment), _R.enrollment_id == _E.id)
# Ready for a place, and still somebody to be placed (`checks.may_be_placed`).
_READY = sa.and_(
    _R.state == RequestState.READY,
    sa.or_(
        _E.state == EnrollmentState.COMPLETED,
        sa.and_(_E.state == EnrollmentState.ACTIVE, _R.early_reason.is_not(None)),
    ),
)
KIND_OF = {kind.value: number for kind, number in KINDS.items()}
SITE_KIND_OF = {kind.value: number for kind, number in SITE_KINDS.items()}
_FOREVER = dt.date.max.toordinal()
AT_A_TIME = 4_000  # rows of documents


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for garbage: rows are many and make no rings, and each look goes through all of them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@_uncollected()
def read(*, now: dt.datetime, left_out: Sequence[str] = ()) -> Cohort:
    """Read who is ready for a place, but for the references left out, with the openings around; ten statements or so.

    The openings are those of their programs in the box that holds them all; `MOST_MILES` around the outermost.
    """
    query = sa.select(
        _R.id, _E.program_id, _R.latitude, _R.longitude, _R.miles, _R.weekdays, _R.from_minute, _R.until_minute,
        _R.earliest_on, _words(_R.site_kind), sa.type_coerce(_R.asked_at, sa.DateTime), _E.person_id,
    )  # fmt: skip
    # In the order of the queue, whose index leads; by id alone SQLite would sort what it finds all over the table.
    query = query.select_from(_COHORT).where(_READY).order_by(_R.asked_at, _R.id)
    if left_out:
        query = query.where(_R.reference.not_in(left_out))
    rows = db.session.execute(query).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 12
    ids, programs, north, east, miles, weekdays, since, until, earliest, kinds, asked, people = columns
    needed = {program: minutes_needed(hours_of(program)) for program in set(programs)}
    row_of = {request_id: row for row, request_id in enumerate(ids)}
    number_of = {person: number for number, person in enumerate(dict.fromkeys(people))}
    liked, ranks = _liked(row_of)
    students = {
        "ids": whole(ids),
        "programs": whole(programs),
        "latitude": degrees(north),
        "longitude": degrees(east),
        "miles": whole(miles),
        "weekdays": whole(weekdays),
        "from_minute": whole(since),
        "until_minute": whole(until),
        "earliest": whole([day.toordinal() for day in earliest]),
        "minutes": whole([needed[program] for program in programs]),
        "kinds": whole([NO_KIND if kind is None else SITE_KIND_OF[kind] for kind in kinds]),
        "waited": whole(_waited(asked, now)),
        "people": whole([number_of[person] for person in people]),
        "declined": _declined(row_of),
        "liked": liked,
        "ranks": ranks,
    }
    return Cohort(students, _places(set(programs), _box(north, east), now), _papers(number_of))


def _waited(asked: Sequence[dt.datetime], now: dt.datetime) -> list[int]:
    """Return the whole days since each instant as the database gives it: SQLite forgets the zone, which is UTC."""
    there = now.astimezone(dt.UTC).replace(tzinfo=None)
    return [max(0, ((there if at.tzinfo is None else now) - at).days) for at in asked]


def _liked(row_of: Mapping[int, int]) -> tuple[Column, Column]:
    ready = sa.select(_R.id).where(_R.state == RequestState.READY)
    query = sa.select(_P.request_id, _P.location_id, _P.rank).where(_P.request_id.in_(ready))
    found = sorted(
        (row_of[request_id] * PAIR + location_id, rank)
        for request_id, location_id, rank in db.session.execute(query)
        if request_id in row_of
    )
    return whole([pair for pair, _ in found]), whole([rank for _, rank in found])


def _declined(row_of: Mapping[int, int]) -> Column:
    """Return the sites that students themselves said no to; what a site declined is another thing."""
    joined = table(Offer).join(table(Opening), _F.opening_id == _O.id)
    query = sa.select(_F.request_id, _L.site_id).join_from(joined, table(SiteLocation), _O.location_id == _L.id)
    query = query.where(
        _F.request_id.in_(sa.select(_R.id).where(_R.state == RequestState.READY)),
        _F.state == OfferState.DECLINED,
        _F.site_answered_at.is_(None),
    )
    pairs = {row_of[one] * PAIR + site for one, site in db.session.execute(query) if one in row_of}
    return whole(sorted(pairs))


def _papers(number_of: Mapping[int | None, int]) -> tuple[Column, Column, Column]:
    """Return whose each document is, its kind, and its last good day."""
    person, kind, until = whole([]), whole([]), whole([])
    ready = sa.select(_E.person_id).select_from(_COHORT).where(_READY)
    query = sa.select(_D.person_id, _words(_D.kind), _D.expires_on).where(
        _D.state == DocumentState.ACCEPTED, _D.person_id.in_(ready)
    )
    for rows in db.session.execute(query).partitions(AT_A_TIME):
        mine = [row for row in rows if row[0] in number_of]
        person.extend([number_of[one] for one, _, _ in mine])
        kind.extend([KIND_OF[one] for _, one, _ in mine])
        until.extend([_FOREVER if day is None else day.toordinal() for _, _, day in mine])
    return person, kind, until


def _words(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Read an enum as the text it is stored as: many thousand times, its members would take longer than the query."""
    return sa.type_coerce(column, sa.String)


def _places(program_ids: Collection[int], box: Box, now: dt.datetime) -> dict[str, Column]:
    rows = db.session.execute(_openings(program_ids, box)).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 14
    ids, programs, locations, sites, kinds, north, east, zones, weekdays, since, until, first, last, free = columns
    covering = affiliations.covering() if rows else {}
    asked = documents.asked_by(set(programs), set(sites))
    days = {zone: day_of(now, ZoneInfo(zone)).toordinal() for zone in set(zones)}
    pairs = zip(locations, programs, last, strict=True)
    return {
        "ids": whole(ids),
        "programs": whole(programs),
        "locations": whole(locations),
        "sites": whole(sites),
        "kinds": whole([SITE_KIND_OF[kind] for kind in kinds]),
        "latitude": degrees(north),
        "longitude": degrees(east),
        "weekdays": whole(weekdays),
        "from_minute": whole(since),
        "until_minute": whole(until),
        "first": whole([day.toordinal() for day in first]),
        "last": whole([day.toordinal() for day in last]),
        "tomorrow": whole([days[zone] + 1 for zone in zones]),
        "covered_from": whole([covered_from(covering.get((at, code), ()), day) for at, code, day in pairs]),
        "papers": whole([_mask(asked.of(code, site)) for code, site in zip(programs, sites, strict=True)]),
        "free": whole(free),
    }


def _openings(program_ids: Collection[int], box: Box) -> sa.Select[Any]:
    """Return the query of the openings in the box; the index of locations by latitude and longitude leads to them.

    SQLite would rather walk all openings of the programs, wherever they are.
    """
    query = sa.select(
        _O.id, _O.program_id, _O.location_id, _L.site_id, _words(_S.kind), _L.latitude, _L.longitude, _L.zone,
        _O.weekdays, _O.from_minute, _O.until_minute, _O.first_on, _O.last_on, _O.capacity - _O.taken,
    )  # fmt: skip
    joined = table(SiteLocation).join(table(Site), _L.site_id == _S.id)
    return query.select_from(joined.join(table(Opening), _O.location_id == _L.id)).where(
        _L.latitude.between(box.south, box.north),
        _L.longitude.between(box.west, box.east),
        not_by_index(_O.program_id).in_(sorted(program_ids)),
        _O.state == OpeningState.OPEN,
        _L.state == SiteState.OPEN,
        _S.state == SiteState.OPEN,
    )


def _box(north: Sequence[float | None], east: Sequence[float | None]) -> Box:
    """Return the box that holds everything around everybody who is on the map."""
    latitudes, longitudes = ([one for one in column if one is not None] for column in (north, east))
    if not latitudes or not longitudes:
        return Box(1.0, 0.0, 1.0, 0.0)  # nothing lies in it
    corners = [Point(latitude, longitude) for latitude in (min(latitudes), max(latitudes))
               for longitude in (min(longitudes), max(longitudes))]  # fmt: skip
    boxes = [box_around(corner, MOST_MILES) for corner in corners]
    return Box(
        min(one.south for one in boxes), max(one.north for one in boxes),
        min(one.west for one in boxes), max(one.east for one in boxes),
    )  # fmt: skip


def _mask(kinds: frozenset[DocumentKind]) -> int:
    return sum(1 << KINDS[kind] for kind in kinds)
