"""Paying by card in Chromium, with localstripe behind the fault proxy: every card, twice, in a hurry, and back."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
from axe_playwright_python.base import AXE_FILE_PATH
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from config import Config
from provider.app import create_app
from provider.cards.models import Charge
from provider.enrollments.models import Enrollment
from provider.kernel.database import db
from tests.harness.card_service import CardService
from tests.harness.remote import RemoteClient, RemoteVisitor
from tests.harness.server import Server, running
from tests.harness.service_words import ASKS, ASKS_ALWAYS, DECLINED, FAILS_LATER, GOOD, Fault
from tests.harness.stories import enroll, someone
from tests.harness.watch import Watched, watch

pytestmark = pytest.mark.xdist_group("browser")
UPFRONT = 189_900
AXE = {"exclude": [["[data-card]"]]}  # the fields inside are not ours


@dataclass(frozen=True, slots=True)
class CardSchool:
    """A school that takes cards, with its web process and its worker."""

    server: Server
    service: CardService
    app: Flask

    def charges(self, reference: str) -> list[tuple[str, int]]:
        """Return the charges of an enrollment, oldest first: how each stands, and its cents."""
        query = sa.select(Charge.state, Charge.amount_cents).join(Enrollment).order_by(Charge.id)
        with self.app.app_context():
            found = db.session.execute(query.where(Enrollment.reference == reference)).all()
            db.session.remove()
        return [(state.value, cents) for state, cents in found]


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardSchool]:
    """The school, and a payment service that tells it of everything."""
    folder = tmp_path_factory.mktemp("cards")
    with CardService(folder) as service:
        server = Server(folder / "school", settings={**service.settings, "DEMONSTRATION": "true"})
        server.prepare()
        with running(server):
            server.start_web()
            server.start_worker()
            service.deliver_events(f"{server.base_url}/hooks/stripe")
            yield CardSchool(server, service, create_app(Config.load(server.environ)))


Come = Callable[..., tuple[Watched, str]]


@pytest.fixture
def come(chromium: Browser, cards: CardSchool) -> Iterator[Come]:
    """Let somebody enroll and open the page to pay; whatever the browser complains about fails the test."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def came(plan: str = "upfront", *, width: int = 1280) -> tuple[Watched, str]:
        visitor = RemoteVisitor(cards.server.port)
        reference = enroll(visitor, plan=plan, **someone())
        base = cards.server.base_url
        context = chromium.new_context(base_url=base, viewport={"width": width, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(15_000)
        contexts.append(context)
        cookies = cast("RemoteClient", visitor.client).cookies.items()
        context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies])
        watched.append(watch(context, base, cards.service.url))
        watched[-1].go(f"/my/enrollments/{reference}/pay")
        return watched[-1], reference

    yield came
    for context in contexts:
        context.close()
    assert [complaint for each in watched for complaint in each.complaints] == []


def type_card(page: Page, number: str) -> None:
    """Fill in the card fields, which are localstripe's."""
    fields = page.locator("[data-card] input")
    for field, value in zip(fields.all(), (number, "12", "39", "123", "10001"), strict=True):
        field.fill(value)


