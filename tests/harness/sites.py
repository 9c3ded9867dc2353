"""Sites that take students, made by the actions that the pages call: with location, contact, agreement and opening."""

import datetime as dt
import itertools
from dataclasses import dataclass

from provider.affiliations import agreements, openings, queries, sites
from provider.affiliations.agreements import Paper, Terms
from provider.affiliations.openings import OpeningFacts
from provider.affiliations.rules import Pattern, Period, SiteKind, mask
from provider.affiliations.sites import ContactFacts, LocationFacts, SiteFacts
from provider.files.actions import keep
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.places import queries as places
from provider.programs import queries as programs

COORDINATOR = Actor(ActorKind.STAFF, "P-33333333")
AT = dt.datetime(2026, 11, 2, 15, tzinfo=dt.UTC)
WORKDAYS = mask(range(5))
DAYTIME = Pattern(WORKDAYS, 8 * 60, 16 * 60 + 30)
AHEAD = Period(dt.date(2026, 11, 30), dt.date(2027, 3, 31))
IN_FORCE = Period(dt.date(2026, 1, 1), dt.date(2027, 12, 31))
PDF = b"%PDF-1.7\n% An affiliation agreement.\n%%EOF\n"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Supply:
    """A site with one of each, by reference; ``opening_id`` is what places are taken of."""

    site: str
    location: str
    contact: str
    agreement: str | None
    opening: str
    opening_id: int
    site_id: int
    location_id: int
    program_id: int


def supply(
    *,
    program: str = "ccma",
    zip_code: str = "10001",
    capacity: int = 2,
    days: Period = AHEAD,
    pattern: Pattern = DAYTIME,
    agreement: Period | None = IN_FORCE,
    name: str | None = None,
    kind: SiteKind = SiteKind.CLINIC,
    bring: str | None = None,
    at: dt.datetime = AT,
) -> Supply:
    """Make a site with a location, a preceptor who also signs, an agreement in force and an opening, in one unit.

    ``program`` is the program's code in lower case; ``agreement=None`` leaves the site without any. Needs an
    application context.
    """
    number = next(_numbers)
    title = name or f"Clinic {number}"
    program_id = _program(program)
    with unit_of_work():
        made = sites.add_site(SiteFacts(title, kind, (program_id,)), actor=COORDINATOR, at=at)
        location = sites.add_location(made, _address(zip_code), actor=COORDINATOR, at=at)
        contact = sites.add_contact(
            made,
            ContactFacts(
                f"Pat Preceptor {number}",
                f"preceptor{number}@clinic.example",
                "Nurse manager",
                "555-010-0142",
                location.id,
                supervises=True,
                signs=True,
            ),
            actor=COORDINATOR,
            at=at,
        )
        signed = None if agreement is None else _in_force(made.reference, agreement, at)
        facts = OpeningFacts(program_id, contact.id, days, pattern, capacity, bring)
        opening = openings.add_opening(location, facts, actor=COORDINATOR, at=at)
        return Supply(
            made.reference, location.reference, contact.reference, signed, opening.reference,
            opening.id, made.id, location.id, program_id,
        )  # fmt: skip


def agree(site: str, days: Period, *, at: dt.datetime = AT) -> str:
    """Record one more agreement in force with a site, for all of it; returns its reference."""
    with unit_of_work():
        return _in_force(site, days, at)


def offer(
    made: Supply, *, days: Period = AHEAD, pattern: Pattern = DAYTIME, capacity: int = 1, at: dt.datetime = AT
) -> str:
    """Add one more opening at the location of a site; returns its reference."""
    with unit_of_work():
        facts = OpeningFacts(made.program_id, queries.contact(made.contact).id, days, pattern, capacity)
        location = queries.location(made.location)
        return openings.add_opening(location, facts, actor=COORDINATOR, at=at).reference


def _program(code: str) -> int:
    found = {known.lower(): program_id for program_id, known in programs.codes().items()}
    return found[code.lower()]


def _address(zip_code: str) -> LocationFacts:
    known = places.place(zip_code)
    city, state = (known.city, known.state) if known else ("Nowhere", "NY")
    return LocationFacts("Main building", "1 Main Street", city, state, zip_code)


def _in_force(reference: str, days: Period, at: dt.datetime) -> str:
    site = queries.site(reference)
    file = keep(data=PDF, about=reference, actor=COORDINATOR, at=at)
    drafted = agreements.draft(site, Terms(days, 60), file=file, actor=COORDINATOR, at=at)
    today = day_of(at, settings().SCHOOL_ZONE)
    paper = Paper("Pat Preceptor", min(today, days.first_on), "Dana Dean", min(today, days.first_on))
    agreements.record_paper(drafted, paper, actor=COORDINATOR, at=at)
    return drafted.reference
