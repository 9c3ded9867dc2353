"""Pages in a school's own color: nothing for axe to say, in light and dark, whatever color was taken."""

from collections.abc import Callable

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

from provider.accounts.rules import Role
from provider.school import accent
from tests.harness.stage import Stage
from tests.harness.watch import Watched

pytestmark = pytest.mark.xdist_group("browser")
Open = Callable[..., Watched]
CONTRAST = {"resultTypes": ["violations"], "reporter": "no-passes", "preload": False, "runOnly": ["color-contrast"]}
# The palest there is of its hue, one of every day, and the two ends.
COLORS = tuple(accent.nearest(color) for color in ("#ffd700", "#7a1f5c", "#ffffff", "#000000"))
PUBLIC = ("/", "/programs/ccma", "/programs/ccma/enroll?plan=upfront", "/careers/medical-assistant-vs-phlebotomist")
STAFF = ("/staff", "/staff/setup", "/staff/programs/new", "/staff/enrollments")


def _unreadable(page: Page, path: str, color: str) -> list[str]:
    """Open a page, put the style sheet of a color over it, and return what cannot be read."""
    page.goto(path)
    page.add_style_tag(url=f"/static/accents/{accent.EDITION}-{color[1:]}.css")
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        worn = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")
        both = accent.shades(color)
        assert worn == (both.dark if scheme == "dark" else both.light).accent
        told = page.evaluate("options => axe.run(options)", CONTRAST)["violations"]
        found += [f"{path} {color} {scheme}: {node['target']}" for each in told for node in each["nodes"]]
    return found


def test_every_color_that_is_taken_can_be_read(open_browser: Open, stage: Stage) -> None:
    found = []
    for who, paths in ((None, PUBLIC), (stage.season.staff[Role.ADMIN], STAFF)):
        page = open_browser(who).page
        page.add_init_script(path=AXE_FILE_PATH)
        for path in paths:
            for color in COLORS:
                found += _unreadable(page, path, color)
    assert found == []
