"""What is published of colleges: everything from five requests up, a college from five decisions up."""

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.credits.acceptance import Acceptance, Counted, Line, acceptance
from provider.credits.published import numbers
from provider.credits.rules import CreditState, EndReason
from provider.kernel.database import db, unit_of_work
from tests.harness import college_credit
from tests.harness.externs import active
from tests.harness.html import faults
from tests.harness.statements import statements
from tests.harness.visitor import Visitor

S = CreditState
DAY = dt.timedelta(days=1)


def lakeside(number: int, decision: CreditState | None = None, *, received: bool = False) -> Counted:
    return Counted("lakeside", "Lakeside", received, decision, number)


def test_nothing_is_said_of_fewer_than_five() -> None:
    assert acceptance([]) == Acceptance(None, ())
    assert acceptance([lakeside(4, S.GRANTED)]) == Acceptance(None, ())


@pytest.mark.parametrize(
    "decisions, named",
    [
        ([lakeside(4, S.GRANTED), lakeside(9)], []),
        ([lakeside(4, S.GRANTED), lakeside(1, S.DENIED)], ["Lakeside"]),
        ([lakeside(2, S.GRANTED), lakeside(2, S.PARTLY_GRANTED), lakeside(1, S.DENIED)], ["Lakeside"]),
        ([lakeside(4, S.DENIED), Counted("valley", "Valley", received=True, decision=S.DENIED, number=4)], []),
    ],
    ids=["four and nine open", "five", "five of all kinds", "four of each"],
)
def test_a_college_is_named_from_five_decisions_up(decisions: list[Counted], named: list[str]) -> None:
    assert [line.college for line in acceptance(decisions).colleges] == named


def test_a_decision_says_that_the_letter_was_received() -> None:
    found = acceptance(
        [
            lakeside(3, S.GRANTED), lakeside(2, S.PARTLY_GRANTED, received=True), lakeside(1, S.DENIED),
            lakeside(4, received=True), lakeside(5),
            Counted("valley", "Valley", received=False, decision=None, number=2),
        ]
    )  # fmt: skip
    assert found.all == Line("", 17, 10, 3, 2, 1)
    assert found.colleges == (Line("Lakeside", 15, 10, 3, 2, 1),)
    assert found.colleges[0].decided == 6


def test_the_page_tells_what_was_sent_and_decided_in_one_statement(app: Flask) -> None:
    now, public = dt.datetime(2027, 3, 4, 17, tzinfo=dt.UTC), Visitor(app)
    with app.app_context():
        for number in range(6):
            email = f"asker{number}@example.org"
            active(email=email)
            made = college_credit.sent(email, at=now - 3 * DAY)
            if number < 5:
                college_credit.decide(made, at=now - DAY)
            if number == 0:
                college_credit.close(made, EndReason.DECIDED, at=now)
        active(email="waits@example.org")
        college_credit.asked("waits@example.org", at=now - DAY)
        db.session.remove()
        with statements(app) as sent:
            found = numbers()
        assert len(sent) == 1
        everybody = Line("", 6, 5, 5, 0, 0)
        assert found == Acceptance(everybody, (Line("Lakeside Community College", 6, 5, 5, 0, 0),))
        with unit_of_work():  # a name that is written otherwise is the same college
            db.session.execute(sa.text("UPDATE college SET name = 'LAKESIDE community college'"))
    with time_machine.travel(now):
        page = public.get("/college-credit")
    assert faults(page.response) == []
    words = page.words("#numbers ~ *, section.panel")
    assert "5 of 6" in words
    assert "guaranteed" not in page.words().lower()
    assert "waits@example.org" not in page.text


@pytest.mark.one_database("sqlite")
def test_the_page_of_a_school_that_has_sent_nothing_says_so(app: Flask, visitor: Visitor) -> None:
    with time_machine.travel(dt.datetime(2027, 3, 5, 17, tzinfo=dt.UTC)):
        page = visitor.get("/college-credit")
    assert faults(page.response) == []
    assert "Fewer than 5 requests have been sent so far." in page.words()
