"""One demonstration for all tests of it, made as `make demo` makes it: on SQLite, up to this instant."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from config import Config
from provider.app import create_app
from provider.kernel import clock
from provider.kernel.database import db
from tests.demo import season
from tests.demo.season import Cast
from tests.harness.card_service import CardService


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The school, its payment service, everybody in it, and the instant at which its story stops."""

    app: Flask
    service: CardService
    cast: Cast
    now: dt.datetime


@contextmanager
def made(folder: Path, now: dt.datetime) -> Iterator[Demonstration]:
    """Make one in a folder; its payment service runs as long as the block."""
    clock_file = folder / "clock"
    cheap = {"PASSWORD_MEMORY_KIB": "64", "PASSWORD_ROUNDS": "1"}
    with CardService(folder / "service", clock_file=clock_file) as service:
        own = {"INSTANCE_DIR": str(folder / "instance"), "DEMONSTRATION": "true"}
        app = create_app(Config.load(own | cheap | service.settings))
        season.prepare(app, now, clock_file)
        yield Demonstration(app, service, season.make(app, service, now, clock_file), now)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The demonstration; tests only look at it."""
    with made(tmp_path_factory.mktemp("demonstration"), clock.now()) as found:
        yield found
