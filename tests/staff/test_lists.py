"""Lists: filters and orders in the address, acting on many rows, and lists as files."""

import csv
import datetime as dt
import io
from collections.abc import Callable

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import PersonSession
from provider.accounts.rules import Role
from provider.disclosures.models import Disclosure
from provider.disclosures.rules import DisclosureKind
from provider.enrollments import actions as enrollments
from provider.enrollments import queries as known
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CancelReason, EnrollmentState
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from provider.staff import lists
from provider.staff.bulk import CHANGED, MOST_CHOSEN
from tests.harness import season
from tests.harness.checksums import checksums
from tests.harness.placed import placed
from tests.harness.season import Student
from tests.harness.statements import statements
from tests.harness.stories import PASSWORD
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1+1", "'quoted")


@pytest.fixture
def students(app: Flask) -> list[Student]:
    """Ana and Bo are active and paid, Cy and Di have not paid."""
    found = [Student(name, f"{name.lower()}@example.org") for name in ("Ana", "Bo", "Cy", "Di")]
    with app.app_context():
        for number, student in enumerate(found):
            with unit_of_work():
                season.enroll(student, clock.now())
            if number < 2:
                with unit_of_work():
                    season.pay(student, clock.now())
        db.session.remove()
    return found


def state(app: Flask, student: Student) -> EnrollmentState:
    with app.app_context():
        return known.by_reference(student.enrollment).state


def names(page: Page) -> list[str]:
    return [link.to_text() for link in page.all("tbody th a")]


def results(page: Page) -> list[tuple[str, ...]]:
    """Name, result and sentence of each row."""
    rows = [row.query("th, td") for row in page.all("tbody tr")]
    return [tuple(" ".join(cells[n].to_text().split()) for n in (0, 2, 3)) for cells in rows]


def look(visitor: Visitor, deed: str, *references: str, at: str = "enrollments", status: int = 200) -> Page:
    visitor.get(f"/staff/{at}")
    return visitor.post(f"/staff/{at}/many", {"deed": deed, "row": list(references)}, status)


def go_on(visitor: Visitor) -> Page:
    """Press the button of a preview."""
    assert visitor.page is not None
    form = visitor.page.all("main form")[0]
    rows = [field.attrs["value"] for field in form.query("input[name=row]")]
    deed = form.query("input[name=deed]")[0].attrs["value"]
    return visitor.post(form.attrs["action"], {"deed": deed, "row": rows}, 200)


def test_an_order_stands_in_the_address_and_on_its_heading(
    app: Flask, colleague: Colleague, students: list[Student]
) -> None:
    admissions = colleague(Role.ADMISSIONS)
    page = admissions.get("/staff/enrollments?sort=oldest")
    assert names(page) == ["Ana", "Bo", "Cy", "Di"]
    assert [th.to_text().strip() for th in page.all("th[aria-sort=ascending]")] == ["Enrolled"]
    page = admissions.get("/staff/enrollments?sort=oldest&state=unpaid")
    assert names(page) == ["Cy", "Di"]
    assert names(admissions.get("/staff/enrollments?sort=nonsense")) == ["Di", "Cy", "Bo", "Ana"]


def test_the_largest_payment_comes_first_when_asked(app: Flask, bursar: Visitor, students: list[Student]) -> None:
    with app.app_context(), unit_of_work():
        season.record(students[2], 450, clock.now())
    assert names(bursar.get("/staff/payments?sort=largest"))[-1] == "Cy"
    assert names(bursar.get("/staff/payments?sort=newest"))[0] == "Cy"
    assert names(bursar.get("/staff/payments?q=cy")) == ["Cy"]


def test_a_list_takes_as_many_statements_with_one_row_as_with_three(app: Flask, colleague: Colleague) -> None:
    admin = colleague(Role.ADMIN)
    paths = [f"/staff/{name}" for name in ("enrollments", "completions", "payments", "refunds", "mail", "people")]
    counts = []
    for number in (1, 2):
        with app.app_context():
            for each in range(number):
                student = Student(f"Ana {number}{each}", f"ana{number}{each}@example.org")
                with unit_of_work():
                    season.enroll(student, clock.now())
                with unit_of_work():
                    season.pay(student, clock.now())
            db.session.remove()
        taken = []
        for path in paths:
            with statements(app) as sent:
                admin.get(path)
            taken.append(len(sent))
        counts.append(taken)
    assert counts[0] == counts[1]


