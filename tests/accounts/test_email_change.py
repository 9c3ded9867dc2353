"""Another e-mail address: proved by the new one, told to the old one, and nobody learns who has an account."""

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts import actions, queries
from provider.accounts.models import EmailChange
from provider.accounts.rules import CHANGE_EMAIL, STOP_EMAIL_CHANGE, Role
from provider.accounts.rules import PASSWORD as PURPOSE
from provider.enrollments import actions as enrollments
from provider.enrollments.lists import Filters, staff_page
from provider.enrollments.rules import CancelReason
from provider.history.models import History, HistoryDetail
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail.models import OutboxLetter
from tests.harness.audit import assert_clean
from tests.harness.sessions import thief
from tests.harness.statements import statements
from tests.harness.stories import PASSWORD, do_jobs, enroll, person, prove, row, sign_in, staff, token_for
from tests.harness.visitor import Page, Visitor

NEW = "ana.new@example.net"


def ask(app: Flask, visitor: Visitor, email: str = NEW, password: str = PASSWORD, status: int = 303) -> Page:
    visitor.get("/account/email")
    page = visitor.submit({"email": email, "current": password}, status)
    do_jobs(app)
    return page


def newest(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(sa.select(EmailChange.reference).order_by(EmailChange.id.desc())).first() or ""


def link(app: Flask, purpose: str) -> str:
    return f"/links/{token_for(app, purpose, newest(app))}"


def letters(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.scalars(sa.select(OutboxLetter).order_by(OutboxLetter.id))
        return [(letter.template, letter.recipient) for letter in rows]


def states(app: Flask) -> list[str]:
    with app.app_context():
        return [state.value for state in db.session.scalars(sa.select(EmailChange.state).order_by(EmailChange.id))]


@pytest.fixture
def student(app: Flask, visitor: Visitor) -> str:
    email = staff(app)
    sign_in(visitor, email)
    return email


def test_the_new_address_proves_itself_and_the_old_one_is_told(app: Flask, visitor: Visitor, student: str) -> None:
    page = ask(app, visitor)
    assert f"We sent a link to {NEW}." in page.text
    assert "A new e-mail address waits to be confirmed" in page.words("main")
    assert letters(app) == [("email_change_asked", student), ("email_change", NEW)]
    reader = Visitor(app)
    reader.get(link(app, CHANGE_EMAIL))
    assert person(app, student)
    page = reader.submit({})
    assert page.path == "/sign-in"
    assert f"Your e-mail address is now {NEW}." in page.text
    assert letters(app)[2:] == [("email_changed", student)]
    assert visitor.get("/account").words("dl.definition").split()[5] == NEW
    assert sign_in(Visitor(app), NEW).path == "/my"
    Visitor(app).get("/sign-in")
    other = Visitor(app)
    other.get("/sign-in")
    other.submit({"email": student, "password": PASSWORD}, 422)
    assert states(app) == ["confirmed"]


def test_opening_the_links_changes_nothing(app: Flask, visitor: Visitor, student: str) -> None:
    ask(app, visitor)
    for purpose in (CHANGE_EMAIL, STOP_EMAIL_CHANGE):
        Visitor(app).get(link(app, purpose))
    assert (states(app), bool(person(app, student))) == (["asked"], True)


def test_each_link_works_once_and_the_newest_alone(app: Flask, visitor: Visitor, student: str) -> None:
    ask(app, visitor, "first@example.net")
    first, stop = link(app, CHANGE_EMAIL), link(app, STOP_EMAIL_CHANGE)
    ask(app, visitor)
    reader = Visitor(app)
    reader.get(first, 410)
    reader.get(stop, 410)
    second = link(app, CHANGE_EMAIL)
    reader.get(second)
    late = Visitor(app)
    late.get(second)
    reader.submit({})
    late.submit({}, 410)
    late.get(second, 410)
    assert states(app) == ["stopped", "confirmed"]


@pytest.mark.parametrize(
    "late, status",
    [(dt.timedelta(minutes=60), 303), (dt.timedelta(minutes=60, seconds=1), 410)],
    ids=["60 minutes", "a second more"],
)
def test_the_link_lasts_sixty_minutes(
    app: Flask, visitor: Visitor, student: str, late: dt.timedelta, status: int
) -> None:
    with time_machine.travel(clock.now(), tick=False) as moved:
        ask(app, visitor)
        reader = Visitor(app)
        reader.get(link(app, CHANGE_EMAIL))
        moved.shift(late)
        reader.submit({}, status, follow=False)


@pytest.mark.parametrize("how", ["new password", "own wish", "lock"])
def test_what_ends_a_change_that_waits(app: Flask, visitor: Visitor, student: str, how: str) -> None:
    ask(app, visitor)
    waiting = link(app, CHANGE_EMAIL)
    reader = Visitor(app)
    reader.get(waiting)
    if how == "new password":
        visitor.get("/account/password")
        visitor.submit({"current": PASSWORD, "password": "another quiet password"})
    elif how == "own wish":
        visitor.get("/account")
        assert "Your address stays as it is." in visitor.submit({}).text
    else:
        with app.app_context(), unit_of_work():
            found = queries.by_email(student)
            assert found is not None
            actions.disable(person=found, actor=SYSTEM, at=clock.now())
    reader.submit({}, 410)
    assert person(app, student)


def test_a_taken_address_gets_the_same_answer_and_its_owner_a_letter(
    app: Flask, visitor: Visitor, student: str
) -> None:
    taken, found = staff(app), []
    for email in (taken, NEW):
        page = ask(app, visitor, email)
        found.append((page.path, page.text.replace(email, "").replace(visitor.token(), "")))
    assert found[0] == found[1]
    assert [each for each in letters(app) if each[0] != "email_change_asked"] == [
        ("email_taken", taken),
        ("email_change", NEW),
    ]


def test_asking_costs_the_same_for_a_taken_and_a_free_address(app: Flask) -> None:
    taken, found = staff(app), []
    for email in (taken, NEW):
        visitor = Visitor(app)
        sign_in(visitor, staff(app))
        visitor.get("/account/email")
        values = {"email": email, "current": PASSWORD, "csrf_token": visitor.token()}
        with statements(app) as sent:
            assert visitor.client.post("/account/email", data=values).status_code == 303
        found.append(sent.statements)
    assert found[0] == found[1]


def test_an_address_that_was_taken_meanwhile_is_not_given_twice(app: Flask, visitor: Visitor, student: str) -> None:
    ask(app, visitor)
    staff(app, email=NEW)
    reader = Visitor(app)
    reader.get(link(app, CHANGE_EMAIL))
    page = reader.submit({}, 409)
    assert "belongs to another account by now" in page.text
    assert person(app, student) != person(app, NEW)


def test_the_old_address_stops_a_change_and_whoever_asked_is_out(app: Flask, visitor: Visitor, student: str) -> None:
    ask(app, visitor)
    owner = Visitor(app)
    owner.get(link(app, STOP_EMAIL_CHANGE))
    waiting = link(app, CHANGE_EMAIL)
    page = owner.submit({})
    assert f"Your address stays {student}, and everybody is signed out." in page.text
    assert visitor.client.get("/account").status_code == 303
    owner.get(waiting, 410)
    assert letters(app)[-1] == ("password_link", student)
    visitor.get("/sign-in")
    visitor.submit({"email": student, "password": PASSWORD}, 422)
    owner.get(f"/links/{token_for(app, PURPOSE, person(app, student))}")
    owner.submit({"password": "another quiet password"})
    assert sign_in(owner, student, "another quiet password").path == "/my"
    assert states(app) == ["stopped"]


@pytest.mark.parametrize(
    "late, status",
    [(dt.timedelta(days=7), 200), (dt.timedelta(days=7, seconds=1), 410)],
    ids=["seven days", "a second more"],
)
def test_the_old_address_takes_a_change_back_for_seven_days(
    app: Flask, visitor: Visitor, student: str, late: dt.timedelta, status: int
) -> None:
    with time_machine.travel(clock.now(), tick=False) as moved:
        ask(app, visitor)
        first = link(app, STOP_EMAIL_CHANGE)
        thiefs = Visitor(app)
        thiefs.get(link(app, CHANGE_EMAIL))
        thiefs.submit({})
        reference = person(app, NEW)
        owner = Visitor(app)
        owner.get(first, 410)
        moved.shift(late)
        owner.get(link(app, STOP_EMAIL_CHANGE), status)
        if status == 200:
            owner.submit({})
    if status == 200:
        assert (person(app, student), states(app)) == (reference, ["undone"])
        assert letters(app)[-1] == ("password_link", student)
    else:
        assert (person(app, NEW), states(app)) == (reference, ["confirmed"])


def test_an_old_address_that_is_anothers_now_is_not_taken_back(app: Flask, visitor: Visitor, student: str) -> None:
    ask(app, visitor)
    visitor.get(link(app, CHANGE_EMAIL))
    visitor.submit({})
    staff(app, email=student)
    owner = Visitor(app)
    owner.get(link(app, STOP_EMAIL_CHANGE))
    owner.submit({}, 409)
    assert person(app, NEW)


def test_a_password_link_dies_with_a_changed_address(app: Flask, visitor: Visitor, student: str) -> None:
    visitor.get("/forgot-password")
    visitor.submit({"email": student}, 200)
    do_jobs(app)
    waiting = f"/links/{token_for(app, PURPOSE, person(app, student))}"
    ask(app, visitor)
    visitor.get(waiting)
    reader = Visitor(app)
    reader.get(link(app, CHANGE_EMAIL))
    reader.submit({})
    visitor.get(waiting, 410)


@pytest.mark.parametrize(
    "email, password, errors",
    [
        ("", PASSWORD, {"email": ["New e-mail address: Fill this in."]}),
        (NEW, "not this one, no", {"current": ["Your password: This is not the password of your account."]}),
        (NEW, "", {"current": ["Your password: Fill in your password."]}),
        (
            "a@example.net, b@example.net",
            PASSWORD,
            {"email": ["New e-mail address: Write one e-mail address, like name@example.org."]},
        ),
    ],
    ids=["no address", "wrong password", "no password", "two addresses"],
)
def test_asking_needs_one_address_and_the_password(
    app: Flask, visitor: Visitor, student: str, email: str, password: str, errors: dict[str, list[str]]
) -> None:
    page = ask(app, visitor, email, password, 422)
    assert page.errors == errors
    assert page.all("input[name=email]")[0].attrs["value"] == email
    assert (letters(app), states(app)) == ([], [])


def test_the_own_address_is_no_new_one(app: Flask, visitor: Visitor, student: str) -> None:
    page = ask(app, visitor, student.upper(), status=422)
    assert page.errors == {"email": ["New e-mail address: This is your address already."]}


def test_an_account_asks_three_times_an_hour_and_so_is_an_address(app: Flask, visitor: Visitor, student: str) -> None:
    with time_machine.travel(clock.now(), tick=False):
        for number in range(3):
            ask(app, visitor, f"new{number}@example.net")
        page = ask(app, visitor, "new3@example.net", status=422)
        assert page.errors == {"_schema": ["That was tried too often. Wait 72 minutes and try again."]}
        for _ in range(3):
            other = Visitor(app)
            sign_in(other, staff(app))
            ask(app, other, "victim@example.net")
        other = Visitor(app)
        sign_in(other, staff(app))
        ask(app, other, "victim@example.net", status=422)
    assert len([each for each in letters(app) if each == ("email_change", "victim@example.net")]) == 3


def test_enrollments_keep_what_was_signed_and_follow_the_new_address(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    prove(app, visitor, reference)
    with app.app_context():
        found = queries.by_email("ana@example.org")
        assert found is not None
        own = found.reference
    visitor.get("/forgot-password")
    visitor.submit({"email": "ana@example.org"}, 200)
    do_jobs(app)
    visitor.get(f"/links/{token_for(app, PURPOSE, own)}")
    visitor.submit({"password": PASSWORD})
    sign_in(visitor, "ana@example.org")
    ask(app, visitor)
    visitor.get(link(app, CHANGE_EMAIL))
    visitor.submit({})
    do_jobs(app)
    with app.app_context():
        assert row(reference).claimed_email == "ana@example.org"
        for typed in (NEW, "ana@example.org", "nunez"):
            page = staff_page(Filters(typed=typed))
            assert [line.reference for line in page.rows] == [reference]
        with unit_of_work():
            enrollments.cancel(enrollment=row(reference), reason=CancelReason.STUDENT, actor=SYSTEM, at=clock.now())
    assert letters(app)[-1] == ("enrollment_canceled", NEW)
    colleague = Visitor(app)
    sign_in(colleague, staff(app, Role.ADMISSIONS))
    shown = colleague.get(f"/staff/enrollments/{reference}").words().replace(" ,", ",")
    assert f"{NEW}, signed with ana@example.org" in shown
    assert_clean(app)


def test_history_keeps_the_addresses_apart_where_they_can_be_blanked(
    app: Flask, visitor: Visitor, student: str
) -> None:
    ask(app, visitor)
    visitor.get(link(app, CHANGE_EMAIL))
    visitor.submit({})
    with app.app_context():
        events = db.session.scalars(sa.select(History).order_by(History.id)).all()
        told = [event for event in events if "email_change" in event.event]
        assert [event.event for event in told] == [
            "email_change.asked",
            "email_change.confirmed",
            "person.email_changed",
        ]
        assert {event.about for event in told} == {person(app, NEW)}
        detail = db.session.get(HistoryDetail, told[-1].id)
        assert detail is not None
        assert detail.data == {"old": student, "new": NEW}
        assert not any(student in str(event.data) or NEW in str(event.data) for event in events)


def test_a_copied_cookie_of_a_change_gives_nobody_the_account(app: Flask, visitor: Visitor, student: str) -> None:
    copy = thief(app, visitor)
    copy.get("/account/email")
    page = copy.submit({"email": "thief@example.net", "current": "a guess of the thief"}, 422)
    assert page.errors == {"current": ["Your password: This is not the password of your account."]}
    assert states(app) == []


def test_staff_change_their_address_alike(app: Flask, visitor: Visitor) -> None:
    sign_in(visitor, staff(app, Role.EDITOR))
    ask(app, visitor)
    visitor.get(link(app, CHANGE_EMAIL))
    assert visitor.submit({}).path == "/account"
    assert sign_in(Visitor(app), NEW).path == "/staff"
