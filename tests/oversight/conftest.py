"""A school in which everything that can happen to money has happened, kept once and put back before each test."""

from collections.abc import Iterator

import pytest
from flask import Flask

from provider.kernel.database import db
from tests.harness.databases import Database
from tests.harness.story import Told, tell


@pytest.fixture(scope="session")
def told(_templates: Flask, database: Database) -> Told:
    """What happened, by its references."""
    with _templates.app_context():
        db.engine.dispose()
        database.reset_to("school")
    told = tell(_templates)
    with _templates.app_context():
        db.session.remove()
        db.engine.dispose()
        database.keep_as("story")
    return told


@pytest.fixture
def school(_templates: Flask, database: Database, told: Told) -> Iterator[Flask]:
    """The application on a database in which all of it happened."""
    with _templates.app_context():
        db.engine.dispose()
        database.reset_to("story")
    yield _templates
    with _templates.app_context():
        db.session.remove()
        db.engine.dispose()
