"""Comparisons in Chromium: without scripts, by keyboard, on a phone, on paper; three requests, and nothing moves."""

import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.harness.watch import Watched

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Watched]
PAIR = "/careers/medical-assistant-vs-phlebotomist"
FOUR = "/careers/medical-assistant-vs-medical-lab-technician-vs-patient-care-technician-vs-phlebotomist"
PAGES = (
    PAIR,
    f"{PAIR}?state=CA",
    f"{PAIR}?state=ZZ",
    f"{PAIR}?q-contact=brief",
    FOUR,
    "/careers",
    "/careers?career=phlebotomist",
    "/careers/patient-care-technician",
    "/careers/medical-assistant/history",
    "/careers/phlebotomy",
    "/licensing",
    "/sources",
)
# The width between margins of 16 mm in pixels, 96 to an inch, and the size of the paper in points, 72 to an inch.
PAPERS = {"A4": (672, (595, 842)), "Letter": (695, (612, 792))}
SHIFTS = """() => {
    window.shifted = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifted.push(entry.value);
    }).observe({type: "layout-shift", buffered: true});
}"""
# What sticks out of the window, and what is cut off or scrolls within itself, which paper cannot.
TOO_WIDE = """() => [...document.querySelectorAll("main *")].filter((element) => {
    const box = element.getBoundingClientRect();
    if (!box.width || element.closest(".visually-hidden")) return false;
    const cut = getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1;
    return box.right > document.documentElement.clientWidth + 1 || box.left < -1 || cut;
}).map((element) => `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 40)}`)"""


def _shifts(page: Page) -> list[float]:
    """Return what has moved by itself since the page was opened, once two frames were painted after the fonts came."""
    page.evaluate(
        "() => document.fonts.ready.then(() => new Promise("
        "(done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))))"
    )
    found: list[float] = page.evaluate("window.shifted")
    return found


