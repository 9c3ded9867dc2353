"""A letter to a college that is taken back: revoked, or gone astray; its code, its link, and the new letter."""

import datetime as dt
import time
from threading import Event

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.rules import Role
from provider.clocks import queries as clocks
from provider.clocks.rules import ClockKind, ClockState
from provider.credits import colleges, queries, recalling, registrar
from provider.credits.models import College
from provider.credits.refusals import CollegeReplaced, CollegeUnchanged, MailboxRefused
from provider.credits.registrar_handlers import remind
from provider.credits.rules import CreditState
from provider.disclosures.models import Disclosure
from provider.kernel.database import db, unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from provider.mail import addresses
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState
from provider.verification.actions import RevokedAlready
from tests.harness import audit, college_credit
from tests.harness.college_credit import LAKESIDE, wanted
from tests.harness.externs import active
from tests.harness.html import faults
from tests.harness.money import at_once, letters
from tests.harness.papers import STAFF, person
from tests.harness.season import Season
from tests.harness.stories import sign_in, token_for
from tests.harness.threads import bounce
from tests.harness.visitor import Visitor

on_one_database = pytest.mark.one_database("sqlite")
ANA = "ana@example.org"
AT = dt.datetime(2027, 3, 1, 17, tzinfo=dt.UTC)  # noon in New York, a Monday
DAY = dt.timedelta(days=1)
RIGHT = "transfer@lakeside.example"
WHY, TOLD = "The result was reported in error.", "The certificate was withdrawn by its issuer."
TAKEN_BACK = "The school has taken this letter back, so there is nothing to answer and nothing to keep."
S = CreditState


@pytest.fixture
def reference(app: Flask) -> str:
    """A request whose letter has gone to the mailbox that its student named."""
    with app.app_context():
        active(email=ANA)
        made = college_credit.sent(ANA, at=AT)
        db.session.remove()
    return made


def revoke(reference: str, *, at: dt.datetime = AT + DAY) -> None:
    with unit_of_work():
        row = queries.by_reference(reference, lock=True)
        recalling.revoke(request=row, reason=WHY, public_reason=TOLD, actor=STAFF, at=at)


def correct(
    wrong: tuple[str, str] = LAKESIDE, *, name: str = LAKESIDE[0], mailbox: str = RIGHT, at: dt.datetime = AT + DAY
) -> str:
    with unit_of_work():
        query = sa.select(College.reference).where(College.name == wrong[0], College.registrar_email == wrong[1])
        college = queries.any_college(db.session.scalars(query).one(), lock=True)
        right = colleges.correct(college=college, name=name, registrar_email=mailbox, actor=STAFF, at=at)
        return right.reference


def use_corrected(reference: str, *, at: dt.datetime = AT + DAY) -> None:
    with unit_of_work():
        recalling.use_corrected(request=queries.by_reference(reference, lock=True), actor=STAFF, at=at)


def sent_to(template: str) -> list[str]:
    return [one.recipient for one in letters(person(ANA).reference, template)]


def papers(reference: str) -> list[bool]:
    """Say of each letter of a request, the oldest first, whether it stands."""
    return [one.revoked_at is None for one in reversed(queries.letters_of(reference))]


def unfaithful(app: Flask, at: dt.datetime) -> list[str]:
    told = ("credit", "history_", "letter_goes", "college")
    return [line for line in audit.found(app, at) if any(word in line for word in told)]


def open_tasks(kind: TaskKind) -> list[str]:
    query = sa.select(Task.about).where(Task.kind == kind, Task.state == TaskState.OPEN)
    return [str(about) for about in db.session.scalars(query)]


