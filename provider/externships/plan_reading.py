"""Reads a whole cohort and the openings around it for a plan: few statements, tuples and columns instead of objects.

Like `candidates` it works with numpy, so only the job of a plan imports it.
"""

import datetime as dt
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from provider.affiliations import queries as affiliations
from provider.affiliations.models import Opening, Site, SiteLocation
from provider.affiliations.rules import OpeningState, SiteState
from provider.documents import queries as documents
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentKind, DocumentState
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import EnrollmentState
from provider.externships.candidates import (
    ALWAYS,
    KINDS,
    NO_KIND,
    PAIR,
    SITE_KINDS,
    Degrees,
    Places,
    Students,
    covered_from,
    in_bands,
)
from provider.externships.fitting import minutes_needed
from provider.externships.models import ExternshipPreference, ExternshipRequest, Offer
from provider.externships.planner import Numbers
from provider.externships.rules import MOST_MILES, Box, OfferState, Point, RequestState, box_around
from provider.kernel.database import db, table
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


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everybody who waits for a place, and all openings that lie around one of them."""

    students: Students
    places: Places


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
    students = _students(rows, now)
    return Cohort(students, _places(students, now))


def _students(rows: Sequence[Any], now: dt.datetime) -> Students:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 12
    ids, programs, north, east, miles, weekdays, since, until, earliest, kinds, asked, people = columns
    needed = {program: minutes_needed(hours_of(program)) for program in set(programs)}
    row_of = {request_id: row for row, request_id in enumerate(ids)}
    liked, ranks = _liked(row_of)
    return Students(
        ids=_whole(ids),
        programs=_whole(programs),
        latitude=_degrees(north),
        longitude=_degrees(east),
        miles=_whole(miles),
        weekdays=_whole(weekdays),
        from_minute=_whole(since),
        until_minute=_whole(until),
        earliest=_whole([day.toordinal() for day in earliest]),
        minutes=_whole([needed[program] for program in programs]),
        kinds=_whole([NO_KIND if kind is None else SITE_KIND_OF[kind] for kind in kinds]),
        waited=_whole(_waited(asked, now)),
        papers=_papers(people),
        declined=_declined(row_of),
        liked=liked,
        ranks=ranks,
    )


def _waited(asked: Sequence[dt.datetime], now: dt.datetime) -> list[int]:
    """Return the whole days since each instant as the database gives it: SQLite forgets the zone, which is UTC."""
    there = now.astimezone(dt.UTC).replace(tzinfo=None)
    return [max(0, ((there if at.tzinfo is None else now) - at).days) for at in asked]


def _whole(values: Sequence[int]) -> Numbers:
    return np.array(values, np.int64)


def _degrees(values: Sequence[float | None]) -> Degrees:
    return np.array(values, np.float64)  # None becomes NaN


def _liked(row_of: Mapping[int, int]) -> tuple[Numbers, Numbers]:
    ready = sa.select(_R.id).where(_R.state == RequestState.READY)
    query = sa.select(_P.request_id, _P.location_id, _P.rank).where(_P.request_id.in_(ready))
    found = sorted(
        (row_of[request_id] * PAIR + location_id, rank)
        for request_id, location_id, rank in db.session.execute(query)
        if request_id in row_of
    )
    return _whole([pair for pair, _ in found]), _whole([rank for _, rank in found])


def _declined(row_of: Mapping[int, int]) -> Numbers:
    """Return the sites that students themselves said no to; what a site declined is another thing."""
    joined = table(Offer).join(table(Opening), _F.opening_id == _O.id)
    query = sa.select(_F.request_id, _L.site_id).join_from(joined, table(SiteLocation), _O.location_id == _L.id)
    query = query.where(
        _F.request_id.in_(sa.select(_R.id).where(_R.state == RequestState.READY)),
        _F.state == OfferState.DECLINED,
        _F.site_answered_at.is_(None),
    )
    pairs = {row_of[one] * PAIR + site for one, site in db.session.execute(query) if one in row_of}
    return np.array(sorted(pairs), np.int64)


def _papers(people: Sequence[int | None]) -> Numbers:
    """Return the last day on which each document of each person is good, the best of each kind."""
    good = np.full((len(people), len(KINDS)), ALWAYS, np.int64)
    row_of = {person: row for row, person in enumerate(people)}
    ready = sa.select(_E.person_id).select_from(_COHORT).where(_READY)
    query = sa.select(_D.person_id, _words(_D.kind), _D.expires_on).where(
        _D.state == DocumentState.ACCEPTED, _D.person_id.in_(ready)
    )
    for rows in db.session.execute(query).partitions(AT_A_TIME):
        found = [
            (row_of[person], KIND_OF[kind], _FOREVER if day is None else day.toordinal())
            for person, kind, day in rows
            if person in row_of
        ]
        row, number, day = np.array(found, np.int64).reshape(-1, 3).T
        np.maximum.at(good, (row, number), day)
    return good


def _words(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Read an enum as the text it is stored as: many thousand times, its members would take longer than the query."""
    return sa.type_coerce(column, sa.String)


