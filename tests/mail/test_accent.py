"""Letters wear the color of the school."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from provider.mail import letters
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox
from provider.school import accent

NOON = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)


@pytest.fixture
def wearing(app: Flask) -> Iterator[Flask]:
    """The school with a color of its own."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, ACCENT_COLOR="#7a1f5c")
    yield app
    app.extensions["settings"] = before


def colors(app: Flask) -> set[str]:
    """Return every color that a letter names."""
    letter = OutboxLetter(
        reference="L-22222222", template="staff_notice", mailbox=Mailbox.ENQUIRIES, recipient="ana@example.org",
        values={"title": "Hello", "sentence": "Look.", "path": "/staff"}, queued_at=NOON,
    )  # fmt: skip
    with app.app_context():
        return set(re.findall(r"#[0-9a-f]{6}\b", letters.write(letter).html))


def test_a_letter_wears_the_color_that_comes_with_the_software(app: Flask) -> None:
    both = accent.DEFAULT
    assert {both.light.accent, both.light.ink, both.dark.accent, both.dark.ink} <= colors(app)


def test_a_letter_wears_the_schools_own_color(wearing: Flask) -> None:
    ours, own, found = accent.DEFAULT, accent.shades("#7a1f5c"), colors(wearing)
    assert {own.light.accent, own.light.ink, own.dark.accent, own.dark.ink} <= found
    assert {ours.light.accent, ours.dark.accent} & found == set()
