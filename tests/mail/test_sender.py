import datetime as dt
import logging
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.history.models import History
from provider.jobs import actions as jobs
from provider.jobs.models import Job
from provider.jobs.rules import LEASE, JobState
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.mail import actions, queries
from provider.mail.models import OutboxLetter
from provider.mail.rules import AddressState, LetterState, Outcome
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState
from tests.harness.letters import POSTED, a_letter
from tests.harness.smtp import Fault, MailServer
from tests.harness.soak import repetitions
from tests.harness.stories import enroll
from tests.harness.visitor import Visitor

Post = Callable[..., str]
Row = Callable[[str], OutboxLetter]
SECOND, MINUTE, HOUR = (dt.timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))


class Undone(Exception):
    """What follows a letter in its transaction went wrong."""


pytestmark = pytest.mark.usefixtures("context")


def letter_tasks() -> list[Task]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Task).where(Task.kind == TaskKind.LETTER_FAILED).order_by(Task.id)))


def states_of(reference: str) -> list[str | None]:
    query = sa.select(History.new_state).where(History.subject_reference == reference).order_by(History.id)
    return list(db.session.scalars(query))


def jobs_of(reference: str) -> list[Job]:
    return list(db.session.scalars(sa.select(Job).where(Job.key.startswith(f"mail.send:{reference}"))))


def test_a_letter_is_accepted_once_and_its_story_is_kept(server: MailServer, post: Post, row: Row) -> None:
    reference = post()
    run_due(POSTED)
    run_due(POSTED + HOUR)
    letter = row(reference)
    assert (letter.state, letter.sent_at, letter.attempts) == (LetterState.SENT, POSTED, 1)
    assert (letter.outcome, letter.ambiguous_attempts) == (Outcome.ACCEPTED, 0)
    assert states_of(reference) == ["queued", "sending", "sent"]
    (delivery,) = server.deliveries
    assert delivery.recipients == ("ana@example.com",)
    assert delivery.sender == "enquiries@example.org"
    assert delivery.message_id == letter.message_id == f"<{reference.lower()}@example.org>"


def test_a_page_that_causes_letters_never_speaks_to_the_mail_server(
    app: Flask, server: MailServer, visitor: Visitor
) -> None:
    server.fault = Fault.HANG_UP
    reference = enroll(visitor)
    db.session.rollback()
    (letter,) = db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.event == reference))
    assert (letter.state, letter.attempts, server.commands) == (LetterState.QUEUED, 0, [])
    run_due(clock.now())
    assert server.commands == [f"RCPT {letter.recipient}"]


def test_a_letter_of_a_rolled_back_transaction_never_leaves(server: MailServer) -> None:
    def broken() -> None:
        with unit_of_work():
            actions.post(a_letter(), at=POSTED)
            raise Undone

    with pytest.raises(Undone):
        broken()
    run_due(POSTED)
    assert (server.deliveries, db.session.scalars(sa.select(OutboxLetter)).all()) == ([], [])


def test_a_busy_server_gets_the_letter_later(server: MailServer, post: Post, row: Row) -> None:
    server.faults = [Fault.BUSY, Fault.BUSY_AT_DATA]
    reference = post()
    run_due(POSTED)
    assert (row(reference).state, row(reference).outcome) == (LetterState.QUEUED, Outcome.TEMPORARY)
    run_due(POSTED + 10 * SECOND)
    assert row(reference).attempts == 1
    run_due(POSTED + 11 * SECOND)
    assert row(reference).last_reply == "451 4.3.0 Not now"
    run_due(POSTED + MINUTE)
    assert (row(reference).state, row(reference).attempts, len(server.deliveries)) == (LetterState.SENT, 3, 1)
    assert letter_tasks() == []


@pytest.mark.parametrize(
    "fault, words, marked",
    [
        (Fault.REFUSE, "550 5.1.1 No such mailbox", [AddressState.BOUNCED]),
        (Fault.REFUSE_AT_DATA, "554 5.7.1 Looks like spam", []),
    ],
    ids=["recipient", "content"],
)
def test_a_refused_letter_fails_at_once_becomes_a_task_and_marks_an_address_that_is_none(
    server: MailServer, post: Post, row: Row, fault: Fault, words: str, marked: list[AddressState]
) -> None:
    server.fault = fault
    reference = post()
    run_due(POSTED)
    assert (row(reference).state, row(reference).attempts) == (LetterState.FAILED, 1)
    (task,) = letter_tasks()
    assert (task.key, task.about) == (f"letter:{reference}", "E-7K2M9Q4T")
    assert task.sentence == f"Letter {reference}, “Two refunds are due”, could not be delivered: {words}"
    assert [one.state for one in queries.troubled([row(reference).recipient]).values()] == marked
    run_due(POSTED + HOUR)
    assert row(reference).attempts == 1


