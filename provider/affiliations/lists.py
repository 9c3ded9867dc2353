"""The lists of sites and of openings that coordinators page through: only what they show, limited before joined."""

import datetime as dt
from dataclasses import dataclass
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
from provider.kernel.database import table
from provider.kernel.lists import Lines, Words
from provider.kernel.paging import Sort
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


def _ways_to_sites(every: sa.Select[Any], filters: SiteFilters, words: Words) -> list[sa.Select[Any]]:
    every = every.where(*(has_word(SEARCH_KIND, word, _S.id) for word in words))
    if filters.kind is not None:
        every = every.where(_S.kind == filters.kind)
    return [every if filters.state is None else every.where(_S.state == filters.state)]


sites_page = Lines(
    SiteLine,
    _SITE_LINES,
    sorts=SITE_SORTS,
    by={BY_NAME: _S.name},
    ways=_ways_to_sites,
    typed=lambda one: typed_words(SEARCH_KIND, one.typed),
).page


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


def _ways_to_openings(every: sa.Select[Any], filters: OpeningFilters, words: Words) -> list[sa.Select[Any]]:
    if words:
        every = every.join_from(table(Opening), table(SiteLocation), _L.id == _O.location_id)
        every = every.where(*(has_word(SEARCH_KIND, word, _L.site_id) for word in words))
    if filters.program_id is not None:
        every = every.where(_O.program_id == filters.program_id)
    return [every if filters.state is None else every.where(_O.state == filters.state)]


openings_page = Lines(
    OpeningLine,
    _OPENING_LINES,
    sorts=OPENING_SORTS,
    by={SOONEST: _O.last_on},
    ways=_ways_to_openings,
    typed=lambda one: typed_words(SEARCH_KIND, one.typed),
).page
