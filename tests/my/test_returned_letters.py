"""What a student's desk says when letters to their address come back."""

import pytest
from flask import Flask

from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail import addresses, queries
from provider.mail.actions import post
from tests.harness.letters import a_letter
from tests.harness.papers import STAFF
from tests.harness.season import Season
from tests.harness.stories import sign_in
from tests.harness.threads import bounce
from tests.harness.visitor import Visitor

TITLE = "Our letters do not reach you"


@pytest.fixture
def desk(school: Flask, season: Season) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, season["paying"].email)
    return visitor


def test_a_student_is_told_that_letters_come_back_until_the_address_works(
    school: Flask, season: Season, desk: Visitor
) -> None:
    email = season["paying"].email
    with school.app_context():
        bounce(season["completed"].email)
        db.session.remove()
    assert TITLE not in desk.get("/my").words()
    with school.app_context():
        health = bounce(email)
        db.session.remove()
    page = desk.get("/my")
    assert f"{TITLE} Letters to {email} come back to us." in page.words()
    [change] = [one.attrs["href"] for one in page.all(".notice--warn a")]
    assert desk.get(change).status == 200
    with school.app_context():
        with unit_of_work():
            addresses.works_again(queries.health_by(health, lock=True), actor=STAFF, at=clock.now())
        db.session.remove()
    assert TITLE not in desk.get("/my").words()


@pytest.mark.parametrize(
    "times, words",
    [
        (1, "Our letters may not reach you Letters to {} were put off."),
        (3, "Our letters may not reach you Letters to {} were put off."),
        (4, "Our letters do not reach you Letters to {} come back to us."),
    ],
    ids=["once", "three times are no refusal", "four times are one"],
)
def test_letters_that_are_put_off_are_told_as_what_they_are(
    school: Flask, season: Season, desk: Visitor, times: int, words: str
) -> None:
    email = season["paying"].email
    with school.app_context():
        for number in range(times):
            bounce(email, hard=False, at=clock.now().replace(microsecond=number))
        db.session.remove()
    assert words.format(email) in desk.get("/my").words()


def test_who_called_a_letter_spam_is_not_told_that_letters_come_back(
    school: Flask, season: Season, desk: Visitor
) -> None:
    email = season["paying"].email
    with school.app_context():
        bounce(email)
        with unit_of_work():
            written = post(a_letter("spam", recipient=email, about=None), at=clock.now())
            addresses.came_back(written, said="abuse", complained=True, at=clock.now())
        db.session.remove()
    page = desk.get("/my").words()
    assert f"A letter of ours was marked as spam That is what the mail service of {email} told us." in page
    assert TITLE not in page
