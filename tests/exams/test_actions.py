import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference as enrollment_of
from provider.exams import actions, handlers, queries
from provider.exams.actions import AttemptKnown, DayRefused, NothingToRenew, ReportedAlready, TooManyResults
from provider.exams.models import ExamResult
from provider.exams.rules import MOST_RESULTS, ExamState
from provider.files.models import File
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from provider.tasks import queries as tasks
from tests.harness import audit, exams, papers
from tests.harness.exams import facts
from tests.harness.money import agreed, at_once, letters
from tests.harness.stories import timeline

AT = dt.datetime(2026, 11, 22, 15, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)
DAY = dt.timedelta(days=1)
ANA = "ana@example.org"


@pytest.fixture
def student(app: Flask) -> str:
    """A student with an account, by address."""
    with app.app_context():
        reference = agreed(email=ANA)
        with unit_of_work():
            enrollments.join_by_letter(enrollment=enrollment_of(reference, lock=True), actor=SYSTEM, at=AT)
    return ANA


def who() -> Person:
    return papers.person(ANA)


def events() -> list[str]:
    return [row.event for row in timeline(who().reference) if row.subject_kind == "exam_result"]


def replayed(app: Flask) -> list[str]:
    return [line for line in audit.found(app, AT) if line.startswith("history_ends_in_the_present")]


def test_a_reported_pass_is_checked_and_the_student_hears_when_the_certificate_is_renewed(
    app: Flask, student: str
) -> None:
    with app.app_context():
        reference = exams.report(student, facts(TODAY - DAY, score=398), at=AT)
        (task,) = tasks.about(who().reference)
        assert (task.kind.value, task.state.value, reference in task.sentence) == ("check_exam_result", "open", True)
        exams.verify(reference, facts(TODAY - 2 * DAY, score=389, number="C-1"), at=AT)
        result = exams.result(reference)
        assert (result.state, result.taken_on, result.score) == (ExamState.VERIFIED, TODAY - 2 * DAY, 389)
        assert result.renew_by == dt.date(2028, 11, 20)
        (letter,) = letters(who().reference, "exam_verified")
        assert (letter.mailbox.value, letter.values["renew_by"], letter.values["retake_from"]) == (
            "collegecredits",
            "2028-11-20",
            None,
        )
        (task,) = tasks.about(who().reference)
        assert task.state.value == "done"
        assert events() == ["exam_result.reported", "exam_result.verified"]
        with pytest.raises(IllegalTransition):
            exams.reject(reference)


def test_a_failed_attempt_is_told_with_the_day_of_the_next_one(app: Flask, student: str) -> None:
    with app.app_context():
        for number, days in enumerate((100, 60, 3), start=1):
            exams.verify(exams.report(student, facts(TODAY - days * DAY, passed=False), at=AT), at=AT)
            assert len(letters(who().reference, "exam_verified")) == number
        told = [letter.values["retake_from"] for letter in letters(who().reference, "exam_verified")]
        assert told == ["2026-09-13", "2026-10-23", "2027-11-19"]
        (exam,) = [one for one in queries.exams_of(who().id) if one.results]
        assert (exam.retake_from, exam.certificate) == (dt.date(2027, 11, 19), None)


def test_what_is_reported_again_before_a_check_takes_the_place_of_the_first(app: Flask, student: str) -> None:
    with app.app_context():
        first = exams.report(student, facts(TODAY - DAY, passed=False), at=AT)
        old = exams.result(first).file_id
        again = exams.report(student, facts(TODAY - DAY, score=401), at=AT)
        assert first == again
        result = exams.result(first)
        assert (result.passed, result.score, db.session.get(File, old)) == (True, 401, None)
        assert len(tasks.about(who().reference)) == 1
        exams.verify(first, at=AT)
        with pytest.raises(ReportedAlready):
            exams.report(student, facts(TODAY - DAY), at=AT)


def test_a_rejected_result_is_told_with_its_reason_and_may_be_reported_anew(app: Flask, student: str) -> None:
    with app.app_context():
        first = exams.report(student, facts(TODAY - DAY), at=AT)
        exams.reject(first, "The report names somebody else.", at=AT)
        (letter,) = letters(who().reference, "exam_rejected")
        assert letter.values["why"] == "The report names somebody else."
        assert exams.report(student, facts(TODAY - DAY), at=AT) != first


def test_two_results_cannot_count_for_one_attempt(app: Flask, student: str) -> None:
    with app.app_context():
        exams.verify(exams.report(student, facts(TODAY - 9 * DAY, passed=False), at=AT), at=AT)
        second = exams.report(student, facts(TODAY - DAY), at=AT)
        with pytest.raises(AttemptKnown):
            exams.verify(second, facts(TODAY - 9 * DAY), at=AT)
        assert exams.result(second).state is ExamState.REPORTED


