"""What is erased is gone from every table, what has to stay stays, and everything still works around it."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.models import Person, PersonSession
from provider.accounts.rules import Role
from provider.enrollments.models import Agreement, Enrollment
from provider.history.models import History, HistoryDetail
from provider.jobs.rules import Later
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import Model, db, insert, unit_of_work
from provider.mail.actions import LetterErased, resend
from provider.mail.models import OutboxLetter
from provider.mail.rules import ERASED_DOMAIN, LetterState
from provider.oversight import personal, personal_erasure
from provider.oversight.models import Erasure
from provider.oversight.personal_erasing import ERASES
from provider.oversight.personal_erasure import AlreadyErased, NotNow
from provider.oversight.personal_map import HELD
from provider.oversight.rules import ErasureBasis
from provider.payments.models import Receipt
from provider.refunds.models import Refund
from provider.site import actions as site
from provider.site.rules import Topic
from provider.tasks.models import Task
from tests.harness import disclosed
from tests.harness import season as steps
from tests.harness.audit import assert_clean
from tests.harness.crawl import crawl
from tests.harness.remains import everywhere
from tests.harness.season import STAFF, Season, Student
from tests.harness.stories import person, sign_in
from tests.harness.visitor import Visitor

DAY = dt.timedelta(days=1)


@pytest.fixture
def season(app: Flask, cardless: Season) -> Season:
    made = cardless
    who = made["settled"]
    with app.app_context():
        with unit_of_work():
            site.send_message(
                name=who.name, email=who.email, topic=next(iter(Topic)), message="Erase me, says Grace Achieng",
                client="127.0.0.1", at=clock.now(),
            )  # fmt: skip
        disclosed.tell(who.enrollment)
        with unit_of_work():
            row = db.session.scalars(sa.select(History.id).where(History.about == who.enrollment)).first()
            insert(HistoryDetail, history_id=row, data={"name": ["Grace A.", who.name]})
    return made


def erase(app: Flask, reference: str, basis: ErasureBasis = ErasureBasis.ASKED) -> None:
    with app.app_context(), unit_of_work():
        personal_erasure.erase(reference, basis=basis, actor=STAFF, at=clock.now())


def one(app: Flask, query: sa.Select[Any]) -> Any:  # noqa: ANN401 - whatever is asked for
    with app.app_context():
        return db.session.scalars(query).one()


def test_every_entry_of_the_map_says_what_erasure_does() -> None:
    assert set(ERASES) == {held.name for held in HELD}
    held = {entry.name: entry for entry in HELD}
    for name, erasing in ERASES.items():
        columns = {*erasing.blanks, *erasing.unpaid_blanks}
        assert columns <= set(held[name].table.columns.keys()), name
        assert bool(columns or erasing.removes) is bool(erasing.blanked), name
        assert erasing.kept or erasing.blanked, name


def test_a_person_who_paid_is_gone_but_for_the_papers(app: Flask, season: Season) -> None:
    who = season["settled"]
    with app.app_context():
        run_due(clock.now())
    before = everywhere(app, who.name, who.email, "010-0199", "Grace A.")
    assert {
        "person",
        "enrollment",
        "letter",
        "thread",
        "thread_message",
        "history_detail",
        "search_word",
        "agreement",
    } <= set(before)
    erase(app, person(app, who.email))
    with app.app_context():
        run_due(clock.now())
    with time_machine.travel(clock.now() + dt.timedelta(hours=1)), app.app_context():
        run_due(clock.now())
    left = everywhere(app, who.name, who.email)
    assert left == {"agreement": ["signature"], "receipt": ["content"]}
    receipt = one(app, sa.select(Receipt).join(Receipt.payment).where(Receipt.payment.has(enrollment_id=_id(app, who))))
    assert receipt.content["name"] == who.name


def _id(app: Flask, who: Student) -> int:
    found: int = one(app, sa.select(Enrollment.id).where(Enrollment.reference == who.enrollment))
    return found


def test_somebody_who_never_paid_is_gone_altogether(app: Flask, season: Season) -> None:
    who = season["canceled"]
    with app.app_context():
        run_due(clock.now())
    erase(app, person(app, who.email))
    with time_machine.travel(clock.now() + dt.timedelta(hours=1)), app.app_context():
        run_due(clock.now())
    assert everywhere(app, who.name, who.email) == {}
    columns = (Agreement.signature, Agreement.client_address, Agreement.terms)
    with app.app_context():
        query = sa.select(*columns).where(Agreement.enrollment_id == _id(app, who))
        signature, client, terms = db.session.execute(query).one()
    assert (signature[:10], client) == ("Erased on ", "")
    assert len(terms) > 500


def test_money_consent_and_decisions_stay_as_they_were(app: Flask, season: Season) -> None:
    who = season["settled"]
    tables = ("installment", "payment", "allocation", "receipt", "ledger_posting", "ledger_entry", "payout", "clock")

    def books() -> dict[str, list[Any]]:
        with app.app_context():
            return {
                name: [tuple(row) for row in db.session.execute(sa.select(Model.metadata.tables[name]))]
                for name in tables
            }

    before = books()
    decision = one(app, sa.select(Refund.decision).where(Refund.reference == who.refund))
    erase(app, person(app, who.email))
    assert books() == before
    refund = one(app, sa.select(Refund).where(Refund.reference == who.refund))
    assert (refund.decision, refund.note) == (decision, None)
    assert_clean(app)


def test_the_last_letter_says_what_stays_and_loses_its_address_once_it_left(app: Flask, season: Season) -> None:
    who = season["settled"]
    with app.app_context():
        run_due(clock.now())
    erase(app, person(app, who.email))
    query = sa.select(OutboxLetter).where(OutboxLetter.template == "erasure_done")
    waiting = one(app, query)
    assert (waiting.recipient, waiting.state, waiting.about) == (who.email, LetterState.QUEUED, None)
    with app.app_context():
        run_due(clock.now())
    sent = one(app, query)
    assert sent.state is LetterState.SENT
    assert sent.recipient == who.email
    assert "Numbered receipts, with the name on them: they may not change." in sent.body_text
    with time_machine.travel(clock.now() + dt.timedelta(hours=1)), app.app_context():
        run_due(clock.now())
    blank = one(app, query)
    assert blank.recipient == f"{blank.reference.lower()}@{ERASED_DOMAIN}"
    assert (blank.values, blank.body_html, blank.subject[:10]) == ({}, None, "Erased on ")


def test_a_last_letter_that_cannot_leave_keeps_its_address_until_it_failed(app: Flask, season: Season) -> None:
    who = season["settled"]
    with app.app_context():
        run_due(clock.now())
    erase(app, person(app, who.email))
    query = sa.select(OutboxLetter).where(OutboxLetter.template == "erasure_done")
    with app.app_context():
        last = sa.update(OutboxLetter).where(OutboxLetter.template == "erasure_done")
        for state in (LetterState.SENDING, LetterState.QUEUED):
            with unit_of_work():
                db.session.execute(last.values(state=state))
            with pytest.raises(Later, match="still on its way"), unit_of_work():
                personal_erasure.forget_letter(one(app, query).reference, now=clock.now())
            assert db.session.scalars(query).one().recipient == who.email
        with unit_of_work():
            db.session.execute(last.values(state=LetterState.FAILED))
        with unit_of_work():
            personal_erasure.forget_letter(one(app, query).reference, now=clock.now())
        assert db.session.scalars(query).one().recipient.endswith(ERASED_DOMAIN)


def test_letters_that_wait_are_canceled_and_no_erased_letter_is_sent_again(app: Flask, season: Season) -> None:
    who = season["canceled"]
    erase(app, person(app, who.email))
    with app.app_context():
        about = sa.select(OutboxLetter).where(OutboxLetter.about == who.enrollment)
        rows = db.session.scalars(about).all()
        assert {row.state for row in rows} <= {LetterState.SENT, LetterState.CANCELED}
        for row in rows:
            if row.state is LetterState.SENT:
                with pytest.raises(LetterErased), unit_of_work():
                    resend(row, actor=STAFF, at=clock.now())


def test_the_account_is_closed_at_once(app: Flask, season: Season, visitor: Visitor) -> None:
    who = season["settled"]
    sign_in(visitor, who.email)
    reference = person(app, who.email)
    erase(app, reference)
    assert visitor.client.get("/my/account-data").status_code == 303
    visitor.get("/sign-in")
    visitor.submit({"email": who.email, "password": "a long and quiet password"}, 422)
    found = one(app, sa.select(Person).where(Person.reference == reference))
    assert (found.password_hash, found.phone, found.zone) == (None, None, "UTC")
    assert found.disabled_at is not None
    assert found.email == f"{reference.lower()}@{ERASED_DOMAIN}"
    with app.app_context():
        assert db.session.scalars(sa.select(PersonSession).where(PersonSession.person_id == found.id)).all() == []


@pytest.mark.parametrize(
    "state, sentence",
    [
        ("awaiting", "waits for a payment. Cancel it first."),
        ("paying", "is active. Complete it, withdraw the student or refund it first."),
        ("refunding", "to be paid back. Pay it out first."),
        ("fresh", "can be refunded until"),
        ("overpaid", "of the student’s money. Send it back first."),
    ],
)
def test_nobody_is_erased_while_something_runs(app: Flask, season: Season, state: str, sentence: str) -> None:
    who = season[state]
    email = one(app, sa.select(Enrollment.claimed_email).where(Enrollment.reference == who.enrollment))
    with pytest.raises(NotNow, match=sentence):
        erase(app, person(app, email))
    assert one(app, sa.select(sa.func.count()).select_from(Erasure)) == 0
    assert one(app, sa.select(Person.name).where(Person.email == who.email)) == who.name


def test_somebody_who_works_here_is_not_erased(app: Flask, season: Season) -> None:
    with pytest.raises(NotNow, match="works here"):
        erase(app, person(app, season.staff[Role.EDITOR]))


def test_nobody_is_erased_twice(app: Flask, season: Season) -> None:
    reference = person(app, season["settled"].email)
    erase(app, reference)
    with pytest.raises(AlreadyErased):
        erase(app, reference)


@pytest.mark.one_database("sqlite")
def test_pages_lists_search_and_exports_show_an_erased_person_without_a_fault(app: Flask, season: Season) -> None:
    for state in ("settled", "canceled", "graduate"):
        erase(app, person(app, season[state].email))
    for _ in range(2):
        with time_machine.travel(clock.now() + dt.timedelta(hours=1)), app.app_context():
            run_due(clock.now())
    visitor = Visitor(app)
    sign_in(visitor, season.staff[Role.ADMIN])
    for page in crawl(visitor, "/staff"):
        assert page.status in {200, 303}, (page.path, page.status)
        assert season["settled"].email not in page.text, page.path
        assert season["settled"].name not in page.text or "agreement" in page.path, page.path
    shown = visitor.get(f"/staff/enrollments/{season['settled'].enrollment}")
    assert shown.title.startswith("Erased on ")
    assert "Personal data erased" in shown.words(".timeline")
    found = visitor.get(f"/staff/enrollments?q={season['settled'].enrollment}")
    assert season["settled"].enrollment in found.words("table")
    assert_clean(app)


def test_what_was_typed_under_the_same_address_and_canceled_goes_too(app: Flask, season: Season) -> None:
    who = season["settled"]
    again = Student(who.name, who.email, "ccma")
    with app.app_context():
        with unit_of_work():
            steps.enroll(again, clock.now())
        with unit_of_work():
            steps.cancel(again, clock.now())
        run_due(clock.now())
        assert again.enrollment in personal.to_erase(person(app, who.email)).references
        assert again.enrollment not in personal.by_reference(person(app, who.email)).references
    erase(app, person(app, who.email))
    row = one(app, sa.select(Enrollment).where(Enrollment.reference == again.enrollment))
    assert row.claimed_email.endswith(ERASED_DOMAIN)


def test_the_open_request_and_other_tasks_are_closed(app: Flask, season: Season, visitor: Visitor) -> None:
    who = season["settled"]
    sign_in(visitor, who.email)
    visitor.get("/my/account-data")
    visitor.post("/my/account-data/erasure", {})
    erase(app, person(app, who.email))
    with app.app_context():
        tasks = db.session.scalars(sa.select(Task).where(Task.kind == "erase_person")).all()
        assert [(task.state, task.sentence[:10]) for task in tasks] == [("done", "Erased on ")]