def test_silence_after_the_whole_letter_is_counted_and_repeated_with_the_same_id(
    server: MailServer, post: Post, row: Row
) -> None:
    server.faults = [Fault.DROP_AFTER_DATA]
    reference = post()
    run_due(POSTED)
    assert (row(reference).state, row(reference).outcome) == (LetterState.QUEUED, Outcome.AMBIGUOUS)
    run_due(POSTED + MINUTE)
    letter = row(reference)
    assert (letter.state, letter.attempts, letter.ambiguous_attempts) == (LetterState.SENT, 2, 1)
    assert [delivery.message_id for delivery in server.deliveries] == [letter.message_id] * 2
    assert server.deliveries[0].content == server.deliveries[1].content


def test_a_server_that_hangs_up_before_the_letter_is_not_ambiguous(server: MailServer, post: Post, row: Row) -> None:
    server.faults = [Fault.HANG_UP]
    reference = post()
    run_due(POSTED)
    assert (row(reference).outcome, row(reference).ambiguous_attempts) == (Outcome.UNREACHABLE, 0)
    run_due(POSTED + MINUTE)
    assert (row(reference).state, len(server.deliveries)) == (LetterState.SENT, 1)


def test_two_days_without_a_server_lose_nothing_and_keep_the_order(server: MailServer, post: Post, row: Row) -> None:
    number = repetitions(1000)
    server.down()
    people = [f"student{n % 7}@example.com" for n in range(number)]
    references = [post(f"N-{n}", recipient=people[n]) for n in range(number)]
    at = POSTED
    while at < POSTED + 48 * HOUR:
        run_due(at)
        at += 29 * MINUTE
    assert {row(reference).state for reference in references} == {LetterState.QUEUED}
    server.up()
    for _ in range(10):
        run_due(at)
        at += MINUTE
    assert [row(reference).state for reference in references] == [LetterState.SENT] * number
    for person in set(people):
        mine = [row(reference).message_id for reference, to in zip(references, people, strict=True) if to == person]
        assert [delivery.message_id for delivery in server.to(person)] == mine
    assert letter_tasks() == []


def test_while_the_server_is_away_one_letter_asks_for_all(server: MailServer, post: Post, row: Row) -> None:
    server.down()
    references = [post(f"N-{n}", recipient=f"student{n}@example.com") for n in range(20)]
    run_due(POSTED)
    assert sum(row(reference).attempts for reference in references) == 1
    run_due(POSTED + 10 * SECOND)
    assert sum(row(reference).attempts for reference in references) == 2


def test_a_later_letter_does_not_overtake_one_that_waits_for_the_server(
    server: MailServer, post: Post, row: Row
) -> None:
    server.down()
    first = post("N-1")
    run_due(POSTED)
    server.up()
    second = post("N-2")
    run_due(POSTED)
    assert (row(first).state, row(second).state) == (LetterState.QUEUED, LetterState.QUEUED)
    run_due(POSTED + MINUTE)
    assert [delivery.message_id for delivery in server.deliveries] == [row(first).message_id, row(second).message_id]


def test_a_letter_that_the_server_put_off_holds_up_no_other(server: MailServer, post: Post, row: Row) -> None:
    server.faults = [Fault.BUSY]
    first, second = post("N-1"), post("N-2")
    run_due(POSTED)
    assert (row(first).state, row(second).state) == (LetterState.QUEUED, LetterState.SENT)


def test_after_72_hours_a_letter_fails_and_becomes_a_task(server: MailServer, post: Post, row: Row) -> None:
    server.down()
    references = [post(f"N-{n}", recipient=f"student{n}@example.com") for n in range(5)]
    at = POSTED
    while at < POSTED + 72 * HOUR:
        run_due(at)
        assert {row(reference).state for reference in references} == {LetterState.QUEUED}
        at += HOUR
    for _ in range(3):
        at += 5 * MINUTE
        run_due(at)
    assert {row(reference).state for reference in references} == {LetterState.FAILED}
    assert sorted(task.key for task in letter_tasks()) == sorted(f"letter:{reference}" for reference in references)


def test_a_letter_found_after_a_week_without_a_worker_still_leaves(server: MailServer, post: Post, row: Row) -> None:
    reference = post()
    run_due(POSTED + dt.timedelta(days=7))
    assert (row(reference).state, len(server.deliveries)) == (LetterState.SENT, 1)


