"""Processes that end in the middle: what was acknowledged is there and whole, what was not is there whole or not."""

import http.client
import random
import threading
import time
from contextlib import suppress

import pytest
import sqlalchemy as sa

from config import Config
from tests.harness.people import Journey
from tests.harness.soak import repetitions
from tests.harness.stories import enroll, someone

pytestmark = pytest.mark.xdist_group("servers")
CLIENTS = 4
# Every enrollment with how many rows of each kind it has, and whether its installments make up its price.
WHOLE = sa.text("""
    SELECT e.reference,
           (SELECT count(*) FROM agreement a WHERE a.enrollment_id = e.id),
           (SELECT sum(i.amount_cents) FROM installment i WHERE i.enrollment_id = e.id)
             - (SELECT sum(a.total_cents) FROM agreement a WHERE a.enrollment_id = e.id),
           (SELECT count(*) FROM ledger_posting p WHERE p.about = e.reference AND p.kind = 'accepted'),
           (SELECT count(*) FROM history h WHERE h.subject_reference = e.reference AND h.old_state IS NULL
              AND h.new_state = 'started'),
           (SELECT count(*) FROM letter l WHERE l.about = e.reference AND l.template = 'enrollment_received'),
           (SELECT count(*) FROM signed_link k WHERE k.subject_reference = e.reference AND k.purpose = 'prove_email')
      FROM enrollment e
""")


def _engine(journey: Journey) -> sa.Engine:
    return sa.create_engine(Config.load(journey.server.environ).DATABASE_URL)


def _stored(journey: Journey) -> dict[str, tuple[int, ...]]:
    engine = _engine(journey)
    with engine.connect() as connection:
        rows = {row[0]: tuple(row[1:]) for row in connection.execute(WHOLE)}
    engine.dispose()
    return rows


def _keep_enrolling(journey: Journey, acknowledged: list[str], stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(OSError, http.client.HTTPException):
            acknowledged.append(enroll(journey.visitor(), **someone()))


def test_every_enrollment_that_was_answered_survives_the_kill_of_the_web_process(journey: Journey) -> None:
    chance = random.Random(20261121)
    for _ in range(repetitions(60)):
        acknowledged: list[str] = []
        stop = threading.Event()
        threads = [threading.Thread(target=_keep_enrolling, args=(journey, acknowledged, stop)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < CLIENTS:
            time.sleep(0.01)
        time.sleep(chance.random() / 2)
        journey.server.kill("web")
        stop.set()
        for thread in threads:
            thread.join()
        journey.server.start_web()
        stored = _stored(journey)
        assert set(acknowledged) <= set(stored)
        assert set(stored.values()) == {(1, 0, 1, 1, 1, 1)}
