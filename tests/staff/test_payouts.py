"""The list of payouts: every state, narrowed, ordered, taken along."""

import csv
import io

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.kernel.database import db, unit_of_work
from provider.refunds.models import Payout
from provider.refunds.rules import PayoutState
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import sign_in
from tests.harness.visitor import Page, Visitor


@pytest.fixture
def bursar(school: Flask, season: Season) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.BURSAR])
    return visitor


def names(page: Page) -> list[str]:
    return [link.to_text() for link in page.all("tbody th a")]


def test_every_payout_stands_there_newest_first_with_its_dates(bursar: Visitor, season: Season) -> None:
    page = bursar.get("/staff/payouts")
    by_card = ("given_outside", "not_taken", "under_way", "to_card")
    assert names(page) == [season[state].name for state in (*by_card, "excepted", "refunding", "settled")]
    row = page.all("tbody tr")[-1].to_text()
    assert "OUT-PO-" in row
    assert "Sent" in row
    assert names(bursar.get("/staff/payouts?sort=oldest"))[0] == season["settled"].name


@pytest.mark.parametrize(
    "state, who",
    [
        ("due", {"excepted", "refunding"}),
        ("sent", {"settled", "to_card", "given_outside"}),
        ("sending", {"under_way"}),
        ("failed", {"not_taken"}),
    ],
)
def test_a_state_shows_its_own(bursar: Visitor, season: Season, state: str, who: set[str]) -> None:
    page = bursar.get(f"/staff/payouts?state={state}")
    assert set(names(page)) == {season[one].name for one in who}
    assert ("No payout is like this." in page.text) is not bool(who)


def test_a_failed_one_says_so(school: Flask, bursar: Visitor, season: Season) -> None:
    with school.app_context(), unit_of_work():
        due = sa.update(Payout).where(Payout.state == PayoutState.DUE)
        db.session.execute(due.values(state=PayoutState.FAILED, failure="expired_or_canceled_card"))
    assert len(names(bursar.get("/staff/payouts?state=failed"))) == 3


def test_a_student_is_found_by_name(bursar: Visitor, season: Season) -> None:
    assert names(bursar.get("/staff/payouts?q=grace")) == [season["settled"].name]


def test_pages_turn_by_key_in_a_constant_number_of_statements(school: Flask, bursar: Visitor) -> None:
    with school.app_context():
        newest = db.session.scalars(sa.select(sa.func.max(Payout.id))).one()
    with statements(school) as one:
        bursar.get(f"/staff/payouts?after={newest - 1}")
    with statements(school) as many:
        assert len(names(bursar.get("/staff/payouts"))) == 7
    assert len(one) == len(many)
    assert len(names(bursar.get(f"/staff/payouts?before={newest}"))) == 6


def test_the_list_is_taken_along_as_it_is_narrowed(bursar: Visitor, season: Season) -> None:
    bursar.get("/staff/payouts?state=sent")
    sent = {"csrf_token": bursar.token(), "format": "csv", "state": "sent"}
    answer = bursar.client.post("/staff/payouts/export", data=sent)
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["Student"] for row in rows] == [season[who].name for who in ("given_outside", "to_card", "settled")]
    row = rows[-1]
    assert (row["Student"], row["Refund"], row["State"]) == (season["settled"].name, season["settled"].refund, "Sent")
    assert row["Sent under"].startswith("OUT-")


def test_a_state_that_there_is_not_narrows_nothing(bursar: Visitor) -> None:
    assert len(names(bursar.get("/staff/payouts?state=lost"))) == 7
