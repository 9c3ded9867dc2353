"""Addresses that letters do not arrive at are marked wherever staff read them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.affiliations.models import AffiliationAgreement, SiteContact
from provider.credits.models import College
from provider.enrollments.models import Enrollment
from provider.kernel import clock, references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.actions import post_test
from provider.mail.models import AddressHealth, OutboxLetter
from provider.mail.rules import ADDRESS_PREFIX, AddressState
from provider.threads.models import Thread, ThreadMessage
from tests.harness.objects import address, objects
from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.visitor import Page, Visitor

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PRINTED = (
    Person.email, Enrollment.claimed_email, SiteContact.email, AffiliationAgreement.countersigner_email,
    College.registrar_email, OutboxLetter.recipient, Thread.correspondent, ThreadMessage.sender,
)  # fmt: skip
# Where an address is not one to write to: sentences as they were written then, values as they were before a change,
# and the school's own mailboxes.
TOLD = ".timeline, .letter, .lines, option, textarea, button, blockquote"
OF_THE_PAST = {"staff_history.index", "staff_history.show", "staff_tasks.index", "staff_tasks.show", "staff.index"}
PRINTING = {
    "staff_affiliations.show",
    "staff_colleges.show",
    "staff_credits.show",
    "staff_enrollments.index",
    "staff_enrollments.show",
    "staff_erasures.show",
    "staff_mail.index",
    "staff_mail.show",
    "staff_messages.index",
    "staff_messages.show",
    "staff_openings.show",
    "staff_people.index",
    "staff_people.show",
    "staff_placements.show",
    "staff_refund_drafts.show",
    "staff_refunds.index",
    "staff_search.index",
    "staff_setup.edit_mailboxes",
    "staff_sites.show",
    "staff_students.show",
}


def _all_come_back() -> frozenset[str]:
    """Let letters to every address that is known come back."""
    every = {one for column in PRINTED for one in db.session.scalars(sa.select(column).distinct()) if one}
    every -= set(db.session.scalars(sa.select(AddressHealth.email)))
    now = clock.now()
    with unit_of_work():
        db.session.add_all(
            AddressHealth(
                reference=references.new(ADDRESS_PREFIX), email=email, state=AddressState.BOUNCED, soft_bounces=0,
                said="550 5.1.1 No such user", since=now, last_at=now,
            )
            for email in every
        )  # fmt: skip
    return frozenset(every)


def _pages(app: Flask, season: Season, visitor: Visitor) -> Iterator[tuple[str, Page]]:
    known = objects(app, season)
    sent = f"/staff/affiliations/{season.sites.sent}"
    for endpoint, path in (("staff_affiliations.show", sent), ("staff_search.index", "/staff/search?q=ana")):
        yield endpoint, Page(visitor.client.get(path), path)
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("staff") and "GET" in (rule.methods or ()):
            path = address(app, rule, known)
            yield rule.endpoint, Page(visitor.client.get(path), path)


def _read(page: Page) -> tuple[set[str], set[str]]:
    """Return the addresses that the main part of a page names, and those beside which the mark stands."""
    [main] = page.all("main")
    marked: set[str] = set()
    for tag in main.query(".tag"):
        if tag.to_text().strip() == AddressState.BOUNCED.label:
            marked |= set(ADDRESS.findall(tag.parent.to_text()))
    for told in main.query(TOLD):
        _take_out(told)
    return set(ADDRESS.findall(main.to_text())), marked


def _take_out(node: Any) -> None:  # noqa: ANN401 - an element of justhtml
    if node.parent is not None:
        node.parent.remove_child(node)


@pytest.mark.one_database("sqlite")
def test_the_mark_stands_on_every_page_that_prints_an_address(app: Flask, cardless: Season, visitor: Visitor) -> None:
    with app.app_context():
        with unit_of_work():
            post_test(recipient=cardless.staff[Role.ADMIN], name="Ada", actor=SYSTEM, at=clock.now())
        gone = _all_come_back()
        db.session.remove()
    sign_in(visitor, cardless.staff[Role.ADMIN])
    printed, missing = set(), {}
    for endpoint, page in _pages(app, cardless, visitor):
        if page.html is None or page.status != 200 or endpoint in OF_THE_PAST:
            continue
        named, marked = _read(page)
        if named & gone:
            printed.add(endpoint)
        if named & gone - marked:
            missing[page.path] = sorted(named & gone - marked)
    assert missing == {}
    assert printed == PRINTING
