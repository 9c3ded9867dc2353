"""The letter to a registrar and its link: what it says, and that a receipt and a decision are each taken once."""

import datetime as dt
from collections import Counter

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.accounts.models import SignedLink
from provider.credits import queries, registrar, registrar_answers, registrar_papers, reminding
from provider.credits.registrar_answers import AnsweredAlready
from provider.credits.registrar_handlers import remind
from provider.credits.rules import LINK_DAYS, CreditState, Decision, DecisionChannel, EndReason
from provider.history.models import History
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying
from provider.kernel.registry import registry
from provider.programs import recommendations
from provider.tasks import queries as tasks
from provider.tasks.rules import TaskKind
from provider.verification import queries as issued
from provider.verification.rules import IssuedKind
from tests.harness import college_credit
from tests.harness.checksums import checksums
from tests.harness.externs import active
from tests.harness.html import faults
from tests.harness.money import at_once, letters
from tests.harness.papers import person
from tests.harness.stories import token_for
from tests.harness.visitor import Page, Visitor

on_one_database = pytest.mark.one_database("sqlite")
ANA, BO = "ana@example.org", "bo@example.org"
AT = dt.datetime(2027, 3, 1, 17, tzinfo=dt.UTC)  # noon in New York, where the school is
DAY = dt.timedelta(days=1)
HOLDER = Actor(ActorKind.LINK, "K-22222222")
GRANTED = {"step": "decide", "outcome": "granted", "course": "MED 110", "by": "A. Ash, registrar"}
DENIED = {"step": "decide", "outcome": "denied", "reason": "No such program here.", "by": "A. Ash, registrar"}


def sent(app: Flask, email: str = ANA) -> str:
    """Let a student's request go to a college; returns its reference."""
    with app.app_context():
        active(email=email)
        reference = college_credit.sent(email, at=AT)
        db.session.remove()
    return reference


def link_of(app: Flask, reference: str) -> str:
    return f"/links/{token_for(app, registrar.ANSWER_LINK, reference)}"


def state(app: Flask, reference: str) -> CreditState:
    with app.app_context():
        return college_credit.request(reference).state


def told(app: Flask, email: str, template: str) -> int:
    with app.app_context():
        return len(letters(person(email).reference, template))


def answer(visitor: Visitor, path: str, values: dict[str, str], status: int = 303) -> Page:
    """Fill in the page of a link that is open already."""
    return visitor.post(path, values, status)


@on_one_database
def test_the_letter_says_what_the_request_says_with_a_code_and_a_tagged_paper(app: Flask) -> None:
    reference = sent(app)
    with app.app_context():
        request = college_credit.request(reference)
        (letter,) = letters(request.about, registrar.TEMPLATE)
        assert (letter.recipient, letter.mailbox.value) == (request.college.registrar_email, "collegecredits")
        assert letter.values["student"] == request.legal_name
        assert letter.values["taken_on"] == request.result.taken_on.isoformat()
        assert letter.values["stated"] == "The school states 5; ask us for the ACE record. The college decides."
        document = issued.by_reference(letter.values["document"])
        assert (document.kind, document.subject_reference) == (IssuedKind.CREDIT_LETTER, reference)
        assert (document.holder, dict(document.facts)["Credit"]) == (request.legal_name, letter.values["stated"])
        (paper,) = registry().attachments[registrar.TEMPLATE](letter.values)
        assert paper.name == f"college-credit-{reference}.pdf"
        assert paper.content.startswith(b"%PDF-1.7")
        assert b"/StructTreeRoot" in paper.content
        link = db.session.scalars(sa.select(SignedLink).where(SignedLink.subject_reference == reference)).one()
        assert (link.purpose, link.expires_at) == (registrar.ANSWER_LINK, AT + LINK_DAYS * DAY)


def test_everybody_with_the_code_reads_neither_number_of_the_student() -> None:
    values = {
        "college": "Lakeside", "student": "Ana", "student_number": "A-5520", "credential": "CCMA", "body": "NHA",
        "credential_name": "Medical Assistant", "taken_on": "2026-10-21", "certificate_number": "C7-4410",
        "stated": "5", "level": "Lower division", "subject": None, "sample_credit": True,
    }  # fmt: skip
    public, private = dict(registrar_papers.public_facts(values)), dict(registrar_papers.facts(values))
    assert not {"A-5520", "C7-4410"} & set(public.values())
    assert {"A-5520", "C7-4410", "Lower division", registrar_papers.SAMPLE_WORDS} <= set(private.values())
    assert "Subject" not in private


@on_one_database
def test_the_page_of_the_code_stands_open_to_the_college(app: Flask, visitor: Visitor) -> None:
    reference = sent(app)
    with app.app_context():
        (document,) = issued.standing_about(college_credit.request(reference).about, IssuedKind.CREDIT_LETTER)
        code = document.code
    page = visitor.get(f"/verify/{code}")
    assert faults(page.response) == []
    assert page.words(".tag") == "Valid"
    assert "Lakeside Community College" in page.text


