"""What a coordinator does with sites during the demonstration's season: enters, signs, plans, closes."""

import datetime as dt
import random
from collections.abc import Callable, Iterator

from provider.accounts.rules import Role
from provider.affiliations import agreements, offering, openings, queries, signing, sites
from provider.affiliations.agreements import Paper, Terms
from provider.affiliations.models import AffiliationAgreement
from provider.affiliations.openings import OpeningFacts
from provider.affiliations.rules import OFFER_PLACES, SIGN_AGREEMENT, Period
from provider.affiliations.sites import SiteFacts
from provider.documents import actions as documents
from provider.documents import queries as papers
from provider.documents.rules import DocumentKind
from provider.externships import plan_queries, plans, releasing
from provider.files.actions import keep
from provider.kernel.actors import Actor
from provider.kernel.days import day_of
from provider.programs import queries as programs
from tests.demo import links, paper
from tests.demo.office import STAFF, Office
from tests.demo.supply import ASKED_FOR, SUPPLIERS, Contract, Offered, Supplier
from tests.demo.times import FRIDAY, MONDAY, of_week, on, zone

Deed = Callable[[Office, dt.datetime], None]
NOTICE_DAYS = 60
COUNTERSIGNER, COUNTERSIGNER_EMAIL = STAFF[Role.ADMIN]
INSURANCE = "Through the school’s own insurer; the office gives you the form."


def deeds(now: dt.datetime, chance: random.Random) -> Iterator[tuple[dt.datetime, Deed]]:
    """Return what happens with sites, with its instants."""

    def day(days: float, first: int = 9, last: int = 16) -> dt.datetime:
        return on(day_of(now, zone()) - dt.timedelta(days=days), first, last, chance)

    for one in SUPPLIERS:
        entered = 84 if one.contract.state == "in force" else 12
        yield day(entered), _enter(one, now)
        for place in one.openings:
            yield day(min(place.since, entered)), _offer(one, place, now)
    yield day(84, 8, 9), _ask_for_less
    yield day(80), _insist("harbor")
    yield day(9), _insist("prairie")
    yield day(8), _send("lakeshore")
    yield day(22), _renew("sound shore", now)
    yield day(19), _send("sound shore")
    yield day(6), _sign("sound shore")
    yield day(2), _close("old mill")
    yield day(3, 10, 11), _plan("sent")
    yield day(3, 12, 13), _close_opening("branch next")
    yield day(3, 14, 15), _send_out("sent")
    yield now - dt.timedelta(hours=2), _plan("ready")


def _coordinator(office: Office) -> Actor:
    return office.actors[Role.COORDINATOR]


def _program(code: str) -> int:
    return next(program_id for program_id, known in programs.codes().items() if known == code)


def _days(now: dt.datetime, first: int, last: int) -> Period:
    today = day_of(now, zone())
    return Period(today + dt.timedelta(days=first), today + dt.timedelta(days=last))


def _enter(one: Supplier, now: dt.datetime) -> Deed:
    """Enter a site with its locations, its people, and what was agreed with it."""

    def deed(office: Office, at: dt.datetime) -> None:
        by = _coordinator(office)
        taken = tuple(map(_program, one.programs))
        site = sites.add_site(SiteFacts(one.name, one.kind, taken, one.notes), actor=by, at=at)
        for place in one.locations:
            location = sites.add_location(site, place, actor=by, at=at)
            office.named[f"location {one.key} {place.name}"] = location.reference
        for number, who in enumerate(one.contacts):
            contact = sites.add_contact(site, who, actor=by, at=at)
            office.named[f"contact {one.key} {number}"] = contact.reference
        office.named[f"site {one.key}"] = site.reference
        office.named[f"agreement {one.key}"] = _agree(one, one.contract, office, now, at).reference

    return deed


def _agree(
    one: Supplier, contract: Contract, office: Office, now: dt.datetime, at: dt.datetime
) -> AffiliationAgreement:
    found = _draft(one, _days(now, contract.first, contract.last), office, at)
    if contract.state == "in force":
        signed = found.first_on - dt.timedelta(days=7)
        names = Paper(one.contacts[0].name, signed, COUNTERSIGNER, signed + dt.timedelta(days=3))
        agreements.record_paper(found, names, actor=_coordinator(office), at=at)
    return found


def _draft(
    one: Supplier, days: Period, office: Office, at: dt.datetime, *, renews: AffiliationAgreement | None = None
) -> AffiliationAgreement:
    by, reference = _coordinator(office), office.named[f"site {one.key}"]
    text = paper.page(
        "Affiliation agreement (sample)",
        f"Between {one.name} and the school.",
        f"In force from {days.first_on:%B} {days.first_on.day}, {days.first_on.year}",
        f"to {days.last_on:%B} {days.last_on.day}, {days.last_on.year}.",
        "The site takes students of the school for externships, free of charge.",
        "This text was made for a demonstration. It binds nobody.",
    )
    file = keep(data=text, about=reference, actor=by, at=at)
    site = queries.site(reference)
    return agreements.draft(site, Terms(days, NOTICE_DAYS), file=file, renews=renews, actor=by, at=at)