def press(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Pay ")).click()


def heading(page: Page, words: str) -> None:
    expect(page.locator("h1")).to_have_text(words)


def test_a_good_card_pays_and_the_page_is_clean(come: Come, cards: CardSchool) -> None:
    watched, reference = come(width=375)
    page = watched.page
    expect(page.locator("main")).to_contain_text("4242 4242 4242 4242")
    page.evaluate(Path(AXE_FILE_PATH).read_text())
    assert page.evaluate("options => axe.run(options).then(found => found.violations.map(one => one.id))", AXE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    type_card(page, GOOD)
    press(page)
    heading(page, "Thank you, $1,899.00 is paid")
    assert cards.charges(reference) == [("captured", UPFRONT)]


def test_a_declined_card_says_so_beside_the_fields_and_another_one_pays(come: Come, cards: CardSchool) -> None:
    watched, reference = come()
    page = watched.page
    type_card(page, DECLINED)
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("Your card was declined.")
    expect(page.get_by_role("alert")).to_be_focused()
    type_card(page, GOOD)
    press(page)
    heading(page, "Thank you, $1,899.00 is paid")
    assert cards.charges(reference) == [("captured", UPFRONT)]


def test_a_card_that_is_declined_when_it_is_charged_is_told_in_plain_words(come: Come, cards: CardSchool) -> None:
    watched, reference = come()
    page = watched.page
    type_card(page, FAILS_LATER)
    press(page)
    heading(page, "Your card was declined")
    expect(page.locator("main")).to_contain_text("Nothing was taken from your Visa ending in 0341.")
    page.get_by_role("link", name="Try again").click()
    type_card(page, GOOD)
    press(page)
    heading(page, "Thank you, $1,899.00 is paid")
    assert [state for state, _ in cards.charges(reference)] == ["failed", "captured"]


@pytest.mark.parametrize("agree", [True, False], ids=["agreed", "refused"])
def test_a_bank_that_asks_is_answered_in_its_own_window(come: Come, cards: CardSchool, *, agree: bool) -> None:
    watched, reference = come()
    page = watched.page
    type_card(page, ASKS_ALWAYS)
    press(page)
    page.get_by_role("button", name="Complete authentication").click()  # to save it
    heading(page, "Your bank asks you to confirm")
    page.get_by_role("button", name="Confirm with my bank").click()
    page.get_by_role("button", name="Complete authentication" if agree else "Fail authentication").click()
    heading(page, "Thank you, $1,899.00 is paid" if agree else "Your card was declined")
    assert cards.charges(reference) == [("captured" if agree else "failed", UPFRONT)]


def test_a_double_click_on_a_slow_line_takes_the_money_once(come: Come, cards: CardSchool) -> None:
    watched, reference = come()
    page = watched.page

    def slowly(route: Route) -> None:
        time.sleep(0.7)
        route.continue_()

    page.route(re.compile(r"/pay(/card)?$"), slowly)
    type_card(page, GOOD)
    page.get_by_role("button", name=re.compile("^Pay ")).dblclick()
    expect(page.get_by_role("button", name=re.compile("^Pay "))).to_have_attribute("aria-disabled", "true")
    heading(page, "Thank you, $1,899.00 is paid")
    assert cards.charges(reference) == [("captured", UPFRONT)]


def test_a_tab_closed_after_confirming_is_paid_all_the_same(come: Come, cards: CardSchool) -> None:
    watched, reference = come()
    page = watched.page
    type_card(page, ASKS)
    press(page)
    page.get_by_role("button", name="Complete authentication").click()
    heading(page, "Your bank asks you to confirm")
    other = page.context.new_page()
    other.goto(f"/my/enrollments/{reference}")
    page.route(re.compile(r"/check$"), lambda route: route.abort())
    page.get_by_role("button", name="Confirm with my bank").click()
    with page.expect_response(re.compile("_authenticate")):
        page.get_by_role("button", name="Complete authentication").click()
    page.close()
    end = time.monotonic() + 20
    while cards.charges(reference) != [("captured", UPFRONT)] and time.monotonic() < end:
        time.sleep(0.2)
    assert cards.charges(reference) == [("captured", UPFRONT)]
    other.reload()
    expect(other.locator("main")).to_contain_text("Your classroom")


def test_an_answer_that_is_lost_is_shown_as_processing_until_it_is_known(come: Come, cards: CardSchool) -> None:
    watched, reference = come()
    page = watched.page
    cards.service.fail_next(Fault.LOST_AFTER, call="charge")
    type_card(page, GOOD)
    press(page)
    heading(page, "Your payment is being processed")
    expect(page.locator("h1")).to_have_text("Thank you, $1,899.00 is paid", timeout=40_000)
    assert cards.charges(reference) == [("captured", UPFRONT)]


def test_going_back_and_paying_again_leads_to_the_payment_that_is_there(come: Come, cards: CardSchool) -> None:
    watched, reference = come("installments")
    page = watched.page
    type_card(page, GOOD)
    page.locator("label[for=field-keep]").click()
    press(page)
    heading(page, "Thank you, $525.00 is paid")
    page.go_back()
    button = page.get_by_role("button", name=re.compile("^Pay "))
    expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(button).to_have_text("Pay $525.00 with Visa ending in 4242")
    button.click()
    heading(page, "Thank you, $525.00 is paid")
    page.goto(f"/my/enrollments/{reference}/card")
    expect(page.locator("main")).to_contain_text("Visa ending in 4242")
    page.get_by_role("button", name="Take this card away").click()
    expect(page.locator("main")).to_contain_text("Your card is taken away.")
    assert cards.charges(reference) == [("captured", 52_500)] * 2
