"""The published numbers of the guarantee: each with its people, none of fewer than ten."""

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask

from provider.affiliations.rules import Period
from provider.externships.published import numbers
from provider.externships.rules import Published, published
from tests.harness import places
from tests.harness.externs import ASKED, asked
from tests.harness.sites import supply
from tests.harness.visitor import Visitor

DAY = dt.timedelta(days=1)
NINE, TEN = [*range(1, 10)], [*range(1, 11)]


@pytest.fixture
def made_anew(app: Flask) -> Iterator[None]:
    """The public pages are made from this test's database, and nothing of it is left for the next."""
    app.extensions["public_pages"].clear()
    yield
    app.extensions["public_pages"].clear()


@pytest.mark.parametrize(
    "given, told",
    [
        ({"asked": 9, "placed": 9, "days": NINE, "tenths": NINE}, Published(None, None, None, 9, None, 9)),
        ({"asked": 10, "placed": 9, "days": NINE, "tenths": NINE}, Published(10, None, None, 9, None, 9)),
        ({"asked": 12, "placed": 10, "days": TEN, "tenths": NINE}, Published(12, 10, 5.5, 10, None, 9)),
        ({"asked": 12, "placed": 10, "days": TEN, "tenths": [125] * 10}, Published(12, 10, 5.5, 10, 12.5, 10)),
        ({"asked": 0, "placed": 0, "days": [], "tenths": []}, Published(None, None, None, 0, None, 0)),
    ],
    ids=["nine", "ten asked", "nine measured", "all of ten", "nobody"],
)
def test_each_number_needs_ten_people_of_its_own(given: dict[str, object], told: Published) -> None:
    assert published(**given) == told  # type: ignore[arg-type]


@pytest.mark.usefixtures("made_anew")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_the_public_page_tells_what_was_kept(app: Flask, visitor: Visitor) -> None:
    with app.app_context():
        made = supply(capacity=10, days=Period(dt.date(2027, 3, 1), dt.date(2027, 7, 30)))
        wishes = [asked(earliest_on=dt.date(2027, 3, 1)) for _ in range(10)]
        for number, wish in enumerate(wishes):
            places.placed(wish, made.opening, at=ASKED + number * DAY)
        found = numbers()
    assert found == Published(10, 10, 4.5, 10, 0.0, 10)
    told = visitor.get("/externships").words("section[aria-labelledby=numbers]")
    assert "Had a confirmed place 10 of 10" in told
    assert "4.5 days of the school’s time (10 people)" in told
    assert "0 miles (10 places)" in told


@pytest.mark.usefixtures("made_anew")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_with_nobody_there_are_no_numbers(app: Flask, visitor: Visitor) -> None:
    assert visitor.get("/externships").all("#numbers") == []