def test_what_would_happen_is_told_for_each_row_and_nothing_is_changed(
    app: Flask, colleague: Colleague, students: list[Student]
) -> None:
    ana, _, cy, _ = students
    admissions = colleague(Role.ADMISSIONS)
    admissions.get("/staff/enrollments")
    before = checksums(app)
    page = look(admissions, "complete", ana.enrollment, cy.enrollment, ana.enrollment, "E-22222222")
    assert page.title == "Mark as completed: what would happen"
    assert page.words(".lead") == "Nothing is changed yet. It would be done to 1 row, and 2 would stay as they are."
    assert results(page) == [
        ("Ana", "Would be done", "Will be marked as completed today. The student gets a letter."),
        ("Cy", "Would stay", "Is started, so it cannot be completed."),
        ("E-22222222", "Would stay", "There is nothing under this reference."),
    ]
    assert checksums(app) == before


def test_each_row_is_done_on_its_own_and_has_its_result(
    app: Flask, colleague: Colleague, students: list[Student]
) -> None:
    ana, bo, cy, di = students
    admissions = colleague(Role.ADMISSIONS)
    look(admissions, "cancel", cy.enrollment, di.enrollment, bo.enrollment)
    with app.app_context(), unit_of_work():
        di_known = known.by_reference(di.enrollment, lock=True)
        enrollments.cancel(enrollment=di_known, reason=CancelReason.STUDENT, actor=SYSTEM, at=clock.now())
    page = go_on(admissions)
    assert page.title == "Cancel, if nothing was paid: what happened"
    assert results(page) == [
        ("Cy", "Done", "Canceled. The student gets a letter."),
        ("Di", "Left", "Is canceled already."),
    ]
    assert [state(app, one) for one in (ana, bo, cy)] == [
        EnrollmentState.ACTIVE,
        EnrollmentState.ACTIVE,
        EnrollmentState.CANCELED,
    ]


def test_a_second_click_does_nothing_twice_and_says_so(
    app: Flask, colleague: Colleague, students: list[Student]
) -> None:
    ana = students[0]
    admissions = colleague(Role.ADMISSIONS)
    look(admissions, "complete", ana.enrollment)
    sent = {"deed": "complete", "row": [f"{ana.enrollment} active"]}
    assert results(admissions.post("/staff/enrollments/many/results", sent, 200))[0][1] == "Done"
    before = checksums(app)
    again = admissions.post("/staff/enrollments/many/results", sent, 200)
    assert results(again) == [("Ana", "Left", "Is completed already.")]
    assert checksums(app) == before


def test_a_letter_that_was_sent_is_copied_once_however_often_it_is_clicked(
    app: Flask, colleague: Colleague, students: list[Student]
) -> None:
    with app.app_context():
        with unit_of_work():
            letter = db.session.scalars(sa.select(OutboxLetter).order_by(OutboxLetter.id)).first()
            assert letter is not None
            letter.state, letter.sent_at = LetterState.SENT, clock.now()
            letter.subject, letter.body_text, letter.attempts = "Welcome", "Hello", 1
        reference = letter.reference
        waiting = db.session.scalars(
            sa.select(OutboxLetter.reference).where(OutboxLetter.state == LetterState.QUEUED)
        ).first()
        before = db.session.scalar(sa.select(sa.func.count()).select_from(OutboxLetter))
        db.session.remove()
    admissions = colleague(Role.ADMISSIONS)
    page = look(admissions, "resend", reference, str(waiting), at="mail")
    assert [row[1:] for row in results(page)] == [
        ("Would be done", "Was sent; another copy of it will be sent."),
        ("Would stay", "Is on its way already."),
    ]
    assert results(go_on(admissions))[0][1:] == ("Done", "Queued; it leaves within the minute.")
    sent = {"deed": "resend", "row": [f"{reference} sent-0"]}
    again = admissions.post("/staff/mail/many/results", sent, 200)
    assert results(again)[0][1:] == ("Left", CHANGED)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(OutboxLetter)) == (before or 0) + 1
    page = look(admissions, "cancel", str(waiting), reference, at="mail")
    assert [row[1:] for row in results(page)] == [
        ("Would be done", "Will not be sent."),
        ("Would stay", "Has left already."),
    ]
    assert results(go_on(admissions))[0][1:] == ("Done", "It will not be sent.")


