"""The lists of sites and of their openings, each described once: what narrows it, its orders, its columns."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from provider.affiliations import lists
from provider.affiliations.lists import OpeningLine, SiteLine
from provider.affiliations.rules import OpeningState, SiteKind, SiteState
from provider.kernel.forms import Choices, Schema, Text
from provider.kernel.sheets import Column
from provider.programs import queries as programs
from provider.staff import listing
from provider.staff.lists import Listed


def _select(label: str) -> Text:
    return Text(load_default="", longest=32, metadata={"label": label, "widget": "select"})


class FindSites(Schema):
    """What the list of sites is narrowed to."""

    q = Text(load_default="", longest=200, metadata={"label": "Name, city, ZIP code or contact", "widget": "search"})
    kind = _select("Kind")
    state = _select("State")
    sort = _select("Order")


class FindOpenings(Schema):
    """What the list of openings is narrowed to."""

    q = Text(load_default="", longest=200, metadata={"label": "Site, city or contact", "widget": "search"})
    program = _select("Program")
    state = _select("State")
    sort = _select("Order")


class Sites(Listed[SiteLine]):
    """Every site, open or closed."""

    name, title, sorts = "sites", "Sites", lists.SITE_SORTS
    schema: ClassVar[type[Schema]] = FindSites
    found = lists.sites_page

    def choices(self) -> dict[str, Choices]:
        return {
            "kind": listing.states(SiteKind, "All kinds"),
            "state": listing.states(SiteState, "Open and closed"),
        }

    def filters(self, data: Mapping[str, Any]) -> lists.SiteFilters:
        return lists.SiteFilters(
            typed=data.get("q", ""),
            kind=listing.state(SiteKind, data.get("kind", "")),
            state=listing.state(SiteState, data.get("state", "")),
        )

    def columns(self) -> Sequence[Column[SiteLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Site", lambda one: one.name, width=36),
            Column("Kind", lambda one: one.kind.label),
            Column("State", lambda one: one.state.label),
            Column("Locations", lambda one: one.locations),
            Column("Free places", lambda one: one.free),
            Column("Agreement until", lambda one: one.agreed_until),
        ]


class Openings(Listed[OpeningLine]):
    """Every opening of every site."""

    name, title, sorts = "openings", "Openings", lists.OPENING_SORTS
    schema: ClassVar[type[Schema]] = FindOpenings
    found = lists.openings_page

    def choices(self) -> dict[str, Choices]:
        self.codes = programs.codes()
        return {
            "program": listing.programs(self.codes),
            "state": listing.states(OpeningState, "Open and closed"),
        }

    def filters(self, data: Mapping[str, Any]) -> lists.OpeningFilters:
        return lists.OpeningFilters(
            typed=data.get("q", ""),
            state=listing.state(OpeningState, data.get("state", "")),
            program_id=listing.program(self.codes, data.get("program", "")),
        )

    def columns(self) -> Sequence[Column[OpeningLine]]:
        return [
            Column("Reference", lambda one: one.reference),
            Column("Site", lambda one: one.site_name, width=36),
            Column("Location", lambda one: one.location_name, width=28),
            Column("City", lambda one: f"{one.city}, {one.state_code}", width=24),
            Column("Program", lambda one: one.program_code),
            Column("State", lambda one: one.state.label),
            Column("From", lambda one: one.first_on),
            Column("Until", lambda one: one.last_on),
            Column("Days", lambda one: one.pattern.days, width=28),
            Column("Hours", lambda one: one.pattern.hours, width=24),
            Column("Places", lambda one: one.capacity),
            Column("Taken", lambda one: one.taken),
            Column("Preceptor", lambda one: one.preceptor, width=28),
        ]
