"""One demonstration for all tests of it, made as `make demo` makes it: on SQLite, up to this instant."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from config import Config
from provider.app import create_app
from provider.kernel import clock
from provider.kernel.database import db
from tests.demo import season
from tests.demo.season import Cast


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The school, everybody in it, and the instant at which its story stops."""

    app: Flask
    cast: Cast
    now: dt.datetime


def made(folder: object, now: dt.datetime) -> Demonstration:
    """Make one in a folder."""
    cheap = {"PASSWORD_MEMORY_KIB": "64", "PASSWORD_ROUNDS": "1"}
    app = create_app(Config.load({"INSTANCE_DIR": str(folder), "DEMONSTRATION": "true", **cheap}))
    season.prepare(app, now)
    return Demonstration(app, season.make(app, now), now)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The demonstration; tests only look at it."""
    found = made(tmp_path_factory.mktemp("demonstration"), clock.now())
    yield found
    with found.app.app_context():
        db.engine.dispose()
