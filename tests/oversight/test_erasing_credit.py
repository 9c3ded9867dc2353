"""Somebody who asked for credit is erased: names, numbers and words go; what was told to whom, and decided, stays."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.credits.models import CreditRequest
from provider.credits.rules import CreditState, Decision, EndReason
from provider.disclosures.models import Disclosure
from provider.jobs.worker import run_due
from provider.kernel.database import db, unit_of_work
from provider.oversight import personal_erasure
from provider.oversight.personal_erasure import NotNow
from provider.oversight.rules import ErasureBasis
from tests.harness import college_credit, externs, threads
from tests.harness.audit import assert_clean
from tests.harness.externs import COMPLETED
from tests.harness.remains import everywhere
from tests.harness.season import STAFF

pytestmark = pytest.mark.one_database("sqlite")
EMAIL = "erase.credit@student.example"
AT = COMPLETED + dt.timedelta(days=9)
DAY = dt.timedelta(days=1)
LATER = AT + 60 * DAY
CANARY = {
    name: f"Canary {name} sang here"
    for name in ("name", "number", "question", "answer", "reason", "by", "close", "mail", "site")
}


def asked() -> str:
    """Let a graduate leave a text wherever one can be left; returns the request, sent and not decided."""
    externs.graduate(email=EMAIL)
    college_credit.passed(EMAIL, at=AT)
    said = college_credit.wanted(EMAIL, name=CANARY["name"], number=CANARY["number"])
    reference = college_credit.ask(EMAIL, said, at=AT)
    college_credit.ask_information(reference, CANARY["question"], at=AT)
    college_credit.change(reference, said, answer=CANARY["answer"], at=AT + DAY)
    college_credit.verify(reference, at=AT + DAY)
    college_credit.send(reference, at=AT + DAY)
    return reference


def erase(reference: str) -> None:
    with unit_of_work():
        personal_erasure.erase(reference, basis=ErasureBasis.ASKED, actor=STAFF, at=LATER)


def test_nobody_is_erased_before_a_college_has_decided_and_then_only_what_was_told_stays(app: Flask) -> None:
    with app.app_context():
        reference = asked()
        person = college_credit.request(reference).about
        with pytest.raises(NotNow, match=f"Credit request {reference} is not decided"):
            erase(person)
        refused = Decision(CreditState.DENIED, reason=CANARY["reason"], by=CANARY["by"])
        college_credit.decide(reference, refused, at=AT + 2 * DAY)
        college_credit.close(reference, EndReason.DECIDED, CANARY["close"], at=AT + 3 * DAY)
        # What others wrote about the student, under addresses of their own: beside the student, and beside the request.
        threads.opened(CANARY["mail"], "We have it.", email="registrar@lakeside.example", about=person, at=AT + 3 * DAY)
        threads.opened("A student", CANARY["site"], email="dean@lakeside.example", about=reference, at=AT + 3 * DAY)
        run_due(AT + 3 * DAY)
        db.session.remove()
    assert set(everywhere(app, *CANARY.values())) == {
        "credit_request",
        "letter",
        "issued_document",
        "thread",
        "thread_message",
    }
    with app.app_context():
        erase(person)
        run_due(LATER + DAY)
        run_due(LATER + 2 * DAY)
    # The letter that a college holds can be checked for good, by its code and in the name that stands on it.
    assert set(everywhere(app, *CANARY.values())) == {"issued_document"}
    with app.app_context():
        row = db.session.scalars(sa.select(CreditRequest)).one()
        assert (row.state, row.decision, row.sent_at) == (CreditState.CLOSED, CreditState.DENIED, AT + DAY)
        assert row.consent.startswith("I ask the school to write to the college")
        told = db.session.scalars(sa.select(Disclosure).where(Disclosure.kind == "college")).one()
        assert (told.about, told.recipient) == (person, "Lakeside Community College")
    assert_clean(app, LATER + 2 * DAY)
