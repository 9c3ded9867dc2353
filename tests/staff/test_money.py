import datetime as dt
import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.enrollments import queries as enrollments
from provider.enrollments.rules import EnrollmentState, InstallmentState
from provider.files.actions import keep
from provider.files.models import File
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from provider.payments.models import Payment
from provider.payments.rules import PaymentState
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import RefundState
from tests.harness import season
from tests.harness.money import record_inside
from tests.harness.season import Season, Student
from tests.harness.visitor import Page, Visitor

Colleague = Callable[..., Visitor]
GOOD = {"method": "check", "amount": "1,899.00", "external_reference": "No. 1017", "proof_note": "In the safe"}
PDF = b"%PDF-1.7\n" + b"x" * 100 + b"\n%%EOF\n"


@pytest.fixture
def student(app: Flask) -> Student:
    """Somebody who enrolled and has not paid."""
    ana = Student("Ana Ñúñez", "ana@example.org")
    with app.app_context(), unit_of_work():
        season.enroll(ana, clock.now())
    return ana


@pytest.fixture
def paid(app: Flask, student: Student) -> Student:
    """The same one, after the first payment."""
    with app.app_context(), unit_of_work():
        season.pay(student, clock.now())
    return student


def new(visitor: Visitor, student: Student) -> Page:
    return visitor.get(f"/staff/enrollments/{student.enrollment}/payments/new")


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def state_of(app: Flask, student: Student) -> EnrollmentState:
    with app.app_context():
        return enrollments.by_reference(student.enrollment).state


def test_the_form_proposes_what_is_due_and_the_present_minute(
    app: Flask, colleague: Colleague, student: Student
) -> None:
    with time_machine.travel("2026-12-01 15:30:20Z", tick=False):
        page = new(colleague(Role.BURSAR), student)
    values = {field.attrs["name"]: field.attrs.get("value", "") for field in page.all("main form input.input")}
    assert (values["amount"], values["received_at"]) == ("$1,899.00", "2026-12-01T10:30")


def test_a_recorded_payment_makes_the_enrollment_active_and_says_so(
    app: Flask, bursar: Visitor, student: Student
) -> None:
    new(bursar, student)
    page = bursar.submit(GOOD)
    assert page.path == f"/staff/enrollments/{student.enrollment}"
    assert page.words(".notice--success") == "The payment is recorded. The student gets a receipt."
    assert state_of(app, student) is EnrollmentState.ACTIVE
    assert "No. 1017" in bursar.get("/staff/payments").words("tbody")


def test_the_same_form_sent_twice_is_one_payment(app: Flask, bursar: Visitor, student: Student) -> None:
    page = new(bursar, student)
    token, minute = bursar.token(), page.all("#field-received_at")[0].attrs["value"]
    path = f"/staff/enrollments/{student.enrollment}/payments/new"
    locations = []
    for _ in range(3):
        answer = bursar.post(path, GOOD | {"received_at": minute}, token=token)
        locations.append(answer.response.headers["Location"])
    assert set(locations) == {f"/staff/enrollments/{student.enrollment}#said"}
    assert count(app, Payment) == 1
    with app.app_context():
        letters = db.session.scalars(sa.select(OutboxLetter.template).where(OutboxLetter.template == "receipt")).all()
    assert len(letters) == 1


def test_another_amount_under_the_same_reference_is_told(app: Flask, bursar: Visitor, student: Student) -> None:
    new(bursar, student)
    bursar.submit(GOOD)
    new(bursar, student)
    page = bursar.submit(GOOD | {"amount": "20.00"}, 422)
    (sentence,) = page.errors["_schema"]
    assert sentence.startswith("This check with reference “No. 1017” is recorded already")
    assert page.all("#field-amount")[0].attrs["value"] == "20.00"
    assert count(app, Payment) == 1


def test_a_colleague_with_the_same_check_is_told(
    app: Flask, bursar: Visitor, colleague: Colleague, student: Student
) -> None:
    other = colleague(Role.BURSAR)
    new(bursar, student)
    bursar.submit(GOOD)
    new(other, student)
    assert list(other.submit(GOOD, 422).errors) == ["_schema"]
    assert count(app, Payment) == 1


