"""The lists of sites and of openings that coordinators page through: only what they show, limited before joined."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteContact, SiteLocation
from provider.affiliations.rules import (
    SEARCH_KIND,
    AgreementState,
    OpeningState,
    Pattern,
    Period,
    SiteKind,
    SiteState,
)
from provider.kernel.database import db, table
from provider.kernel.finding import Typed
from provider.kernel.paging import KEY, Direction, Page, Sort, outer_order, turned, walk, way
from provider.programs.models import Program
from provider.search.queries import has_word, typed_words

BY_NAME = Sort("name", "By name", "Site", ascending=True, earlier="Before", later="Further")
NEWEST = Sort("newest", "Newest first", "Site")
SITE_SORTS = (BY_NAME, NEWEST)
LATEST = Sort("newest", "Newest first", "Opening")
SOONEST = Sort("ends", "Ends first", "Until", ascending=True, earlier="Before", later="Further")
OPENING_SORTS = (LATEST, SOONEST)
_S, _L, _O = table(Site).c, table(SiteLocation).c, table(Opening).c
_A, _C, _P = table(AffiliationAgreement).c, table(SiteContact).c, table(Program).c


@dataclass(frozen=True, slots=True)
class SiteFilters:
    """What the list of sites is narrowed to; ``typed`` are words of a site, its locations and contacts."""

    typed: str = ""
    kind: SiteKind | None = None
    state: SiteState | None = None


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One site as the list shows it; ``free`` places are those of open openings."""

    id: int
    reference: str
    name: str
    kind: SiteKind
    state: SiteState
    locations: int
    cities: str | None
    free: int
    agreed_until: dt.date | None


def sites_page(
    filters: SiteFilters = SiteFilters(),
    *,
    sort: Sort = BY_NAME,
    before: int | None = None,
    after: int | None = None,
    size: int = 50,
) -> Page[SiteLine]:
    """Return a page of sites, by name unless told, at a cost that does not grow with the table."""
    direction, key = way(before, after)
    query = _sites(filters, typed_words(SEARCH_KIND, filters.typed), sort, direction, size)
    found = [SiteLine(*tuple(row)) for row in db.session.execute(query, {KEY: key} if direction else {})]
    return turned(found, before=before, after=after, size=size, sort=sort)


@lru_cache(maxsize=256)
def _sites(
    filters: SiteFilters, words: tuple[Typed, ...], sort: Sort, direction: Direction | None, size: int
) -> sa.Select[Any]:
    by_name = sort is BY_NAME
    every = sa.select(_S.name, _S.id) if by_name else sa.select(_S.id)
    every = every.where(*(has_word(SEARCH_KIND, word, _S.id) for word in words))
    if filters.kind is not None:
        every = every.where(_S.kind == filters.kind)
    if filters.state is not None:
        every = every.where(_S.state == filters.state)
    row = sa.select(_S.name, _S.id) if by_name else None
    ids = walk([every], row=row, direction=direction, ascending=sort.ascending, size=size)
    lines = _SITE_LINES.join(ids, ids.c.id == _S.id)
    return lines.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))


def _of_site(query: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    return query.correlate(table(Site)).scalar_subquery()


_SITE_LINES = sa.select(
    _S.id,
    _S.reference,
    _S.name,
    _S.kind,
    _S.state,
    _of_site(sa.select(sa.func.count()).select_from(table(SiteLocation)).where(_L.site_id == _S.id)),
    _of_site(sa.select(sa.func.min(_L.city)).where(_L.site_id == _S.id)),
    _of_site(
        sa.select(sa.func.coalesce(sa.func.sum(_O.capacity - _O.taken), 0))
        .select_from(table(Opening).join(table(SiteLocation), _L.id == _O.location_id))
        .where(_L.site_id == _S.id, _O.state == OpeningState.OPEN)
    ),
    _of_site(
        sa.select(sa.func.max(sa.func.coalesce(_A.terminated_on, _A.last_on))).where(
            _A.site_id == _S.id, _A.state == AgreementState.IN_FORCE
        )
    ),
).select_from(table(Site))


@dataclass(frozen=True, slots=True)
class OpeningFilters:
    """What the list of openings is narrowed to; ``typed`` are words of the site."""

    typed: str = ""
    state: OpeningState | None = None
    program_id: int | None = None


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One opening as the list shows it."""

    id: int
    reference: str
    site: str
    site_name: str
    location_id: int
    location_name: str
    city: str
    state_code: str
    program_id: int
    program_code: str
    state: OpeningState
    first_on: dt.date
    last_on: dt.date
    weekdays: int
    from_minute: int
    until_minute: int
    capacity: int
    taken: int
    preceptor: str

    @property
    def period(self) -> Period:
        """The days it is offered for."""
        return Period(self.first_on, self.last_on)

    @property
    def pattern(self) -> Pattern:
        """On which days and at which hours a student is there."""
        return Pattern(self.weekdays, self.from_minute, self.until_minute)


def openings_page(
    filters: OpeningFilters = OpeningFilters(),
    *,
    sort: Sort = LATEST,
    before: int | None = None,
    after: int | None = None,
    size: int = 50,
) -> Page[OpeningLine]:
    """Return a page of openings, newest first unless told, at a cost that does not grow with the table."""
    direction, key = way(before, after)
    query = _openings(filters, typed_words(SEARCH_KIND, filters.typed), sort, direction, size)
    found = [OpeningLine(*tuple(row)) for row in db.session.execute(query, {KEY: key} if direction else {})]
    return turned(found, before=before, after=after, size=size, sort=sort)


@lru_cache(maxsize=256)
def _openings(
    filters: OpeningFilters, words: tuple[Typed, ...], sort: Sort, direction: Direction | None, size: int
) -> sa.Select[Any]:
    by_end = sort is SOONEST
    every = sa.select(_O.last_on, _O.id) if by_end else sa.select(_O.id)
    if words:
        every = every.join_from(table(Opening), table(SiteLocation), _L.id == _O.location_id)
        every = every.where(*(has_word(SEARCH_KIND, word, _L.site_id) for word in words))
    if filters.state is not None:
        every = every.where(_O.state == filters.state)
    if filters.program_id is not None:
        every = every.where(_O.program_id == filters.program_id)
    row = sa.select(_O.last_on, _O.id) if by_end else None
    ids = walk([every], row=row, direction=direction, ascending=sort.ascending, size=size)
    lines = _OPENING_LINES.join(ids, ids.c.id == _O.id)
    return lines.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))


_OPENING_LINES = sa.select(
    _O.id,
    _O.reference,
    _S.reference,
    _S.name,
    _L.id,
    _L.name,
    _L.city,
    _L.state_code,
    _P.id,
    _P.code,
    _O.state,
    _O.first_on,
    _O.last_on,
    _O.weekdays,
    _O.from_minute,
    _O.until_minute,
    _O.capacity,
    _O.taken,
    _C.name,
).select_from(
    table(Opening)
    .join(table(SiteLocation), _L.id == _O.location_id)
    .join(table(Site), _S.id == _L.site_id)
    .join(table(Program), _P.id == _O.program_id)
    .join(table(SiteContact), _C.id == _O.preceptor_id)
)
