"""A demonstration says what it is on every page and letter, and nothing else does."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from provider.accounts.rules import Role
from tests.harness.season import Season
from tests.harness.server import ROOT
from tests.harness.statements import statements
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

BAR = "Demonstration No money moves here, and the students are invented."
PUBLIC = ("/", "/programs/ccma", "/careers/medical-assistant", "/tuition", "/sign-in", "/programs/ccma/enroll")


@pytest.fixture
def demonstration(app: Flask) -> Iterator[Flask]:
    """The application as `make demo` starts it."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, DEMONSTRATION=True)
    yield app
    app.extensions["settings"] = before


def bars(visitor: Visitor, path: str, status: int = 200) -> list[str]:
    return [" ".join(bar.to_text().split()) for bar in visitor.get(path, status).all("aside.demonstration")]


@pytest.mark.usefixtures("demonstration")
def test_public_pages_say_it_once(visitor: Visitor) -> None:
    assert [bars(visitor, path) for path in PUBLIC] == [[BAR]] * len(PUBLIC)
    assert bars(visitor, "/nothing-here", 404) == [BAR]


@pytest.mark.parametrize("who", ["student", "staff"])
def test_students_and_staff_read_it_on_their_pages(season: Season, school: Flask, who: str) -> None:
    before = school.extensions["settings"]
    school.extensions["settings"] = replace(before, DEMONSTRATION=True)
    visitor = Visitor(school)
    if who == "student":
        sign_in(visitor, season["paying"].email)
        assert bars(visitor, f"/my/enrollments/{season['paying'].enrollment}") == [BAR]
    else:
        sign_in(visitor, season.staff[Role.BURSAR])
        assert bars(visitor, "/staff") == [BAR]
    school.extensions["settings"] = before


def test_every_layout_has_a_place_for_it() -> None:
    pages = [path for path in (ROOT / "templates").rglob("*.html") if "<body" in path.read_text()]
    with_place = {path.name for path in pages if '{% include "_layouts/demonstration.html" %}' in path.read_text()}
    assert with_place == {path.name for path in pages if path.parent.name != "mail"} == {"base.html", "staff.html"}


def test_it_costs_a_public_page_nothing(demonstration: Flask, visitor: Visitor) -> None:
    visitor.get("/")
    with statements(demonstration) as asked:
        visitor.get("/")
    assert asked.statements == []


def test_a_school_never_says_it(visitor: Visitor) -> None:
    assert [bars(visitor, path) for path in PUBLIC] == [[]] * len(PUBLIC)
