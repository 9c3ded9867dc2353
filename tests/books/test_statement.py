import datetime as dt
import io
from typing import Any

import pypdf
import pytest
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.enrollments.queries import by_reference
from provider.kernel.database import unit_of_work
from provider.refunds.waiving import waive
from tests.harness.money import BURSAR, agreed, record, reverse
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import enroll, sign_in
from tests.harness.visitor import Page, Visitor

DAY = dt.timedelta(days=1)
MORNING = dt.datetime(2026, 11, 2, 15, tzinfo=dt.UTC)


def table(page: Page) -> list[list[str]]:
    """Return the lines of a statement as they are read."""
    rows = page.all("main table tbody tr")
    return [[" ".join(cell.to_text().split()) for cell in row.query("th, td")] for row in rows]


def bursar(school: Flask, season: Season) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, season.staff[Role.BURSAR])
    return visitor


def test_a_student_reads_every_amount_with_its_day_and_the_balance(app: Flask, visitor: Visitor) -> None:
    with time_machine.travel(MORNING, tick=False):
        reference = enroll(visitor, plan="installments")
        with app.app_context():
            record(reference, 52_500, at=MORNING + DAY)
            record(reference, 60_000, at=MORNING + 2 * DAY)
            with unit_of_work():
                enrollment = by_reference(reference, lock=True)
                reason = "Agreed with the director on the telephone."
                waive(enrollment=enrollment, number=4, reason=reason, actor=BURSAR, at=MORNING + 3 * DAY)
        page = visitor.get(f"/my/enrollments/{reference}/statement")
    assert page.title == "Statement of account"
    lines = table(page)
    assert [[day, added, off, balance] for day, _, added, off, balance in lines] == [
        ["November 2, 2026", "$2,100.00", "–", "$2,100.00"],
        ["November 3, 2026", "–", "$525.00", "$1,575.00"],
        ["November 4, 2026", "–", "$600.00", "$975.00"],
        ["November 5, 2026", "–", "$525.00", "$450.00"],
    ]
    assert lines[3][1] == "Installment 4 of 4 waived by the school"
    assert lines[1][1].startswith("Payment received by check, reference check ")
    assert "Next, $450.00 is due on" in page.text


@pytest.mark.parametrize(
    "zone, day", [("America/New_York", "November 3, 2026"), ("America/Los_Angeles", "November 2, 2026")]
)
def test_lines_are_dated_in_the_students_zone(app: Flask, season: Season, zone: str, day: str) -> None:
    night = dt.datetime(2026, 11, 3, 5, 30, tzinfo=dt.UTC)
    with app.app_context():
        reference = agreed(zone=zone, at=night)
    page = bursar(app, season).get(f"/staff/enrollments/{reference}/statement")
    assert (table(page)[0][0], f"Dates are those of the time zone {zone}." in page.text) == (day, True)


def test_a_payment_recorded_in_error_stands_on_both_sides(app: Flask, season: Season) -> None:
    with app.app_context():
        reference = agreed()
        payment = record(reference, 189_900)
        reverse(payment)
    page = bursar(app, season).get(f"/staff/enrollments/{reference}/statement")
    assert [line[2:] for line in table(page)] == [
        ["$1,899.00", "–", "$1,899.00"],
        ["–", "$1,899.00", "$0.00"],
        ["$1,899.00", "–", "$1,899.00"],
    ]
    assert table(page)[2][1].endswith("taken back: it was recorded in error")


def test_a_settled_refund_ends_at_nothing_and_one_on_its_way_is_owed_to_the_student(
    school: Flask, season: Season
) -> None:
    visitor = bursar(school, season)
    settled = table(visitor.get(f"/staff/enrollments/{season['settled'].enrollment}/statement"))
    assert settled[-1][4] == "$0.00"
    assert settled[-1][1].startswith("Refund sent by ")
    page = visitor.get(f"/staff/enrollments/{season['refunding'].enrollment}/statement")
    assert table(page)[-1][4].startswith("-$")
    assert "On its way back to you" in page.text


def test_the_paper_is_tagged_and_says_the_same(school: Flask, season: Season) -> None:
    student, visitor = season["overpaid"], Visitor(school)
    sign_in(visitor, student.email)
    address = f"/my/enrollments/{student.enrollment}/statement"
    page = visitor.get(address)
    answer = visitor.get(f"{address}.pdf").response
    assert (answer.mimetype, answer.headers["Content-Disposition"]) == (
        "application/pdf",
        f'attachment; filename="statement-{student.enrollment}.pdf"',
    )
    read = pypdf.PdfReader(io.BytesIO(answer.data))
    text = "".join("".join(sheet.extract_text() for sheet in read.pages).split())  # lines break within references
    assert [what for _, what, *_ in table(page) if "".join(what.split()) not in text] == []
    assert ("Sample." in text, f"Statementofaccount{student.enrollment}" in text) == (True, True)
    claims: Any = read.xmp_metadata
    assert b"pdfuaid:part" in claims.stream.get_data()


def test_staff_get_the_same_paper(school: Flask, season: Season) -> None:
    answer = bursar(school, season).get(f"/staff/enrollments/{season['late'].enrollment}/statement.pdf").response
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")


def test_the_statement_is_linked_from_desk_schedule_receipt_and_the_back_office(school: Flask, season: Season) -> None:
    student, visitor = season["paying"], Visitor(school)
    sign_in(visitor, student.email)
    here = f"/my/enrollments/{student.enrollment}"
    desk = visitor.get(here)
    receipt = next(link.attrs["href"] for link in desk.all("a[href]") if "/receipts/" in link.attrs["href"])
    for path in (here, f"{here}/schedule", receipt):
        assert f'href="{here}/statement"' in visitor.get(path).text, path
    office = f"/staff/enrollments/{student.enrollment}"
    assert f'href="{office}/statement"' in bursar(school, season).get(office).text


def test_a_long_account_is_read_in_as_many_statements_as_a_short_one(app: Flask, season: Season) -> None:
    visitor = bursar(app, season)
    with app.app_context():
        reference = agreed("installments")
        record(reference, 52_500)
    with statements(app) as few:
        visitor.get(f"/staff/enrollments/{reference}/statement")
    with app.app_context():
        for number in range(3):
            record(reference, 10_000 + number)
    with statements(app) as many:
        visitor.get(f"/staff/enrollments/{reference}/statement")
    assert len(few) == len(many)