@on_one_database
def test_a_registrar_says_that_it_is_there_and_decides_and_each_is_told_once(app: Flask) -> None:
    reference = sent(app)
    path, first, second = link_of(app, reference), Visitor(app), Visitor(app)
    with time_machine.travel(AT + 2 * DAY):
        before = checksums(app, frozenset())
        for tab in (first, second):
            page = tab.get(path)
            assert faults(page.response) == []
            assert "Ana" in page.words("dl")
        assert checksums(app, frozenset()) == before
        answer(first, path, {"step": "received"})
        assert state(app, reference) is CreditState.RECEIVED
        page = answer(second, path, {"step": "received"}, 409)
        assert "You told us on March 3, 2027 that you have our letter." in page.words()
        assert told(app, ANA, "credit_received") == 1
        page = first.get(path)
        assert "We have the letter" not in page.text
        second.get(path)
        answer(first, path, GRANTED)
        page = answer(second, path, DENIED, 409)
        assert "You decided on March 3, 2027: 5 credits, counted as “MED 110”." in page.words()
        page = first.get(path)
        assert faults(page.response) == []
        assert ("5 credits, counted as “MED 110”" in page.text, page.all("main form")) == (True, [])
    with app.app_context():
        request = college_credit.request(reference)
        assert (request.state, request.decision_channel) == (CreditState.GRANTED, DecisionChannel.LINK)
        assert (request.decision_credits, request.decision_by) == (5, "A. Ash, registrar")
        (letter,) = letters(person(ANA).reference, "credit_decided")
        assert letter.values["course"] == "MED 110"
        moves = sa.select(History.event, History.actor_kind).where(
            History.subject_reference == reference, History.actor_kind == ActorKind.LINK
        )
        assert [event for event, _ in db.session.execute(moves.order_by(History.id))] == [
            "credit_request.received",
            "credit_request.granted",
        ]


@on_one_database
@pytest.mark.parametrize(
    "changed, field",
    [
        ({"outcome": ""}, "What is granted"),
        ({"by": ""}, "Your name and office"),
        ({"course": ""}, "Counts as"),
        ({"credits": "4"}, "How many credits"),
        ({"outcome": "partly_granted", "credits": "5"}, "How many credits"),
        ({"outcome": "partly_granted", "credits": "0"}, "How many credits"),
        ({"outcome": "denied"}, "Why"),
        ({"outcome": "closed"}, "What is granted"),
        ({"reference": "CR-22222222"}, ""),
    ],
    ids=["nothing", "nobody", "no course", "less than all", "all is no part", "none", "no reason", "no state", "more"],
)
def test_words_that_are_no_decision_change_nothing(
    app: Flask, visitor: Visitor, changed: dict[str, str], field: str
) -> None:
    reference = sent(app)
    path = link_of(app, reference)
    with time_machine.travel(AT + DAY):
        visitor.get(path)
        page = answer(visitor, path, GRANTED | changed, 422)
        assert field in page.words(".error-summary")
    assert (state(app, reference), told(app, ANA, "credit_decided")) == (CreditState.SENT, 0)


@on_one_database
def test_a_part_is_kept_as_it_was_granted(app: Flask, visitor: Visitor) -> None:
    reference = sent(app)
    path = link_of(app, reference)
    with time_machine.travel(AT + DAY):
        visitor.get(path)
        answer(visitor, path, GRANTED | {"outcome": "partly_granted", "credits": "3"})
    with app.app_context():
        request = college_credit.request(reference)
        assert (request.decision, request.decision_credits) == (CreditState.PARTLY_GRANTED, 3)
        assert request.received_at is None


@on_one_database
def test_a_link_that_ran_out_or_was_bent_says_so_and_opens_nothing(app: Flask, visitor: Visitor) -> None:
    reference, path = sent(app), ""
    path = link_of(app, reference)
    with time_machine.travel(AT + LINK_DAYS * DAY, tick=False):
        visitor.get(path)
    with time_machine.travel(AT + LINK_DAYS * DAY + dt.timedelta(seconds=1), tick=False):
        page = visitor.get(path, 410)
        words = "your answer is still awaited. Answer our letter, or write to collegecredits@example.org and name"
        assert f"{words} {reference}." in page.words()
        visitor.get("/contact")
        visitor.post(path, {"step": "received"}, 410)
        with app.app_context():
            college_credit.decide(reference, at=AT + DAY)
        assert "You decided on March 2, 2027: 5 credits" in visitor.get(path, 410).words()
    with time_machine.travel(AT + DAY):
        for bent in (path[:-1] + ("A" if path[-1] != "A" else "B"), f"{path}A", "/links/" + "A" * 43):
            assert "Ana" not in visitor.get(bent, 410).text


