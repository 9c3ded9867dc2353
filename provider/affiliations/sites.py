"""Adding and changing sites, their locations and their contacts; what was left as it was is no change."""

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import sqlalchemy as sa

from provider.accounts.links import revoke_links
from provider.affiliations import queries
from provider.affiliations.models import Site, SiteContact, SiteLocation, SiteProgram
from provider.affiliations.rules import (
    CONTACT_PREFIX,
    LOCATION_PREFIX,
    OFFER_PLACES,
    SEARCH_KIND,
    SITE_LIFECYCLE,
    SITE_PREFIX,
    SiteKind,
    SiteState,
)
from provider.history.actions import born, difference, move, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, insert
from provider.kernel.errors import DomainError
from provider.places import queries as places
from provider.places.rules import usual_zone
from provider.search.actions import file_anew


class NameTaken(DomainError):
    """Another record has this name already."""

    code = "name_taken"


class ContactTaken(DomainError):
    """The site has a contact with this address already."""

    code = "contact_taken"
    sentence = "This site has a contact with this e-mail address already. Change that contact, or use another address."


class SiteIsClosed(DomainError):
    """A closed site gets nothing new, and its locations stay closed."""

    code = "site_closed"
    sentence = "This site is closed. Open it again first."


class ContactNeeded(DomainError):
    """Somebody is still named where a contact is needed."""

    code = "contact_needed"
    sentence = "This contact is the preceptor of an open opening. Name another preceptor there first."


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What is kept of a site."""

    name: str
    kind: SiteKind
    programs: tuple[int, ...] = ()
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class LocationFacts:
    """What is kept of a location; ``zone`` is only asked where the ZIP code is not known."""

    name: str
    street: str
    city: str
    state_code: str
    zip: str
    zone: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What is kept of a contact; ``location_id`` is None for one who is for the whole site."""

    name: str
    email: str
    title: str | None = None
    phone: str | None = None
    location_id: int | None = None
    supervises: bool = False
    signs: bool = False


def add_site(facts: SiteFacts, *, actor: Actor, at: dt.datetime) -> Site:
    """Add a site that is open and has no location yet; raises NameTaken."""
    _check_site_name(facts.name)
    site = Site(
        reference=references.new(SITE_PREFIX),
        name=facts.name,
        kind=facts.kind,
        notes=facts.notes,
        state=SiteState.OPEN,
        created_at=at,
    )
    db.session.add(site)
    db.session.flush()
    _take_programs(site, facts.programs)
    born(site, actor=actor, at=at)
    file_site(site)
    return queries.site(site.reference)


def change_site(site: Site, facts: SiteFacts, *, actor: Actor, at: dt.datetime) -> Site:
    """Change a site; raises NameTaken. ``site`` is locked."""
    _check_site_name(facts.name, but=site.id)
    old = SiteFacts(site.name, site.kind, queries.programs_taken(site.id), site.notes)
    new = SiteFacts(facts.name, facts.kind, tuple(sorted(facts.programs)), facts.notes)
    if old == new:
        return site
    site.name, site.kind, site.notes = facts.name, facts.kind, facts.notes
    if old.programs != new.programs:
        db.session.execute(sa.delete(SiteProgram).where(SiteProgram.site_id == site.id))
        _take_programs(site, facts.programs)
    changed = difference(_without_notes(old), _without_notes(new))
    personal = difference({"notes": old.notes}, {"notes": new.notes})
    note(site, "site.changed", actor=actor, at=at, data=changed, personal=personal)
    file_site(site)
    return site


def _take_programs(site: Site, program_ids: Collection[int]) -> None:
    for program_id in sorted(set(program_ids)):
        insert(SiteProgram, site_id=site.id, program_id=program_id)


def _without_notes(facts: Any) -> dict[str, Any]:  # noqa: ANN401 - facts of any of the three
    values = {name: value for name, value in asdict(facts).items() if name != "notes"}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _check_site_name(name: str, *, but: int | None = None) -> None:
    if queries.name_taken(name, but=but):
        raise NameTaken(f"There is a site called “{name}” already. Open that one, or choose another name.")


def reopen_site(site: Site, *, actor: Actor, at: dt.datetime) -> Site:
    """Open a closed site again; its locations and openings stay closed until each is opened."""
    move(site, SiteState.OPEN, SITE_LIFECYCLE, actor=actor, at=at)
    site.closed_at = None
    return site


def add_location(site: Site, facts: LocationFacts, *, actor: Actor, at: dt.datetime) -> SiteLocation:
    """Add a location with the coordinates and the zone of its ZIP code; raises NameTaken and SiteIsClosed."""
    if site.state is not SiteState.OPEN:
        raise SiteIsClosed
    _check_location_name(site.id, facts.name)
    location = SiteLocation(reference=references.new(LOCATION_PREFIX), state=SiteState.OPEN)
    _place(location, facts)
    location.site = site
    db.session.add(location)
    db.session.flush()
    born(location, actor=actor, at=at, about=site.reference)
    file_site(site)
    return location


