"""The page of a code: what was issued and whether it stands, for anybody, with nothing to guess by."""

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.models import Throttle
from provider.kernel.database import db, unit_of_work
from provider.verification import actions, queries
from provider.verification.rules import written_code
from tests.harness.checksums import checksums
from tests.harness.html import faults
from tests.harness.issued import COORDINATOR, FACTS, TOLD, WHY, issue
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 22, 17, tzinfo=dt.UTC)
UNKNOWN = "2222-3333-4444-5555"
KIND = "Please compare it with the document letter by letter and type it again, or ask whoever showed it to you."


@pytest.fixture
def reference(app: Flask) -> str:
    with app.app_context():
        made = issue("E-7K2M9Q4T", at=NOON - dt.timedelta(days=30), holder="Đặng Thị Ngọc Hân")
        db.session.remove()
    return made


def code_of(app: Flask, reference: str) -> str:
    with app.app_context():
        code = written_code(queries.by_reference(reference).code)
        db.session.remove()
    return code


def pairs(visitor: Visitor) -> list[tuple[str, str]]:
    assert visitor.page is not None
    terms, values = (visitor.page.all(f"main .definition {name}") for name in ("dt", "dd"))
    return [(term.to_text().strip(), value.to_text().strip()) for term, value in zip(terms, values, strict=True)]


def test_who_has_the_code_reads_what_was_issued(app: Flask, visitor: Visitor, reference: str) -> None:
    code = code_of(app, reference)
    assert faults(visitor.get("/verify").response) == []
    page = visitor.get(f"/verify?code={code.lower().replace('-', '+')}", 303)
    assert page.response.headers["Location"] == f"/verify/{code}"
    page = visitor.follow()
    assert faults(page.response) == []
    assert page.title == "Externship record"
    assert page.words(".tag") == "Valid"
    assert pairs(visitor) == [
        ("Issued to", "Đặng Thị Ngọc Hân"),
        *FACTS,
        ("Issued by", "Sample School of Health Careers"),
        ("Issued on", "October 23, 2026, 1:00:00 PM EDT"),
        ("Code", code),
    ]
    assert "@" not in page.words()


def test_what_was_revoked_says_since_when_and_why_only_if_that_is_for_everybody(
    app: Flask, visitor: Visitor, reference: str
) -> None:
    with app.app_context():
        other = issue("E-7K2M9Q4T", at=NOON - dt.timedelta(days=30))
        for one, told in ((reference, None), (other, TOLD)):
            with unit_of_work():
                document = queries.by_reference(one)
                actions.revoke(document, reason=WHY, public_reason=told, actor=COORDINATOR, at=NOON)
        db.session.remove()
    for one, words in ((reference, ""), (other, f" {TOLD}")):
        page = visitor.get(f"/verify/{code_of(app, one)}")
        assert page.words(".tag") == "Revoked"
        assert page.words(".notice") == (
            "Revoked on November 22, 2026, 12:00:00 PM EST Sample School of Health Careers does not stand by this "
            f"document any more. Please do not rely on it.{words}"
        )
        assert WHY not in page.text


@pytest.mark.parametrize("typed", [UNKNOWN, "hello", "%00", "2" * 500, "VD-22222222"])
def test_an_unknown_code_gets_one_kind_sentence_and_no_hint(visitor: Visitor, typed: str) -> None:
    page = visitor.get(f"/verify/{typed}", 404)
    if typed != "%00":  # refused for every address alike
        assert (page.title, page.words(".lead")) == ("We do not know this code", KIND)


def test_what_is_no_code_is_told_at_the_form(visitor: Visitor) -> None:
    sentence = (
        "A code has 16 letters and digits, such as ABCD-EFGH-JKMN-PQRS. Compare it with the paper and type it again."
    )
    assert visitor.get("/verify?code=7K2M", 422).errors == {"code": [f"Code: {sentence}"]}
    assert visitor.get("/verify?code=", 422).errors == {"code": ["Code: Type the code that stands on the document."]}


def test_it_is_listed_by_no_search_engine(app: Flask, visitor: Visitor, reference: str) -> None:
    for path, status in (("/verify", 200), (f"/verify/{code_of(app, reference)}", 200), (f"/verify/{UNKNOWN}", 404)):
        page = visitor.get(path, status)
        assert page.response.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert [one.attrs["content"] for one in page.all("meta[name=robots]")] == ["noindex, nofollow, noarchive"]
        assert page.response.headers["Cache-Control"] == "no-store"
    assert "/verify" not in visitor.get("/sitemap.xml").text
    assert (
        "/verify" not in visitor.get("/robots.txt").text
    )  # who may not come does not read that it is not to be listed


def test_who_tries_codes_has_to_wait_and_the_right_ones_cost_nothing(
    app: Flask, visitor: Visitor, reference: str
) -> None:
    code, known = code_of(app, reference), app.extensions["settings"]
    app.extensions["settings"] = replace(known, CODES_PER_HOUR=3)
    try:
        with time_machine.travel(NOON, tick=False) as clock:
            before = checksums(app)
            for _ in range(5):
                visitor.get(f"/verify/{code}")
            assert checksums(app) == before
            for _ in range(3):
                visitor.get(f"/verify/{UNKNOWN}", 404)
            page = visitor.get(f"/verify/{code}", 429)
            assert (page.title, page.response.headers["Retry-After"]) == ("Please wait", "4320")
            visitor.get(f"/verify/{UNKNOWN}", 429)
            clock.shift(dt.timedelta(minutes=73))
            visitor.get(f"/verify/{code}")
        with app.app_context():
            assert db.session.scalars(sa.select(sa.func.sum(Throttle.tries))).one() == 3
            db.session.remove()
    finally:
        app.extensions["settings"] = known
