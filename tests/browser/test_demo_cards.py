"""Paying by card in Chromium, at the demonstration's payment service: each test card does what the page says of it."""

import datetime as dt
import itertools
import mailbox
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from provider.kernel import clock
from provider.kernel.money import dollars
from tests.harness.card_service import CardService
from tests.harness.remote import RemoteClient, RemoteVisitor
from tests.harness.server import Server, running
from tests.harness.service_words import ASKS, DECLINED, FAILS_LATER, GOOD, Total
from tests.harness.stories import enroll
from tests.harness.watch import Watched, watch

pytestmark = pytest.mark.xdist_group("servers")
PRICE, FIRST = 189_900, 52_500
YES, NO = "Complete authentication", "Fail authentication"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class School:
    """A running school with a worker that takes cards, and the service that it takes them at."""

    server: Server
    service: CardService


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """The school; the service tells it what happens, as Stripe does."""
    folder = tmp_path_factory.mktemp("cards")
    service = CardService(folder / "service", clock_file=folder / "clock")
    server = Server(folder, settings=service.settings | {"DEMONSTRATION": "true", "WEB_THREADS": "8"})
    with service, running(server):
        server.prepare()
        server.start_web()
        server.start_worker()
        service.deliver_events(f"{server.base_url}/hooks/stripe")
        yield School(server, service)


@dataclass(frozen=True, slots=True)
class Student:
    """Somebody who has enrolled, at the page where one pays."""

    page: Page
    enrollment: str
    service: CardService
    before: frozenset[str]

    def type_card(self, number: str) -> None:
        """Fill in the fields of the payment service."""
        for name, value in (("number", number), ("exp_month", "12"), ("exp_year", "34"), ("cvc", "123")):
            self.page.get_by_placeholder(name, exact=True).fill(value)
        self.page.get_by_placeholder("postal_code", exact=True).fill("10001")

    def pay(self, number: str) -> None:
        """Type a card and press the button."""
        self.type_card(number)
        self.page.get_by_role("button", name=re.compile("^Pay ")).click()

    def answer_bank(self, words: str) -> None:
        """Press a button of the bank's own window."""
        self.page.get_by_role("button", name=words, exact=True).click()

    def read(self, title: str) -> None:
        """Wait for the page with this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def taken(self) -> list[Total]:
        """Return what the service has of this student's payments."""
        return [total for intent, total in self.service.totals().items() if intent not in self.before]


Come = Callable[..., Student]


@pytest.fixture
def come(school: School, chromium: Browser) -> Iterator[Come]:
    """Let somebody enroll and open the page where one pays.

    Afterwards the audit looks at everything; whatever the browser complained about fails the test as well.
    """
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def coming(plan: str = "upfront", *, width: int = 1280) -> Student:
        visitor = RemoteVisitor(school.server.port)
        enrollment = enroll(visitor, plan=plan, email=f"payer{next(_numbers)}@example.org")
        context = chromium.new_context(
            base_url=school.server.base_url, viewport={"width": width, "height": 800}, reduced_motion="reduce"
        )
        context.set_default_timeout(20_000)
        cookies = cast("RemoteClient", visitor.client).cookies.items()
        context.add_cookies([{"name": n, "value": v, "url": school.server.base_url} for n, v in cookies])
        contexts.append(context)
        watched.append(watch(context, "http://127.0.0.1:"))
        page = watched[-1].go(f"/my/enrollments/{enrollment}/pay")
        return Student(page, enrollment, school.service, frozenset(school.service.totals()))

    yield coming
    for context in contexts:
        context.close()
    school.server.audit()
    assert [complaint for each in watched for complaint in each.complaints] == []


def _paid(student: Student, cents: int = PRICE) -> None:
    student.read(f"Thank you, {dollars(cents)} is paid")
    assert student.taken() == [Total(cents, 0, 0)]
    student.page.get_by_role("link", name="Go to my enrollment").click()
    expect(student.page.locator(".heading")).to_contain_text("Active")


def test_each_card_that_the_page_names_does_what_it_says(come: Come) -> None:
    student = come(width=375)
    cards = student.page.get_by_role("region", name="Cards to try")
    for number in (GOOD, DECLINED, ASKS, FAILS_LATER):
        expect(cards).to_contain_text(" ".join(number[n : n + 4] for n in range(0, 16, 4)))
    student.pay(DECLINED)
    expect(student.page.get_by_role("alert")).to_contain_text("declined")
    student.pay(FAILS_LATER)
    student.read("Your card was declined")
    student.page.get_by_role("link", name="Try again").click()
    student.pay(ASKS)
    student.answer_bank(YES)
    student.page.get_by_role("button", name="Confirm with my bank").click()
    student.answer_bank(NO)
    student.read("Your card was declined")
    assert student.taken() == []
    student.page.get_by_role("link", name="Try again").click()
    student.pay(ASKS)
    student.answer_bank(YES)
    student.page.get_by_role("button", name="Confirm with my bank").click()
    student.answer_bank(YES)
    student.read(f"Thank you, {dollars(PRICE)} is paid")
    assert student.taken() == [Total(PRICE, 0, 0)]


def test_a_good_card_pays_at_once(come: Come) -> None:
    student = come()
    student.pay(GOOD)
    student.read(f"Thank you, {dollars(PRICE)} is paid")
    student.page.get_by_role("link", name="Go to my enrollment").click()
    expect(student.page.locator(".heading")).to_contain_text("Active")
    assert student.taken() == [Total(PRICE, 0, 0)]


def _keep(page: Page) -> None:
    """Agree that the card is kept."""
    box = page.locator("input[name=keep]")
    page.locator(f"label[for={box.get_attribute('id')}]").click()
    expect(box).to_be_checked()


def _link_in_letter(school: School, subject: str) -> str:
    """Wait for a letter with this subject and return the address of its link."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        for letter in mailbox.Maildir(school.server.folder / "instance/mail", create=False):
            if letter["Subject"] == subject:
                text = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
                words = text.get_payload(decode=True)
                assert isinstance(words, bytes)
                return str(re.findall(r"http://\S+(/links/\S+)", words.decode())[0])
        time.sleep(0.2)
    raise AssertionError(f"no letter “{subject}”: {school.server.log.read_text()[-2000:]}")


def test_a_kept_card_that_fails_on_its_day_is_replaced_by_the_link_of_the_letter(come: Come, school: School) -> None:
    student = come("installments")
    _keep(student.page)
    student.pay(GOOD)
    student.read(f"Thank you, {dollars(FIRST)} is paid")
    student.page.goto(f"/my/enrollments/{student.enrollment}/card")
    student.type_card(FAILS_LATER)
    _keep(student.page)
    student.page.get_by_role("button", name="Keep this card").click()
    expect(student.page.locator("main")).to_contain_text("ending in 0341")
    due = clock.now().replace(hour=17, minute=0, second=0, microsecond=0) + dt.timedelta(days=28)
    school.server.set_clock(due)  # it stays there: nobody comes after this test
    link = _link_in_letter(school, f"Your card was declined for {dollars(FIRST)}")
    assert student.taken() == [Total(FIRST, 0, 0)]
    student.page.context.clear_cookies()
    student.page.goto(link)
    student.page.locator("label[for=card-new]").click()
    student.pay(GOOD)
    student.read(f"Thank you, {dollars(FIRST)} is paid")
    assert student.taken() == [Total(FIRST, 0, 0)] * 2