def _offer(one: Supplier, place: Offered, now: dt.datetime) -> Deed:
    """Offer places: the coordinator does, or the site by its own link."""

    def deed(office: Office, at: dt.datetime) -> None:
        location = queries.location(office.named[f"location {one.key} {place.at}"])
        last = office.named[f"contact {one.key} {len(one.contacts) - 1}"]
        contact = queries.contact(last)
        first, until = place.weeks
        facts = OpeningFacts(
            _program(place.program),
            contact.id,
            Period(of_week(now, first, MONDAY), of_week(now, until, FRIDAY)),
            place.pattern,
            place.capacity,
            place.bring,
        )
        if place.own:
            offering.send_link(contact, actor=_coordinator(office), at=at)
            by = links.holder(OFFER_PLACES, contact.reference)
            made = offering.add(contact, location, facts, preceptor=None, actor=by, at=at)
        else:
            made = openings.add_opening(location, facts, actor=_coordinator(office), at=at)
        office.named[f"opening {place.key}"] = made.reference

    return deed


def _ask_for_less(office: Office, at: dt.datetime) -> None:
    """End what the sample asks for and this school does not."""
    for one in papers.of_programs():
        if one.kind not in ASKED_FOR:
            documents.end(requirement=papers.requirement(one.reference), actor=_coordinator(office), at=at)


def _insist(key: str) -> Deed:
    """Let a site ask its students for what others do not."""

    def deed(office: Office, at: dt.datetime) -> None:
        site = queries.site(office.named[f"site {key}"])
        kind, by = DocumentKind.LIABILITY_COVER, _coordinator(office)
        documents.ask(kind=kind, program=None, site=site, remark=INSURANCE, actor=by, at=at)

    return deed


def _send(key: str) -> Deed:
    """Send an agreement to be signed."""

    def deed(office: Office, at: dt.datetime) -> None:
        signing.send(
            queries.agreement(office.named[f"agreement {key}"], lock=True),
            signer=queries.contact(office.named[f"contact {key} 0"]),
            countersigner_name=COUNTERSIGNER,
            countersigner_email=COUNTERSIGNER_EMAIL,
            actor=_coordinator(office),
            at=at,
        )

    return deed


def _renew(key: str, now: dt.datetime) -> Deed:
    """Draft what follows an agreement that ends soon; from then on it is the one that goes by the site's name."""
    one = next(one for one in SUPPLIERS if one.key == key)

    def deed(office: Office, at: dt.datetime) -> None:
        assert one.contract.renewed_until is not None
        before = queries.agreement(office.named[f"agreement {key}"])
        days = _days(now, one.contract.last + 1, one.contract.renewed_until)
        office.named[f"agreement {key}"] = _draft(one, days, office, at, renews=before).reference

    return deed


def _sign(key: str) -> Deed:
    """Let a site sign by its link."""

    def deed(office: Office, at: dt.datetime) -> None:
        agreement = queries.agreement(office.named[f"agreement {key}"], lock=True)
        assert agreement.signer is not None
        by = links.holder(SIGN_AGREEMENT, agreement.reference)
        shown = str(agreement.document_sha256)
        signing.sign(agreement, signature=agreement.signer.name, fingerprint=shown, actor=by, at=at)

    return deed


def _close(key: str) -> Deed:
    """Close a site; who stands there is released."""

    def deed(office: Office, at: dt.datetime) -> None:
        releasing.close_site(office.named[f"site {key}"], actor=_coordinator(office), at=at)

    return deed


def _close_opening(key: str) -> Deed:
    """Close an opening; whoever has a place there keeps it."""

    def deed(office: Office, at: dt.datetime) -> None:
        found = queries.opening(office.named[f"opening {key}"], lock=True)
        openings.close_opening(found, actor=_coordinator(office), at=at)

    return deed


def _plan(key: str) -> Deed:
    """Ask for a plan, which the worker makes."""

    def deed(office: Office, at: dt.datetime) -> None:
        office.named[f"plan {key}"] = plans.start(actor=_coordinator(office), at=at).reference

    return deed


def _send_out(key: str) -> Deed:
    """Let the offers of a plan be sent."""

    def deed(office: Office, at: dt.datetime) -> None:
        found = plan_queries.by_reference(office.named[f"plan {key}"], lock=True)
        plans.send_out(plan=found, actor=_coordinator(office), at=at)

    return deed
