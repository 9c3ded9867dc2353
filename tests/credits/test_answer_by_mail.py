"""What a student answers by mail, written down by staff: the clock goes on, the consent stays, history knows why."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.rules import Role
from provider.clocks import queries as clocks
from provider.clocks.rules import ClockKind, ClockState
from provider.credits import recalling
from provider.credits.models import CreditRequest
from provider.credits.refusals import AgreementWanted, NotTheirMessages
from provider.credits.rules import CreditState
from provider.history.models import History, HistoryDetail
from provider.kernel.database import db, unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from provider.mail.rules import Mailbox
from provider.tasks.models import Task
from provider.tasks.rules import TaskState
from provider.threads.rules import Standing
from tests.harness import audit, college_credit
from tests.harness.externs import active
from tests.harness.papers import STAFF
from tests.harness.people import submit_to
from tests.harness.stories import sign_in, staff
from tests.harness.threads import opened
from tests.harness.visitor import Visitor

AT = dt.datetime(2027, 3, 1, 15, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ANA, LIST = "ana@example.org", "/staff/credit-requests"
S = CreditState


@pytest.fixture
def asked(app: Flask) -> str:
    """A request whose student was asked for something, by reference."""
    with app.app_context():
        active(email=ANA)
        college_credit.passed(ANA, at=AT - DAY)
        reference = college_credit.ask(ANA, at=AT)
        college_credit.ask_information(reference, at=AT + DAY)
        return reference


def clock_state(reference: str) -> ClockState:
    db.session.expire_all()
    found = clocks.of(ClockKind.CREDIT_SENT, reference)
    assert found is not None
    return found.state


def open_checks(reference: str) -> int:
    query = sa.select(sa.func.count()).where(Task.key.startswith(f"credit:{reference}:"), Task.state == TaskState.OPEN)
    return db.session.scalar(query) or 0


def mail_of(email: str, about: str | None = None) -> str:
    return opened(
        email=email,
        standing=Standing.CLAIMED if email == ANA else Standing.UNKNOWN,
        mailbox=Mailbox.COLLEGE_CREDITS,
        about=about,
    )


def test_what_was_answered_by_mail_lets_the_clock_go_on(app: Flask, asked: str) -> None:
    with app.app_context():
        before = college_credit.request(asked)
        told = (before.consent, before.consent_at, before.college_id, before.legal_name)
        assert (clock_state(asked), open_checks(asked)) == (ClockState.PAUSED, 0)
        thread = mail_of(ANA)
        college_credit.record_answer(asked, "North, she writes.", thread=thread, at=AT + 2 * DAY)
        row = college_credit.request(asked)
        assert (row.state, row.answer, row.answer_recorded_at, row.answer_thread) == (
            S.REQUESTED, "North, she writes.", AT + 2 * DAY, thread,
        )  # fmt: skip
        assert (row.consent, row.consent_at, row.college_id, row.legal_name) == told
        assert (clock_state(asked), open_checks(asked)) == (ClockState.RUNNING, 1)
        history = sa.select(History).where(History.subject_reference == asked).order_by(History.id.desc()).limit(2)
        moved, noted = db.session.scalars(history).all()
        assert [(one.event, one.actor_kind, one.actor_reference) for one in (noted, moved)] == [
            ("credit_request.answered_by_mail", STAFF.kind, STAFF.reference),
            ("credit_request.requested", STAFF.kind, STAFF.reference),
        ]
        assert noted.data == {"thread": thread}
        detail = db.session.scalars(sa.select(HistoryDetail).where(HistoryDetail.history_id == noted.id)).one()
        assert detail.data == {"new": {"answer": "North, she writes."}}
        found = audit.found(app, AT + 2 * DAY)
        assert [line for line in found if "credit" in line or line.startswith("history_")] == []


def test_each_answer_by_mail_is_checked_and_one_on_the_page_takes_its_place(app: Flask, asked: str) -> None:
    with app.app_context():
        for day in (2, 4):
            college_credit.record_answer(asked, f"Day {day}", at=AT + day * DAY)
            assert open_checks(asked) == 1
            college_credit.ask_information(asked, at=AT + (day + 1) * DAY)
            assert (open_checks(asked), college_credit.request(asked).answer) == (0, None)
        college_credit.change(asked, college_credit.wanted(ANA), answer="North", at=AT + 6 * DAY)
        row = college_credit.request(asked)
        assert (row.answer, row.answer_recorded_at, row.answer_thread) == ("North", None, None)
        assert open_checks(asked) == 1


def test_what_waits_for_no_answer_takes_none(app: Flask, asked: str) -> None:
    with app.app_context():
        college_credit.record_answer(asked, at=AT + 2 * DAY)
        for go_on in (None, college_credit.verify, college_credit.send):
            if go_on is not None:
                go_on(asked)
            before = college_credit.request(asked).state
            with pytest.raises(IllegalTransition):
                college_credit.record_answer(asked, "Again")
            db.session.rollback()
            assert (college_credit.request(asked).state, college_credit.request(asked).answer) == (
                before, "The north campus.",
            )  # fmt: skip


def test_a_mail_is_no_consent_to_another_mailbox(app: Flask, asked: str) -> None:
    with app.app_context():
        college_credit.record_answer(asked, at=AT + 2 * DAY)
        college_credit.set_right(asked)
        with unit_of_work():
            recalling.use_corrected(request=college_credit.request(asked), actor=STAFF, at=AT + 3 * DAY)
        with pytest.raises(AgreementWanted):
            college_credit.record_answer(asked, "Yes, write there.")
        db.session.rollback()
        row = college_credit.request(asked)
        assert (row.state, row.answer, clock_state(asked)) == (S.NEEDS_INFORMATION, None, ClockState.PAUSED)


def test_the_database_keeps_no_messages_of_an_answer_that_nobody_wrote_down(app: Flask, asked: str) -> None:
    change = sa.update(CreditRequest).where(CreditRequest.reference == asked)
    with app.app_context(), pytest.raises(sa.exc.IntegrityError, match="thread_was_recorded"), unit_of_work():
        db.session.execute(change.values(answer_thread="TH-22222222"))


def test_staff_write_down_what_came_and_name_the_messages_of_that_student_alone(app: Flask, asked: str) -> None:
    with app.app_context():
        college = college_credit.request(asked).college.registrar_email
        hers, strange, registrars = mail_of(ANA), mail_of("zoe@example.com"), mail_of(college, asked)
        beside = mail_of("ana.at.home@example.com", asked)
    visitor = Visitor(app)
    sign_in(visitor, staff(app, Role.CREDIT_OFFICER))
    page = visitor.get(f"{LIST}/{asked}")
    offered = {one.attrs["value"] for one in page.all("select[name=thread] option")}
    assert offered == {"", hers, beside}
    for answer, thread, said in (
        ("", hers, "Write what the student answered."),
        ("North", strange, NotTheirMessages.sentence),
        ("North", registrars, NotTheirMessages.sentence),
    ):
        visitor.get(f"{LIST}/{asked}")
        page = submit_to(visitor, f"{asked}/answer", {"answer": answer, "thread": thread}, 422)
        assert said in page.words()
    visitor.get(f"{LIST}/{asked}")
    submit_to(visitor, f"{asked}/answer", {"answer": "North", "thread": hers})
    page = visitor.get(f"{LIST}/{asked}")
    assert page.all(f"dl a[href='/staff/messages/{hers}']")
    assert "Answer that came by mail written down" in page.words()
    with app.app_context():
        row = college_credit.request(asked)
        assert (row.state, row.answer, row.answer_thread) == (S.REQUESTED, "North", hers)
