"""What a student reads of their own mail: what they proved to have written and what went to them, nothing else."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.models import Person
from provider.accounts.passwords import hash_password, set_password
from provider.accounts.rules import Role
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.paging import PAGE
from provider.mail.rules import Mailbox
from provider.threads import actions, answering, own, queries, sorting
from provider.threads.actions import Writer, Written
from provider.threads.rules import Direction, Shown, Standing, shown_to_student
from tests.harness import college_credit
from tests.harness.externs import active, ask, complete
from tests.harness.mail_in import AT
from tests.harness.papers import STAFF, person
from tests.harness.sites import supply
from tests.harness.statements import statements
from tests.harness.stories import PASSWORD, sign_in, staff
from tests.harness.threads import answer, merge, move, opened, thread
from tests.harness.visitor import Page, Visitor

ZOE, OTHER = "zoe@example.com", "ben@example.com"
ONE = pytest.mark.one_database("sqlite")
IN, OUT, NOTE = Direction.IN, Direction.OUT, Direction.NOTE


MACHINE, PERSON, ELSEWHERE = "a machine, theirs", "theirs", "another address"


@pytest.mark.parametrize(
    "direction, standing, whose, expected",
    [
        (IN, Standing.PROVED, PERSON, Shown.WHOLE),
        (IN, Standing.CLAIMED, PERSON, Shown.THAT_IT_CAME),
        (IN, Standing.UNKNOWN, PERSON, Shown.THAT_IT_CAME),
        (IN, Standing.STAFF_UNPROVED, PERSON, Shown.THAT_IT_CAME),
        (IN, Standing.PROVED, ELSEWHERE, Shown.NOTHING),
        (IN, Standing.PROVED, MACHINE, Shown.NOTHING),
        (OUT, None, PERSON, Shown.WHOLE),
        (OUT, None, ELSEWHERE, Shown.NOTHING),
        (NOTE, None, PERSON, Shown.NOTHING),
        (NOTE, None, ELSEWHERE, Shown.NOTHING),
    ],
)
def test_how_much_of_a_message_its_student_reads(
    direction: Direction, standing: Standing | None, whose: str, expected: Shown
) -> None:
    found = shown_to_student(direction, standing, automatic=whose == MACHINE, theirs=whose != ELSEWHERE)
    assert found is expected


def student(app: Flask, email: str = ZOE) -> str:
    with app.app_context():
        enrollment = active(email=email)
        with unit_of_work():
            set_password(person=person(email), password_hash=hash_password(PASSWORD), actor=SYSTEM, at=clock.now())
        db.session.remove()
    return enrollment


def came(reference: str, text: str, standing: Standing, *, email: str = ZOE, automatic: bool = False) -> None:
    with unit_of_work():
        held = queries.by_reference(reference, lock=True)
        writer = Writer(email, "", standing, person(email) if standing is Standing.PROVED else None)
        actions.add_incoming(held, writer=writer, written=Written(text, automatic=automatic), at=clock.now())


def noted(reference: str, text: str) -> None:
    with unit_of_work():
        answering.note(queries.by_reference(reference, lock=True), text=text, key="note", actor=STAFF, at=clock.now())


def test_a_student_reads_their_own_words_and_our_answers_and_nothing_else(app: Flask, visitor: Visitor) -> None:
    for email in (ZOE, OTHER):
        student(app, email)
    with app.app_context():
        reference = opened("My papers", "Did my papers come?", standing=Standing.PROVED)
        answer(reference, "They did.")
        noted(reference, "She calls every day.")
        came(reference, "Send it to my new address instead.", Standing.CLAIMED)
        came(reference, "I am away.", Standing.PROVED, automatic=True)
        came(reference, "This is Ben, I have the flu.", Standing.PROVED, email=OTHER)
        db.session.remove()
    sign_in(visitor, ZOE)
    listed = visitor.get("/my/messages").words("tbody")
    assert ("My papers" in listed, "Waits for our answer" in listed) == (True, True)
    page = visitor.get(f"/my/messages/{reference}")
    assert [text.to_text().strip() for text in page.all(".mail .lines")] == ["Did my papers come?", "They did."]
    [unproved] = page.all(".mail p.muted")
    assert "Nothing shows that you wrote it" in unproved.to_text()
    assert len(page.all(".mail")) == 3
    assert [word for word in ("calls every day", "new address", "away", "flu") if word in page.text] == []


def test_a_student_reads_the_list_and_its_messages_in_their_own_zone(app: Flask, visitor: Visitor) -> None:
    student(app, ZOE)
    with app.app_context():
        with unit_of_work():
            person(ZOE).zone = "Pacific/Honolulu"
        at = dt.datetime(2026, 11, 21, 3, 31, tzinfo=dt.UTC)
        reference = opened("My papers", "Did my papers come?", standing=Standing.PROVED, at=at)
        db.session.remove()
    sign_in(visitor, ZOE)
    assert "Nov 20, 2026, 5:31 PM" in visitor.get("/my/messages").words("tbody").replace("\xa0", " ")
    assert "November 20, 2026, 5:31:00 PM HST" in visitor.get(f"/my/messages/{reference}").words(".mail__when")


def given(reference: str, to: str | None) -> None:
    with unit_of_work():
        held = queries.by_reference(reference, lock=True)
        sorting.assign(held, to, may_have={to or ""}, actor=STAFF, at=clock.now())


def cells(page: Page) -> list[str]:
    return [" ".join(cell.to_text().split()) for cell in page.all("tbody tr td")]


def facts(page: Page) -> dict[str, str]:
    rows = [" ".join(row.to_text().split()) for row in page.all(".definition div")]
    terms = [" ".join(term.to_text().split()) for term in page.all(".definition dt")]
    return {term: row.removeprefix(term).strip() for term, row in zip(terms, rows, strict=True)}


@ONE
@pytest.mark.parametrize(
    "mailbox, kind, team, asked_on",
    [
        (Mailbox.COLLEGE_CREDITS, "College credit", "A credit officer who is free", "/my/credit-requests"),
        (Mailbox.EXTERNSHIP, "An externship", "A coordinator who is free", "/my/externship"),
        (Mailbox.ENQUIRIES, "A question", "Whoever of us is free", None),
    ],
)
def test_a_student_sees_what_their_mail_is_about_who_has_it_and_how_long_they_have_waited(
    app: Flask, visitor: Visitor, mailbox: Mailbox, kind: str, team: str, asked_on: str | None
) -> None:
    student(app)
    kim = staff(app, Role.ADMIN)
    with app.app_context():
        at = clock.now() - dt.timedelta(hours=50)
        reference = opened("My papers", standing=Standing.PROVED, mailbox=mailbox, about=person(ZOE).reference, at=at)
        db.session.remove()
    sign_in(visitor, ZOE)
    assert cells(visitor.get("/my/messages"))[:4] == [kind, "Waits for our answer", "2 days", team]
    page = visitor.get(f"/my/messages/{reference}")
    told = facts(page)
    assert (told["About"], told["Who answers"], list(told)) == (kind, team, ["About", "Who answers", "You have waited"])
    assert told["You have waited"].startswith("2 days, since ")
    assert [link.attrs["href"] for link in page.all("main p.muted a")] == ([asked_on] if asked_on else [])
    with app.app_context():
        given(reference, person(kim).reference)
        db.session.remove()
    assert cells(visitor.get("/my/messages"))[:4] == [kind, "Waits for our answer", "2 days", "Sam Staff"]
    assert facts(visitor.get(f"/my/messages/{reference}"))["Who answers"] == "Sam Staff"
    with app.app_context():
        answer(reference, "They did.")
        given(reference, None)
        db.session.remove()
    assert cells(visitor.get("/my/messages"))[:4] == [kind, "Answered", "–", "–"]
    assert list(facts(visitor.get(f"/my/messages/{reference}"))) == ["About"]


@ONE
def test_a_student_is_led_to_what_their_mail_belongs_to_where_that_is_their_own(app: Flask, visitor: Visitor) -> None:
    mine, another = student(app), student(app, OTHER)
    with app.app_context():
        complete(mine)
        place, credit = ask(mine), college_credit.asked(ZOE)
        site = supply().site
        thread = opened("My papers", standing=Standing.PROVED)
    sign_in(visitor, ZOE)
    leads = {}
    for about in (mine, place, credit, another, site, "E-22222222", "nothing of ours", None):
        with app.app_context(), unit_of_work():
            sorting.put_beside(queries.by_reference(thread, lock=True), person=None, about=about, actor=STAFF, at=AT)
        page = visitor.get(f"/my/messages/{thread}")
        leads[about] = [link.attrs["href"] for link in page.all(".definition a")]
        assert ("Belongs to" in facts(page), str(about) in page.text) == (bool(leads[about]),) * 2
    assert {about: found for about, found in leads.items() if found} == {
        mine: [f"/my/enrollments/{mine}"],
        place: [f"/my/externship/{mine}"],
        credit: [f"/my/credit-requests/{credit}"],
    }


@ONE
def test_what_is_not_proved_to_be_theirs_is_not_there(app: Flask, visitor: Visitor) -> None:
    for email in (ZOE, OTHER):
        student(app, email)
    with app.app_context():
        hidden = [
            opened("Under her address", standing=Standing.CLAIMED),
            opened("Of Ben", email=OTHER, standing=Standing.PROVED),
            opened("Of nobody"),
        ]
        spam, one, two = (opened(f"Hers {number}", standing=Standing.PROVED) for number in range(3))
        move(spam, sorting.mark_as_spam)
        merge(one, two)
        with unit_of_work():
            beside = queries.by_reference(hidden[2], lock=True)
            sorting.put_beside(beside, person=person(ZOE), about=None, actor=STAFF, at=clock.now())
        db.session.remove()
    sign_in(visitor, ZOE)
    assert [link.to_text() for link in visitor.get("/my/messages").all("tbody a")] == ["Hers 1"]
    for reference in (*hidden, spam, two, "TH-22222222"):
        visitor.get(f"/my/messages/{reference}", 404)
    visitor.get(f"/my/messages/{one}")


@ONE
def test_the_link_of_a_mail_proves_the_first_message_and_no_later_one(context: AppContext) -> None:
    active(email=ZOE)
    reference = opened("Hello", "It was me.", standing=Standing.CLAIMED)
    came(reference, "It was not.", Standing.CLAIMED)
    with unit_of_work():
        actions.prove(queries.by_reference(reference, lock=True), actor=STAFF, at=clock.now())
    assert [one.text for one in own.messages(thread(reference))] == ["It was me.", None]


@ONE
def test_mail_of_an_address_that_was_given_up_is_not_shown(app: Flask, visitor: Visitor) -> None:
    student(app)
    with app.app_context():
        reference = opened("Hello", standing=Standing.PROVED)
        with unit_of_work():
            db.session.execute(sa.update(Person).where(Person.email == ZOE).values(email="zoe@example.net"))
        db.session.remove()
    sign_in(visitor, "zoe@example.net")
    visitor.get(f"/my/messages/{reference}", 404)
    assert "There is no message that we know to be yours." in visitor.get("/my/messages").words()


def test_little_and_much_mail_cost_the_same_and_much_is_paged(app: Flask, visitor: Visitor) -> None:
    student(app)
    sign_in(visitor, ZOE)
    counts = []
    for number in (1, PAGE):
        with app.app_context():
            reference = [opened("Hello", standing=Standing.PROVED) for _ in range(number)][-1]
            for _ in range(3):
                came(reference, "Hello?", Standing.PROVED)
                answer(reference, "Yes.")
            db.session.remove()
        for path in ("/my/messages", f"/my/messages/{reference}"):
            visitor.get(path)
            with statements(app) as counted:
                visitor.get(path)
            counts.append(len(counted))
    assert counts[:2] == counts[2:]
    page = visitor.get("/my/messages")
    [older] = [link for link in page.all("main nav a") if link.to_text().strip() == "Older"]
    assert len(visitor.get(f"/my/messages{older.attrs['href']}").all("tbody tr")) == 1


def test_who_is_not_signed_in_is_asked_to_be(visitor: Visitor) -> None:
    assert visitor.client.get("/my/messages").headers["Location"] == "/sign-in?next=/my/messages"
