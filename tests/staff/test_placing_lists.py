"""The lists of coordinators: as many statements whatever the number of their rows, and none of them without rows."""

import pytest
from flask import Flask

from provider.accounts.rules import Role
from provider.documents.rules import DocumentKind
from provider.externships import plans
from provider.kernel.database import unit_of_work
from tests.harness import papers
from tests.harness.externs import ASKED, COORDINATOR, ask, asked, graduate
from tests.harness.placed import graduated
from tests.harness.places import placed
from tests.harness.sites import Supply, offer, supply
from tests.harness.statements import statements
from tests.harness.visitor import Visitor
from tests.staff.conftest import Colleague

MORE = 3
ROWS = {
    "/staff/externships": 2,
    "/staff/externships?state=ready&program=CCMA": 1,
    "/staff/externships?state=placed": 1,
    "/staff/externships?sort=newest": 2,
    "/staff/openings": 2,
    "/staff/openings?sort=ends&state=open": 2,
    "/staff/sites": 1,
    "/staff/sites?sort=newest&state=open": 1,
    "/staff/documents": 1,
    "/staff/plans": 1,
}  # how many rows a list has after one round of `one_more`


@pytest.fixture
def first(app: Flask) -> tuple[Supply, str]:
    """A site with two openings, and a request that looks for a place near it."""
    with app.app_context():
        return one_more(1)


def one_more(number: int) -> tuple[Supply, str]:
    """Add a row to every list: a site with two openings, two requests, one of them placed, a document, a plan."""
    made = supply(capacity=3)
    offer(made)
    placed(asked(), made.opening)
    email = f"papers{number}@example.org"
    graduated(email)
    papers.upload(email, DocumentKind.TB)
    with unit_of_work():
        plans.start(actor=COORDINATOR, at=ASKED)
    return made, ask(graduate())


@pytest.mark.usefixtures("first")
def test_each_list_takes_as_many_statements_with_one_row_as_with_many(app: Flask, colleague: Colleague) -> None:
    coordinator = colleague(Role.COORDINATOR)
    counts: list[dict[str, int]] = []
    for rounds in (1, 1 + MORE):
        for path, rows in ROWS.items():
            assert (path, len(coordinator.get(path).all("tbody tr"))) == (path, rows * rounds)
        counts.append(sent(app, coordinator, *ROWS))
        if rounds == 1:
            with app.app_context():
                for number in range(MORE):
                    one_more(2 + number)
    assert counts[0] == counts[1]


def test_the_pages_of_one_site_opening_and_request_take_as_many_whatever_lies_around(
    app: Flask, colleague: Colleague, first: tuple[Supply, str]
) -> None:
    """The list for placing by hand is among them: it shows every opening around."""
    coordinator = colleague(Role.COORDINATOR)
    made, wish = first
    paths = (
        f"/staff/sites/{made.site}",
        f"/staff/openings/{made.opening}",
        f"/staff/externships/{wish}",
        f"/staff/externships/{wish}/places",
    )
    assert len(coordinator.get(paths[-1]).all("tbody tr")) == 2
    few = sent(app, coordinator, *paths)
    with app.app_context():
        for number in range(MORE):
            one_more(2 + number)
            placed(asked(), offer_of(made))
    assert len(coordinator.get(paths[-1]).all("tbody tr")) == 2 + 3 * MORE
    assert sent(app, coordinator, *paths) == few


def offer_of(made: Supply) -> str:
    return offer(made, capacity=2)


def sent(app: Flask, visitor: Visitor, *paths: str) -> dict[str, int]:
    """Return how many statements each page takes, the second time it is opened."""
    counts = {}
    for path in paths:
        visitor.get(path)
        with statements(app) as seen:
            visitor.get(path)
        counts[path] = len(seen)
    return counts
