import io
from collections.abc import Callable

import pytest
import time_machine
from flask import Flask
from werkzeug.datastructures import FileStorage, MultiDict

from provider.accounts.rules import Role
from provider.enrollments import queries as enrollments
from provider.enrollments.completions import MOST_ROWS, Row
from provider.enrollments.rules import EnrollmentState
from provider.kernel import clock
from provider.kernel.database import unit_of_work
from provider.kernel.forms import Form
from provider.staff.csv_files import Unreadable, completed
from provider.staff.schemas import LONGEST_CSV, CompletionsFile
from tests.harness import season
from tests.harness.season import Student
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]
NOON = "2026-12-10 17:00:00Z"


@pytest.fixture
def active(app: Flask) -> list[Student]:
    """Two active students who enrolled and paid on December 1, and one who has not paid."""
    students = [Student(name, f"{name.lower()}@example.org") for name in ("Ana", "Bo", "Cy")]
    with time_machine.travel("2026-12-01 15:00:00Z", tick=False), app.app_context():
        for student in students:
            with unit_of_work():
                season.enroll(student, clock.now())
        for student in students[:2]:
            with unit_of_work():
                season.pay(student, clock.now())
    return students


def state(app: Flask, student: Student) -> EnrollmentState:
    with app.app_context():
        return enrollments.by_reference(student.enrollment).state


def upload(visitor: Visitor, content: bytes, status: int = 200) -> Page:
    visitor.get("/staff/completions")
    data = {"csrf_token": visitor.token(), "csv": (io.BytesIO(content), "list.csv")}
    answer = visitor.client.post("/staff/completions/check", data=data)
    return visitor._keep(answer, "/staff/completions/check", status)


def fates(page: Page) -> list[tuple[str, ...]]:
    rows = [row.query("th, td") for row in page.all("tbody tr")]
    return [tuple(" ".join(cell.to_text().split()) for cell in (cells[0], cells[1], cells[-1])) for cells in rows]


def test_the_ticked_ones_are_completed_and_the_list_shows_only_active_ones(
    app: Flask, colleague: Colleague, active: list[Student]
) -> None:
    with time_machine.travel(NOON, tick=False):
        admissions = colleague(Role.ADMISSIONS)
        page = admissions.get("/staff/completions")
        assert [link.to_text() for link in page.all("tbody th a")] == ["Bo", "Ana"]
        page = admissions.submit({"row": active[0].enrollment}, 200)
        assert page.title == "Mark as completed: what would happen"
        page = admissions.submit({}, 200)
    assert page.words(".lead") == "Done to 1 row."
    assert [state(app, student) for student in active] == [
        EnrollmentState.COMPLETED,
        EnrollmentState.ACTIVE,
        EnrollmentState.STARTED,
    ]


def test_nothing_ticked_is_told(app: Flask, colleague: Colleague, active: list[Student]) -> None:
    admissions = colleague(Role.ADMISSIONS)
    admissions.get("/staff/completions")
    assert admissions.submit({}, 422).errors == {"_schema": ["Tick at least one row of the list first."]}


def test_a_dry_run_tells_the_fate_of_each_line_and_changes_nothing(
    app: Flask, colleague: Colleague, active: list[Student]
) -> None:
    ana, bo, cy = (student.enrollment for student in active)
    lines = (
        "reference,completed_on",
        f"{ana.lower()},2026-12-05",
        f"{ana},",
        f"{cy},",
        "E-22222222,",
        f"{bo},12/05/2026",
        "=cmd|'/c calc'!A1,",
        ",2026-12-05",
    )
    with time_machine.travel(NOON, tick=False):
        page = upload(colleague(Role.ADMISSIONS), "\r\n".join(lines).encode())
    assert page.title == "Check of 7 lines"
    assert page.words(".lead") == ("Nothing is changed yet. 1 will be marked as completed, 6 will be left as they are.")
    assert fates(page) == [
        (ana, "Ana", "Will be marked as completed"),
        (ana, "Ana", "Stands in the list before"),
        (cy, "Cy", "Is not active, so it cannot be completed"),
        ("E-22222222", "", "No enrollment has this reference"),
        (bo, "Bo", "The date cannot be read; write it like 2026-11-21"),
        ("=CMD|'/C CALC'!A1", "", "No enrollment has this reference"),
        ("No reference", "", "No enrollment has this reference"),
    ]
    assert state(app, active[0]) is EnrollmentState.ACTIVE