def change_location(location: SiteLocation, facts: LocationFacts, *, actor: Actor, at: dt.datetime) -> SiteLocation:
    """Change a location; raises NameTaken. ``location`` is locked and has its site."""
    _check_location_name(location.site_id, facts.name, but=location.id)
    names = ("name", "street", "city", "state_code", "zip", "zone", "latitude", "longitude")
    old, notes = {name: getattr(location, name) for name in names}, location.notes
    _place(location, facts)
    changed = difference(old, {name: getattr(location, name) for name in names})
    personal = difference({"notes": notes}, {"notes": location.notes})
    if changed or personal:
        about = location.site.reference
        note(location, "site_location.changed", actor=actor, at=at, about=about, data=changed, personal=personal)
        file_site(location.site)
    return location


def _place(location: SiteLocation, facts: LocationFacts) -> None:
    known = places.place(facts.zip)
    location.name, location.street, location.city = facts.name, facts.street, facts.city
    location.state_code, location.zip, location.notes = facts.state_code, facts.zip, facts.notes
    location.latitude = known.latitude if known else None
    location.longitude = known.longitude if known else None
    location.zone = known.zone if known else zone_for(facts)


def zone_for(facts: LocationFacts) -> str:
    """Return the zone of a location whose ZIP code is not known: the chosen one, or the usual one of its state."""
    chosen = facts.zone or ""
    return str(ZoneInfo(chosen)) if chosen in available_timezones() else usual_zone(facts.state_code)


def _check_location_name(site_id: int, name: str, *, but: int | None = None) -> None:
    query = sa.select(SiteLocation.id).where(SiteLocation.site_id == site_id, SiteLocation.name == name)
    if db.session.scalar(query.where(SiteLocation.id != (but or 0))) is not None:
        raise NameTaken(f"This site has a location called “{name}” already. Choose another name.")


def reopen_location(location: SiteLocation, *, actor: Actor, at: dt.datetime) -> SiteLocation:
    """Open a closed location of an open site again; its openings stay closed until each is opened."""
    if location.site.state is not SiteState.OPEN:
        raise SiteIsClosed
    move(location, SiteState.OPEN, SITE_LIFECYCLE, actor=actor, at=at, about=location.site.reference)
    return location


def add_contact(site: Site, facts: ContactFacts, *, actor: Actor, at: dt.datetime) -> SiteContact:
    """Add a contact; raises ContactTaken and SiteIsClosed."""
    if site.state is not SiteState.OPEN:
        raise SiteIsClosed
    _check_address(site.id, facts.email)
    contact = SiteContact(reference=references.new(CONTACT_PREFIX), **asdict(facts))
    contact.site = site
    db.session.add(contact)
    db.session.flush()
    personal = {"new": {"name": facts.name, "email": facts.email}}
    note(contact, "site_contact.added", actor=actor, at=at, about=site.reference, personal=personal)
    file_site(site)
    return contact


def change_contact(contact: SiteContact, facts: ContactFacts, *, actor: Actor, at: dt.datetime) -> SiteContact:
    """Change a contact; raises ContactTaken. ``contact`` is locked and has the site."""
    _check_address(contact.site_id, facts.email, but=contact.id)
    values = asdict(facts)
    changed = difference({name: getattr(contact, name) for name in values}, values)
    if changed:
        for name, value in values.items():
            setattr(contact, name, value)
        fields = {"fields": sorted(changed.get("new", {}))}
        about = contact.site.reference
        note(contact, "site_contact.changed", actor=actor, at=at, about=about, data=fields, personal=changed)
        file_site(contact.site)
    return contact


def let_contact_go(contact: SiteContact, *, actor: Actor, at: dt.datetime) -> SiteContact:
    """Note that a contact has left: no letter reaches them any more; raises ContactNeeded. Twice is once."""
    if contact.left_at is None:
        if queries.supervises_open(contact.id):
            raise ContactNeeded
        contact.left_at = at
        revoke_links(purpose=OFFER_PLACES, subject=contact.reference, at=at)
        note(contact, "site_contact.left", actor=actor, at=at, about=contact.site.reference)
    return contact


def take_contact_back(contact: SiteContact, *, actor: Actor, at: dt.datetime) -> SiteContact:
    """Note that a contact is there again; twice is once."""
    if contact.left_at is not None:
        contact.left_at = None
        note(contact, "site_contact.back", actor=actor, at=at, about=contact.site.reference)
    return contact


def _check_address(site_id: int, email: str, *, but: int | None = None) -> None:
    query = sa.select(SiteContact.id).where(SiteContact.site_id == site_id, SiteContact.email == email)
    if db.session.scalar(query.where(SiteContact.id != (but or 0))) is not None:
        raise ContactTaken


def file_site(site: Site) -> None:
    """Let a site be found by its name, the names and places of its locations, and its contacts."""
    texts: list[str | None] = [site.name, site.reference]
    of_locations = sa.select(SiteLocation.name, SiteLocation.city, SiteLocation.zip, SiteLocation.reference).where(
        SiteLocation.site_id == site.id
    )
    of_contacts = sa.select(SiteContact.name, SiteContact.email).where(SiteContact.site_id == site.id)
    for query in (of_locations, of_contacts):
        texts += [text for row in db.session.execute(query) for text in row]
    file_anew(kind=SEARCH_KIND, subject_id=site.id, texts=texts)
