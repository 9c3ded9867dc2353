"""A mail server for letters, and a way to post and read them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from provider.kernel.database import db, unit_of_work
from provider.mail import actions, queries
from provider.mail.models import OutboxLetter
from tests.harness.letters import POSTED, a_letter
from tests.harness.smtp import MailServer, mail_server


@pytest.fixture
def server(app: Flask) -> Iterator[MailServer]:
    """A mail server that the application sends through."""
    before = app.extensions["settings"]
    with mail_server() as server:
        app.extensions["settings"] = replace(before, MAIL_URL=server.url)
        yield server
    app.extensions["settings"] = before


@pytest.fixture
def words(_templates: Flask) -> Iterator[Flask]:
    """The application's settings, for tests that only write letters and need no fresh database."""
    with _templates.app_context():
        yield _templates


@pytest.fixture
def post(context: object) -> Callable[..., str]:
    """Post a letter in a transaction of its own; returns its reference."""

    def posted(event: str = "N-1", **changed: object) -> str:
        with unit_of_work():
            return actions.post(a_letter(event, **changed), at=POSTED).reference

    return posted


@pytest.fixture
def row(context: object) -> Callable[[str], OutboxLetter]:
    """Read a letter as it is stored now."""

    def read(reference: str) -> OutboxLetter:
        db.session.rollback()
        return queries.by_reference(reference)

    return read
