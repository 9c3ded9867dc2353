import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from config import Config
from provider.jobs.rules import LEASE
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.kernel.database import db, unit_of_work
from provider.mail import actions, queries
from provider.mail.models import OutboxLetter
from provider.mail.rules import LetterState
from tests.harness.letters import a_letter
from tests.harness.server import Server, running
from tests.harness.smtp import MailServer
from tests.harness.soak import repetitions

pytestmark = pytest.mark.usefixtures("context")
SECONDS = 30


@pytest.fixture
def house(config: Config, tmp_path: Path, server: MailServer) -> Iterator[Server]:
    """A school whose worker is a process of its own, on the database and the mail server of this test."""
    made = Server(tmp_path, database_url=config.DATABASE_URL, mail_url=server.url, settings={"SECRET_KEY": "k" * 40})
    with running(made) as started:
        yield started


def post_now(number: int = 1) -> list[str]:
    now = clock.now()
    with unit_of_work():
        letters = [a_letter(f"N-{n}", recipient=f"student{n}@example.com") for n in range(number)]
        return [actions.post(letter, at=now).reference for letter in letters]


def stored() -> list[OutboxLetter]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(OutboxLetter).order_by(OutboxLetter.id)))


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_worker_killed_after_the_answer_and_before_its_commit_sends_the_same_letter_again(
    house: Server, server: MailServer
) -> None:
    server.silent_seconds = 1.0
    (reference,) = post_now()
    house.start_worker()
    assert server.taken.wait(SECONDS)
    with unit_of_work():  # the worker cannot write what the server answered
        queries.by_reference(reference, lock=True)
        assert server.left.wait(SECONDS)
        house.kill("worker")
    (letter,) = stored()
    assert (letter.state, letter.attempts, letter.ambiguous_attempts) == (LetterState.SENDING, 1, 0)
    server.silent_seconds = 0.0
    run_due(clock.now() + LEASE)
    (letter,) = stored()
    assert (letter.state, letter.attempts, letter.ambiguous_attempts) == (LetterState.SENT, 2, 1)
    assert [delivery.message_id for delivery in server.deliveries] == [letter.message_id] * 2


def test_a_worker_that_is_told_to_stop_finishes_the_letter_in_hand(house: Server, server: MailServer) -> None:
    server.silent_seconds = 1.0
    post_now(3)
    house.start_worker()
    process = house._running["worker"]
    assert server.taken.wait(SECONDS)
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert Counter(letter.state for letter in stored()) == {LetterState.SENT: 1, LetterState.QUEUED: 2}
    assert "Traceback" not in house.log.read_text()


def test_workers_killed_at_any_point_lose_nothing_and_repeat_no_more_than_they_were_killed(
    house: Server, server: MailServer
) -> None:
    kills = repetitions(100)
    number = 30 * kills  # more than they live to send: a letter in the hands of a killed one waits for its lease
    chance = random.Random(20261121)
    server.slow_seconds = 0.005
    post_now(number)
    for _ in range(kills):
        before = len(server.deliveries)
        house.start_worker()
        wait_until(lambda before=before: len(server.deliveries) > before or len(server.deliveries) >= number)  # type: ignore[misc]
        time.sleep(chance.random() * 0.3)
        house.kill("worker")
    run_due(clock.now() + LEASE)
    letters = stored()
    assert {letter.state for letter in letters} == {LetterState.SENT}
    delivered = Counter(delivery.message_id for delivery in server.deliveries)
    assert set(delivered) == {letter.message_id for letter in letters}
    assert sum(delivered.values()) - number <= kills
    assert [each.reference for each in letters if delivered[each.message_id] > 1 + each.ambiguous_attempts] == []


def test_the_worker_does_once_what_is_due_and_ends(house: Server, server: MailServer) -> None:
    post_now(2)
    assert house.flask("worker", "--once").endswith(" jobs tried\n")
    assert len(server.deliveries) == 2
