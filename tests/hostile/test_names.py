"""Names and addresses of people everywhere: kept and shown as they were typed, one account for one address."""

import unicodedata

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from provider.accounts.models import Person, Throttle
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.kernel.text import normal, refused_characters
from provider.mail.models import OutboxLetter
from tests.harness.checksums import checksums
from tests.harness.soak import repetitions
from tests.harness.stories import answers, enroll, open_form, prove, row
from tests.harness.visitor import Visitor

NAMES = {
    "a family of emoji": "Ana 👩‍👩‍👧‍👦",
    "a flag and a skin tone": "Ana 🏴‍☠️ 👍🏿",
    "combining marks": "A\u0301n\u0303a Z\u0351\u036b\u0343",
    "four bytes": "𠮷野家 𐐷𐐨",
    "sharp s": "Straße",
    "two s": "STRASSE",
    "dotted and dotless": "İpek I\u015f\u0131k",
    "Arabic": "محمد العلي",
    "Hebrew and Latin": "שלום Ana",
    "Thai": "สมชาย",
    "an apostrophe": "Siobhán O’Neil-D'Arcy",
    "signs": 'Ana & "Li" <x> \\ % _ {{7}}',
    "120 letters": "ñ" * 120,
}


# What a person may type besides: any letters, marks, signs and blanks; what is refused is refused below.
TYPED = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=80).filter(
    lambda name: bool(normal(name)) and not refused_characters(normal(name), lines=False)
)


def told(text: str) -> str:
    """Return a text without the signs that isolate it, and with single blanks."""
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def comes_back(app: Flask, name: str) -> None:
    """Enroll under a name and read it back: stored, on the page, in the letter."""
    visitor = Visitor(app)
    reference = enroll(visitor, legal_name=name, signature=name)
    shown = visitor.get(f"/my/enrollments/{reference}/agreement").words()
    with app.app_context():
        stored = row(reference).legal_name
        run_due(clock.now())
        letters = sa.select(OutboxLetter).where(OutboxLetter.about == reference)
        bodies = [letter.body_text for letter in db.session.scalars(letters)]
        db.session.remove()
    assert stored == unicodedata.normalize("NFC", name).strip()
    assert told(stored) in told(shown)
    assert bodies
    assert [body for body in bodies if told(stored) not in told(body or "")] == []


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_comes_back_as_it_was_typed(app: Flask, name: str) -> None:
    comes_back(app, name)


def test_any_name_comes_back_as_it_was_typed(app: Flask) -> None:
    @settings(
        max_examples=repetitions(100),
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(name=TYPED)
    def typed(name: str) -> None:
        with app.app_context(), unit_of_work():
            db.session.execute(sa.delete(Throttle))  # everybody here sits behind one address
        comes_back(app, name)

    typed()


@pytest.mark.parametrize("name", ["x" * 1_000, "ñ" * 201, "An\0a", "Ana\u202e", "\u2067Ana", "A\x7fna", "A\x85na"])
def test_a_name_that_is_too_long_or_could_deceive_is_refused_and_not_lost(
    app: Flask, visitor: Visitor, name: str
) -> None:
    open_form(visitor)
    before = checksums(app)
    page = visitor.submit(answers(visitor, legal_name=name, signature=name), 422)
    assert set(page.errors) == {"legal_name", "signature"}
    (field,) = page.all("input[name=legal_name]")
    assert field.attrs["value"] == name.replace("\0", "")
    assert checksums(app) == before


@pytest.mark.parametrize(
    "first, second",
    [
        ("Ana@Example.org", "ANA@EXAMPLE.ORG"),
        ("ana@bücher.example", "Ana@BÜCHER.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@straße.example", "ana@STRASSE.example"),
    ],
    ids=["case", "case of a domain", "punycode", "sharp s"],
)
def test_spellings_of_one_address_are_one_account(app: Flask, first: str, second: str) -> None:
    for email, program in ((first, "ccma"), (second, "cpt")):
        visitor = Visitor(app)
        prove(app, visitor, enroll(visitor, program, email=email))
    with app.app_context():
        (person,) = db.session.scalars(sa.select(Person)).all()
        assert person.email.isascii()
        assert person.email == person.email.lower()
        db.session.remove()


@pytest.mark.parametrize(
    "email", ["\u0131pek@example.org", "\u0430na@example.org", "an\u0430@example.org", "a\u200bna@example.org"]
)
def test_an_address_that_only_looks_like_another_is_refused(app: Flask, visitor: Visitor, email: str) -> None:
    open_form(visitor)
    assert set(visitor.submit(answers(visitor, email=email), 422).errors) == {"email"}
