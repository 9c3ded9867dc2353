"""Exams over HTTP: what a student sees and reports, what staff do with it, and who may open the evidence."""

import datetime as dt
import html
import io

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.exams.models import ExamResult
from provider.exams.rules import ExamState
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.database import db
from tests.harness import exams
from tests.harness.checksums import checksums
from tests.harness.hostile_files import PDF, refused
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import sign_in
from tests.harness.visitor import Visitor

HERE = "/my/exams"
DAY = dt.timedelta(days=1)


def signed_in(school: Flask, email: str) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, email)
    return visitor


@pytest.fixture
def student(school: Flask, season: Season) -> Visitor:
    return signed_in(school, season["completed"].email)


@pytest.fixture
def officer(school: Flask, season: Season) -> Visitor:
    return signed_in(school, season.staff[Role.CREDIT_OFFICER])


def send(visitor: Visitor, data: bytes, status: int = 303, **values: str) -> str:
    """Send the form with a file; returns the page that it leads to or is shown again on."""
    visitor.get(f"{HERE}/report")
    answers = {"credential": "cpt", "taken_on": "2026-11-01", "result": "pass", "csrf_token": visitor.token(), **values}
    sent = {**answers, "evidence": (io.BytesIO(data), "score.pdf")}
    answer = visitor.client.post(HERE, data=sent, content_type="multipart/form-data", follow_redirects=status == 303)
    assert answer.history[0].status_code == 303 if status == 303 else answer.status_code == status
    return answer.get_data(as_text=True)


def test_the_page_says_of_each_exam_what_was_reported_and_what_comes_next(
    school: Flask, season: Season, student: Visitor
) -> None:
    words = student.get(HERE).words()
    for said in ("C7-4410-2286", "Renew it by", "Not passed (371)", "Why the result of", "Being checked"):
        assert said in words
    words = signed_in(school, season["graduate"].email).get(HERE).words()
    assert "You may take it again From" in words


def test_a_result_is_reported_with_its_evidence_and_given_back_as_a_download(school: Flask, student: Visitor) -> None:
    assert "We have your result and check it" in send(student, PDF, score="410", certificate_number="C-9")
    with school.app_context():
        row = db.session.scalars(sa.select(ExamResult).order_by(ExamResult.id.desc())).first()
        assert row is not None
        reference = row.reference
        assert (row.state, row.score, row.certificate_number) == (ExamState.REPORTED, 410, "C-9")
    answer = student.client.get(f"{HERE}/{reference}/evidence")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{reference}.pdf"'
    with school.app_context():
        read = db.session.scalars(sa.select(History).where(History.event == "file.read")).all()
    assert [one.actor_kind.value for one in read] == ["student"]


@pytest.mark.parametrize(
    "values, sentence",
    [
        ({"taken_on": "2999-01-01"}, "This day has not come yet."),
        ({"taken_on": "soon"}, "Write the date like 2026-11-21."),
        ({"result": "fail", "certificate_number": "C-9"}, "A failed attempt has no certificate."),
        ({"credential": "nothing"}, "Choose one of these."),
        ({"score": "many"}, "Write the score as a whole number"),
        ({"score": "1001"}, "Write a whole number from 0 to 1,000."),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_kept(
    school: Flask, student: Visitor, values: dict[str, str], sentence: str
) -> None:
    before = checksums(school, frozenset())
    assert sentence in send(student, PDF, 422, **values)
    assert checksums(school, frozenset()) == before


def test_evidence_that_is_no_document_is_refused_by_its_content(school: Flask, student: Visitor) -> None:
    name, data, why = next(refused())
    assert why.sentence in html.unescape(send(student, data, 422)), name


def test_staff_verify_what_they_read_and_reject_with_a_reason(school: Flask, season: Season, officer: Visitor) -> None:
    with school.app_context():
        reference = exams.waiting(season["completed"].email)
    page = officer.get("/staff/exams").words()
    assert "CPT" in page
    officer.get(f"/staff/exams/{reference}")
    officer.submit({"reason": ""}, 422, form=officer_form(officer, "reject"))
    officer.get(f"/staff/exams/{reference}")
    page = officer.submit({"score": "407"}, form=officer_form(officer, "verify")).words()
    assert "The result is verified. The student gets a letter." in page
    with school.app_context():
        assert (exams.result(reference).state, exams.result(reference).score) == (ExamState.VERIFIED, 407)
    officer.get(f"/staff/exams/{reference}")
    assert "Reject it" not in officer.get(f"/staff/exams/{reference}").words()


def officer_form(visitor: Visitor, verb: str) -> int:
    assert visitor.page is not None
    forms = [one for one in visitor.page.all("main form") if one.attrs.get("method") == "post"]
    return next(number for number, one in enumerate(forms) if (one.attrs.get("action") or "").endswith(verb))


def test_an_attempt_that_came_too_early_is_pointed_out_to_staff(
    school: Flask, season: Season, officer: Visitor
) -> None:
    with school.app_context():
        email, today = season["completed"].email, clock.now().date()
        exams.verify(exams.report(email, exams.facts(today - 20 * DAY, passed=False)))
        reference = exams.report(email, exams.facts(today - DAY))
    assert "the first day on which the exam could be taken again" in officer.get(f"/staff/exams/{reference}").words()


def test_a_renewal_moves_the_day_and_a_day_that_is_none_is_refused(
    school: Flask, season: Season, student: Visitor
) -> None:
    with school.app_context():
        reference = exams.certificate(season["completed"].email)
        renew_by = exams.result(reference).renew_by or dt.date.min
    student.get(f"{HERE}/{reference}/renewal")
    assert "A renewal moves the day on." in student.submit({"renew_by": renew_by.isoformat()}, 422).words()
    later = (renew_by + 700 * DAY).isoformat()
    assert "We remind you again before the new day." in student.submit({"renew_by": later}).words()
    with school.app_context():
        assert exams.result(reference).renew_by == renew_by + 700 * DAY


def test_what_is_not_theirs_is_not_there(school: Flask, season: Season) -> None:
    with school.app_context():
        reference = exams.waiting(season["completed"].email)
    other = signed_in(school, season["graduate"].email)
    for path in (f"{HERE}/{reference}/evidence", f"{HERE}/{reference}/renewal"):
        assert other.client.get(path).status_code == 404
    assert Visitor(school).client.get(f"{HERE}/{reference}/evidence").status_code == 404


def test_the_list_of_staff_takes_as_many_statements_with_one_row_as_with_fifty(
    school: Flask, season: Season, officer: Visitor
) -> None:
    email = season["completed"].email
    counts = []
    for number in (1, 30):
        with school.app_context():
            for days in range(number):
                exams.report(email, exams.facts(clock.now().date() - (40 * number + days) * DAY, passed=False))
        with statements(school) as seen:
            officer.get("/staff/exams")
        counts.append(len(seen))
    assert counts[0] == counts[1]
