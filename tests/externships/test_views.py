"""The student's pages of an externship."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from provider.accounts import queries as people
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.documents.rules import DocumentKind, DocumentState
from provider.enrollments.queries import by_reference
from provider.externships import queries, requests
from provider.externships.handlers import missing_documents
from provider.externships.rules import RequestState
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from tests.harness.externs import ASKED, COORDINATOR, active, ask, bring, graduate, request, require
from tests.harness.money import stored
from tests.harness.stories import PASSWORD, sign_in, staff
from tests.harness.visitor import Page, Visitor

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
DAY = dt.timedelta(days=1)
EMAIL = "rosa@example.org"
HERE = re.compile(r"/my/externship/E-\w{8}\Z")


@pytest.fixture
def moment(app: Flask) -> Iterator[time_machine.Traveller]:
    """The instant of asking; tests move it."""
    with time_machine.travel(ASKED, tick=False) as traveller:
        yield traveller


@pytest.fixture
def rosa(app: Flask, visitor: Visitor, moment: time_machine.Traveller) -> str:
    """A graduate who is signed in; her enrollment."""
    with app.app_context():
        reference = graduate(email=EMAIL)
    signed_in(app, visitor)
    return reference


def signed_in(app: Flask, visitor: Visitor) -> None:
    with app.app_context(), unit_of_work():
        person = people.by_email(EMAIL)
        assert person is not None
        set_password(person=person, password_hash=hash_password(PASSWORD), actor=SYSTEM, at=ASKED)
    sign_in(visitor, EMAIL)


GOOD = {"miles": "30", "earliest_on": "2027-02-15", "weekdays": ["0", "2"], "consent": "true"}


def fill_in(visitor: Visitor, status: int = 303, **changed: object) -> Page:
    return visitor.submit(GOOD | changed, status)


def test_one_enrollment_is_led_to(app: Flask, visitor: Visitor, rosa: str) -> None:
    visitor.get("/my/externship", 303)
    assert visitor.follow().words("h1") == "My externship"


def test_of_several_one_chooses(app: Flask, visitor: Visitor, rosa: str) -> None:
    with app.app_context():
        active(program="cpt", email=EMAIL)
    page = visitor.get("/my/externship")
    assert [card.attrs["href"] for card in page.all(".card a")][-1] == f"/my/externship/{rosa}"
    assert "You can ask for an externship now." in page.words()
    assert "You can ask as soon as you have completed the program." in page.words()


def test_nobody_is_led_to_sign_in(visitor: Visitor) -> None:
    page = visitor.get("/my/externship", 303)
    assert page.response.headers["Location"] == "/sign-in?next=/my/externship"


def test_a_student_in_the_program_reads_what_is_missing(
    app: Flask, visitor: Visitor, moment: time_machine.Traveller
) -> None:
    with app.app_context():
        reference = active(email=EMAIL)
    signed_in(app, visitor)
    page = visitor.get(f"/my/externship/{reference}")
    assert "You cannot ask yet" in page.words()
    assert "You can ask as soon as you have completed the program." in page.words()
    assert "The placement fee is $0" in page.words()
    assert page.all("main form") == []
    visitor.post(
        f"/my/externship/{reference}", {**GOOD, "zip": "10001", "from_minute": "480", "until_minute": "1020"}, 409
    )


def test_a_graduate_asks_and_sees_the_clock(app: Flask, visitor: Visitor, rosa: str) -> None:
    page = visitor.get(f"/my/externship/{rosa}")
    assert "my name, my program and my days" in page.words("main form")
    page = fill_in(visitor)
    assert "Your request is in." in page.words()
    assert "0 days of 60 have run." in page.words(".promise")
    assert "April 2, 2027" in page.words(".clock")
    assert "We look for a place that fits your wishes" in page.words()
    with app.app_context():
        found = queries.newest_of(by_reference(rosa).id)
        assert found is not None
        assert (found.state, found.miles, found.weekdays) == (RequestState.READY, 30, 0b101)


@pytest.mark.parametrize(
    "changed, field, sentence",
    [
        ({"consent": None}, "consent", "Tick this box to go on."),
        ({"zip": "1000"}, "zip", "Write the five digits of your ZIP code, like 10001."),
        ({"miles": "0"}, "miles", "Choose a distance between 1 and 250 miles."),
        ({"weekdays": []}, "weekdays", "Choose at least one day on which you can be there."),
        ({"from_minute": "1020"}, "until_minute", "Choose an end that lies after the beginning."),
        ({"from_minute": "481"}, "from_minute", "Choose a time from the list."),
        ({"earliest_on": "soon"}, "earliest_on", "Write a date, like 2026-12-01."),
        ({"earliest_on": "2027-01-31"}, "earliest_on", "Choose a day from today on, a year ahead at most."),
    ],
)
def test_each_mistake_has_its_sentence(
    app: Flask, visitor: Visitor, rosa: str, changed: dict[str, object], field: str, sentence: str
) -> None:
    visitor.get(f"/my/externship/{rosa}")
    (told,) = fill_in(visitor, 422, **changed).errors[field]
    assert told.partition(": ")[2] == sentence


def test_asking_twice_leads_to_the_request_there_is(app: Flask, visitor: Visitor, rosa: str) -> None:
    visitor.get(f"/my/externship/{rosa}")
    with app.app_context():
        first = ask(rosa)
    page = fill_in(visitor)
    assert "You have asked for this externship already." in page.words()
    assert first in page.words()


def test_an_unknown_zip_is_told_kindly(app: Flask, visitor: Visitor, rosa: str) -> None:
    visitor.get(f"/my/externship/{rosa}")
    assert "a coordinator looks for a place by hand" in fill_in(visitor, zip="99999").words()


def test_while_documents_are_missing_both_times_are_shown(
    app: Flask, visitor: Visitor, rosa: str, moment: time_machine.Traveller
) -> None:
    with app.app_context():
        require("ccma", DocumentKind.TB, DocumentKind.MMR)
        ask(rosa)
        bring(rosa, DocumentKind.MMR, at=ASKED, state=DocumentState.UPLOADED)
    moment.move_to(ASKED + 12 * DAY)
    page = sign_again(visitor, rosa)
    assert "1 of 2 waits for you: TB test We are checking: MMR vaccination." in page.words(
        "[aria-labelledby=documents]"
    )
    assert "0 days of 60 have run, 12 days stood still." in page.words(".promise")
    assert "If it ran again today, a place by April 14, 2027" in page.words(".clock")
    assert "Documents missing" in page.words()
    assert "If they are still missing on March 3, 2027" in page.words()
    assert page.all('a[href="/my/externship/documents"]')


def sign_again(visitor: Visitor, enrollment: str) -> Page:
    """Open the page after the session has run out."""
    sign_in(visitor, EMAIL)
    return visitor.get(f"/my/externship/{enrollment}")


def test_a_sleeping_request_says_how_it_wakes(
    app: Flask, visitor: Visitor, rosa: str, moment: time_machine.Traveller
) -> None:
    with app.app_context():
        require("ccma", DocumentKind.TB)
        ask(rosa)
        missing_documents({}, now=ASKED + 30 * DAY)
    moment.move_to(ASKED + 31 * DAY)
    page = sign_again(visitor, rosa)
    assert "Your request is asleep" in page.words()
    assert "The request wakes as soon as all of them are here." in page.words()


def test_an_overdue_promise_is_owned_up_to(
    app: Flask, visitor: Visitor, rosa: str, moment: time_machine.Traveller
) -> None:
    with app.app_context():
        ask(rosa)
    moment.move_to(ASKED + 61 * DAY)
    page = sign_again(visitor, rosa)
    assert "Overdue" in page.words(".clock__head")
    assert "61 days of 60 have run." in page.words(".promise")


def test_wishes_are_changed_and_the_new_ones_shown(app: Flask, visitor: Visitor, rosa: str) -> None:
    with app.app_context():
        reference = ask(rosa, transport_note="By bus only")
    page = visitor.get(f"/my/externship/{rosa}/wishes")
    assert "By bus only" in page.words("textarea")
    page = visitor.submit({"miles": "80", "transport_note": ""})
    assert "within 80 miles" in page.words()
    with app.app_context():
        assert (request(reference).miles, request(reference).transport_note) == (80, None)


def test_with_an_offer_the_wishes_stay(app: Flask, visitor: Visitor, rosa: str) -> None:
    with app.app_context():
        reference = ask(rosa)
    visitor.get(f"/my/externship/{rosa}/wishes")
    with app.app_context(), unit_of_work():
        offered = queries.by_reference(reference, lock=True)
        requests.step(offered, RequestState.OFFERED, actor=COORDINATOR, at=ASKED)
    visitor.submit({"miles": "80"}, 409)
    page = visitor.get(f"/my/externship/{rosa}/wishes")
    assert "your wishes stay as they are" in page.words()
    assert page.all("main form") == []


def test_what_is_not_yours_is_not_there(app: Flask, visitor: Visitor, rosa: str) -> None:
    with app.app_context():
        other = graduate()
        ask(other)
    visitor.get(f"/my/externship/{rosa}")
    token = visitor.token()
    for path in ("", "/wishes"):
        visitor.get(f"/my/externship/{other}{path}", 404)
        visitor.post(f"/my/externship/{other}{path}", GOOD, 404, token=token)
    visitor.get(f"/my/externship/{rosa}/wishes", 404)
    with app.app_context():
        assert stored(other).reference == other
        db.session.remove()


def test_withdrawing_says_what_it_means_and_ends_the_request(app: Flask, visitor: Visitor, rosa: str) -> None:
    with app.app_context():
        reference = ask(rosa)
    page = visitor.get(f"/my/externship/{rosa}/withdrawal")
    assert "you can ask again at any time" in page.words()
    assert "and the clock of our promise ends" in page.words()
    page = visitor.submit({})
    assert "Your request is withdrawn." in page.words()
    assert "Ask again" in page.words("#ask")
    with app.app_context():
        assert request(reference).state is RequestState.WITHDRAWN
    visitor.get(f"/my/externship/{rosa}/withdrawal", 404)


def test_the_desk_leads_to_the_externship(app: Flask, visitor: Visitor, rosa: str) -> None:
    assert visitor.get("/my").all(f"a[href='/my/externship/{rosa}']")
    assert "so you can ask for an externship now" in visitor.get(f"/my/enrollments/{rosa}").words()
    with app.app_context():
        ask(rosa)
    assert "Your externship : looking for a place" in visitor.get("/my").words()
    assert (
        visitor.get(f"/my/enrollments/{rosa}").words("section[aria-labelledby=externship] .tag")
        == "Looking for a place"
    )


def test_a_coordinator_asks_early_with_a_reason(app: Flask, visitor: Visitor, moment: time_machine.Traveller) -> None:
    with app.app_context():
        reference = active(email=EMAIL)
    sign_in(visitor, staff(app, Role.COORDINATOR))
    assert visitor.get(f"/staff/enrollments/{reference}").all(f"a[href='/staff/enrollments/{reference}/externship']")
    visitor.get(f"/staff/enrollments/{reference}/externship")
    given = {"reason": "soon", "earliest_on": "2027-02-15", "agreed": "true"}
    (told,) = visitor.submit(given, 422).errors["_schema"]
    assert told.startswith("Write the reason in at least")
    page = visitor.submit(given | {"reason": "The only place of this year begins next week."})
    assert "The request is in, and its clock runs." in page.words()
    with app.app_context():
        found = queries.newest_of(by_reference(reference).id)
        assert found is not None
        assert (found.state, found.early_reason) == (
            RequestState.READY,
            "The only place of this year begins next week.",
        )
