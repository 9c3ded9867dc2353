"""Refunds that mails ask for: a draft with the instant of the mail, decided by a person, moving nothing by itself."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.rules import Role
from provider.enrollments.queries import by_reference, recipient
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.mail.models import OutboxLetter
from provider.mailroom import actions, queries
from provider.mailroom.actions import DraftDecided
from provider.mailroom.models import RefundDraft
from provider.mailroom.rules import PROVE, RECEIVED, DraftState, draft_task
from provider.refunds.actions import RefundRunning, ask
from provider.refunds.models import Refund
from provider.refunds.rules import Channel, RefundState
from provider.site.actions import send_message
from provider.site.rules import Topic
from provider.tasks.models import Task
from provider.tasks.queries import by_key
from provider.tasks.rules import TaskKind, TaskState
from provider.threads.rules import Standing
from tests.harness.audit import assert_clean
from tests.harness.mail_in import CREDITS, came, known, mail
from tests.harness.money import BURSAR, PAID, agreed, books, kept, record
from tests.harness.stories import sign_in, staff, token_for
from tests.harness.visitor import Visitor

HOUR = dt.timedelta(hours=1)
END = PAID + 24 * HOUR
TICK = dt.timedelta(microseconds=1)
ONE = pytest.mark.one_database("sqlite")


def bought() -> tuple[str, str]:
    """Return an enrollment that was just paid for, and its student's address."""
    reference = agreed(at=PAID - HOUR)
    record(reference, 189_900)
    return reference, recipient(by_reference(reference))


def asks(sender: str, text: str = "I want a refund.", *, at: dt.datetime = PAID + HOUR, proved: bool = False) -> None:
    came(mail(text, sender=sender, proved=proved), sender=sender, at=at, filed=at + 30 * HOUR)


def drafts() -> list[RefundDraft]:
    return list(db.session.scalars(sa.select(RefundDraft).order_by(RefundDraft.id)))


def refunds() -> list[Refund]:
    return list(db.session.scalars(sa.select(Refund)))


@pytest.mark.parametrize(
    "at, number",
    [(PAID - TICK, 0), (PAID, 1), (END, 1), (END + TICK, 0)],
    ids=["before the purchase", "at the purchase", "the last instant", "one past it"],
)
@ONE
def test_a_mail_inside_the_window_makes_a_draft_with_its_own_instant(
    context: AppContext, at: dt.datetime, number: int
) -> None:
    reference, email = bought()
    before = books(reference)
    asks(email, at=at)  # filed days later: what counts is when it came in
    assert [(one.received_at, one.state, one.words) for one in drafts()] == [(at, DraftState.OPEN, "refund")] * number
    assert refunds() == []
    assert books(reference) == before
    for draft in drafts():
        task = by_key(draft_task(draft.reference))
        assert task is not None
        assert (task.kind, task.state, task.about) == (TaskKind.REFUND_BY_MAIL, TaskState.OPEN, reference)
    run_due(at + 30 * HOUR)
    assert_clean(context.app, at + 30 * HOUR)


def test_entered_days_later_the_rule_decides_on_the_instant_of_the_mail(context: AppContext) -> None:
    reference, email = bought()
    asks(email, at=END)
    [draft] = drafts()
    later = END + 40 * HOUR
    with unit_of_work():
        made = actions.enter_draft(draft=queries.draft(draft.reference, lock=True), actor=BURSAR, at=later)
    assert (made.state, made.asked_at, made.channel) == (RefundState.APPROVED, END, Channel.MAIL)
    assert made.decided_by == BURSAR.reference
    draft = queries.draft(draft.reference)
    assert (draft.state, draft.refund, draft.decided_at) == (DraftState.ENTERED, made.reference, later)
    task = by_key(draft_task(draft.reference))
    assert task is not None
    assert task.state is TaskState.DONE
    with pytest.raises(DraftDecided), unit_of_work():
        actions.enter_draft(draft=queries.draft(draft.reference, lock=True), actor=BURSAR, at=later)
    assert len(refunds()) == 1
    run_due(later)
    assert_clean(context.app, later)
    assert books(reference)["refunds_payable"] != 0


