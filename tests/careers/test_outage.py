"""The public front without its database: never there from the start, or gone later; every page still answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from config import Config
from provider.app import create_app
from provider.catalog import queries
from provider.kernel.database import db
from tests.harness.databases import Database
from tests.harness.html import faults
from tests.harness.visitor import Page, Visitor

PAIR = "/careers/medical-assistant-vs-phlebotomist"
FOUR = "/careers/medical-assistant-vs-medical-lab-technician-vs-patient-care-technician-vs-phlebotomist"
HTML = (
    "/careers",
    "/careers/phlebotomist",
    "/careers/patient-care-technician",
    "/careers/phlebotomist/history",
    PAIR,
    f"{PAIR}?state=CA",
    f"{PAIR}?q-contact=brief",
    FOUR,
    "/licensing",
    "/licensing?state=WA",
    "/sources",
)
FILES = tuple(PAIR + ending for ending in (".json", ".csv", "/chart.svg", "/chart.png"))
REFUSED = {
    "/careers/phlebotomy": 404,
    f"{PAIR}?state=ZZ": 422,
    "/careers?career=phlebotomist": 422,
    "/careers?career=phlebotomist&career=medical-assistant": 303,
    "/careers/phlebotomist-vs-medical-assistant": 301,
}
EVERYTHING = dict.fromkeys((*HTML, *FILES, "/sitemap.xml"), 200) | REFUSED
PROGRAMS = "main a[href^='/programs/'], .card--program"


def _house(folder: Path, url: str) -> Flask:
    return create_app(Config.load({"INSTANCE_DIR": str(folder), "SECRET_KEY": "k" * 40, "DATABASE_URL": url}))


@pytest.fixture(params=["a closed port", "a missing folder", "a file that is no database"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Flask:
    """A school that was started while its database was away."""
    (tmp_path / "rubbish").write_bytes(b"this is no database" * 1000)
    urls = {
        "a closed port": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "a missing folder": f"sqlite:///{tmp_path}/no/such/folder/school.sqlite3",
        "a file that is no database": f"sqlite:///{tmp_path}/rubbish",
    }
    return _house(tmp_path, urls[request.param])


@contextmanager
def _connecting(app: Flask, during: Callable[[], object] = lambda: None) -> Iterator[list[str]]:
    """Count how often the database is called, from whatever thread; ``during`` runs inside each call."""
    called: list[str] = []

    def call(*_: object) -> None:
        called.append(threading.current_thread().name)
        during()

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "do_connect", call)
    try:
        yield called
    finally:
        sa.event.remove(engine, "do_connect", call)


def _sold(page: Page) -> list[str]:
    return [link.attrs["href"] for link in page.all(".card--program h3 a")]


def _statuses(app: Flask) -> dict[str, int]:
    client = app.test_client()
    return {path: client.get(path).status_code for path in EVERYTHING}


def test_every_page_answers_when_the_database_was_never_there(house: Flask) -> None:
    assert _statuses(house) == EVERYTHING


@pytest.mark.parametrize("path", HTML)
def test_a_page_without_an_offer_is_a_good_page_that_sells_nothing(tmp_path: Path, path: str) -> None:
    page = Visitor(_house(tmp_path, f"sqlite:///{tmp_path}/no/such/folder/school.sqlite3")).get(path)
    assert faults(page.response) == []
    assert [link.attrs.get("href") for link in page.all(PROGRAMS)] == []
    assert ("We sell" in page.words()) == (path == "/careers")
    for word in ("hours of your first payment", "EducationalOccupationalProgram", "cannot be reached"):
        assert word not in page.text


def test_a_page_that_cannot_know_the_offer_does_not_deny_it(tmp_path: Path) -> None:
    visitor = Visitor(_house(tmp_path, f"sqlite:///{tmp_path}/no/such/folder/school.sqlite3"))
    assert "None here" not in visitor.get("/careers").words()
    assert "No program for these careers is on sale at the moment." not in visitor.get(PAIR).words()


def test_while_the_database_was_never_there_it_is_asked_once_and_not_at_every_request(house: Flask) -> None:
    client = house.test_client()
    with _connecting(house) as called:
        assert [client.get("/licensing?state=WA").status_code for _ in range(10)] == [200] * 10
    assert len(called) == 1


def test_of_requests_at_once_only_one_waits_for_a_database_that_was_never_there(tmp_path: Path) -> None:
    house = _house(tmp_path, f"sqlite:///{tmp_path}/no/such/folder/school.sqlite3")
    waiting, enough = threading.Event(), threading.Event()

    def hold() -> None:
        waiting.set()
        enough.wait(10)

    def ask() -> None:
        house.test_client().get("/licensing?state=WA")

    with _connecting(house, hold) as called:
        first, *others = [threading.Thread(target=ask) for _ in range(4)]
        first.start()
        waiting.wait(10)
        for other in others:
            other.start()
        for other in others:
            other.join(0.5)
        enough.set()
        for each in (first, *others):
            each.join()
    assert len(called) == 1


def test_the_programs_appear_once_the_database_is_there(app: Flask, database: Database, config: Config) -> None:
    _take_away(app, database)
    late = create_app(config)
    visitor = Visitor(late)
    without = visitor.get(PAIR)
    database.reset_to("school")
    with late.app_context():
        queries.forget()
    page = visitor.get(PAIR)
    assert _sold(page) == ["/programs/ccma", "/programs/cpt"]
    assert (_sold(without), without.response.headers["ETag"] == page.response.headers["ETag"]) == ([], False)
    with late.app_context():
        db.session.remove()
        db.engine.dispose()


def _take_away(app: Flask, database: Database) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        queries.forget()
    database.take_away()


def test_every_page_answers_as_before_when_the_database_goes_away(app: Flask, database: Database) -> None:
    client = app.test_client()
    before = {path: client.get(path).data for path in EVERYTHING}
    _take_away(app, database)
    assert {path: client.get(path).data for path in EVERYTHING} == before
    app.extensions["public_pages"].clear()
    assert {path: client.get(path).data for path in EVERYTHING} == before
    assert _sold(Page(client.get(PAIR), PAIR)) == ["/programs/ccma", "/programs/cpt"]


def test_a_copy_in_the_browser_is_right_while_the_database_is_away(app: Flask, database: Database) -> None:
    client = app.test_client()
    tag = client.get(PAIR).headers["ETag"]
    _take_away(app, database)
    again = client.get(PAIR, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)


def test_while_the_database_is_away_not_every_request_waits_for_it(app: Flask, database: Database) -> None:
    client = app.test_client()
    client.get(PAIR)
    _take_away(app, database)
    with _connecting(app) as called:
        assert [client.get(PAIR).status_code for _ in range(10)] == [200] * 10
    assert len(called) == 1


def test_somebody_who_is_signed_in_reads_on_while_the_database_is_away(app: Flask, database: Database) -> None:
    visitor = Visitor(app)
    visitor.get(PAIR)
    with visitor.client.session_transaction() as session:
        session["_user_id"] = "P-SOMEBODY.0"
    _take_away(app, database)
    assert {path: visitor.client.get(path).status_code for path in EVERYTHING} == EVERYTHING
