"""Credit requests from asking to a decision: what is frozen, who is told what, which clock runs, what ends them."""

import datetime as dt
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.clocks import queries as clocks
from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind
from provider.credits import queries
from provider.credits.models import College, CreditRequest
from provider.credits.refusals import (
    AskedAlready,
    ChangedMeanwhile,
    MailboxRefused,
    NoDecision,
    NotPossible,
    RequestFixed,
    RequestOver,
    RequestSent,
    TooManyRequests,
    UnknownCollege,
)
from provider.credits.rules import CONSENT, MOST_REQUESTS, CreditState, Decision, EndReason, Missing
from provider.disclosures.models import Disclosure
from provider.kernel.database import db, unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from provider.programs.models import Recommendation
from provider.tasks.models import Task
from tests.harness import audit, college_credit, exams
from tests.harness.college_credit import VALLEY, wanted
from tests.harness.externs import active
from tests.harness.money import letters
from tests.harness.papers import person
from tests.harness.stories import timeline

# Races and refunds are tried on both.
pytestmark = pytest.mark.one_database("postgresql")
AT = dt.datetime(2027, 3, 1, 15, tzinfo=dt.UTC)  # 10:00 in New York, a Monday
DAY = dt.timedelta(days=1)
ANA = "ana@example.org"
S = CreditState


@pytest.fixture
def student(app: Flask) -> str:
    """A student in the CCMA program with a verified pass, by address."""
    with app.app_context():
        active(email=ANA)
        college_credit.passed(ANA, on=dt.date(2027, 2, 20), at=AT - DAY)
    return ANA


def about() -> str:
    return person(ANA).reference


def clock_of(reference: str) -> Clock:
    found = clocks.of(ClockKind.CREDIT_SENT, reference)
    assert found is not None
    return found


def tasks() -> list[tuple[str, str]]:
    db.session.expire_all()
    query = sa.select(Task.kind, Task.state).where(Task.about == about(), Task.key.like("credit%")).order_by(Task.id)
    return [(kind.value, state.value) for kind, state in db.session.execute(query)]


def sent_letters() -> list[str]:
    return [one.template for one in letters(about()) if one.template.startswith("credit")]


def unfaithful(app: Flask, at: dt.datetime) -> list[str]:
    return [line for line in audit.found(app, at) if "credit" in line or line.startswith("history_")]


def test_the_recommendation_that_held_on_the_day_of_the_pass_is_frozen(app: Flask, student: str) -> None:
    with app.app_context():
        ccma = exams.credential("CCMA")
        first, later = dt.date(2027, 2, 20), dt.date(2027, 2, 21)
        with unit_of_work():
            old = db.session.scalars(sa.select(Recommendation).where(Recommendation.credential_id == ccma.id)).one()
            old.valid_to, old.level, old.subject = first, "Lower division", "Medical assisting"
            new = Recommendation(
                reference="AC-22222222", credential_id=ccma.id, credits=3, source="A later word.", valid_from=later,
                sample=False,
            )  # fmt: skip
            db.session.add(new)
        row = college_credit.request(college_credit.ask(student, at=AT))
        assert (row.credits, row.level, row.subject) == (5, "Lower division", "Medical assisting")
        with unit_of_work():
            old = db.session.get_one(Recommendation, row.recommendation_id)
            old.credits = 9
        assert college_credit.request(row.reference).credits == 5


def test_asking_starts_the_clock_and_the_task_and_tells_the_student_what_was_agreed(app: Flask, student: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, wanted(student, number="A-1"), at=AT)
        row, clock = college_credit.request(reference), clock_of(reference)
        assert (row.state, row.college.name, row.result.taken_on) == (
            S.REQUESTED, "Lakeside Community College", dt.date(2027, 2, 20),
        )  # fmt: skip
        assert (clock.due_on, clock.overdue_on) == (dt.date(2027, 3, 8), dt.date(2027, 3, 8))
        assert (row.consent, row.consent_at) == (CONSENT.format(credential="CCMA"), AT)
        assert tasks() == [("check_credit_request", "open")]
        assert sent_letters() == ["credit_asked"]
        assert unfaithful(app, AT) == []


