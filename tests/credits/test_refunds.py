"""A refund and credit: what was not sent ends in its transaction, what was sent becomes a task (R5)."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.credits.refusals import NotPaid, NotPossible
from provider.credits.rules import CreditState, EndReason, Missing
from provider.enrollments.queries import by_reference
from provider.kernel.database import db, unit_of_work
from provider.payments import queries as payments
from provider.refunds import actions as refunds
from provider.refunds.models import Refund
from provider.refunds.rules import Channel
from provider.tasks.models import Task
from tests.harness import audit, college_credit
from tests.harness.externs import active
from tests.harness.money import BURSAR, PAID, letters, reverse
from tests.harness.papers import STAFF, person

ANA = "ana@example.org"
HOUR = dt.timedelta(hours=1)
S = CreditState


@pytest.fixture
def enrollment(app: Flask) -> str:
    """A student who paid an hour ago and has passed the exam already."""
    with app.app_context():
        reference = active(email=ANA)
        college_credit.passed(ANA, on=dt.date(2026, 11, 19), at=PAID + HOUR)
    return reference


def give_back(enrollment: str) -> Refund:
    with unit_of_work():
        return refunds.ask(
            enrollment=by_reference(enrollment), note=None, channel=Channel.STAFF, evidence="Asked by telephone.",
            actor=BURSAR, received_at=PAID + 3 * HOUR, at=PAID + 3 * HOUR,
        )  # fmt: skip


@pytest.mark.parametrize("state", ["requested", "verified", "needs_information"])
def test_an_unsent_request_is_withdrawn_with_the_refund(app: Flask, enrollment: str, state: str) -> None:
    with app.app_context():
        reference = college_credit.ask(ANA, at=PAID + 2 * HOUR)
        if state == "verified":
            college_credit.verify(reference, at=PAID + 2 * HOUR)
        if state == "needs_information":
            college_credit.ask_information(reference, at=PAID + 2 * HOUR)
        give_back(enrollment)
        row = college_credit.request(reference)
        assert (row.state, row.end_reason, row.ended_at) == (S.WITHDRAWN, EndReason.REFUNDED, PAID + 3 * HOUR)
        (letter,) = letters(person(ANA).reference, "credit_withdrawn")
        assert letter.values["reason"] == "refunded"
        assert [line for line in audit.found(app, PAID + 3 * HOUR) if "credit" in line] == []
        with pytest.raises(NotPossible) as refused:
            college_credit.ask(ANA, at=PAID + 4 * HOUR)
        assert refused.value.missing is Missing.NO_ENROLLMENT


@pytest.mark.parametrize("decided", [False, True])
def test_a_sent_request_stays_and_becomes_a_task(app: Flask, enrollment: str, *, decided: bool) -> None:
    with app.app_context():
        reference = college_credit.ask(ANA, at=PAID + 2 * HOUR)
        college_credit.verify(reference, at=PAID + 2 * HOUR)
        college_credit.send(reference, at=PAID + 2 * HOUR)
        if decided:
            college_credit.decide(reference, at=PAID + 2 * HOUR)
        give_back(enrollment)
        assert college_credit.request(reference).state is (S.GRANTED if decided else S.SENT)
        (task,) = db.session.scalars(sa.select(Task).where(Task.kind == "credit_already_sent")).all()
        assert (task.state.value, reference in task.sentence) == ("open", True)
        assert task.owner_reference == STAFF.reference  # who verified the request sees it through
        assert letters(person(ANA).reference, "credit_withdrawn") == []


def test_nothing_is_sent_when_the_payment_was_recorded_in_error(app: Flask, enrollment: str) -> None:
    with app.app_context():
        reference = college_credit.ask(ANA, at=PAID + 2 * HOUR)
        college_credit.verify(reference, at=PAID + 2 * HOUR)
        with unit_of_work():
            (paid,) = payments.of_enrollment(by_reference(enrollment).id)
            name = paid.reference
        reverse(name, at=PAID + 3 * HOUR)
        with pytest.raises(NotPaid):
            college_credit.send(reference, at=PAID + 4 * HOUR)
        row = college_credit.request(reference)
        assert (row.state, row.sent_at, letters(row.about, "credit_to_registrar")) == (S.VERIFIED, None, [])
