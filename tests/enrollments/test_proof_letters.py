"""A student whose letter got lost asks for the link that confirms the address again."""

import datetime as dt

import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.enrollments.actions import PROVE_EMAIL
from provider.kernel import clock
from provider.kernel.database import db
from provider.mail.models import OutboxLetter
from tests.harness.audit import assert_clean
from tests.harness.statements import statements
from tests.harness.stories import ANSWERS, do_jobs, enroll, prove, someone, staff, token_for
from tests.harness.visitor import Page, Visitor

EMAIL = ANSWERS["email"]


def ask(app: Flask, visitor: Visitor, email: str = EMAIL) -> Page:
    visitor.get("/confirm-email")
    page = visitor.submit({"email": email}, 200)
    do_jobs(app)
    return page


def again(app: Flask) -> list[tuple[str, str | None]]:
    """Return who got the letter again, and about what."""
    with app.app_context():
        query = sa.select(OutboxLetter).where(OutboxLetter.template == "prove_email").order_by(OutboxLetter.id)
        return [(letter.recipient, letter.about) for letter in db.session.scalars(query)]


def test_a_student_gets_a_new_link_and_the_old_one_ends(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    assert visitor.get("/my").all("main a[href='/confirm-email']")
    first = token_for(app, PROVE_EMAIL, reference)
    other = Visitor(app)
    ask(app, other, EMAIL.upper())
    assert again(app) == [(EMAIL, reference)]
    other.get(f"/links/{first}", 410)
    assert prove(app, other, reference).path == f"/my/enrollments/{reference}"
    assert_clean(app)


def test_every_enrollment_of_the_address_that_waits_gets_one(app: Flask) -> None:
    waiting = [enroll(Visitor(app), program) for program in ("ccma", "cpt")]
    other, proved = Visitor(app), Visitor(app)
    enroll(other, **someone())
    done = enroll(proved, "cpct-a")
    prove(app, proved, done)
    ask(app, other)
    assert again(app) == [(EMAIL, reference) for reference in waiting]


def test_three_links_in_any_hour_the_first_letter_included(app: Flask, visitor: Visitor) -> None:
    with time_machine.travel(clock.now(), tick=False) as moved:
        reference = enroll(visitor)
        for _ in range(4):
            ask(app, visitor)
        assert again(app) == [(EMAIL, reference)] * 2
        moved.shift(dt.timedelta(minutes=59, seconds=59))
        ask(app, visitor)
        assert len(again(app)) == 2
        moved.shift(dt.timedelta(seconds=1))
        ask(app, visitor)
        assert len(again(app)) == 3


def test_the_answer_costs_and_says_the_same_for_every_address(app: Flask, visitor: Visitor) -> None:
    enroll(visitor)
    found = []
    for email in (EMAIL, staff(app), "nobody@example.org"):
        asker = Visitor(app)
        asker.get("/confirm-email")
        with statements(app) as sent:
            page = asker.submit({"email": email}, 200)
        found.append((page.text.replace(email, ""), sent.statements))
    assert found[0] == found[1] == found[2]


def test_one_client_asks_for_thirty_letters_an_hour(app: Flask, visitor: Visitor) -> None:
    with time_machine.travel(clock.now(), tick=False):
        for path in ("/confirm-email", "/forgot-password"):
            for number in range(15):
                visitor.get(path)
                visitor.submit({"email": f"student{number}@example.org"}, 200)
        for path in ("/confirm-email", "/forgot-password"):
            visitor.get(path)
            page = visitor.submit({"email": EMAIL}, 429)
            assert page.errors == {"_schema": ["That was tried too often. Wait 72 minutes and try again."]}
            assert page.all("input[name=email]")[0].attrs["value"] == EMAIL