MISTAKES: tuple[tuple[dict[str, str | None], str, str], ...] = (
    ({"amount": "0"}, "amount", "Write an amount above zero, such as 1,299.00."),
    ({"amount": "12,00"}, "amount", "Write an amount above zero, such as 1,299.00."),
    ({"amount": "-5"}, "amount", "Write an amount above zero, such as 1,299.00."),
    ({"amount": "9" * 10_000}, "amount", "Write an amount above zero, such as 1,299.00."),
    ({"amount": " "}, "amount", "Fill this in."),
    ({"method": "card"}, "method", "Choose one of the methods."),
    ({"method": "gold"}, "method", "Choose one of the methods."),
    ({"external_reference": None}, "external_reference", "Fill this in."),
    ({"external_reference": "a\x00b"}, "external_reference",
     "Remove the characters that cannot be printed, such as line breaks or direction marks."),
    ({"external_reference": "x" * 121}, "external_reference", "Shorten this to 120 characters or fewer."),
    ({"received_at": "yesterday"}, "received_at", "Write the date and the time, such as 2026-11-21T18:30."),
    ({"received_at": "2026-03-08T02:30"}, "received_at",
     "The clocks were put forward over this time, so it never was. Check it, and write another."),
    ({"received_at": "2026-03-08T02:30+00:00"}, "received_at",
     "Write the date and the time, such as 2026-11-21T18:30."),
    ({"received_at": None}, "received_at", "Fill in the date and the time."),
    ({"received_at": "2099-01-01T10:00"}, "_schema",
     "The payment cannot have come in later than now. Check the date and the time."),
    ({"proof_note": None}, "proof_note", "Attach the proof, or write where it can be seen."),
    ({"price": "1"}, "_schema", "This form has no such field. Reload the page and try again."),
)  # fmt: skip


def test_each_mistake_has_its_sentence_and_the_rest_is_kept(app: Flask, bursar: Visitor, student: Student) -> None:
    for changed, field, sentence in MISTAKES:
        new(bursar, student)
        page = bursar.submit(GOOD | changed, 422)
        assert list(page.errors) == [field], changed
        assert page.errors[field][0].endswith(sentence), changed
        kept = (GOOD | changed)["external_reference"]
        if kept and "\x00" not in kept:
            assert page.all("#field-external_reference")[0].attrs["value"] == kept
    assert count(app, Payment) == 0


