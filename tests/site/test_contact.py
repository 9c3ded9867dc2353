"""The contact form: one message is one thread, and bad input is told what to do."""

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox
from provider.site.rules import Topic
from provider.site.views import TOO_MANY
from provider.tasks.models import Task
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import Standing, ThreadState
from tests.harness.externs import active
from tests.harness.html import faults
from tests.harness.papers import person
from tests.harness.stories import PASSWORD, sign_in, staff
from tests.harness.visitor import Visitor

GOOD = {"name": "Zoë O’Neil", "email": "zoe@example.com", "topic": "refund", "message": "May I ask you something?"}


def stored(app: Flask) -> int:
    """Count the threads; nothing else may come of a message."""
    with app.app_context():
        count = sa.select(sa.func.count())
        others = [db.session.scalar(count.select_from(model)) for model in (OutboxLetter, Task)]
        assert others == [0, 0]
        return db.session.scalar(count.select_from(Thread)) or 0


def only(app: Flask) -> tuple[Thread, ThreadMessage]:
    with app.app_context():
        return db.session.scalars(sa.select(Thread)).one(), db.session.scalars(sa.select(ThreadMessage)).one()


def test_a_message_becomes_a_thread_that_waits_for_the_school(app: Flask, visitor: Visitor) -> None:
    visitor.get("/contact")
    page = visitor.submit(GOOD)
    assert page.title == "Your message has arrived"
    thread, message = only(app)
    assert page.words(".ref") == thread.reference
    assert (thread.state, thread.mailbox, thread.subject) == (ThreadState.WAITING, Mailbox.ENQUIRIES, "A refund")
    assert (thread.correspondent_name, thread.correspondent) == ("Zoë O’Neil", "zoe@example.com")
    assert (message.text, message.standing, thread.person_id) == ("May I ask you something?", Standing.UNKNOWN, None)


@pytest.mark.parametrize("topic", Topic)
def test_each_topic_comes_to_those_who_answer_it(app: Flask, visitor: Visitor, topic: Topic) -> None:
    visitor.get("/contact")
    visitor.submit(GOOD | {"topic": topic.value})
    own = {Topic.EXTERNSHIP: Mailbox.EXTERNSHIP, Topic.CREDIT: Mailbox.COLLEGE_CREDITS}
    assert only(app)[0].mailbox is own.get(topic, Mailbox.ENQUIRIES)


def test_only_who_is_signed_in_with_the_address_is_believed(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    with app.app_context():
        active(email="zoe@example.com")
        zoe = person("zoe@example.com")
        who = zoe.reference
        with unit_of_work():
            set_password(
                person=person("zoe@example.com"), password_hash=hash_password(PASSWORD), actor=SYSTEM, at=clock.now()
            )
    visitor.get("/contact")
    visitor.submit(GOOD)
    sam = visitors()
    sign_in(sam, "zoe@example.com")
    for words, email in (("This is me, signed in.", GOOD["email"]), ("Answer me elsewhere.", "other@example.com")):
        sam.get("/contact")
        sam.submit(GOOD | {"message": words, "email": email})
    with app.app_context():
        rows = db.session.scalars(sa.select(Thread).order_by(Thread.id)).all()
        found = [(row.standing, row.person_id is not None, row.about) for row in rows]
    assert found == [
        (Standing.CLAIMED, True, None), (Standing.PROVED, True, who), (Standing.UNKNOWN, False, None),
    ]  # fmt: skip


def test_who_types_the_address_of_a_colleague_is_held(app: Flask, visitor: Visitor) -> None:
    email = staff(app, Role.BURSAR)
    visitor.get("/contact")
    visitor.submit(GOOD | {"email": email})
    thread, _ = only(app)
    assert (thread.state, thread.standing, thread.person_id) == (
        ThreadState.QUARANTINED, Standing.STAFF_UNPROVED, None,
    )  # fmt: skip


@time_machine.travel(dt.datetime(2026, 11, 20, 17, 30, tzinfo=dt.UTC))
def test_the_same_message_twice_is_one(app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]) -> None:
    other = visitors()
    references = []
    for one in (visitor, visitor, other):
        one.get("/contact")
        references.append(one.submit(GOOD).words(".ref"))
    assert len(set(references)) == 1
    assert stored(app) == 1


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
        ({"topic": "prices"}, {"topic": ["What is it about: Choose what it is about."]}),
        ({"topic": ""}, {"topic": ["What is it about: Choose what it is about."]}),
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
    assert stored(app) == 0


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
        db.session.remove()
    thread, message = only(app)
    assert (thread.correspondent_name, message.text) == ("שרה 👩🏽‍⚕️", "First line\nsecond line 😀")


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
    assert stored(app) == 10


def test_a_form_of_another_site_is_refused(app: Flask, visitor: Visitor) -> None:
    visitor.get("/contact")
    visitor.post("/contact", GOOD, status=400, token="x")
    assert stored(app) == 0


@pytest.mark.parametrize("sent", ["", "x", "T-short", "<b>T-7K2M9Q4T</b>", "T-7K2M9Q4T2"])
def test_only_a_reference_is_repeated_back(visitor: Visitor, sent: str) -> None:
    assert visitor.get(f"/contact?sent={sent}").title == "Contact us"
