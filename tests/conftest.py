"""The fixtures every test shares: an application on either database, reset before each test, and its visitors."""

import csv
import datetime as dt
import gc
import os
import sqlite3
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from config import Config
from provider.app import create_app
from provider.catalog import actions as catalog
from provider.catalog import queries as offers
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, is_sqlite, unit_of_work
from provider.oversight import weekly
from provider.places.models import Place
from provider.school.queries import take_up
from tests.harness.databases import Database, Postgres, Sqlite, postgres_server
from tests.harness.season import Season, make
from tests.harness.soak import SOAK
from tests.harness.visitor import Visitor

ENGINES = ("sqlite", "postgresql")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is proved on the other database already; `make soak` leaves out nothing."""
    twice = [] if SOAK else [item for item in items if _proved_elsewhere(item)]
    if twice:
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in set(twice)]


def _proved_elsewhere(item: pytest.Item) -> bool:
    only = item.get_closest_marker("one_database")
    values = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return only is not None and values.get("database") not in {None, *only.args}


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with postgres_server() as uri:
        yield uri


@pytest.fixture(scope="session", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The database under test; every test that touches it runs on both engines."""
    if request.param == "sqlite":
        yield Sqlite(tmp_path_factory.mktemp("sqlite"))
        return
    own = Postgres(request.getfixturevalue("_postgres"), os.environ.get("PYTEST_XDIST_WORKER", "main"))
    yield own
    own.close()


@pytest.fixture(scope="session")
def config(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings of a school under test; cheap password hashes, mail into a folder."""
    return replace(
        Config.load({"INSTANCE_DIR": str(tmp_path_factory.mktemp("instance")), "SECRET_KEY": "k" * 40}),
        DATABASE_URL=database.url,
        PASSWORD_MEMORY_KIB=64,
        PASSWORD_ROUNDS=1,
        MAILROOM_PORT=0,
        MAILROOM_LARGEST_MB=1,
        MAILROOM_AUTHSERV_ID="mx.example.org",
    )


@pytest.fixture(scope="session")
def _templates(database: Database, config: Config) -> Flask:
    app = create_app(config)
    with app.app_context():
        if is_sqlite():
            sa.event.listen(db.engine, "connect", _unsynced)
        flask_migrate.upgrade()
        db.engine.dispose()
        database.keep_as("empty")
        _fill_sample_school(app)
        db.session.remove()
        db.engine.dispose()
        database.keep_as("school")
    _let_be()
    return app


def _unsynced(connection: sqlite3.Connection, _entry: object) -> None:
    """Spare the disk, as on PostgreSQL here: what a power cut leaves is tried by servers of their own."""
    connection.execute("pragma synchronous=off")


def _let_be() -> None:
    """Spare the garbage collector what lives until the end: looking through it again and again was a tenth of all."""
    gc.collect()
    gc.freeze()


def _fill_sample_school(app: Flask) -> None:
    """Load the sample catalog and 200 ZIP codes."""
    opened_at = dt.datetime(2026, 1, 5, 15, tzinfo=dt.UTC)
    with (Path(__file__).parent / "data" / "places.csv").open(newline="") as file:
        places = [row | {"county": row["county"] or None} | _coordinates(row) for row in csv.DictReader(file)]
    with unit_of_work():
        catalog.load_file(catalog.SAMPLE, actor=SYSTEM, at=opened_at)
        db.session.execute(sa.insert(Place), places)


def _coordinates(row: dict[str, str]) -> dict[str, float | None]:
    return {name: float(row[name]) if row[name] else None for name in ("latitude", "longitude")}


@pytest.fixture
def app(_templates: Flask, database: Database) -> Iterator[Flask]:
    """An application on a database with the sample catalog, as after `make run`."""
    yield from _fresh(_templates, database, "school")


@pytest.fixture
def empty_app(_templates: Flask, database: Database) -> Iterator[Flask]:
    """An application on a migrated database without any rows."""
    yield from _fresh(_templates, database, "empty")


def _reset(app: Flask, database: Database, template: str) -> None:
    with app.app_context():
        db.engine.dispose()
        database.reset_to(template)
        offers.forget()
        weekly.forget()
        take_up({})


def _fresh(app: Flask, database: Database, template: str) -> Iterator[Flask]:
    _reset(app, database, template)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def start_over(_templates: Flask, database: Database) -> Callable[[], None]:
    """Put the database back to the sample catalog, in the middle of a test."""

    def put_back() -> None:
        with _templates.app_context():
            db.session.remove()
        _reset(_templates, database, "school")

    return put_back


@pytest.fixture(scope="session")
def _season(_templates: Flask, database: Database) -> Season:
    _reset(_templates, database, "school")
    made = make(_templates, clock.now(), cards=True)
    with _templates.app_context():
        db.session.remove()
        db.engine.dispose()
    database.keep_as("season")
    _let_be()
    return made


@pytest.fixture
def season(_season: Season, _templates: Flask, database: Database) -> Iterator[Season]:
    """Everybody of the season, with what they did stored anew."""
    _reset(_templates, database, "season")
    yield _season
    with _templates.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def _cardless(_templates: Flask, database: Database) -> Season:
    _reset(_templates, database, "school")
    made = make(_templates, clock.now())
    with _templates.app_context():
        db.session.remove()
        db.engine.dispose()
    database.keep_as("cardless")
    _let_be()
    return made


@pytest.fixture
def cardless(app: Flask, _cardless: Season, database: Database) -> Season:
    """Everybody of the season but who pays by card, stored anew, and what is known of them for this test alone."""
    _reset(app, database, "cardless")
    return deepcopy(_cardless)


@pytest.fixture
def school(season: Season, _templates: Flask) -> Flask:
    """The application in the middle of the season."""
    return _templates


@pytest.fixture
def context(app: Flask) -> Iterator[AppContext]:
    """The application's context, for tests that call actions and queries."""
    with app.app_context() as pushed:
        yield pushed


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A person at a browser, signed in to nothing."""
    return Visitor(app)


@pytest.fixture
def visitors(app: Flask) -> Callable[[], Visitor]:
    """More people at browsers of their own."""
    return lambda: Visitor(app)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return Path(__file__).parent.parent