def test_a_revoked_letter_says_so_at_its_code_and_its_link_and_the_request_is_checked_again(app: Flask) -> None:
    with app.app_context():
        active(email=ANA)
        reference = college_credit.sent(ANA, at=AT)
        code = queries.letters_of(reference)[0].code
        path = f"/links/{token_for(app, registrar.ANSWER_LINK, reference)}"
        revoke(reference)
        row = college_credit.request(reference)
        clock = clocks.of(ClockKind.CREDIT_SENT, reference)
        assert clock is not None
        assert (row.state, row.sent_at, clock.state) == (S.REQUESTED, None, ClockState.RUNNING)
        assert clock.due_on == dt.date(2027, 3, 9)  # a day later than promised: so long the college had the letter
        assert papers(reference) == [False]
        assert len(open_tasks(TaskKind.CHECK_CREDIT_REQUEST)) == 1
        (word,) = letters(row.about, registrar.TAKEN_BACK)
        assert (word.recipient, "Ana" in str(word.values)) == (LAKESIDE[1], False)
        (letter,) = letters(row.about, "credit_letter_revoked")
        assert (letter.recipient, letter.values["public_reason"], letter.values["checked_again"]) == (ANA, TOLD, True)
        with pytest.raises(RevokedAlready):
            revoke(reference)
        db.session.remove()
        assert unfaithful(app, AT + 2 * DAY) == []
        db.session.remove()
    visitor = Visitor(app)
    with time_machine.travel(AT + 2 * DAY):
        assert TAKEN_BACK in visitor.get(path, 410).words()
        page = visitor.get(f"/verify/{code}")
        assert faults(page.response) == []
        assert page.words(".tag") == "Revoked"
        assert TOLD in page.words()
        assert WHY not in page.text


@pytest.mark.parametrize("step", ["received", "decide"])
def test_a_letter_that_is_taken_back_while_its_link_answers_takes_no_answer(
    app: Flask, reference: str, step: str
) -> None:
    path, visitor, revoked = f"/links/{token_for(app, registrar.ANSWER_LINK, reference)}", Visitor(app), Event()
    values = {"step": step} if step == "received" else {"step": step, "outcome": "denied", "reason": "No.", "by": "A."}

    def take_back() -> None:
        with unit_of_work():
            row = queries.by_reference(reference, lock=True)
            recalling.revoke(request=row, reason=WHY, public_reason=TOLD, actor=STAFF, at=AT + DAY)
            revoked.set()
            time.sleep(0.5)  # the answer finds its link open, and waits

    def answer() -> str:
        assert revoked.wait(10)
        return visitor.post(path, values, 410).words()

    with time_machine.travel(AT + DAY):
        visitor.get(path)
        _, words = at_once(app, take_back, answer)
    assert TAKEN_BACK in words
    with app.app_context():
        row = college_credit.request(reference)
        assert (row.state, row.received_at, row.decision) == (S.REQUESTED, None, None)


@on_one_database
def test_a_revoked_letter_is_followed_by_another_and_reminders_count_from_it(app: Flask, reference: str) -> None:
    first = f"/links/{token_for(app, registrar.ANSWER_LINK, reference)}"
    with app.app_context():
        remind({}, now=AT + 14 * DAY)
        college_credit.receive(reference, at=AT + 15 * DAY)
        revoke(reference, at=AT + 16 * DAY)
        remind({}, now=AT + 30 * DAY)
        assert len(sent_to(registrar.REMINDER)) == 1
        college_credit.verify(reference, at=AT + 31 * DAY)
        college_credit.send(reference, at=AT + 31 * DAY)
        assert (papers(reference), sent_to(registrar.TEMPLATE)) == ([False, True], [LAKESIDE[1]] * 2)
        remind({}, now=AT + 44 * DAY)
        assert len(sent_to(registrar.REMINDER)) == 1
        remind({}, now=AT + 45 * DAY)
        assert len(sent_to(registrar.REMINDER)) == 2
        college_credit.receive(reference, at=AT + 46 * DAY)
        college_credit.decide(reference, at=AT + 47 * DAY)
        assert unfaithful(app, AT + 48 * DAY) == []
        revoke(reference, at=AT + 48 * DAY)
        assert college_credit.request(reference).state is S.GRANTED  # what a college decided stays
        assert letters(person(ANA).reference, "credit_letter_revoked")[-1].values["checked_again"] is False
        assert unfaithful(app, AT + 49 * DAY) == []
        db.session.remove()
    with time_machine.travel(AT + 49 * DAY):
        page = Visitor(app).get(first, 410)
        assert TAKEN_BACK in page.words()
        assert "You decided" not in page.words()


