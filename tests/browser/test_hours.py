"""Hours on a phone whose line comes and goes: what was entered arrives once, and never for somebody else."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from config import Config
from provider.accounts import queries as people
from provider.accounts.passwords import hash_password, set_password
from provider.affiliations.rules import Period
from provider.app import create_app
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from tests.harness.placed import Placed, hours, placed, procedures
from tests.harness.remote import RemoteClient, RemoteVisitor
from tests.harness.server import Server, running
from tests.harness.stories import PASSWORD, sign_in
from tests.harness.watch import watch

pytestmark = pytest.mark.xdist_group("browser")
HOURS, PROCEDURES = "/my/externship/hours", "/my/externship/procedures"
OFFLINE = "net::ERR_INTERNET_DISCONNECTED"
LOST = "net::ERR_FAILED"


@dataclass(frozen=True, slots=True)
class Site:
    """A school with two students at a site."""

    server: Server
    app: Flask
    one: Placed
    other: Placed

    def cookies(self, who: Placed) -> list[dict[str, str]]:
        """Sign a student in and return the cookies of their browser."""
        visitor = RemoteVisitor(self.server.port)
        sign_in(visitor, who.email)
        found = cast("RemoteClient", visitor.client).cookies.items()
        return [{"name": name, "value": value, "url": self.server.base_url} for name, value in found]

    def entered(self, who: Placed) -> list[tuple[str, int | None]]:
        """Return the hours of a student as they are stored: remark and minutes."""
        with self.app.app_context():
            return [(one.remark or "", one.minutes) for one in hours(who)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    server = Server(tmp_path_factory.mktemp("hours") / "school")
    server.prepare()
    with running(server):
        server.start_web()
        app = create_app(Config.load(server.environ))
        with app.app_context():
            today = clock.now().date()
            days = Period(today - dt.timedelta(days=30), today + dt.timedelta(days=60))
            made = [placed(days=days, enrolled_at=clock.now()) for _ in range(2)]
            hashed = hash_password(PASSWORD)
            for who in made:
                with unit_of_work():
                    found = people.by_email(who.email)
                    assert found is not None
                    set_password(person=found, password_hash=hashed, actor=SYSTEM, at=clock.now())
            db.session.remove()
        yield Site(server, app, *made)


Come = Callable[..., tuple[BrowserContext, Page]]


@pytest.fixture
def come(chromium: Browser, site: Site) -> Iterator[Come]:
    """Open a phone for a student; whatever it complains about, but for the line that is down, fails the test."""
    contexts, watched = [], []

    def came(who: Placed, path: str) -> tuple[BrowserContext, Page]:
        size = {"width": 375, "height": 800}
        context = chromium.new_context(base_url=site.server.base_url, viewport=size, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        context.add_cookies(site.cookies(who))  # type: ignore[arg-type]
        contexts.append(context)
        watched.append(watch(context, site.server.base_url))
        return context, watched[-1].go(path)

    yield came
    for context in contexts:
        context.close()
    said = [complaint for each in watched for complaint in each.complaints]
    assert [complaint for complaint in said if OFFLINE not in complaint and LOST not in complaint] == []


def enter(page: Page, remark: str) -> None:
    """Enter yesterday from eight to half past four."""
    fold = page.locator("details", has=page.locator("form[data-keep=day]"))
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
    yesterday = clock.now().date() - dt.timedelta(days=2)
    for name, value in (("day_on", yesterday.isoformat()), ("begins", "08:00"), ("ends", "16:30"), ("remark", remark)):
        page.locator(f"form[data-keep=day] [name={name}]").fill(value)
    page.get_by_role("button", name="Enter the day").click()


def test_what_was_entered_without_a_line_arrives_once_when_it_is_back(come: Come, site: Site) -> None:
    who = site.one
    context, page = come(who, HOURS)
    waiting = page.locator("[data-kept]")
    context.set_offline(True)
    page.get_by_role("button", name="Clock in", exact=True).click()
    expect(page.get_by_role("heading", name="You are clocked in")).to_be_visible()
    enter(page, "First, offline")
    expect(waiting).to_contain_text("2 entries wait in this browser.")
    expect(waiting).to_contain_text("8:00 AM · 4:30 PM · First, offline")
    assert site.entered(who) == []
    # The line comes back, and breaks again after the first entries have arrived, before the answer has: a double send.
    broken: list[str] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST" and len(broken) < 2:
            broken.append(route.request.post_data or "")
            route.fetch()
            route.abort("failed")
        else:
            route.continue_()

    page.route("**/my/externship/**", lose_the_answer)
    context.set_offline(False)
    page.get_by_role("button", name="Try to send now").click()
    expect(waiting).to_contain_text("There is no connection to the school just now.")
    for _ in range(40):
        page.evaluate("window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(250)
        if waiting.is_hidden():
            break
    expect(waiting).to_be_hidden()
    assert len(broken) == 2
    expect(page.locator("[data-live=week]")).to_contain_text("First, offline")
    assert sorted(site.entered(who)) == [("", None), ("First, offline", 510)]
    assert page.evaluate("localStorage.length") == 0
    enter(page, "Second, online")
    expect(page.locator("[data-live=week]")).to_contain_text("Second, online")
    page.get_by_role("button", name="Clocked in by mistake").click()
    expect(page.get_by_role("button", name="Clock in", exact=True)).to_be_visible()
    assert [remark for remark, _ in site.entered(who)] == ["First, offline", "Second, online"]


def test_what_is_refused_stays_in_the_form_and_what_waits_is_never_sent_by_another(come: Come, site: Site) -> None:
    who, other = site.one, site.other
    before = site.entered(who)
    context, page = come(who, HOURS)
    enter(page, "Mr. Smith fainted")
    expect(page.locator(".error-summary")).to_contain_text("looks like a person’s name")
    expect(page.locator("form[data-keep=day] [name=remark]")).to_have_value("Mr. Smith fainted")
    context.set_offline(True)
    enter(page, "Waits for its owner")
    expect(page.locator("[data-kept]")).to_contain_text("1 entry waits in this browser.")
    context.clear_cookies()
    context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-kept]")).to_contain_text("You are signed out. Sign in again as")
    context.add_cookies(site.cookies(other))  # type: ignore[arg-type]
    page.get_by_role("button", name="Try to send now").click()
    expect(page.locator("[data-kept]")).to_contain_text("Somebody else is signed in here.")
    page.goto(PROCEDURES)
    expect(page.locator("[data-kept]")).to_be_hidden()
    page.locator("[name=kind]").select_option("ekg")
    page.locator("[name=number]").fill("2")
    page.get_by_role("button", name="Enter it").click()
    expect(page.locator("[data-live=week]")).to_contain_text("2 × EKG")
    assert (site.entered(other), site.entered(who)) == ([], before)
    with site.app.app_context():
        assert [one.number for one in procedures(other)] == [2]
    context.clear_cookies()
    context.add_cookies(site.cookies(who))  # type: ignore[arg-type]
    page.goto(HOURS)
    expect(page.locator("[data-live=week]")).to_contain_text("Waits for its owner")
    assert [remark for remark, _ in site.entered(who)][len(before) :] == ["Waits for its owner"]