def test_one_attempt_that_is_reported_in_eight_tabs_at_once_is_one_result(app: Flask, student: str) -> None:
    def work() -> None:
        exams.report(student, facts(TODAY - DAY), at=AT)

    at_once(app, *[work] * 8)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(ExamResult)) == 1
        assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 1
    assert replayed(app) == []
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(ExamResult).values(state=ExamState.VERIFIED, decided_at=AT))
    (broken,) = replayed(app)
    assert "verified" in broken


def unguarded(credential_id: int, person: tuple[int, str], barrier: threading.Barrier) -> None:
    """Report like `actions.report`, but without holding the person: read, then insert."""
    known = db.session.scalar(sa.select(ExamResult.id).where(ExamResult.taken_on == TODAY - DAY))
    db.session.rollback()
    barrier.wait()
    if known is not None:
        return
    row = ExamResult(
        reference=references.new("X"), person_id=person[0], about=person[1], credential_id=credential_id,
        taken_on=TODAY - DAY, passed=True, state=ExamState.REPORTED, reported_at=AT,
    )  # fmt: skip
    with unit_of_work():
        db.session.add(row)


@pytest.mark.parametrize("guarded", [True, False], ids=["with the index", "without it"])
def test_without_the_index_the_same_tabs_report_a_result_each(app: Flask, student: str, *, guarded: bool) -> None:
    with app.app_context():
        person, credential_id = (who().id, who().reference), exams.credential("CCMA").id
        if not guarded:
            with unit_of_work():
                db.session.execute(sa.text("DROP INDEX uq_exam_result_attempt"))
    barrier = threading.Barrier(8)
    at_once(app, *[lambda: unguarded(credential_id, person, barrier)] * 8)
    with app.app_context():
        number = db.session.scalar(sa.select(sa.func.count()).select_from(ExamResult))
        assert number == (1 if guarded else 8)


def test_a_day_to_come_and_results_without_end_are_refused(app: Flask, student: str) -> None:
    with app.app_context():
        with pytest.raises(DayRefused):
            exams.report(student, facts(TODAY + DAY), at=AT)
        for number in range(MOST_RESULTS):
            exams.report(student, facts(TODAY - number * DAY, passed=False), at=AT)
        with pytest.raises(TooManyResults):
            exams.report(student, facts(TODAY - 90 * DAY), at=AT)


def test_a_list_of_the_issuing_body_verifies_at_once_and_may_be_read_twice(app: Flask, student: str) -> None:
    with app.app_context():
        reported = exams.report(student, facts(TODAY - 40 * DAY), at=AT)
        for said in (facts(TODAY - 40 * DAY, passed=False, score=380), facts(TODAY - DAY, score=420, number="C-2")):
            for made in (True, False):
                with unit_of_work():
                    entered = actions.enter(
                        person=who(), credential=exams.credential("CCMA"), facts=said, actor=papers.STAFF, at=AT
                    )
                    assert (entered is not None) is made
        first = exams.result(reported)
        assert (first.state, first.passed, first.score) == (ExamState.VERIFIED, False, 380)
        assert [letter.values["passed"] for letter in letters(who().reference, "exam_verified")] == [False, True]
    assert replayed(app) == []


def test_holders_are_reminded_of_the_renewal_until_it_is_moved(app: Flask, student: str) -> None:
    with app.app_context():
        reference = exams.report(student, facts(TODAY - DAY), at=AT)
        exams.verify(reference, at=AT)
        due = dt.datetime(2028, 11, 21, 15, tzinfo=dt.UTC)  # of the day of renewal
        for before in (91, 90, 89, 30, 30, 6):
            handlers.remind({}, now=due - before * DAY)
        assert [one.event for one in letters(who().reference, "exam_renewal")] == [
            f"{reference}:2028-11-21:{days}" for days in (90, 30, 7)
        ]
        with unit_of_work():
            result = queries.by_reference(reference, lock=True)
            with pytest.raises(DayRefused):
                actions.renew(result=result, renew_on=dt.date(2028, 11, 21), actor=SYSTEM, at=due)
            actions.renew(result=result, renew_on=dt.date(2030, 11, 21), actor=SYSTEM, at=due)
        handlers.remind({}, now=due)
        assert len(letters(who().reference, "exam_renewal")) == 3


def test_a_later_pass_and_a_certificate_without_a_day_are_not_reminded_of(app: Flask, student: str) -> None:
    with app.app_context():
        first = exams.report(student, facts(TODAY - 700 * DAY), at=AT)
        exams.verify(first, at=AT)
        exams.verify(exams.report(student, facts(TODAY - DAY), at=AT), at=AT)
        handlers.remind({}, now=AT)
        assert letters(who().reference, "exam_renewal") == []
        failed = exams.report(student, facts(TODAY - 300 * DAY, passed=False), at=AT)
        with unit_of_work(), pytest.raises(NothingToRenew):
            actions.renew(result=queries.by_reference(failed, lock=True), renew_on=TODAY, actor=SYSTEM, at=AT)
