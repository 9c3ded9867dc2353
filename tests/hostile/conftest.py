"""A school in the middle of a season, the same for every test here: made once per database, then copied back."""

from collections.abc import Iterator

import pytest
from flask import Flask

from provider.catalog.queries import forget
from provider.kernel import clock
from provider.kernel.database import db
from tests.harness.databases import Database
from tests.harness.season import Season, make


@pytest.fixture(scope="session")
def _season(_templates: Flask, database: Database) -> Season:
    _reset(_templates, database, "school")
    made = make(_templates, clock.now())
    with _templates.app_context():
        db.session.remove()
        db.engine.dispose()
    database.keep_as("season")
    return made


@pytest.fixture
def season(_season: Season, _templates: Flask, database: Database) -> Iterator[Season]:
    """Everybody of the season, with what they did stored anew."""
    _reset(_templates, database, "season")
    yield _season
    with _templates.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def school(season: Season, _templates: Flask) -> Flask:
    """The application in the middle of the season."""
    return _templates


def _reset(app: Flask, database: Database, template: str) -> None:
    with app.app_context():
        db.engine.dispose()
        database.reset_to(template)
        forget()
