"""Every page in Chromium: nothing for axe to say in light and dark, no sideways scrolling on a phone, no complaint."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

from tests.harness.pages import TICK_ALL, everything, public, staff, student
from tests.harness.room import Visit
from tests.harness.stage import Stage
from tests.harness.watch import Watched

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Watched]
# No rule in use wants the style sheets read a second time.
EVERYTHING = {"resultTypes": ["violations"], "reporter": "no-passes", "preload": False}
NOT_OURS = {"exclude": [["[data-card] *"]]}  # the card fields, which are the payment service's
CONTRAST = EVERYTHING | {"runOnly": ["color-contrast"]}
# Pages of the same template as others that are visited.
TWINS = {
    f"staff-enrollment-{state}"
    for state in ("started", "fresh", "paying", "canceled", "settled", "declined", "overpaid", "reversed", "too_late")
}


def _violations(page: Page, options: dict[str, Any]) -> list[str]:
    found = page.evaluate("([besides, options]) => axe.run(besides, options)", [NOT_OURS, options])
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', each['help'])}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def _twice(page: Page) -> list[str]:
    """Return the ids that more than one element has: a label or an error leads to the first of them only."""
    every = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    return [f"id {each} stands more than once" for each, number in Counter(every).items() if number > 1]


def _look(page: Page, visit: Visit) -> list[str]:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    answer = page.goto(visit.path)
    if visit.sent_empty:
        with page.expect_navigation() as navigation:
            page.locator("main form[method=post] button[type=submit]").last.click()
        answer = navigation.value
    if visit.press:
        page.evaluate(TICK_ALL)
        with page.expect_navigation() as navigation:
            page.locator("main button[type=submit]", has_text=visit.press).first.click()
        answer = navigation.value
    assert answer is not None
    found = [] if answer.status == visit.status else [f"answered {answer.status}"]
    found += _violations(page, EVERYTHING) + _twice(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in _violations(page, CONTRAST)]
    page.set_viewport_size({"width": 320, "height": 700})
    wide = page.evaluate("document.documentElement.scrollWidth")
    found += [f"is {wide} px wide on a screen of 320"] if wide > 320 else []
    return [f"{visit.name}: {each}" for each in found]


def _look_at_all(open_browser: Open, visits: Iterable[Visit]) -> list[str]:
    people: dict[str | None, Page] = {}
    found: list[str] = []
    for visit in visits:
        if visit.who not in people:
            people[visit.who] = open_browser(visit.who).page
            people[visit.who].add_init_script(path=AXE_FILE_PATH)
        found += _look(people[visit.who], visit)
    return found


def test_public_pages(open_browser: Open, stage: Stage) -> None:
    assert "\n".join(_look_at_all(open_browser, public(stage))) == ""


def test_student_pages(open_browser: Open, stage: Stage) -> None:
    assert "\n".join(_look_at_all(open_browser, student(stage))) == ""


def test_staff_pages(open_browser: Open, stage: Stage) -> None:
    assert "\n".join(_look_at_all(open_browser, (visit for visit in staff(stage) if visit.name not in TWINS))) == ""


# What is fetched and no page: papers, files, and what machines ask for.
NO_PAGES = {
    "static",
    "font",
    "accent",
    "agreements.agreement_pdf",
    "agreements.certificate_pdf",
    "payments.receipt_pdf",
    "cards.state",
    "books.statement_pdf",
    "staff_statements.pdf",
    "staff_files.show",
    "documents.file",
    "exams.evidence",
    "staff_exams.evidence",
    "staff_messages.attachment",
    "externship_offers.calendar",
    "externship_offers.confirmation",
    "externship_record.show_pdf",
    "staff_affiliations.file",
    "staff_certificates.show_pdf",
    "staff_documents.file",
    "staff_records.show_pdf",
    "careers.chart",
    "careers.picture",
    "site.live",
    "site.ready",
    "site.robots",
    "site.sitemap",
}


def test_no_page_is_left_out(stage: Stage) -> None:
    adapter = stage.app.url_map.bind("127.0.0.1")
    rules = {rule.endpoint for rule in stage.app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    paths = [visit.path.partition("?")[0] for visit in everything(stage) if visit.status != 404]
    left = rules - {adapter.match(path)[0] for path in paths}
    assert (left - NO_PAGES, NO_PAGES - left) == (set(), set())