@on_one_database
def test_a_closed_request_says_so_to_its_college(app: Flask, visitor: Visitor) -> None:
    reference = sent(app)
    path = link_of(app, reference)
    with time_machine.travel(AT + DAY):
        visitor.get(path)
        with app.app_context():
            college_credit.close(reference, EndReason.NO_ANSWER, at=AT + DAY)
        closed = "This request was closed on March 2, 2027, so there is nothing left to answer."
        assert closed in answer(visitor, path, GRANTED, 409).words()
        visitor.get("/contact")
        assert closed in answer(visitor, path, {"step": "received"}, 409).words()
        page = visitor.get(path)
        assert closed in page.words()
        assert "Ana" not in page.words("main")
    assert state(app, reference) is CreditState.CLOSED


@on_one_database
def test_a_link_answers_for_its_own_request_alone(app: Flask, visitor: Visitor) -> None:
    mine, other = sent(app), sent(app, BO)
    path = link_of(app, mine)
    with time_machine.travel(AT + DAY):
        visitor.get(path)
        answer(visitor, path, {"step": "received", "subject": other}, 422)
        for bent, status in (({"step": "withdraw"}, 404), ({}, 404)):
            visitor.get(path)
            answer(visitor, path, bent, status)
        visitor.get(path)
        answer(visitor, path, {"step": "received"})
    assert (state(app, mine), state(app, other)) == (CreditState.RECEIVED, CreditState.SENT)


def test_of_eight_decisions_at_once_one_stands(app: Flask) -> None:
    reference = sent(app)

    def decide() -> str:
        decision = Decision(CreditState.DENIED, reason="No.", by="A. Ash")
        return retrying(
            lambda: registrar_answers.decide(reference=reference, decision=decision, actor=HOLDER, at=AT + DAY)
        ).reference

    found = at_once(app, *[decide] * 8)
    assert Counter(type(one).__name__ for one in found) == {"str": 1, AnsweredAlready.__name__: 7}
    assert told(app, ANA, "credit_decided") == 1


def reminded(app: Flask, *, days: float) -> list[int]:
    """Run the job so many days after the letter, twice; returns the days of every reminder that ever went."""
    with app.app_context():
        for _ in range(2):
            remind({}, now=AT + days * DAY)
        return [letter.values["days"] for letter in letters(person(ANA).reference, registrar.REMINDER)]


@on_one_database
def test_a_registrar_is_reminded_on_days_14_and_30_and_never_more(app: Flask) -> None:
    reference = sent(app)
    assert reminded(app, days=13) == []
    assert reminded(app, days=14) == [14]
    assert reminded(app, days=29) == [14]
    with app.app_context():
        college_credit.receive(reference, at=AT + 29 * DAY)
    assert reminded(app, days=30) == [14, 30]
    assert reminded(app, days=200) == [14, 30]
    with app.app_context():
        last = letters(person(ANA).reference, registrar.REMINDER)[-1]
        assert (last.values["sent_on"], last.values["received_on"]) == ("2027-03-01", "2027-03-30")
        (task,) = [one for one in tasks.about(person(ANA).reference) if one.kind is TaskKind.CREDIT_UNDECIDED]
        assert (task.due_on, task.done_at) == (dt.date(2027, 4, 14), None)
        college_credit.decide(reference, at=AT + 31 * DAY)
        (task,) = [one for one in tasks.about(person(ANA).reference) if one.kind is TaskKind.CREDIT_UNDECIDED]
        assert task.done_at is not None


@on_one_database
def test_days_without_a_run_are_made_up_for_by_the_newest_reminder(app: Flask) -> None:
    sent(app)
    assert reminded(app, days=41) == [30]


@on_one_database
@pytest.mark.parametrize("end", ["decided", "closed"])
def test_nobody_is_reminded_of_what_is_over(app: Flask, end: str) -> None:
    reference = sent(app)
    with app.app_context():
        if end == "decided":
            college_credit.decide(reference, at=AT + 13 * DAY)
        else:
            college_credit.close(reference, at=AT + 13 * DAY)
    assert reminded(app, days=14) == []
    assert reminded(app, days=30) == []


def test_workers_at_once_send_one_reminder(app: Flask) -> None:
    reference = sent(app)

    def work() -> int | None:
        return retrying(lambda: reminding.remind(reference=reference, at=AT + 14 * DAY))

    found = at_once(app, *[work] * 6)
    assert Counter(found) == {14: 1, None: 5}
    assert told(app, ANA, registrar.REMINDER) == 1


@on_one_database
def test_the_link_of_a_reminder_answers_too(app: Flask, visitor: Visitor) -> None:
    reference = sent(app)
    first = link_of(app, reference)
    reminded(app, days=14)
    second = link_of(app, reference)
    assert first != second
    with time_machine.travel(AT + 15 * DAY):
        for path in (first, second):
            assert visitor.get(path).all("main form")
        answer(visitor, second, {"step": "received"})
        assert "We wait for your decision." in visitor.get(first).words()


@on_one_database
def test_a_number_that_a_request_rests_on_counts_as_used(app: Flask) -> None:
    reference = sent(app)
    with app.app_context():
        request = college_credit.request(reference)
        assert recommendations.used_on(request.recommendation) == request.result.taken_on
        assert queries.last_pass_on(0) is None
