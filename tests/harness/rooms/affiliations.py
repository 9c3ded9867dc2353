"""Sites with their locations and contacts, agreements, openings."""

import datetime as dt
from collections.abc import Iterator

from flask import Flask

from provider.accounts.rules import Role
from provider.affiliations import queries as affiliations
from provider.affiliations.rules import COUNTERSIGN_AGREEMENT, OFFER_PLACES, SIGN_AGREEMENT
from provider.kernel import clock
from tests.harness.room import (
    Case,
    Objects,
    Records,
    Room,
    Visit,
    by_link,
    by_staff,
    looked_up,
)
from tests.harness.season import Season
from tests.harness.stage import Stage

FORMS = (
    Case("site", Role.COORDINATOR, "/staff/sites/new", {"name": "Hill Clinic", "kind": "clinic"}),
    Case("site again", Role.COORDINATOR, "/staff/sites/{site}/edit"),
    Case("site's end", Role.COORDINATOR, "/staff/sites/{site}/closing", {"sure": "on"}),
    Case(
        "location",
        Role.COORDINATOR,
        "/staff/sites/{site}/locations/new",
        {"name": "North", "street": "1 Hill Road", "city": "New York", "state": "NY", "zip": "10001"},
    ),
    Case("location again", Role.COORDINATOR, "/staff/locations/{location}/edit"),
    Case("location's end", Role.COORDINATOR, "/staff/locations/{location}/closing", {"sure": "on"}),
    Case(
        "site's contact",
        Role.COORDINATOR,
        "/staff/sites/{site}/contacts/new",
        {"name": "Kim Hill", "email": "kim@hill.example"},
    ),
    Case("site's contact again", Role.COORDINATOR, "/staff/contacts/{contact}/edit"),
    Case(
        "affiliation",
        Role.COORDINATOR,
        "/staff/sites/{site}/agreements/new",
        {"first_on": "2027-01-01", "last_on": "2027-12-31"},
    ),
    Case("affiliation again", Role.COORDINATOR, "/staff/affiliations/{draft}/edit"),
    Case(
        "affiliation sent",
        Role.COORDINATOR,
        "/staff/affiliations/{draft}/sending",
        {"countersigner_name": "Dana Dean", "countersigner_email": "dana@example.org"},
    ),
    Case(
        "affiliation on paper",
        Role.COORDINATOR,
        "/staff/affiliations/{draft}/paper",
        {
            "signed_by": "Pat",
            "signed_on": "2026-01-02",
            "countersigned_by": "Dana",
            "countersigned_on": "2026-01-03",
        },
    ),
    Case(
        "affiliation's end",
        Role.COORDINATOR,
        "/staff/affiliations/{agreement}/end",
        {"on": f"{clock.now() + dt.timedelta(days=90):%Y-%m-%d}", "reason": "Both want to"},
    ),
    Case(
        "opening",
        Role.COORDINATOR,
        "/staff/sites/{site}/openings/new",
        {
            "location": "{location}",
            "first_on": "2031-01-01",
            "last_on": "2031-03-31",
            "places": "2",
            "preceptor": "{contact}",
        },
    ),
    Case("opening again", Role.COORDINATOR, "/staff/openings/{opening}/edit"),
    Case(
        "sites",
        Role.COORDINATOR,
        "/staff/sites/import",
        file=("csv", b"site,location,street,city,state,zip\nA,B,C,D,NY,10001\n"),
    ),
    Case("sign", None, "/links/{sign}", {"signature": "{signer}", "read": "on"}),
    Case("countersign", None, "/links/{countersign}", {"signature": "Dana Dean", "read": "on"}),
    Case(
        "offer",
        None,
        "/links/{offer}?page=new",
        {
            "location": "{location}",
            "first_on": "2031-01-01",
            "last_on": "2031-03-31",
            "places": "2",
            "preceptor": "new",
            "new_name": "Noor New",
            "new_email": "noor.new@clinic.example",
        },
    ),
)
BUTTONS = {
    "/staff/sites/{closed_site}/reopening": Role.COORDINATOR,
    "/staff/sites/import/rows": Role.COORDINATOR,
    "/staff/locations/{annex}/reopening": Role.COORDINATOR,
    "/staff/contacts/{other}/leaving": Role.COORDINATOR,
    "/staff/contacts/{gone}/coming-back": Role.COORDINATOR,
    "/staff/contacts/{contact}/openings-link": Role.COORDINATOR,
    "/staff/contacts/{contact}/openings-link/close": Role.COORDINATOR,
    "/staff/affiliations/{sent}/sending-again": Role.COORDINATOR,
    "/staff/openings/{opening}/closing": Role.COORDINATOR,
    "/staff/openings/{closed_opening}/reopening": Role.COORDINATOR,
    "/staff/openings/export": Role.COORDINATOR,
    "/staff/sites/export": Role.COORDINATOR,
}


