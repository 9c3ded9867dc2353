"""A site offers its places itself, by a link that staff send to one of its people and may close."""

import datetime as dt
from dataclasses import replace

from provider.accounts.links import make_link, revoke_links
from provider.affiliations import letters, openings, queries, sites
from provider.affiliations.models import Opening, SiteContact, SiteLocation
from provider.affiliations.openings import OpeningFacts
from provider.affiliations.rules import OFFER_PLACES, OFFERING_LASTS, SiteState
from provider.affiliations.sites import ContactFacts
from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.days import counted, day_of, written
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind


class NobodyThere(DomainError):
    """A link was to be sent to somebody who has left, or to a site that is closed."""

    code = "nobody_there"
    sentence = "This contact has left or the site is closed, so no link was sent. Choose somebody who is there."


def send_link(contact: SiteContact, *, actor: Actor, at: dt.datetime) -> SiteContact:
    """Send somebody at a site the link to offer places; the one before it opens nothing any more."""
    if contact.left_at is not None or contact.site.state is not SiteState.OPEN:
        raise NobodyThere
    revoke_links(purpose=OFFER_PLACES, subject=contact.reference, at=at)
    link = make_link(purpose=OFFER_PLACES, subject=contact.reference, at=at, lasts=OFFERING_LASTS)
    post(letters.offer_places(contact, link), at=at)
    note(contact, "site_contact.link_sent", actor=actor, at=at, about=contact.site.reference)
    return contact


def close_link(contact: SiteContact, *, actor: Actor, at: dt.datetime) -> SiteContact:
    """Close the link to offer places."""
    revoke_links(purpose=OFFER_PLACES, subject=contact.reference, at=at)
    note(contact, "site_contact.link_closed", actor=actor, at=at, about=contact.site.reference)
    return contact


def add(
    contact: SiteContact,
    location: SiteLocation,
    facts: OpeningFacts,
    *,
    preceptor: ContactFacts | None,
    actor: Actor,
    at: dt.datetime,
) -> Opening:
    """Let a site add an opening, with one of its people as preceptor or a new one; staff get a task at once."""
    if preceptor is not None:
        site = queries.site(contact.site.reference)
        facts = replace(facts, preceptor_id=sites.add_contact(site, preceptor, actor=actor, at=at).id)
    opening = openings.add_opening(location, facts, actor=actor, at=at)
    covered = queries.covered(opening, opening.period)
    places = counted(opening.capacity, "place")
    raise_task(
        kind=TaskKind.SITE_OFFERS,
        key=f"site_offers:{opening.reference}",
        about=contact.site.reference,
        sentence=f"{contact.name} of {contact.site.name} offers {places} at {location.name} "
        f"from {written(opening.first_on)} to {written(opening.last_on)}, opening {opening.reference}. "
        + ("Look at it, and match students." if covered else "No agreement is in force on each of these days yet."),
        due_on=day_of(at, settings().SCHOOL_ZONE),
        at=at,
    )
    return opening


def opening_of(contact: SiteContact, reference: str, *, lock: bool = False) -> Opening:
    """Return an opening that a contact may change: one of the site, and of their location if they have one."""
    opening = queries.opening(reference, lock=lock)
    if opening not in reachable([opening], contact):
        raise NotFound
    return opening


def reachable(found: list[Opening], contact: SiteContact) -> list[Opening]:
    """Return the openings that a contact may see and change."""
    return [
        one
        for one in found
        if one.location.site_id == contact.site_id and contact.location_id in {None, one.location_id}
    ]


def set_places(opening: Opening, capacity: int, *, actor: Actor, at: dt.datetime) -> Opening:
    """Let a site change how many places it offers; raises CapacityBelowTaken. ``opening`` is locked and whole."""
    facts = replace(openings.facts_of(opening), capacity=capacity)
    return openings.change_opening(opening, facts, actor=actor, at=at)
