"""Credit requests over HTTP: what a student sees and asks, what staff do with it, and who may do either."""

import datetime as dt
from collections.abc import Mapping

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.credits.models import CreditRequest
from provider.credits.rules import CreditState
from provider.kernel import clock
from provider.kernel.database import db
from tests.harness import college_credit
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.stories import sign_in
from tests.harness.visitor import Page, Visitor

pytestmark = pytest.mark.one_database("sqlite")
HERE, STAFF = "/my/credit-requests", "/staff/credit-requests"
S = CreditState
ANSWERS = {
    "college": "other",
    "college_name": "Harbor College",
    "registrar_email": "Registrar@Harbor.example",
    "legal_name": "Kofi Mensah",
    "badge_claimed": "no",
    "consent": "on",
}


def signed_in(school: Flask, email: str) -> Visitor:
    visitor = Visitor(school)
    sign_in(visitor, email)
    return visitor


@pytest.fixture
def email(school: Flask, season: Season) -> str:
    """A student with a verified pass who has not asked yet."""
    found = season["paying"].email
    with school.app_context():
        college_credit.passed(found)
    return found


@pytest.fixture
def student(school: Flask, email: str) -> Visitor:
    return signed_in(school, email)


@pytest.fixture
def officer(school: Flask, season: Season) -> Visitor:
    return signed_in(school, season.staff[Role.CREDIT_OFFICER])


def fill(visitor: Visitor, action: str, values: Mapping[str, str], status: int = 303) -> Page:
    """Fill in the form of the page that is sent to an address, opening the page first."""
    visitor.get(action.rpartition("/")[0])
    assert visitor.page is not None
    forms = [one.attrs.get("action") for one in visitor.page.all("main form") if one.attrs.get("method") == "post"]
    return visitor.submit(values, status, form=forms.index(action))


def row_of(school: Flask, reference: str) -> CreditRequest:
    with school.app_context():
        found = college_credit.request(reference)
        db.session.expunge_all()
        return found


def newest(school: Flask) -> str:
    with school.app_context():
        query = sa.select(CreditRequest.reference).order_by(CreditRequest.id.desc()).limit(1)
        return db.session.scalars(query).one()


def test_a_student_asks_sees_what_comes_next_and_is_led_back_to_it(school: Flask, student: Visitor) -> None:
    student.get(f"{HERE}/ask?certificate=ccma")
    page = student.submit(ANSWERS)
    reference = newest(school)
    assert page.path.startswith(f"{HERE}/{reference}")
    words = page.words()
    for said in ("Harbor College", "We send it by the end of", "Claim your digital badge", "You asked"):
        assert said in words
    assert row_of(school, reference).college.registrar_email == "registrar@harbor.example"
    token = student.token()
    student.get(f"{HERE}/ask?certificate=ccma", 303)
    assert student.follow().path == f"{HERE}/{reference}"
    again = student.client.post(HERE, data={**ANSWERS, "certificate": "ccma", "csrf_token": token})
    assert (again.status_code, again.headers["Location"]) == (303, f"{HERE}/{reference}")


@pytest.mark.parametrize(
    "changed, field",
    [
        ({"registrar_email": None}, "Mailbox of its registrar"),
        ({"registrar_email": "registrar@harbor"}, "Mailbox of its registrar"),
        ({"registrar_email": "kofi@example.org"}, "Mailbox of its registrar"),
        ({"college_name": None}, "Name of another college"),
        ({"college": "CG-22222222"}, "College"),
        ({"college": None}, "College: Choose one of these."),
        ({"badge_claimed": None}, "Have you claimed your digital badge"),
        ({"consent": None}, "I agree to this"),
    ],
)
def test_what_is_missing_is_told_beside_its_field_and_nothing_is_kept(
    school: Flask, student: Visitor, changed: dict[str, str | None], field: str
) -> None:
    before = newest(school)
    student.get(f"{HERE}/ask?certificate=ccma")
    page = student.submit({**ANSWERS, **changed}, status=422)
    assert field in page.words(".error-summary")
    assert newest(school) == before


def test_a_certificate_that_is_not_passed_can_be_asked_for_by_nobody(school: Flask, student: Visitor) -> None:
    before = newest(school)
    student.get("/contact")
    page = student.post(HERE, {**ANSWERS, "certificate": "cpt"}, 422)
    assert "Choose one of these certificates." in page.words()
    assert newest(school) == before


def test_staff_check_ask_send_and_record_what_came_by_phone(school: Flask, email: str, officer: Visitor) -> None:
    with school.app_context():
        reference = college_credit.ask(email)
    here = f"{STAFF}/{reference}"
    fill(officer, f"{here}/information", {"words": "Which campus?"})
    student = signed_in(school, email)
    assert "Which campus?" in student.get(f"{HERE}/{reference}").words()
    student.get(f"{HERE}/{reference}/change")
    student.submit({"answer": "The north one.", "consent": "on"})
    assert "The north one." in officer.get(here).words()
    fill(officer, f"{here}/verify", {})
    fill(officer, f"{here}/send", {})
    assert row_of(school, reference).state is S.SENT
    wrong = {"outcome": "partly_granted", "credits": "5", "course": "MED 110", "channel": "phone", "evidence": "A call"}
    page = fill(officer, f"{here}/decision", wrong, 422)
    assert "fewer than the 5 that were recommended" in page.words(".error-summary")
    fill(officer, f"{here}/decision", {**wrong, "credits": "3"})
    row = row_of(school, reference)
    assert (row.state, row.decision_credits, row.decision_channel and row.decision_channel.value) == (
        S.PARTLY_GRANTED, 3, "phone",
    )  # fmt: skip
    assert "3 of 5" in student.get(f"{HERE}/{reference}").words()


def test_a_check_of_what_has_changed_since_is_refused(school: Flask, email: str, officer: Visitor) -> None:
    with school.app_context():
        reference = college_credit.ask(email)
    shown = officer.get(f"{STAFF}/{reference}")
    with school.app_context():
        said = college_credit.wanted(email, college=("Inland College", "registrar@inland.example"))
        college_credit.change(reference, said, at=clock.now() + dt.timedelta(seconds=1))
    seen = shown.all("input[name=seen]")[0].attrs["value"]
    page = officer.post(f"{STAFF}/{reference}/verify", {"seen": seen}, 422)
    assert "has changed this request" in page.words(".error-summary")
    assert row_of(school, reference).state is S.REQUESTED


def test_the_queue_shows_what_waits_and_costs_the_same_however_much_there_is(
    school: Flask, season: Season, officer: Visitor
) -> None:
    officer.get(STAFF)
    with statements(school) as few:
        words = officer.get(f"{STAFF}?state=active").words()
    assert "Needs information" in words
    with school.app_context():
        for name in ("fresh", "paying", "declined"):
            college_credit.asked(season[name].email)
    with statements(school) as many:
        officer.get(f"{STAFF}?state=active")
    assert len(many) == len(few)


def test_other_students_are_offered_a_college_by_name_and_mailbox_alone(
    school: Flask, season: Season, student: Visitor
) -> None:
    page = student.get(f"{HERE}/ask?certificate=ccma")
    assert page.words("#field-college").split(") ") == [
        "Choose one Lakeside Community College (registrar@lakeside.example",
        "Another college, named below",
    ]
    told = [season[name].name for name in ("late", "withdrawn", "overpaid")]
    assert [name for name in told if name in page.text] == []