def _staff(stage: Stage) -> Iterator[Visit]:
    made = stage.season.sites
    site, agreement = f"/staff/sites/{made.whole.site}", f"/staff/affiliations/{made.whole.agreement}"
    paths = {
        "sites": "/staff/sites",
        "sites-found": "/staff/sites?q=bayside",
        "sites-none": "/staff/sites?q=nobody+at+all",
        "site": site,
        "site-closed": f"/staff/sites/{made.closed.site}",
        "site-unknown-zip": f"/staff/sites/{made.unknown.site}",
        "site-new": "/staff/sites/new",
        "site-edit": f"{site}/edit",
        "site-closing": f"{site}/closing",
        "site-import": "/staff/sites/import",
        "location-new": f"{site}/locations/new",
        "location-edit": f"/staff/locations/{made.whole.location}/edit",
        "location-closing": f"/staff/locations/{made.whole.location}/closing",
        "contact-new": f"{site}/contacts/new",
        "contact-edit": f"/staff/contacts/{made.whole.contact}/edit",
        "affiliation-new": f"{site}/agreements/new",
        "affiliation-renew": f"{site}/agreements/new?renews={made.whole.agreement}",
        "affiliation": agreement,
        "affiliation-draft": f"/staff/affiliations/{made.draft}",
        "affiliation-sent": f"/staff/affiliations/{made.sent}",
        "affiliation-signed": f"/staff/affiliations/{made.signed}",
        "affiliation-edit": f"/staff/affiliations/{made.draft}/edit",
        "affiliation-sending": f"/staff/affiliations/{made.draft}/sending",
        "affiliation-paper": f"/staff/affiliations/{made.draft}/paper",
        "affiliation-end": f"{agreement}/end",
        "openings": "/staff/openings",
        "openings-none": "/staff/openings?q=nobody+at+all",
        "opening": f"/staff/openings/{made.whole.opening}",
        "opening-new": f"{site}/openings/new",
        "opening-edit": f"/staff/openings/{made.whole.opening}/edit",
    }
    yield from by_staff(stage, paths, sent_empty=("site-new", "location-new", "opening-new", "affiliation-new"))


def _of_sites(school: Flask, season: Season) -> dict[str, str]:
    made = season.sites
    return {
        "site": made.whole.site,
        "closed_site": made.closed.site,
        "location": made.whole.location,
        "annex": made.annex,
        "contact": made.whole.contact,
        "signer": looked_up(school, lambda: affiliations.contact(made.whole.contact).name),
        "other": made.other,
        "gone": made.gone,
        "agreement": str(made.whole.agreement),
        "draft": made.draft,
        "sent": made.sent,
        "opening": made.whole.opening,
        "closed_opening": made.closed_opening,
    }


def _objects(season: Season) -> Objects:
    made = season.sites
    return {
        "/staff/sites/": {"reference": made.whole.site},
        "/staff/locations/": {"reference": made.whole.location},
        "/staff/contacts/": {"reference": made.whole.contact},
        "/staff/openings/": {"reference": made.whole.opening},
        "/staff/affiliations/": {"reference": made.draft},
    }


OF_SITES = ("site", "closed_site", "location", "annex", "contact", "signer", "other", "gone")
OF_PAPERS = ("agreement", "draft", "sent", "opening", "closed_opening")
RECORDS = (
    Records(OF_SITES + OF_PAPERS, _of_sites),
    by_link("sign", SIGN_AGREEMENT, lambda season: season.sites.sent),
    by_link("countersign", COUNTERSIGN_AGREEMENT, lambda season: season.sites.signed),
    by_link("offer", OFFER_PLACES, lambda season: season.sites.whole.contact),
)


ROOM = Room(forms=FORMS, buttons=BUTTONS, staff=_staff, records=RECORDS, objects=_objects)