def test_dates_count_from_the_agreement_to_today(app: Flask, colleague: Colleague, active: list[Student]) -> None:
    ana = active[0].enrollment
    found = {}
    with time_machine.travel(NOON, tick=False):
        admissions = colleague(Role.ADMISSIONS)
        for day in ("2026-11-30", "2026-12-01", "2026-12-10", "2026-12-11"):
            page = upload(admissions, f"reference;completed_on\n{ana};{day}\n".encode())
            found[day] = fates(page)[0][-1]
    assert found == {
        "2026-11-30": "The date lies before the agreement",
        "2026-12-01": "Will be marked as completed",
        "2026-12-10": "Will be marked as completed",
        "2026-12-11": "The date is in the future",
    }


def test_what_was_checked_is_committed_with_its_dates(app: Flask, colleague: Colleague, active: list[Student]) -> None:
    ana, bo, _ = (student.enrollment for student in active)
    with time_machine.travel(NOON, tick=False):
        admissions = colleague(Role.ADMISSIONS)
        upload(admissions, f"\ufeffreference,completed_on\n{ana},2026-12-05\n'{bo},\n".encode())
        # Meanwhile somebody completes one of them.
        other = colleague(Role.ADMISSIONS)
        other.get("/staff/completions")
        other.submit({"row": bo}, 200)
        other.submit({}, 200)
        page = admissions.submit({"row": [f"{ana} 2026-12-05", f"{bo} "]})
    assert page.words(".notice--success") == "1 enrollment marked as completed. 1 row left as it was."
    with app.app_context():
        at = enrollments.by_reference(ana).completed_at
    assert at is not None
    assert at.isoformat() == "2026-12-06T04:59:59.999999+00:00"


UNREADABLE = {
    "nothing": b"",
    "blank": b"\n\n  \n",
    "only a head": b"reference\n",
    "no such column": b"id,name\n1,2\n",
    "another column": b"reference,price\nE-22222222,1\n",
    "the same twice": b"reference,reference\na,b\n",
    "not text": b"\x89PNG\r\n\x1a\n\xff\xfe",
    "nul": b"reference\nE-2\x00\n",
    "utf-16": "reference\nE-2\n".encode("utf-16"),
    "ragged": b"reference\nE-22222222,1,2\n",
    "one huge cell": b'reference\n"' + b"x" * 200_000 + b'"\n',
    "too many": b"reference\n" + b"E-22222222\n" * (MOST_ROWS + 1),
    "an old spreadsheet": b"PK\x03\x04\xa0\xff",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_list_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        completed(content)
    assert refused.value.sentence.endswith(".")


def test_spreadsheets_habits_are_understood() -> None:
    assert completed(b'\xef\xbb\xbf"Reference";"COMPLETED_ON"\r\n"\'e-22222222";" 2026-12-05 "\r\n\r\n') == [
        Row("E-22222222", "2026-12-05")
    ]
    assert completed("reference\tcompleted_on\nE-2\u202e\t\n".encode()) == [Row("E-2\ufffd", "")]
    assert completed(b"reference\n" + b"E-22222222\n" * MOST_ROWS) == [Row("E-22222222")] * MOST_ROWS


def test_a_file_of_one_byte_too_many_is_refused() -> None:
    for size, errors in ((LONGEST_CSV, {}), (LONGEST_CSV + 1, ["csv"])):
        file = FileStorage(io.BytesIO(b"x" * size), "list.csv")
        assert list(Form(CompletionsFile()).load_form(MultiDict(), {"csv": file}).errors) == list(errors)


def test_a_refused_file_is_told_beside_its_field(app: Flask, colleague: Colleague) -> None:
    admissions = colleague(Role.ADMISSIONS)
    assert list(upload(admissions, b"id\n1\n", 422).errors) == ["csv"]
    assert list(upload(admissions, b"", 422).errors) == ["csv"]