def test_a_request_goes_its_way_to_a_decision_and_each_step_is_told_once(app: Flask, student: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, at=AT)
        college_credit.verify(reference, at=AT + DAY)
        assert tasks() == [("check_credit_request", "open")]  # it is still to be sent
        college_credit.send(reference, at=AT + DAY)
        assert (clock_of(reference).state.value, tasks()) == ("met", [("check_credit_request", "done")])
        college_credit.receive(reference, at=AT + 2 * DAY)
        college_credit.decide(reference, at=AT + 3 * DAY)
        row = college_credit.request(reference)
        assert (row.decision, row.decision_credits, row.decision_course) == (S.GRANTED, 5, "MED 110")
        college_credit.close(reference, EndReason.DECIDED, at=AT + 4 * DAY)
        to_student = [one for one in sent_letters() if one != "credit_to_registrar"]
        assert to_student == ["credit_asked", "credit_sent", "credit_received", "credit_decided", "credit_closed"]
        events = [row.event for row in timeline(about()) if row.subject_kind == "credit_request"]
        assert events == [
            f"credit_request.{one}"
            for one in ("requested", "verified", "assigned", "sent", "received", "granted", "closed")
        ]
        assert unfaithful(app, AT + 4 * DAY) == []


def test_sending_writes_to_the_registrar_and_keeps_the_disclosure_with_its_consent(app: Flask, student: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, at=AT)
        college_credit.verify(reference, at=AT + DAY)
        assert queries.colleges() == []
        college_credit.send(reference, at=AT + DAY)
        (told,) = db.session.scalars(sa.select(Disclosure).where(Disclosure.about == about())).all()
        assert (told.kind.value, told.recipient, told.consent_at) == ("college", "Lakeside Community College", AT)
        assert [one.recipient for one in letters(about()) if one.recipient != ANA] == ["registrar@lakeside.example"]
        assert [one.name for one in queries.colleges()] == ["Lakeside Community College"]
        with pytest.raises(IllegalTransition):
            college_credit.send(reference)


@pytest.mark.parametrize("state", ["requested", "needs_information"])
def test_nothing_is_sent_that_was_not_verified(app: Flask, student: str, state: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, at=AT)
        if state == "needs_information":
            college_credit.ask_information(reference, at=AT)
        with pytest.raises(IllegalTransition):
            college_credit.send(reference, at=AT)
        assert [one.recipient for one in letters(about()) if one.recipient != ANA] == []


def test_a_question_stops_the_clock_until_it_is_answered_and_consent_is_given_anew(app: Flask, student: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, at=AT)
        college_credit.ask_information(reference, "Which campus?", at=AT + DAY)
        assert (clock_of(reference).state.value, tasks()) == ("paused", [("check_credit_request", "done")])
        asked = college_credit.request(reference)
        assert (asked.state, asked.asked_for) == (S.NEEDS_INFORMATION, "Which campus?")
        college_credit.change(reference, wanted(student, college=VALLEY), answer="North", at=AT + 3 * DAY)
        row, clock = college_credit.request(reference), clock_of(reference)
        assert (row.state, row.answer, row.college.name) == (S.REQUESTED, "North", VALLEY[0])
        assert row.consent_at == AT + 3 * DAY
        assert (clock.state.value, clock.due_on) == ("running", dt.date(2027, 3, 10))
        assert tasks()[-1] == ("check_credit_request", "open")
        assert unfaithful(app, AT + 3 * DAY) == []


def test_what_the_student_changed_has_to_be_looked_at_again(app: Flask, student: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, at=AT)
        seen = college_credit.request(reference).consent_at
        college_credit.change(reference, wanted(student, college=VALLEY), at=AT + DAY)
        with pytest.raises(ChangedMeanwhile):
            college_credit.verify(reference, seen=seen)
        college_credit.verify(reference, at=AT + DAY)
        with pytest.raises(RequestFixed):
            college_credit.change(reference, wanted(student), at=AT + DAY)


def test_the_second_request_is_led_to_the_first_until_a_college_has_decided(app: Flask, student: str) -> None:
    with app.app_context():
        first = college_credit.ask(student, at=AT)
        with pytest.raises(AskedAlready) as led:
            college_credit.ask(student, wanted(student, college=VALLEY), at=AT)
        assert led.value.reference == first
        college_credit.verify(first, at=AT)
        college_credit.send(first, at=AT)
        with pytest.raises(AskedAlready):
            college_credit.ask(student, wanted(student, college=VALLEY), at=AT)
        college_credit.decide(first, Decision(S.DENIED, reason="No such program."), at=AT)
        second = college_credit.ask(student, wanted(student, college=VALLEY), at=AT + DAY)
        old = college_credit.request(first)
        assert (old.state, old.end_reason, old.decision) == (S.CLOSED, EndReason.ANOTHER_COLLEGE, S.DENIED)
        assert college_credit.request(second).state is S.REQUESTED


