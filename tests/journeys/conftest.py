"""One running school per database for all journeys: web, worker, mail server, and an administrator."""

import os
from collections.abc import Iterator
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


@pytest.fixture(scope="session", params=("sqlite", "postgresql"))
def _school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    url = ""
    if request.param == "postgresql":
        url = Postgres(request.getfixturevalue("_postgres"), f"journey_{WORKER}").url
    folder: Path = tmp_path_factory.mktemp("school")
    with (
        mail_server() as mail,
        running(Server(folder, database_url=url, mail_url=mail.url, settings=SETTINGS)) as server,
    ):
        link = server.prepare()
        server.start_web()
        server.start_worker()
        yield first_admin(Journey(server, mail, engine=request.param), link)


@pytest.fixture(scope="session")
def _auditor(_school: Journey) -> Iterator[Flask]:
    app = create_app(Config.load(_school.server.environ))
    yield app
    with app.app_context():
        db.engine.dispose()


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