def test_proof_is_kept_and_comes_back_only_as_a_download(app: Flask, bursar: Visitor, student: Student) -> None:
    new(bursar, student)
    values = GOOD | {"received_at": "2026-01-10T10:00", "proof_note": None}
    files = {"proof_file": (io.BytesIO(PDF), "../../x.html")}
    data = {"csrf_token": bursar.token()} | {k: v for k, v in values.items() if v} | files
    path = f"/staff/enrollments/{student.enrollment}/payments/new"
    assert bursar.client.post(path, data=data).status_code == 303
    with app.app_context():
        reference = db.session.scalars(sa.select(File.reference)).one()
    answer = bursar.client.get(f"/staff/files/{reference}")
    assert answer.data == PDF
    assert {name: answer.headers[name] for name in (
        "Content-Type", "Content-Disposition", "X-Content-Type-Options", "Content-Security-Policy"
    )} == {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'attachment; filename="{reference}.pdf"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }  # fmt: skip


def test_each_reading_of_a_proof_is_kept_and_told_in_the_timeline(
    app: Flask, bursar: Visitor, student: Student
) -> None:
    with app.app_context(), unit_of_work():
        proof = keep(data=PDF, about=student.enrollment, actor=SYSTEM, at=clock.now())
        reference = proof.reference
        record_inside(student.enrollment, 10_000, at=clock.now(), proof_file=proof)
    for _ in range(2):
        assert bursar.client.get(f"/staff/files/{reference}").data == PDF
    assert bursar.client.get("/staff/files/F-22222222").status_code == 404
    with app.app_context():
        rows = db.session.scalars(sa.select(History).where(History.event == "file.read")).all()
        reader = db.session.scalars(sa.select(Person.reference).where(Person.name == "Sam Staff")).one()
        assert {(row.subject_reference, row.about, row.actor_reference) for row in rows} == {
            (reference, student.enrollment, reader)
        }
        assert len({row.request_id for row in rows}) == 2
    told = bursar.get(f"/staff/enrollments/{student.enrollment}").words(".timeline")
    assert told.count(f"Uploaded file {reference} read") == 2


def test_a_file_that_is_no_proof_is_refused_with_the_values_kept(app: Flask, bursar: Visitor, student: Student) -> None:
    new(bursar, student)
    data = {"csrf_token": bursar.token()} | GOOD | {"received_at": "2026-01-10T10:00"}
    path = f"/staff/enrollments/{student.enrollment}/payments/new"
    for content in (b"<html><script>alert(1)</script>", b"MZ\x90", b""):
        answer = bursar.client.post(path, data=data | {"proof_file": (io.BytesIO(content), "x.pdf")})
        assert (answer.status_code, "No. 1017" in answer.text) == (422, True)
    assert (count(app, Payment), count(app, File)) == (0, 0)


def test_a_payment_recorded_in_error_is_reversed_with_a_reason(app: Flask, bursar: Visitor, paid: Student) -> None:
    bursar.get(f"/staff/payments/{paid.payments[0]}/reverse")
    page = bursar.submit({"reason": "wrong"}, 422)
    assert list(page.errors) == ["_schema"]
    assert page.words("#field-reason") == "wrong"
    page = bursar.submit({"reason": "It was another student’s check."})
    assert page.words(".heading__more") == "Recorded in error"
    with app.app_context():
        assert db.session.scalars(sa.select(Payment.state)).one() is PaymentState.REVERSED
    bursar.get(f"/staff/payments/{paid.payments[0]}/reverse")
    page = bursar.submit({"reason": "It was another student’s check."}, 422)
    assert list(page.errors) == ["_schema"]


def test_a_mailed_request_inside_the_window_is_approved_by_when_it_reached_us(
    app: Flask, colleague: Colleague, student: Student
) -> None:
    with time_machine.travel("2026-12-01 15:00:00Z", tick=False), app.app_context(), unit_of_work():
        season.pay(student, clock.now())
    with time_machine.travel("2026-12-03 15:00:00Z", tick=False):
        bursar = colleague(Role.BURSAR)
        bursar.get(f"/staff/enrollments/{student.enrollment}/refunds/new")
        late = bursar.submit({"received_at": "2026-12-02T09:59", "evidence": ""}, 422)
        assert list(late.errors) == ["evidence"]
        page = bursar.submit({"received_at": "2026-12-02T10:00", "evidence": "Mail of Ana, Dec 2, 10:00 AM"})
    assert page.words(".heading__more").startswith("Approved, on its way")
    assert state_of(app, student) is EnrollmentState.REFUNDED


def test_a_declined_request_is_overridden_with_a_reason_and_paid_out_once(app: Flask, colleague: Colleague) -> None:
    student = Student("Bo", "bo@example.org")
    now = clock.now()
    with app.app_context():
        for step, days in ((season.enroll, 5), (season.pay, 4), (season.ask, 1)):
            with unit_of_work():
                step(student, now - dt.timedelta(days=days))
        (declined,) = db.session.scalars(sa.select(Refund.reference)).all()
    bursar = colleague(Role.BURSAR)
    page = bursar.get(f"/staff/refunds/{declined}")
    assert page.words(".heading__more") == "Declined"
    page = bursar.submit({"reason": "short"}, 422)
    assert list(page.errors) == ["_schema"]
    page = bursar.submit({"reason": "The student was in hospital all that day."})
    assert state_of(app, student) is EnrollmentState.REFUNDED
    with app.app_context():
        approved = db.session.scalars(sa.select(Refund.reference).where(Refund.state == RefundState.APPROVED)).one()
        payout = db.session.scalars(sa.select(Payout.reference)).one()
    page = bursar.get(f"/staff/refunds/{approved}")
    assert list(bursar.submit({"external_reference": ""}, 422).errors) == ["external_reference"]
    page = bursar.submit({"external_reference": "Check 88"})
    assert page.words(".heading__more") == "Paid back"
    assert "Check 88" in page.words()
    again = bursar.post(f"/staff/payouts/{payout}", {"external_reference": "Check 89"}, 422)
    assert "Check 88" in again.errors["_schema"][0]


def test_a_withdrawal_wants_a_reason_and_a_choice(app: Flask, bursar: Visitor) -> None:
    student = Student("Cy", "cy@example.org", "ccma", "installments")
    now = clock.now()
    with app.app_context():
        for step, days in ((season.enroll, 5), (season.pay, 4)):
            with unit_of_work():
                step(student, now - dt.timedelta(days=days))
    page = bursar.get(f"/staff/enrollments/{student.enrollment}/withdrawal")
    assert "$1,575.00 are still owed." in page.words(".lead")
    assert list(bursar.submit({"reason": " "}, 422).errors) == ["reason", "unpaid"]
    page = bursar.submit({"reason": "Moves abroad for good.", "unpaid": "waive"})
    assert page.words(".heading__more").startswith("Withdrawn")
    with app.app_context():
        states = [one.state for one in enrollments.by_reference(student.enrollment).installments]
    assert states == [InstallmentState.PAID] + [InstallmentState.WAIVED] * 3


def test_a_payment_that_came_too_late_is_returned_by_a_button(cardless: Season, bursar: Visitor) -> None:
    payment = cardless["too_late"].payments[0]
    assert "Petra Maier" in bursar.get("/staff/payments?view=to_return").words("tbody")
    bursar.get(f"/staff/payments/{payment}")
    page = bursar.submit({})
    assert page.words(".notice--success").startswith("The payment goes back.")
    assert "Petra Maier" in bursar.get("/staff/refunds").words("tbody")
    bursar.post(f"/staff/payments/{payment}/return", {}, token=bursar.token())
    assert bursar.follow().words(".notice--bad").startswith("This payment is not waiting to be returned.")


def test_what_waits_stands_on_the_home_page_with_its_clock(cardless: Season, bursar: Visitor) -> None:
    page = bursar.get("/staff")
    tiles = {
        " ".join(tile.query(".stat__label")[0].to_text().split()): tile.query(".stat__value")[0].to_text()
        for tile in page.all(".stat")
    }
    assert (tiles["Refunds to pay out"], tiles["Waiting for payment"], tiles["Letters failed"]) == ("2", "3", "1")
    rows = [row.to_text() for row in page.all("section[aria-labelledby=running] tbody tr")]
    first, second = [row for row in rows if "Money back" in row]
    assert (cardless["refunding"].name in first, cardless["excepted"].name in second) == (True, True)