def test_another_mailbox_needs_the_students_word_before_the_letter_goes_there(app: Flask) -> None:
    with app.app_context():
        active(email=ANA)
        reference = college_credit.sent(ANA, at=AT)
        old = f"/links/{token_for(app, registrar.ANSWER_LINK, reference)}"
        right = correct()
        assert college_credit.request(reference).college.registrar_email == LAKESIDE[1]
        use_corrected(reference)
        row = college_credit.request(reference)
        assert (row.state, row.sent_at, papers(reference)) == (S.NEEDS_INFORMATION, None, [False])
        (asked,) = letters(row.about, "credit_information")
        assert RIGHT in asked.values["asked_for"]
        assert sent_to(registrar.TEMPLATE) == [LAKESIDE[1]]
        college_credit.change(reference, wanted(ANA, college=(LAKESIDE[0], RIGHT)), answer="Yes.", at=AT + 2 * DAY)
        row = college_credit.request(reference)
        assert (row.college.reference, row.consent_at) == (right, AT + 2 * DAY)
        college_credit.verify(reference, at=AT + 3 * DAY)
        college_credit.send(reference, at=AT + 3 * DAY)
        assert (papers(reference), sent_to(registrar.TEMPLATE)) == ([False, True], [LAKESIDE[1], RIGHT])
        told = sa.select(Disclosure.at, Disclosure.consent_at).where(Disclosure.about == person(ANA).reference)
        assert [tuple(row) for row in db.session.execute(told.order_by(Disclosure.id))] == [
            (AT, AT), (AT + 3 * DAY, AT + 2 * DAY),
        ]  # fmt: skip
        new = f"/links/{token_for(app, registrar.ANSWER_LINK, reference)}"
        college_credit.receive(reference, at=AT + 4 * DAY)
        college_credit.decide(reference, at=AT + 4 * DAY)
        assert unfaithful(app, AT + 4 * DAY) == []
        db.session.remove()
    with time_machine.travel(AT + 5 * DAY):
        assert TAKEN_BACK in Visitor(app).get(old, 410).words()
        assert "You decided on March 5, 2027" in Visitor(app).get(new).words()


@on_one_database
def test_a_name_that_is_written_right_is_covered_by_what_was_agreed(app: Flask, reference: str) -> None:
    with app.app_context():
        correct(name="Lakeside College", mailbox=LAKESIDE[1])
        use_corrected(reference)
        row = college_credit.request(reference)
        assert (row.state, row.college.name, row.consent_at) == (S.REQUESTED, "Lakeside College", AT)
        assert letters(row.about, "credit_information") == []
        college_credit.verify(reference, at=AT + 2 * DAY)
        college_credit.send(reference, at=AT + 2 * DAY)
        assert letters(row.about, registrar.TEMPLATE)[-1].values["college"] == "Lakeside College"
        assert unfaithful(app, AT + 3 * DAY) == []


@on_one_database
def test_what_was_set_right_is_neither_checked_nor_sent_nor_offered_as_it_was(app: Flask, reference: str) -> None:
    with app.app_context():
        other = "bo@example.org"
        active(email=other)
        waits = college_credit.asked(other, at=AT)
        correct()
        assert [one.registrar_email for one in queries.colleges()] == []
        with pytest.raises(CollegeReplaced):
            college_credit.verify(waits, at=AT + DAY)
        assert college_credit.request(waits).state is S.REQUESTED
        use_corrected(waits)
        assert college_credit.request(waits).state is S.NEEDS_INFORMATION
        with pytest.raises(MailboxRefused, match=RIGHT):
            college_credit.change(waits, wanted(other), answer="The same.", at=AT + DAY)
        with pytest.raises(CollegeUnchanged):
            use_corrected(waits)
        with pytest.raises(IllegalTransition):
            college_credit.ask_information(reference, at=AT + DAY)


@on_one_database
def test_a_college_is_set_right_once_and_back_again_and_never_to_an_address_of_ours(app: Flask, reference: str) -> None:
    with app.app_context():
        for mailbox in ("collegecredits@example.org", "anybody@example.org"):
            with pytest.raises(MailboxRefused):
                correct(mailbox=mailbox)
        with pytest.raises(CollegeUnchanged):
            correct(mailbox=LAKESIDE[1])
        correct(name="LAKESIDE community college", mailbox=LAKESIDE[1])  # only how it is written
        assert college_credit.request(reference).college.name == "LAKESIDE community college"
        wrong = ("LAKESIDE community college", LAKESIDE[1])
        right = correct(wrong)
        with pytest.raises(CollegeReplaced):
            correct(wrong, mailbox="third@lakeside.example")
        last = correct((LAKESIDE[0], RIGHT), mailbox="third@lakeside.example")
        followed = college_credit.request(reference).college.replaced_by
        assert followed is not None
        assert followed.reference == last
        correct((LAKESIDE[0], "third@lakeside.example"), name=wrong[0], mailbox=LAKESIDE[1])
        row = college_credit.request(reference)
        assert (row.college.registrar_email, row.college.replaced_by) == (LAKESIDE[1], None)
        assert queries.any_college(right).replaced_by_id == row.college_id