def test_without_scripts_a_comparison_is_read_asked_and_answered(open_browser: Open) -> None:
    page = open_browser(scripts=False).go(PAIR)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Medical assistant vs. phlebotomist: which career fits you?"
    )
    for heading in ("Key points", "Pay", "Outlook", "Licensing by state", "What stands behind each number"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    assert page.locator("figure.chart svg").count() >= 3

    page.get_by_label("Your state").select_option("CA")
    page.get_by_role("button", name="Show", exact=True).click()
    assert page.url.endswith(f"{PAIR}?state=CA#licensing")
    expect(page.get_by_label("Your state")).to_have_value("CA")
    expect(page.locator(".rule").first).to_contain_text("California")

    page.get_by_label("A few friendly minutes, then the next person").check()
    page.get_by_label("I would happily do it all day").check()
    page.get_by_role("button", name="Show what fits").click()
    assert page.url.endswith(f"{PAIR}?state=CA&q-contact=brief&q-needles=daily#suits")
    expect(page.locator(".notice")).to_contain_text("Most of your answers point to: Phlebotomist.")
    expect(page.get_by_label("I would happily do it all day")).to_be_checked()
    expect(page.get_by_label("Your state")).to_have_value("CA")


def test_without_scripts_folds_open_and_numbers_lead_to_their_notes(open_browser: Open) -> None:
    page = open_browser(scripts=False).go(PAIR)
    fold = page.locator("details.fold").first
    expect(fold.locator("p")).not_to_be_visible()
    fold.locator("summary").click()
    expect(fold.locator("p")).to_be_visible()
    number = page.locator("main table a[href^='#n']").first
    anchor = number.get_attribute("href") or ""
    number.click()
    assert page.url.endswith(f"{PAIR}{anchor}")
    expect(page.locator(f"{anchor}:target")).to_be_in_viewport()
    page.go_back()
    expect(number).to_be_in_viewport()


def test_the_state_that_was_chosen_last_is_filled_in_and_moves_nothing(open_browser: Open) -> None:
    watched = open_browser()
    page = watched.page
    page.add_init_script(f"({SHIFTS})()")
    watched.go(f"{PAIR}?state=CA")
    [cookie] = [each for each in page.context.cookies() if each["name"] == "state"]
    assert (cookie["value"], cookie["path"], cookie["sameSite"]) == ("CA", "/", "Lax")
    for path in (FOUR, "/careers/phlebotomist", "/licensing"):
        watched.go(path)
        expect(page.get_by_label("Your state")).to_have_value("CA")
        assert page.locator(".rule").count() == 0
        page.locator("#state").scroll_into_view_if_needed()
        assert (path, _shifts(page)) == (path, [])
    watched.go(f"{PAIR}?state=WA")
    watched.go(PAIR)
    expect(page.get_by_label("Your state")).to_have_value("WA")


def test_a_state_in_a_cookie_that_is_none_is_not_filled_in(open_browser: Open) -> None:
    watched = open_browser()
    for value in ("ZZ", "%3Cscript%3E", "California", ""):
        origin = {"name": "state", "value": value, "url": watched.go("/careers").url}
        watched.page.context.add_cookies([origin])  # type: ignore[list-item] # a cookie is a dictionary
        expect(watched.go(PAIR).get_by_label("Your state")).to_have_value("")


@pytest.mark.parametrize("path", [PAIR, FOUR, "/careers", "/licensing?state=CA"])
def test_opening_a_page_asks_for_the_page_one_style_sheet_and_one_font(open_browser: Open, path: str) -> None:
    watched, asked = open_browser(), list[str]()
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.page.goto(path, wait_until="networkidle")
    base = watched.page.url.removesuffix(path)
    assert [url.removeprefix(base) for url in asked if not url.startswith("data:")] == [
        path,
        "/static/fonts/PublicSans%5Bwght%5D.ttf",
        "/static/style.css",
    ]


def test_what_moves_by_itself_and_what_is_too_wide_is_noticed(open_browser: Open) -> None:
    watched = open_browser()
    watched.page.add_init_script(f"({SHIFTS})()")
    page = watched.go(PAIR)
    assert _shifts(page) == []
    page.evaluate("document.querySelector('h1').before(document.querySelector('.versus').cloneNode(true))")
    assert _shifts(page) != []
    assert page.evaluate(TOO_WIDE) == []
    page.set_viewport_size({"width": 300, "height": 800})
    assert page.evaluate(TOO_WIDE) != []


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_moves_while_a_page_opens(open_browser: Open, width: int) -> None:
    watched = open_browser(width=width)
    watched.page.add_init_script(f"({SHIFTS})()")
    for path in PAGES:
        page = watched.go(path)
        shifts = _shifts(page)
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        assert (path, shifts, _shifts(page)) == (path, [], [])


def test_by_keyboard_a_number_is_reached_and_leads_to_its_note(open_browser: Open) -> None:
    page = open_browser().go(PAIR)
    anchor = ""
    for _ in range(60):
        page.keyboard.press("Tab")
        anchor = page.evaluate("document.activeElement.getAttribute('href') || ''")
        if anchor.startswith("#n"):
            break
    expect(page.locator("a:focus-visible")).to_have_attribute("href", anchor)
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(f"li{anchor}:target")).to_be_in_viewport()
    page.go_back()
    expect(page.locator(f"a[href='{anchor}']").first).to_be_in_viewport()


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("path", [PAIR, FOUR, "/careers/medical-assistant/history"], ids=["two", "four", "history"])
def test_a_printed_page_fits_the_paper(open_browser: Open, path: str, paper: str) -> None:
    width, size = PAPERS[paper]
    page = open_browser().go(path)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": width, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(TOO_WIDE) == []
    printed = PdfReader(io.BytesIO(page.pdf(format=paper)))
    sheets = {(float(sheet.mediabox.width), float(sheet.mediabox.height)) for sheet in printed.pages}
    assert [sheet == pytest.approx(size, abs=1) for sheet in sheets] == [True]
    words = " ".join(" ".join(sheet.extract_text() for sheet in printed.pages).split())
    assert "What stands behind each number" in words


def test_on_a_phone_nothing_overflows_sideways(open_browser: Open) -> None:
    watched = open_browser(width=375)
    wide = {path: watched.go(path).evaluate("document.documentElement.scrollWidth") for path in PAGES}
    assert wide == dict.fromkeys(PAGES, 375)
