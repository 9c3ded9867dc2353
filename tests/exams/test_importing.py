import datetime as dt
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference as enrollment_of
from provider.exams.importing import doing
from provider.exams.models import ExamResult
from provider.exams.rules import ExamState
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.importing import Judged, ListChanged, Row, dry_run, import_all
from tests.harness import exams
from tests.harness.checksums import checksums
from tests.harness.money import agreed, letters
from tests.harness.papers import STAFF, person
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Page, Visitor

AT = dt.datetime(2026, 11, 22, 15, tzinfo=dt.UTC)
ANA = "ana@example.org"
PASS = {"email": "Ana@Example.org", "name": "ÑÚÑEZ, Ana", "exam": "ccma", "date": "11/01/2026", "result": "Pass"}


@pytest.fixture
def student(app: Flask) -> str:
    with app.app_context():
        reference = agreed(email=ANA)
        with unit_of_work():
            enrollments.join_by_letter(enrollment=enrollment_of(reference, lock=True), actor=SYSTEM, at=AT)
    return ANA


def rows(*lines: dict[str, str]) -> list[Row]:
    return [Row(number, cells) for number, cells in enumerate(lines, start=2)]


def judged(given: list[Row]) -> list[Judged]:
    return dry_run(given, doing(actor=STAFF, at=AT))


def test_a_dry_run_says_of_each_line_what_becomes_of_it_and_changes_nothing(app: Flask, student: str) -> None:
    with app.app_context():
        exams.report(student, exams.facts(dt.date(2026, 10, 1), passed=False), at=AT)
    before = checksums(app, frozenset())
    with app.app_context():
        found = [
            (one.fate.value, one.sentence)
            for one in judged(
                rows(
                    PASS,
                    PASS | {"date": "2026-11-01"},
                    PASS | {"date": "2026-11-01", "result": "fail"},
                    PASS | {"date": "2026-10-01", "result": "Failed", "score": "371"},
                    PASS | {"name": "Somebody Else"},
                    PASS | {"email": "nobody@example.org"},
                    PASS | {"exam": "XYZ"},
                    PASS | {"date": "1 November"},
                    PASS | {"date": "2999-01-01"},
                    PASS | {"result": "maybe"},
                    PASS | {"score": "4,12"},
                    PASS | {"name": "=1+1"},
                    {"email": ANA},
                )
            )
        ]
    assert checksums(app, frozenset()) == before
    letter = "The student gets a letter."
    assert [fate for fate, _ in found] == ["new", "same", "refused", "changes", *["refused"] * 9]
    assert [sentence for _, sentence in found[:2]] == [f"Is entered and verified. {letter}", "It is verified already."]
    assert found[3][1] == f"Verifies what the student reported. {letter}"
    for (_, sentence), words in zip(
        found[4:],
        (
            "Here the student of this address is",
            "No student has this e-mail address.",
            "There is no exam XYZ.",
            "Write the date like",
            "This day has not come yet.",
            "Write pass or fail",
            "Write the score as a whole number",
            "begins like a formula",
            "Fill in name, exam, date and result.",
        ),
        strict=True,
    ):
        assert words in sentence


def test_what_was_shown_is_imported_once_and_what_changed_meanwhile_is_not(app: Flask, student: str) -> None:
    with app.app_context():
        given = rows(PASS | {"score": "410", "certificate_number": "C-9"}, PASS | {"name": "Somebody Else"})
        shown = [one.shown for one in judged(given)]
        with unit_of_work():
            import_all(given, doing(actor=STAFF, at=AT), shown=shown)
        result = db.session.scalars(sa.select(ExamResult)).one()
        assert (result.state, result.score, result.certificate_number) == (ExamState.VERIFIED, 410, "C-9")
        assert len(letters(person(student).reference, "exam_verified")) == 1
        with pytest.raises(ListChanged), unit_of_work():
            import_all(given, doing(actor=STAFF, at=AT), shown=shown)


def test_staff_import_a_file_after_they_have_seen_what_it_does(app: Flask, student: str) -> None:
    visitor = Visitor(app)
    sign_in(visitor, staff(app, Role.CREDIT_OFFICER))
    visitor.get("/staff/exams/import")
    content = "email;name;exam;date;result;score\nana@example.org;Ana Ñúñez;CCMA;2026-11-01;pass;=1\n".encode()
    content += "ana@example.org;Ana Ñúñez;CCMA;2026-11-02;pass;410\n".encode()
    sent = {"csrf_token": visitor.token(), "csv": (BytesIO(content), "list.csv")}
    answer = visitor.client.post("/staff/exams/import", data=sent, content_type="multipart/form-data")
    page = Page(answer, "/staff/exams/import")
    assert "1 will be imported, 1 will be left out." in page.text
    sent = {"csrf_token": visitor.token(), "rows": page.all("input[name=rows]")[0].attrs["value"]}
    assert visitor.client.post("/staff/exams/import/rows", data=sent).status_code == 303
    assert "1 line imported. 1 line left as it was." in visitor.get("/staff/exams?state=verified").words()
    assert visitor.client.post("/staff/exams/import/rows", data=sent).status_code == 409