@on_one_database
def test_a_letter_that_comes_back_is_one_task_that_leads_to_the_college(app: Flask, reference: str) -> None:
    with app.app_context():
        (letter,) = letters(person(ANA).reference, registrar.TEMPLATE)
        with unit_of_work():
            addresses.came_back(letter, said="452 4.2.2 Mailbox full", at=AT + DAY)
        assert open_tasks(TaskKind.REGISTRAR_UNREACHED) == []
        for _ in range(2):
            with unit_of_work():
                addresses.came_back(letter, said="550 5.1.1 No such user.", at=AT + DAY, hard=True)
        college = college_credit.request(reference).college.reference
        assert open_tasks(TaskKind.REGISTRAR_UNREACHED) == [college]
        correct(at=AT + 2 * DAY)
        assert open_tasks(TaskKind.REGISTRAR_UNREACHED) == []
        with unit_of_work():
            addresses.came_back(letter, said="550 5.1.1 No such user.", at=AT + 3 * DAY, hard=True)
        assert open_tasks(TaskKind.REGISTRAR_UNREACHED) == []  # it was set right
        use_corrected(reference, at=AT + 3 * DAY)
        assert letters(person(ANA).reference, registrar.TAKEN_BACK) == []  # nobody reads it there


@on_one_database
def test_staff_go_from_the_task_to_the_college_and_on_to_a_letter_that_may_go(school: Flask, season: Season) -> None:
    email = season["paying"].email
    with school.app_context():
        reference = college_credit.sent(email)
        college = college_credit.request(reference).college.reference
        (letter,) = [
            one for one in letters(person(email).reference, registrar.TEMPLATE) if one.recipient == LAKESIDE[1]
        ]
        with unit_of_work():
            addresses.came_back(letter, said="550 5.1.1 No such user.", at=letter.queued_at, hard=True)
        db.session.remove()
    officer, student = Visitor(school), Visitor(school)
    sign_in(officer, season.staff[Role.CREDIT_OFFICER])
    assert f"/staff/colleges/{college}" in officer.get("/staff/tasks").text
    page = officer.get(f"/staff/colleges/{college}")
    assert "Letters to registrar@lakeside.example come back" in page.words()
    here = f"/staff/colleges/{college}/correction"
    page = officer.post(here, {"name": LAKESIDE[0], "registrar_email": "anybody@example.org"}, 422)
    assert "This is an address of ours." in page.words(".error-summary")
    officer.post(here, {"name": LAKESIDE[0], "registrar_email": RIGHT})
    assert "Set right since" in officer.get(f"/staff/colleges/{college}").words()
    page = officer.get(f"/staff/credit-requests/{reference}")
    assert "The student named another mailbox, so we ask for a new agreement by letter" in page.words()
    officer.post(f"/staff/credit-requests/{reference}/corrected-college", {})
    sign_in(student, email)
    page = student.get(f"/my/credit-requests/{reference}")
    assert "We took our letter back, and asked you for something" in page.words()
    student.get(f"/my/credit-requests/{reference}/change")
    student.submit({"answer": "Yes, that is it.", "consent": "on"})
    with school.app_context():
        row = college_credit.request(reference)
        assert (row.state, row.college.registrar_email) == (S.REQUESTED, RIGHT)


def test_a_right_mailbox_that_letters_do_not_reach_either_is_marked_where_it_stands(
    school: Flask, season: Season
) -> None:
    with school.app_context():
        reference = college_credit.sent(season["paying"].email)
        college = college_credit.request(reference).college.reference
        correct()
        bounce(RIGHT)
        db.session.remove()
    officer = Visitor(school)
    sign_in(officer, season.staff[Role.CREDIT_OFFICER])
    for path in (f"/staff/credit-requests/{reference}", f"/staff/colleges/{college}"):
        marked = [one.to_text() for one in officer.get(path).all(".address .tag")]
        assert len(marked) == 1, path