@pytest.mark.parametrize(
    "values, sentence",
    [
        ({"deed": "complete"}, "Tick at least one row of the list first."),
        ({"deed": "erase", "row": ["E-22222222"]}, "Choose what to do with the ticked rows."),
        ({"deed": "complete", "row": [f"E-{n:08d}" for n in range(MOST_CHOSEN + 1)]}, "Tick 200 rows at most."),
    ],
    ids=["nothing ticked", "unknown deed", "too many"],
)
@pytest.mark.parametrize("step", ["", "/results"])
def test_what_cannot_be_done_to_many_is_told(
    app: Flask, colleague: Colleague, values: dict[str, object], sentence: str, step: str
) -> None:
    admissions = colleague(Role.ADMISSIONS)
    admissions.get("/staff/enrollments")
    page = admissions.post(f"/staff/enrollments/many{step}", values, 422)
    assert page.errors == {"_schema": [sentence]}


def taken(visitor: Visitor, name: str, form: str, **filters: str) -> bytes:
    """Take a list as a file from its page."""
    visitor.get(f"/staff/{name}")
    page = visitor.post(f"/staff/{name}/export", {"format": form, **filters}, 200)
    disposition = page.response.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert disposition.endswith(f'.{form}"')
    assert page.response.headers["Cache-Control"] == "no-store"
    content = page.response.get_data()
    assert int(page.response.headers["Content-Length"]) == len(content)
    return content


def test_a_file_holds_what_the_page_shows_under_the_same_filters(
    app: Flask, bursar: Visitor, students: list[Student]
) -> None:
    content = taken(bursar, "enrollments", "csv", state="active", sort="oldest").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["Student"] for row in rows] == ["Ana", "Bo"]
    assert [row["Reference"] for row in rows] == [one.enrollment for one in students[:2]]
    assert {row["State"] for row in rows} == {"Active"}
    assert all(float(row["Paid (USD)"]) > 0 and row["Paid (USD)"][-3] == "." for row in rows)
    assert dt.datetime.fromisoformat(rows[0]["Enrolled (UTC)"]).tzinfo == dt.UTC
    sheet = openpyxl.load_workbook(io.BytesIO(taken(bursar, "enrollments", "xlsx", state="active"))).active
    assert sheet is not None
    table = [[cell.value for cell in row] for row in sheet.iter_rows()]
    heads = table[0]
    assert [row[heads.index("Student")] for row in table[1:]] == ["Bo", "Ana"]
    assert isinstance(table[1][heads.index("Paid (USD)")], int | float)
    assert isinstance(table[1][heads.index("Enrolled (UTC)")], dt.datetime)


def test_who_may_not_see_money_takes_none_along(app: Flask, colleague: Colleague, students: list[Student]) -> None:
    content = taken(colleague(Role.ADMISSIONS), "enrollments", "csv").decode("utf-8-sig")
    assert "USD" not in content
    assert len(content.splitlines()) == 5