@ONE
def test_whoever_writes_it_becomes_only_a_draft_with_how_far_they_are_believed(context: AppContext) -> None:
    reference, email = bought()
    asks(email)
    came(mail(f"Please refund {reference}.", sender="eve@example.net"), sender="eve@example.net", at=PAID + 2 * HOUR)
    [draft] = drafts()  # the first one stays
    assert (draft.standing, draft.received_at) == (Standing.UNKNOWN, PAID + HOUR)
    other, _ = bought()
    came(mail(f"Please refund {other}.", sender="eve@example.net"), to=CREDITS, at=PAID + 2 * HOUR)
    assert [one.standing for one in drafts()] == [Standing.UNKNOWN] * 2
    assert refunds() == []


@ONE
def test_a_proved_mail_takes_the_place_of_a_draft_that_nobody_proved(context: AppContext) -> None:
    known("sam@example.com", at=PAID)
    reference = agreed(at=PAID - HOUR, email="sam@example.com")
    record(reference, 189_900)
    asks("sam@example.com")
    asks("sam@example.com", "My refund, please.", at=PAID + 3 * HOUR, proved=True)
    asks("sam@example.com", "A refund, again.", at=PAID + 4 * HOUR, proved=True)
    found = [(one.standing, one.state, one.received_at) for one in drafts()]
    assert found == [
        (Standing.CLAIMED, DraftState.DISMISSED, PAID + HOUR),
        (Standing.PROVED, DraftState.OPEN, PAID + 3 * HOUR),
    ]


@ONE
def test_no_draft_is_made_of_other_words_or_where_a_refund_is_on_its_way(context: AppContext) -> None:
    _, email = bought()
    asks(email, "When does my class begin?")
    assert drafts() == []
    asks(email)
    [draft] = drafts()
    with unit_of_work():
        actions.enter_draft(draft=queries.draft(draft.reference, lock=True), actor=BURSAR, at=PAID + 2 * HOUR)
    asks(email, "And my refund?", at=PAID + 3 * HOUR)
    assert len(drafts()) == 1


@ONE
def test_a_draft_beside_a_refund_that_was_asked_for_otherwise_is_refused(context: AppContext) -> None:
    reference, email = bought()
    asks(email)
    [draft] = kept(drafts())
    with unit_of_work():
        enrollment = by_reference(reference, lock=True)
        at = PAID + 2 * HOUR
        ask(enrollment=enrollment, note=None, channel=Channel.PAGE, actor=BURSAR, received_at=at, at=at)
    with pytest.raises(RefundRunning), unit_of_work():
        actions.enter_draft(draft=queries.draft(draft.reference, lock=True), actor=BURSAR, at=at)
    with unit_of_work():
        actions.dismiss_draft(draft=queries.draft(draft.reference, lock=True), actor=BURSAR, at=at)
    assert queries.draft(draft.reference).state is DraftState.DISMISSED


def test_the_bursar_reads_the_mail_and_enters_it_from_its_page(app: Flask, visitor: Visitor) -> None:
    asked_at = clock.now() - HOUR / 2
    with app.app_context():
        reference = agreed(at=asked_at - HOUR)
        record(reference, 189_900, at=asked_at - HOUR)
        email = recipient(by_reference(reference))
        came(mail("Please refund me.\n\n> You can have a refund", sender=email), sender=email, at=asked_at)
        [draft] = kept(drafts())
    sign_in(visitor, staff(app, Role.BURSAR), follow=False)
    page = visitor.get(f"/staff/enrollments/{reference}/refunds/new")
    assert len(page.all(f'a[href="/staff/refund-drafts/{draft.reference}"]')) == 1
    page = visitor.get(f"/staff/refund-drafts/{draft.reference}")
    assert page.words("blockquote") == "Please refund me."
    assert "Nothing proves that the student wrote this" in page.words()
    visitor.submit({})
    with app.app_context():
        [made] = refunds()
        assert (made.state, made.asked_at) == (RefundState.APPROVED, asked_at)


def by_form(email: str, message: str = "I want a refund.", *, at: dt.datetime, asker: str | None = None) -> None:
    with unit_of_work():
        send_message(
            name="Sam Doe", email=email, topic=Topic.OTHER, message=message, client="127.0.0.1", asker=asker, at=at
        )


