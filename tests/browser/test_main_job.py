"""The main job clicked through as people do it: on a phone, on a desk without scripts, by keyboard, twice, and back."""

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from provider.accounts.rules import Role
from tests.harness.stage import Stage
from tests.harness.stories import token_for
from tests.harness.watch import Watched

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Watched]
_numbers = itertools.count(1)


def _fill_in(page: Page, email: str) -> None:
    page.get_by_label("Full legal name").fill("Ana Ñúñez")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("State", exact=True).select_option("NY")
    page.get_by_label("ZIP code", exact=True).fill("10001")
    for box in page.locator("main form input[type=checkbox]").all():
        if not box.is_checked():
            page.locator(f"label[for={box.get_attribute('id')}]").click()
    page.get_by_label("Your signature").fill("Ana Ñúñez")


def _reference(page: Page) -> str:
    match = re.search(r"/my/enrollments/(E-\w{8})$", page.url)
    assert match is not None, page.url
    return match[1]


def _enroll(page: Page, email: str) -> str:
    page.goto("/programs/ccma/enroll?plan=upfront")
    _fill_in(page, email)
    page.get_by_role("button", name="Sign and enroll").click()
    return _reference(page)


def _email() -> str:
    return f"browser{next(_numbers)}@example.org"


@pytest.mark.parametrize("width,scripts", [(375, True), (1280, False)], ids=["phone", "desk without scripts"])
def test_from_the_front_page_to_the_money_back(open_browser: Open, stage: Stage, width: int, scripts: bool) -> None:  # noqa: FBT001 - parametrized
    email = _email()
    page = open_browser(width=width, scripts=scripts).go("/")
    page.get_by_role("link", name="See the programs").first.click()
    page.locator("main").get_by_role("link", name="Clinical medical assistant").first.click()
    page.get_by_role("link", name="Enroll with this plan").first.click()
    page.get_by_role("button", name="Sign and enroll").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check your answers")
    _fill_in(page, email)
    page.get_by_role("button", name="Sign and enroll").click()
    reference = _reference(page)
    expect(page.locator("main")).to_contain_text(email)
    page.goto(f"/links/{token_for(stage.app, 'prove_email', reference)}")
    page.locator("main form button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Your e-mail address is confirmed.")

    staff = open_browser(stage.season.staff[Role.BURSAR], width=width, scripts=scripts).go(
        "/staff/payments?view=awaited"
    )
    staff.goto(f"/staff/enrollments/{reference}")
    staff.get_by_role("link", name="Record a payment").first.click()
    staff.get_by_label("Reference").fill("CHECK-1")
    staff.get_by_label("Or where the proof is").fill("In the safe")
    staff.locator("main form[method=post] button[type=submit]").last.click()
    expect(staff.locator("main")).to_contain_text("The payment is recorded.")

    page.goto(f"/my/enrollments/{reference}")
    page.get_by_role("link", name="Ask for my money back").click()
    page.get_by_role("button", name=re.compile("Give me back")).click()
    expect(page.locator("h1")).to_have_text("Your refund")
    expect(page.locator("main")).to_contain_text("Your money is on its way")


def test_a_double_click_enrolls_once(open_browser: Open, stage: Stage) -> None:
    email = _email()
    page = open_browser().go("/programs/ccma/enroll?plan=upfront")
    _fill_in(page, email)
    page.get_by_role("button", name="Sign and enroll").dblclick()
    page.wait_for_url("**/my/enrollments/*")
    staff = open_browser(stage.season.staff[Role.ADMISSIONS]).go(f"/staff/enrollments?q={email}")
    assert len(set(re.findall(r"/staff/enrollments/(E-\w{8})", staff.content()))) == 1


def test_going_back_and_sending_again_leads_to_the_same_enrollment(open_browser: Open) -> None:
    page, email = open_browser().page, _email()
    first = _enroll(page, email)
    page.go_back()
    expect(page.get_by_label("E-mail address")).to_have_value(email)
    page.get_by_label("Your signature").fill("Ana Ñúñez")  # a browser keeps everything but the signature
    page.get_by_role("button", name="Sign and enroll").click()
    page.wait_for_url("**/my/enrollments/*")
    assert _reference(page) == first


def test_the_countdown_ticks(open_browser: Open, stage: Stage) -> None:
    fresh = stage.season["fresh"]
    page = open_browser(fresh.email, width=375).go(f"/my/enrollments/{fresh.enrollment}/refund")
    clock = page.locator("time[data-countdown]").first
    expect(clock).to_contain_text("left")
    before = clock.inner_text()
    page.wait_for_function("before => document.querySelector('time[data-countdown]').innerText !== before", arg=before)


def test_the_form_is_filled_in_by_keyboard_alone_and_the_focus_is_seen(open_browser: Open) -> None:
    page = open_browser().go("/programs/ccma/enroll?plan=upfront")
    typed = {
        "legal_name": "Ana Ñúñez",
        "email": _email(),
        "zip": "10001",
        "signature": "Ana Ñúñez",
        "state": "New York",
    }
    unseen: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """() => {
                const at = document.activeElement;
                const style = getComputedStyle(at.closest(".choice") || at);
                return [at.name || at.textContent.trim(), at.type || "", at.checked || false,
                        style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
            }"""
        )
        name, kind, checked, seen = here
        unseen += [] if seen else [name]
        if name in typed:
            page.keyboard.type(typed.pop(name))
        elif kind == "checkbox" and not checked:
            page.keyboard.press("Space")
        elif name == "Sign and enroll":
            page.keyboard.press("Enter")
            break
    page.wait_for_url("**/my/enrollments/*")
    assert unseen == []