@pytest.mark.parametrize("name", ["enrollments", "completions", "payments", "refunds", "payouts", "mail"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_list_can_be_taken_along_and_it_is_kept_who_took_it(
    app: Flask, colleague: Colleague, students: list[Student], name: str, form: str
) -> None:
    taken(colleague(Role.ADMIN), name, form)
    with app.app_context():
        (kept,) = db.session.scalars(sa.select(Disclosure)).all()
        assert (kept.kind.value, kept.about, kept.actor_kind.value) == ("export", None, "staff")
        rows = {"enrollments": 4, "completions": 2, "payments": 2, "refunds": 0, "payouts": 0}
        assert kept.row_count == rows.get(name, kept.row_count)
        assert f"as {'CSV' if form == 'csv' else 'Excel'}. Order: Newest first." in kept.what


def test_coordinators_take_sites_openings_and_the_queue_along_and_no_cell_is_run(
    app: Flask, colleague: Colleague
) -> None:
    coordinator = colleague(Role.COORDINATOR)
    with app.app_context():
        placed(name="=1+1")
        with unit_of_work():
            db.session.execute(sa.update(Enrollment).values(legal_name="@SUM(A1)"))
    wanted = {"sites": ("Site", "=1+1"), "openings": ("Site", "=1+1"), "externships": ("Student", "@SUM(A1)")}
    for name, (column, formula) in wanted.items():
        content = taken(coordinator, name, "csv").decode("utf-8-sig")
        assert [row[column] for row in csv.DictReader(io.StringIO(content))] == [f"'{formula}"]
        sheet = openpyxl.load_workbook(io.BytesIO(taken(coordinator, name, "xlsx"))).active
        assert sheet is not None
        assert formula in [cell.value for cell in sheet[2] if cell.data_type == "s"]
        assert next(iter(csv.reader(io.StringIO(content)))) == [cell.value for cell in sheet[1]]
    with app.app_context():
        exports = sa.select(Disclosure).where(Disclosure.kind == DisclosureKind.EXPORT)
        assert [kept.row_count for kept in db.session.scalars(exports)] == [1] * 6
    coordinator.get("/staff/enrollments")
    coordinator.post("/staff/enrollments/export", {"format": "csv"}, 403)


def test_what_is_kept_of_an_export_names_no_name_that_was_typed(
    app: Flask, bursar: Visitor, students: list[Student]
) -> None:
    taken(bursar, "enrollments", "csv", q="ana@example.org", state="active")
    with app.app_context():
        what = db.session.scalars(sa.select(Disclosure.what)).one()
    typed = "Name, e-mail or reference: what somebody typed"
    assert what == f"Enrollments as CSV. {typed}; State: Active; Order: Newest first."


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_file_is_run_by_a_spreadsheet(app: Flask, bursar: Visitor, formula: str) -> None:
    with app.app_context():
        student = Student("Ana", "ana@example.org")
        with unit_of_work():
            season.enroll(student, clock.now())
        with unit_of_work():
            db.session.execute(sa.update(Enrollment).values(legal_name=formula))
        db.session.remove()
    content = taken(bursar, "enrollments", "csv").decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content))
    assert row["Student"] == (formula if formula.startswith("'") else f"'{formula}")
    sheet = openpyxl.load_workbook(io.BytesIO(taken(bursar, "enrollments", "xlsx"))).active
    assert sheet is not None
    cell = sheet["B2"]
    assert (cell.value, cell.data_type) == (formula, "s")


def test_a_list_longer_than_a_batch_is_taken_whole(
    app: Flask, bursar: Visitor, students: list[Student], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "AT_A_TIME", 3)
    for order, expected in {"newest": ["Di", "Cy", "Bo", "Ana"], "oldest": ["Ana", "Bo", "Cy", "Di"]}.items():
        content = taken(bursar, "enrollments", "csv", sort=order).decode("utf-8-sig")
        assert [row["Student"] for row in csv.DictReader(io.StringIO(content))] == expected


def test_an_export_without_a_kind_or_with_unreadable_filters_is_refused_and_not_kept(
    app: Flask, bursar: Visitor
) -> None:
    bursar.get("/staff/enrollments")
    for values in ({}, {"format": "pdf"}, {"format": "csv", "q": "x" * 300}):
        page = bursar.post("/staff/enrollments/export", values, 422, token=bursar.token())
        assert "Nothing was exported" in page.text
        bursar.get("/staff/enrollments")
    with app.app_context():
        assert db.session.scalars(sa.select(Disclosure)).all() == []


def test_who_signed_in_long_ago_is_asked_again_before_a_list_leaves(
    app: Flask, bursar: Visitor, students: list[Student]
) -> None:
    bursar.get("/staff/enrollments")
    with app.app_context(), unit_of_work():
        long_ago = clock.now() - dt.timedelta(hours=1)
        db.session.execute(sa.update(PersonSession).values(began_at=long_ago, confirmed_at=long_ago))
    page = bursar.post("/staff/enrollments/export", {"format": "csv", "state": "active"}, 422)
    assert "password" in page.text
    answer = bursar.submit({"confirm_password": PASSWORD}, 200, form=0, follow=False)
    assert answer.response.headers["Content-Type"].startswith("text/csv")
    assert len(answer.response.get_data(as_text=True).splitlines()) == 3


def test_who_may_not_export_sees_no_button_and_gets_no_file(
    app: Flask, colleague: Colleague, students: list[Student]
) -> None:
    auditor = colleague(Role.AUDITOR)
    page = auditor.get("/staff/enrollments")
    assert page.all("form.export") == []
    auditor.post("/staff/enrollments/export", {"format": "csv"}, 403)
