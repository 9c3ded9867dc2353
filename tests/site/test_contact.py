"""The contact form: one message is one letter and one task, and bad input is told what to do."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from provider.site.views import TOO_MANY
from provider.tasks.models import Task
from tests.harness.html import faults
from tests.harness.visitor import Visitor

GOOD = {"name": "Zoë O’Neil", "email": "zoe@example.com", "topic": "refund", "message": "May I ask you something?"}


def stored(app: Flask) -> tuple[int, int]:
    with app.app_context():
        count = sa.select(sa.func.count())
        letters = db.session.scalar(count.select_from(OutboxLetter))
        tasks = db.session.scalar(count.select_from(Task))
    return letters or 0, tasks or 0


def test_a_message_becomes_a_letter_to_the_school_and_a_task(app: Flask, visitor: Visitor) -> None:
    visitor.get("/contact")
    page = visitor.submit(GOOD)
    assert page.title == "Your message has arrived"
    with app.app_context():
        task = db.session.scalars(sa.select(Task)).one()
        letter = db.session.scalars(sa.select(OutboxLetter)).one()
    assert page.words(".ref") == task.reference == letter.about == letter.event
    assert task.sentence == (
        "A refund: answer Zoë O’Neil (zoe@example.com). The message lies in the enquiries mailbox."
    )
    assert (letter.template, letter.recipient, letter.reply_to) == (
        "contact_message", "enquiries@example.org", "zoe@example.com",
    )  # fmt: skip
    assert {name: letter.values[name] for name in ("name", "email", "topic", "message")} == {
        "name": "Zoë O’Neil",
        "email": "zoe@example.com",
        "topic": "A refund",
        "message": "May I ask you something?",
    }


@time_machine.travel(dt.datetime(2026, 11, 20, 17, 30, tzinfo=dt.UTC))
def test_the_same_message_twice_is_one(app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]) -> None:
    other = visitors()
    references = []
    for one in (visitor, visitor, other):
        one.get("/contact")
        references.append(one.submit(GOOD).words(".ref"))
    assert len(set(references)) == 1
    assert stored(app) == (1, 1)


@pytest.mark.parametrize(
    "change, errors",
    [
        ({"name": None}, {"name": ["Your name: Tell us your name."]}),
        ({"name": "   "}, {"name": ["Your name: Tell us your name."]}),
        ({"name": "x" * 10_000}, {"name": ["Your name: Shorten this to 120 characters or fewer."]}),
        (
            {"name": "A\r\nBcc: b@example.com"},
            {"name": [
                "Your name: Remove the characters that cannot be printed, such as line breaks or direction marks."
            ]},
        ),
        (
            {"name": "a\u202eb"},
            {"name": [
                "Your name: Remove the characters that cannot be printed, such as line breaks or direction marks."
            ]},
        ),
        (
            {"message": "Hello there\x00"},
            {"message": [
                "Your message: Remove the characters that cannot be printed, such as line breaks or direction marks."
            ]},
        ),
        (
            {"email": "a@example.com, b@example.com"},
            {"email": ["Your e-mail address: Write one e-mail address, like name@example.org."]},
        ),
        ({"email": None}, {"email": ["Your e-mail address: Write the e-mail address that we should answer to."]}),
        ({"topic": "prices"}, {"topic": ["What is it about?: Choose what it is about."]}),
        ({"topic": ""}, {"topic": ["What is it about?: Choose what it is about."]}),
        (
            {"message": "Hi"},
            {"message": ["Your message: Write a little more, so that we can answer: 10 characters or more."]},
        ),
        ({"message": "x" * 10_000}, {"message": ["Your message: Shorten this to 5,000 characters or fewer."]}),
        ({"is_staff": "1"}, {"_schema": ["This form has no such field. Reload the page and try again."]}),
    ],
    ids=[
        "missing", "blank", "long", "line-end", "override", "nul", "two-addresses", "no-address", "unknown-topic",
        "no-topic", "short", "long-message", "unknown-field",
    ],
)  # fmt: skip
def test_bad_input_is_told_and_nothing_is_stored(
    app: Flask, visitor: Visitor, change: dict[str, str | None], errors: dict[str, list[str]]
) -> None:
    visitor.get("/contact")
    page = visitor.submit(GOOD | change, status=422)
    assert page.errors == errors
    assert faults(page.response) == []
    assert stored(app) == (0, 0)


def test_what_was_typed_comes_back(visitor: Visitor) -> None:
    visitor.get("/contact")
    page = visitor.submit(GOOD | {"email": "nobody", "message": "<script>alert(1)</script>"}, status=422)
    assert page.all("input[name=name]")[0].attrs["value"] == "Zoë O’Neil"
    assert page.all("textarea")[0].to_text() == "<script>alert(1)</script>"
    assert [option.attrs["value"] for option in page.all("option") if "selected" in option.attrs] == ["refund"]
    assert "<script>alert" not in page.text


def test_emoji_and_right_to_left_letters_are_fine(app: Flask, visitor: Visitor) -> None:
    visitor.get("/contact")
    visitor.submit(GOOD | {"name": "שרה 👩🏽‍⚕️", "message": "First line\r\nsecond line 😀"})
    with app.app_context():
        letter = db.session.scalars(sa.select(OutboxLetter)).one()
    assert (letter.values["name"], letter.values["message"]) == ("שרה 👩🏽‍⚕️", "First line\nsecond line 😀")


@time_machine.travel(dt.datetime(2026, 11, 20, 17, 30, tzinfo=dt.UTC), tick=False)
def test_a_client_waits_after_ten_messages_in_an_hour(app: Flask, visitor: Visitor) -> None:
    for number in range(10):
        visitor.get("/contact")
        visitor.submit(GOOD | {"message": f"Message number {number}"})
    visitor.get("/contact")
    page = visitor.submit(GOOD | {"message": "Message number 10"}, status=429)
    assert page.errors == {"_schema": [TOO_MANY]}
    assert page.response.headers["Retry-After"] == "4320"
    assert page.all("textarea")[0].to_text() == "Message number 10"
    assert stored(app) == (10, 10)


def test_a_form_of_another_site_is_refused(app: Flask, visitor: Visitor) -> None:
    visitor.get("/contact")
    visitor.post("/contact", GOOD, status=400, token="x")
    assert stored(app) == (0, 0)


@pytest.mark.parametrize("sent", ["", "x", "T-short", "<b>T-7K2M9Q4T</b>", "T-7K2M9Q4T2"])
def test_only_a_reference_is_repeated_back(visitor: Visitor, sent: str) -> None:
    assert visitor.get(f"/contact?sent={sent}").title == "Contact us"