@pytest.mark.parametrize(
    "poison",
    [
        {"template": "no_such_letter"},
        {"values": {"title": "No sentence"}},
        {"values": {"title": "A", "sentence": "B", "path": "https://elsewhere.example"}},
        {"recipient": "ana@example.com,ben@example.com"},
        {"recipient": "ana@example.com\r\nBcc: ben@example.com"},
        {"recipient": "nobody"},
        {"recipient": "Ana <ana@example.com>"},
    ],
    ids=["no template", "no value", "foreign path", "two addresses", "line end", "no address", "with a name"],
)
def test_a_poison_letter_fails_alone(server: MailServer, post: Post, row: Row, poison: dict[str, object]) -> None:
    bad, good = post("N-1", **poison), post("N-2", recipient="ben@example.com")
    run_due(POSTED)
    assert (row(bad).state, row(bad).attempts, row(good).state) == (LetterState.FAILED, 0, LetterState.SENT)
    assert [task.key for task in letter_tasks()] == [f"letter:{bad}"]
    assert [delivery.recipients for delivery in server.deliveries] == [("ben@example.com",)]
    assert {job.state for job in jobs_of(bad)} == {JobState.DONE}


def test_faults_of_some_recipients_are_no_matter_to_others(server: MailServer, post: Post, row: Row) -> None:
    server.by_recipient = {"busy@example.com": Fault.BUSY, "gone@example.com": Fault.REFUSE}
    found = {to: post(to, recipient=f"{to}@example.com") for to in ("busy", "gone", "fine")}
    run_due(POSTED)
    assert {to: row(reference).state.value for to, reference in found.items()} == {
        "busy": "queued",
        "gone": "failed",
        "fine": "sent",
    }


def test_a_worker_that_ended_while_sending_is_healed_after_its_lease(
    server: MailServer, post: Post, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    reference = post()
    with unit_of_work():
        jobs.lease(owner="a worker that is gone", now=POSTED)
        row_then = db.session.scalars(sa.select(OutboxLetter)).one()
        row_then.state, row_then.attempts = LetterState.SENDING, 1
    run_due(POSTED + LEASE - SECOND)
    assert (row(reference).attempts, server.deliveries) == (1, [])
    with caplog.at_level(logging.WARNING):
        run_due(POSTED + LEASE)
    assert (row(reference).state, row(reference).ambiguous_attempts) == (LetterState.SENT, 1)
    assert caplog.messages == [
        f"letter {reference} is sent again with the same Message-ID: its worker ended while sending"
    ]


def test_four_workers_send_each_letter_once(server: MailServer, app: Flask, post: Post) -> None:
    number = repetitions(1000)
    with unit_of_work():
        for n in range(number):
            actions.post(a_letter(f"N-{n}", recipient=f"student{n}@example.com"), at=POSTED)

    def work() -> None:
        with app.app_context():
            run_due(POSTED)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    db.session.rollback()
    stored = db.session.scalars(sa.select(OutboxLetter)).all()
    assert {(letter.state, letter.attempts) for letter in stored} == {(LetterState.SENT, 1)}
    assert sorted(delivery.message_id for delivery in server.deliveries) == sorted(each.message_id for each in stored)


def test_a_letter_whose_job_was_given_up_fails_with_it(server: MailServer, post: Post, row: Row) -> None:
    reference = post()
    with unit_of_work():
        db.session.execute(sa.update(Job).where(Job.kind == actions.SEND).values(attempts=12))
    run_due(POSTED)
    assert (row(reference).state, server.deliveries) == (LetterState.FAILED, [])
    assert [task.key for task in letter_tasks()] == [f"letter:{reference}"]


def test_a_failed_letter_is_sent_again_as_the_same_and_closes_its_task(
    server: MailServer, post: Post, row: Row
) -> None:
    server.fault = Fault.REFUSE
    reference = post()
    run_due(POSTED)
    for later, fault in ((HOUR, Fault.REFUSE), (2 * HOUR, Fault.ACCEPT)):
        server.fault = fault
        with unit_of_work():
            actions.resend(row_of(reference), actor=SYSTEM, at=POSTED + later)
        run_due(POSTED + later)
    assert (row(reference).state, row(reference).attempts) == (LetterState.SENT, 3)
    assert [delivery.message_id for delivery in server.deliveries] == [row(reference).message_id]
    assert {task.state for task in letter_tasks() if task.key == f"letter:{reference}"} == {TaskState.DONE}


def row_of(reference: str) -> OutboxLetter:
    return db.session.scalars(sa.select(OutboxLetter).where(OutboxLetter.reference == reference)).one()
