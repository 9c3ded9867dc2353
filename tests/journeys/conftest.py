"""One running school per database for all journeys: web, worker, mail server, and an administrator."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from config import Config
from provider.app import create_app
from provider.kernel.database import db
from tests.harness.audit import assert_clean
from tests.harness.databases import Postgres
from tests.harness.people import Journey, first_admin
from tests.harness.server import Server, running
from tests.harness.smtp import mail_server

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
# Everybody here enrolls from one address.
SETTINGS = {"ENROLLMENTS_PER_HOUR": "1000000", "WEB_THREADS": "8"}


@contextmanager
def school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Journey]:
    """Run a school with an administrator on the database that the fixture is parametrized with."""
    url = ""
    if request.param == "postgresql":
        url = Postgres(request.getfixturevalue("_postgres"), f"{name}_{WORKER}").url
    folder: Path = tmp_path_factory.mktemp("school")
    with (
        mail_server() as mail,
        running(Server(folder, database_url=url, mail_url=mail.url, settings=SETTINGS)) as server,
    ):
        link = server.prepare()
        server.start_web()
        server.start_worker()
        yield first_admin(Journey(server, mail, engine=request.param), link)


@contextmanager
def auditor(school: Journey) -> Iterator[Flask]:
    """Open a school's database beside its processes, for the audit."""
    app = create_app(Config.load(school.server.environ))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def _school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with school(request, tmp_path_factory, "journey") as made:
        yield made


@pytest.fixture(scope="session")
def _auditor(_school: Journey) -> Iterator[Flask]:
    with auditor(_school) as app:
        yield app


@pytest.fixture
def house(_school: Journey) -> Iterator[Journey]:
    """The running school; afterwards its clock is at the real time again."""
    yield replace(_school)
    _school.server.set_clock(None)


@pytest.fixture
def journey(house: Journey, _auditor: Flask) -> Iterator[Journey]:
    """The running school, all of whose invariants are checked afterwards, at the instant that the story ended with."""
    yield house
    assert_clean(_auditor, house.server.clock())


@pytest.fixture(params=("sqlite", "postgresql"))
def own_school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """A running school for one story that moves the clock by weeks, which nothing of the others would stand still for.

    All of its invariants are checked afterwards, at the instant that the story ended with.
    """
    with school(request, tmp_path_factory, "own") as made:
        yield made
        with auditor(made) as app:
            assert_clean(app, made.server.clock())