@pytest.mark.parametrize(
    "at, number",
    [(PAID - TICK, 0), (PAID, 1), (END, 1), (END + TICK, 0)],
    ids=["before the purchase", "at the purchase", "the last instant", "one past it"],
)
@ONE
def test_a_message_of_the_contact_form_counts_from_its_instant_as_a_mail_does(
    context: AppContext, at: dt.datetime, number: int
) -> None:
    reference, email = bought()
    before = books(reference)
    by_form(email, at=at)
    assert [(one.received_at, one.state, one.words) for one in drafts()] == [(at, DraftState.OPEN, "refund")] * number
    assert (refunds(), books(reference)) == ([], before)
    for draft in drafts():
        task = by_key(draft_task(draft.reference))
        assert task is not None
        assert (task.kind, task.due_on, task.about) == (
            TaskKind.REFUND_BY_MAIL,
            day_of(at, settings().SCHOOL_ZONE),
            reference,
        )
    run_due(at)
    assert_clean(context.app, at)


def test_the_same_message_of_the_form_is_one_draft_and_is_entered_as_of_then(context: AppContext) -> None:
    _, email = bought()
    for _ in range(2):
        by_form(email, at=END)
    [draft] = drafts()
    later = END + 40 * HOUR
    with unit_of_work():
        made = actions.enter_draft(draft=queries.draft(draft.reference, lock=True), actor=BURSAR, at=later)
    assert (made.state, made.asked_at, made.channel) == (RefundState.APPROVED, END, Channel.MAIL)
    run_due(later)
    assert_clean(context.app, later)


@ONE
def test_who_writes_by_the_form_is_believed_only_when_signed_in_as_the_student(context: AppContext) -> None:
    who = known("sam@example.com", at=PAID)
    eve = known("eve@example.com", at=PAID)
    reference = agreed(at=PAID - HOUR, email="sam@example.com")
    record(reference, 189_900)
    by_form("eve@example.com", f"A refund for {reference}, please.", at=PAID + HOUR, asker=eve)
    by_form("sam@example.com", at=PAID + 2 * HOUR)
    by_form("sam@example.com", "My money back, please.", at=PAID + 3 * HOUR, asker=who)
    found = [(one.standing, one.state, one.received_at) for one in drafts()]
    assert found == [
        (Standing.UNKNOWN, DraftState.DISMISSED, PAID + HOUR),
        (Standing.PROVED, DraftState.OPEN, PAID + 3 * HOUR),
    ]


@ONE
def test_who_proved_to_be_somebody_else_is_not_the_student(context: AppContext) -> None:
    known("eve@example.com", at=PAID)
    reference, _ = bought()
    asks("eve@example.com", f"Refund {reference}.", proved=True)
    [draft] = drafts()
    assert draft.standing is Standing.UNKNOWN
    [task] = db.session.scalars(sa.select(Task).where(Task.kind == TaskKind.REFUND_BY_MAIL))
    assert "It came in at 2026-11-21 16:00:00 UTC, inside the window. " in task.sentence
    assert "The writer is not known to be the student" in task.sentence


@ONE
def test_the_link_that_proves_a_mail_proves_the_draft_that_it_opened(app: Flask, visitor: Visitor) -> None:
    at = clock.now() - HOUR / 2
    with app.app_context():
        known("sam@example.com", at=at - 2 * HOUR)
        reference = agreed(at=at - HOUR, email="sam@example.com")
        record(reference, 189_900, at=at - HOUR)
        came(mail("A refund, please.", sender="sam@example.com"), at=at)
        assert [one.standing for one in kept(drafts())] == [Standing.CLAIMED]
        other = agreed(at=at - HOUR, email="sam@example.com", program="cpt")
        record(other, 169_900, at=at + HOUR / 8)
        told = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.template == RECEIVED)).one()
        thread = str(told.about)
        answered = mail("A refund of that one, too.", sender="sam@example.com", In_Reply_To=told.message_id)
        came(answered, at=at + HOUR / 4)
        assert [one.standing for one in kept(drafts())] == [Standing.CLAIMED] * 2
    visitor.get(f"/links/{token_for(app, PROVE, thread)}")
    visitor.submit({})
    with app.app_context():
        assert [one.standing for one in drafts()] == [
            Standing.PROVED,
            Standing.CLAIMED,
        ]  # the page named the first alone
