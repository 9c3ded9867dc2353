"""Who gets what at every address, as access.csv says it: reviewed by hand, and each row visited."""

from dataclasses import replace

import pytest
from flask import Flask

from provider.accounts.rules import PERMITS, Permission, Role, Whose
from provider.kernel.doors import PUBLIC, doors
from tests.harness.checksums import checksums
from tests.harness.matrix import WHO, Party, Row, addresses, read, surprises, without_address, without_row
from tests.harness.room import MINE
from tests.harness.season import Season

ROWS = read()
ANYBODYS = [row for row in ROWS if not row.whose]
OWN = [row for row in ROWS if row.whose == "own"]
OTHERS = [row for row in ROWS if row.whose == "other"]


def one(endpoint: str, whose: str = "") -> Row:
    (found,) = [row for row in ROWS if (row.endpoint, row.whose) == (endpoint, whose)]
    return found


def test_every_address_has_a_row_and_every_row_an_address(app: Flask) -> None:
    assert without_row(ROWS, app) == set()
    assert without_address(ROWS, app) == set()


def test_the_rows_stand_in_the_order_of_the_alphabet_with_own_before_other() -> None:
    keys = [(row.endpoint, row.method, row.whose == "other") for row in ROWS]
    assert keys == sorted(keys)


def test_what_is_ones_own_has_a_row_for_the_owner_and_one_for_everybody_else(app: Flask) -> None:
    guards = doors(app)
    own = {
        key
        for key, rule in addresses(app).items()
        if rule.arguments
        and (door := guards.get(key[0].partition(".")[0])) is not None
        and isinstance(door.needs, Permission)
        and door.needs.whose is Whose.OWN
    }
    assert own == {(row.endpoint, row.method) for row in OWN} == {(row.endpoint, row.method) for row in OTHERS}
    assert all(set(row.answers) == set(WHO) for row in [*ANYBODYS, *OTHERS])
    assert {status for row in OTHERS for status in row.answers.values()} == {404}


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("who", WHO)
def test_every_row_is_answered_as_it_was_reviewed(school: Flask, season: Season, who: str) -> None:
    for whose, rows in {"own": OWN, "other": OTHERS, "": ANYBODYS}.items():
        if any(who in row.answers for row in rows):
            party = Party(school, season, who, whose)
            before = checksums(school)
            assert list(surprises(party, who, rows)) == []
            assert checksums(school) == before


def test_a_row_that_is_missing_or_left_over_is_found(app: Flask) -> None:
    assert without_row(ROWS[1:], app) == {(ROWS[0].endpoint, ROWS[0].method)}
    left = replace(ROWS[0], endpoint="accounts.gone")
    assert without_address([*ROWS, left], app) == {("accounts.gone", left.method)}


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize(
    "endpoint, who, planted, answered",
    [
        ("staff_people.index", "editor", 200, 403),
        ("staff_people.disable", "auditor", 422, 403),
        ("staff_payments.show", "bursar", 403, 200),
        ("staff.index", "visitor", 200, 303),
        ("accounts.sign_in", "student", 303, 200),
    ],
)
def test_a_wrong_row_is_found(
    school: Flask, season: Season, endpoint: str, who: str, planted: int, answered: int
) -> None:
    row = one(endpoint)
    wrong = replace(row, answers={**row.answers, who: planted})
    found = list(surprises(Party(school, season, who, ""), who, [row, wrong]))
    assert found == [f"{row.method} {endpoint}  for {who}: {answered}, not {planted}"]


@pytest.mark.one_database("sqlite")
def test_a_door_that_stands_open_is_found(school: Flask, season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors(school)["staff_people"], "needs", PUBLIC)
    found = list(surprises(Party(school, season, "editor", ""), "editor", [one("staff_people.index")]))
    assert found == ["GET staff_people.index  for editor: 200, not 403"]


@pytest.mark.one_database("sqlite")
def test_an_answer_without_its_safe_headers_is_found(
    school: Flask, season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provider.kernel.web.SAFE_HEADERS", ())
    found = list(surprises(Party(school, season, "admin", ""), "admin", [one("accounts.sign_in"), one("staff.index")]))
    assert [line.split()[1] for line in found] == ["accounts.sign_in", "staff.index"]
    assert "no-store" in found[0]


@pytest.mark.one_database("sqlite")
def test_a_role_that_may_more_than_was_reviewed_is_found(
    school: Flask, season: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PERMITS, Role.EDITOR, PERMITS[Role.EDITOR] | {Permission.SEE_MONEY})
    found = list(surprises(Party(school, season, "editor", ""), "editor", ANYBODYS))
    money = {row.endpoint for row in ANYBODYS if row.answers["bursar"] == 200 and row.answers["admissions"] == 403}
    assert {line.split()[1] for line in found} == money


def test_foreign_and_unknown_references_get_the_same_page(school: Flask, season: Season) -> None:
    party = Party(school, season, "student", "other")
    seen = [row for row in OTHERS if row.method == "GET"]
    foreign = [party.visitor.get(party.path(row), 404) for row in seen]
    party.known[MINE] = dict.fromkeys(party.known[MINE], "E-22222222")
    for row, page in zip(seen, foreign, strict=True):
        unknown = party.visitor.get(party.path(row), 404)
        assert page.words("main h1, main .lead") == unknown.words("main h1, main .lead")
        assert season["paying"].name not in page.text