@pytest.mark.parametrize(
    "missing", [Missing.NO_ENROLLMENT, Missing.NOT_VERIFIED, Missing.NO_RECOMMENDATION], ids=lambda one: one.value
)
def test_nothing_is_asked_for_without_a_program_a_pass_and_a_recommendation(app: Flask, missing: Missing) -> None:
    program = "cpt" if missing is Missing.NO_ENROLLMENT else "ccma"
    early = dt.date(2025, 12, 31) if missing is Missing.NO_RECOMMENDATION else None
    with app.app_context():
        active(email=ANA, program=program)
        if missing is not Missing.NOT_VERIFIED:
            college_credit.passed(ANA, on=early, at=AT)
        with pytest.raises(NotPossible) as refused:
            college_credit.ask(ANA, at=AT)
        assert refused.value.missing is missing
        assert db.session.scalars(sa.select(CreditRequest)).all() == []


def test_a_failed_or_unchecked_result_is_no_pass(app: Flask) -> None:
    with app.app_context():
        active(email=ANA)
        waits = exams.report(ANA, exams.facts(AT.date() - DAY), at=AT)
        exams.verify(exams.report(ANA, exams.facts(AT.date() - 9 * DAY, passed=False), at=AT), at=AT)
        for missing in (Missing.BEING_CHECKED, Missing.NOT_VERIFIED):
            with pytest.raises(NotPossible) as refused:
                college_credit.ask(ANA, at=AT)
            assert refused.value.missing is missing
            if missing is Missing.BEING_CHECKED:
                exams.reject(waits, at=AT)


@pytest.mark.parametrize("mailbox", [ANA, "collegecredits@example.org"])
def test_a_mailbox_of_the_student_or_the_school_is_refused(app: Flask, student: str, mailbox: str) -> None:
    with app.app_context(), pytest.raises(MailboxRefused):
        college_credit.ask(student, wanted(student, college=("Lakeside", mailbox)), at=AT)


def test_a_college_is_offered_once_it_was_written_to_and_known_by_mailbox_and_name(app: Flask, student: str) -> None:
    with app.app_context():
        first = college_credit.ask(student, at=AT)
        known = college_credit.request(first).college
        with pytest.raises(UnknownCollege):
            college_credit.change(first, wanted(student, known=known.reference), at=AT)
        same = wanted(student, college=("LAKESIDE community college", "registrar@lakeside.example"))
        college_credit.change(first, same, at=AT)
        assert db.session.scalars(sa.select(College.name)).all() == ["Lakeside Community College"]
        college_credit.verify(first, at=AT)
        college_credit.send(first, at=AT)
        college_credit.close(first, EndReason.NO_ANSWER, at=AT)
        again = college_credit.ask(student, wanted(student, known=known.reference), at=AT)
        assert college_credit.request(again).college.id == known.id


def test_a_student_takes_back_what_was_not_sent(app: Flask, student: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, at=AT)
        college_credit.withdraw(reference, at=AT)
        row = college_credit.request(reference)
        assert (row.state, row.end_reason, clock_of(reference).state.value) == (
            S.WITHDRAWN, EndReason.STUDENT_WITHDREW, "stopped",
        )  # fmt: skip
        assert tasks() == [("check_credit_request", "done")]
        with pytest.raises(RequestOver):
            college_credit.withdraw(reference)
        again = college_credit.ask(student, at=AT)
        college_credit.verify(again, at=AT)
        college_credit.send(again, at=AT)
        with pytest.raises(RequestSent):
            college_credit.withdraw(again)


def test_nobody_asks_without_end(app: Flask, student: str) -> None:
    with app.app_context():
        for _ in range(MOST_REQUESTS):
            college_credit.withdraw(college_credit.ask(student, at=AT), at=AT)
        with pytest.raises(TooManyRequests):
            college_credit.ask(student, at=AT)


def test_words_that_decide_nothing_are_not_kept(app: Flask, student: str) -> None:
    with app.app_context():
        reference = college_credit.ask(student, at=AT)
        college_credit.verify(reference, at=AT)
        college_credit.send(reference, at=AT)
        with pytest.raises(NoDecision) as refused:
            college_credit.decide(reference, Decision(S.PARTLY_GRANTED, 5, "MED 110"), at=AT)
        assert refused.value.field == "credits"
        row = college_credit.request(reference)
        assert (row.state, row.decision, row.decided_at) == (S.SENT, None, None)


def test_a_name_that_differs_is_told_in_any_order_of_its_parts(app: Flask, student: str) -> None:
    with app.app_context():
        said = wanted(student)
        reference = college_credit.ask(student, said, at=AT)
        told = []
        for name in (" ".join(reversed(said.legal_name.split())), f"{said.legal_name} Ash"):
            college_credit.change(reference, replace(said, legal_name=name), at=AT)
            told.append(Missing.NAME_DIFFERS in queries.missing(college_credit.request(reference)))
        assert told == [False, True]