def _places(students: Students, now: dt.datetime) -> Places:
    rows = db.session.execute(_openings(students)).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 14
    ids, programs, locations, sites, kinds, north, east, zones, weekdays, since, until, first, last, free = columns
    covering = affiliations.covering() if rows else {}
    asked = documents.asked_by(set(programs), set(sites))
    days = {zone: day_of(now, ZoneInfo(zone)).toordinal() for zone in set(zones)}
    pairs = zip(locations, programs, last, strict=True)
    return in_bands(
        Places(
            ids=_whole(ids),
            programs=_whole(programs),
            locations=_whole(locations),
            sites=_whole(sites),
            kinds=_whole([SITE_KIND_OF[kind] for kind in kinds]),
            latitude=_degrees(north),
            longitude=_degrees(east),
            weekdays=_whole(weekdays),
            from_minute=_whole(since),
            until_minute=_whole(until),
            first=_whole([day.toordinal() for day in first]),
            last=_whole([day.toordinal() for day in last]),
            tomorrow=_whole([days[zone] + 1 for zone in zones]),
            covered_from=_whole([covered_from(covering.get((at, code), ()), day) for at, code, day in pairs]),
            papers=_whole([_mask(asked.of(code, site)) for code, site in zip(programs, sites, strict=True)]),
            free=_whole(free),
        )
    )


def _openings(students: Students) -> sa.Select[Any]:
    """Return the query of the openings in the box; the index of locations by latitude and longitude leads to them.

    SQLite would rather walk all openings of the programs, wherever they are: ``+ 0`` takes it their index.
    """
    box = _box(students)
    query = sa.select(
        _O.id, _O.program_id, _O.location_id, _L.site_id, _words(_S.kind), _L.latitude, _L.longitude, _L.zone,
        _O.weekdays, _O.from_minute, _O.until_minute, _O.first_on, _O.last_on, _O.capacity - _O.taken,
    )  # fmt: skip
    joined = table(SiteLocation).join(table(Site), _L.site_id == _S.id)
    return query.select_from(joined.join(table(Opening), _O.location_id == _L.id)).where(
        _L.latitude.between(box.south, box.north),
        _L.longitude.between(box.west, box.east),
        (_O.program_id + 0).in_(sorted({int(program) for program in students.programs})),
        _O.state == OpeningState.OPEN,
        _L.state == SiteState.OPEN,
        _S.state == SiteState.OPEN,
    )


def _box(students: Students) -> Box:
    known = ~np.isnan(students.latitude)
    if not known.any():
        return Box(1.0, 0.0, 1.0, 0.0)  # nothing lies in it
    north, east = students.latitude[known], students.longitude[known]
    corners = [Point(float(latitude), float(longitude)) for latitude in (north.min(), north.max())
               for longitude in (east.min(), east.max())]  # fmt: skip
    boxes = [box_around(corner, MOST_MILES) for corner in corners]
    return Box(
        min(one.south for one in boxes), max(one.north for one in boxes),
        min(one.west for one in boxes), max(one.east for one in boxes),
    )  # fmt: skip


def _mask(kinds: frozenset[DocumentKind]) -> int:
    return sum(1 << KINDS[kind] for kind in kinds)
