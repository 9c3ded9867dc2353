"""Sites of a season: one with everything, one closed, one whose ZIP code nobody knows, agreements in each state."""

import datetime as dt
from dataclasses import dataclass

from provider.affiliations import actions, agreements, offering, openings, queries, signing, sites
from provider.affiliations.agreements import Terms
from provider.affiliations.models import AffiliationAgreement
from provider.affiliations.rules import Period, SiteKind
from provider.affiliations.sites import ContactFacts, LocationFacts
from provider.files.actions import keep
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import unit_of_work
from tests.harness.sites import COORDINATOR, PDF, Supply, offer, supply

DAY = dt.timedelta(days=1)
SIGNER = Actor(ActorKind.LINK, "K-22222222")
ANNEX = LocationFacts("Annex at the harbor", "2 Pier Road", "New York", "NY", "10001")
OTHER = ContactFacts("Noor Second-Signer", "noor@bayside.example", "Director of nursing", supervises=True, signs=True)
GONE = ContactFacts("Lee Long-Gone", "lee@bayside.example", "Director")
DEAN = {"countersigner_name": "Dana Dean", "countersigner_email": "dana.dean@staff.example.org"}


@dataclass(frozen=True, slots=True)
class Sites:
    """What the pages of a season show, by reference."""

    whole: Supply
    closed: Supply
    unknown: Supply
    annex: str
    other: str
    gone: str
    closed_opening: str
    draft: str
    sent: str
    signed: str


def tell(now: dt.datetime) -> Sites:
    """Let sites sign, offer places and close; needs an application context."""
    today = now.date()
    ahead = Period(today + 8 * DAY, today + 130 * DAY)
    signed_for = Period(today - 200 * DAY, today + 165 * DAY)
    before = now - 30 * DAY
    whole = supply(
        name="Bayside Medical Center",
        kind=SiteKind.HOSPITAL,
        days=ahead,
        agreement=signed_for,
        at=before,
        bring="Scrubs in navy blue and closed shoes.\nA watch with a second hand.",
    )
    closed = supply(name="Old Mill Clinic", days=ahead, agreement=None, at=before)
    unknown = supply(
        name="Laboratory of the Northern Counties", kind=SiteKind.LAB, zip_code="99999", days=ahead,
        agreement=Period(today - 300 * DAY, today + 25 * DAY), at=before,
    )  # fmt: skip
    with unit_of_work():
        actions.close_site(queries.site(closed.site, lock=True), actor=COORDINATOR, at=before)
        site = queries.site(whole.site, lock=True)
        annex = sites.add_location(site, ANNEX, actor=COORDINATOR, at=before)
        actions.close_location(annex, actor=COORDINATOR, at=now - DAY)
        other = sites.add_contact(site, OTHER, actor=COORDINATOR, at=before)
        gone = sites.add_contact(site, GONE, actor=COORDINATOR, at=before)
        sites.let_contact_go(gone, actor=COORDINATOR, at=now - DAY)
        offering.send_link(queries.contact(whole.contact), actor=COORDINATOR, at=now - DAY)
        more = {"annex": annex.reference, "other": other.reference, "gone": gone.reference}
    more["closed_opening"] = offer(
        whole, days=Period(today - 90 * DAY, today + 30 * DAY), capacity=3, at=now - 100 * DAY
    )
    with unit_of_work():
        openings.close_opening(queries.opening(more["closed_opening"], lock=True), actor=COORDINATOR, at=now - DAY)
    states = {}
    for state in ("draft", "sent", "signed"):
        with unit_of_work():
            states[state] = _agreement(whole, state, signed_for, now).reference
    return Sites(whole, closed, unknown, **more, **states)


def _agreement(made: Supply, state: str, days: Period, now: dt.datetime) -> AffiliationAgreement:
    """Let a renewal of the site's agreement come as far as a state."""
    following = Period(days.last_on + DAY, days.last_on + 366 * DAY)
    file = keep(data=PDF, about=made.site, actor=COORDINATOR, at=now)
    found = agreements.draft(
        queries.site(made.site), Terms(following, 60, (made.location_id,)), file=file,
        renews=queries.agreement(str(made.agreement)), actor=COORDINATOR, at=now - 3 * DAY,
    )  # fmt: skip
    if state == "draft":
        return found
    signer = queries.contact(made.contact)
    signing.send(found, signer=signer, **DEAN, actor=COORDINATOR, at=now - 2 * DAY)
    if state == "signed":
        given = {"signature": signer.name, "fingerprint": file.sha256}
        signing.sign(found, **given, actor=SIGNER, at=now - DAY)
    return found
