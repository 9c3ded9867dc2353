import datetime as dt
import logging
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.jobs import actions, handlers, queries, worker
from provider.jobs.actions import enqueue
from provider.jobs.models import Job
from provider.jobs.rules import LEASE, LONGEST_OVERDUE, MOST_ATTEMPTS, JobState, Later, wait_after
from provider.jobs.worker import run_due
from provider.kernel.database import db, is_sqlite, unit_of_work
from provider.kernel.registry import JobHandler, Payload, Periodic, registry
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from tests.harness.databases import Database
from tests.harness.soak import repetitions

NOW = dt.datetime(2026, 11, 21, 15, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
Kinds = dict[str, JobHandler]

pytestmark = pytest.mark.usefixtures("context")


class Notes:
    """A job that writes down what it was given, and misbehaves as long as it is told to."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.trouble: Exception | None = None

    def __call__(self, payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG002 - a job's signature
        self.seen.append(payload["n"])
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def notes(kinds: Kinds) -> Notes:
    noted = Notes()
    kinds["note"] = noted
    return noted


def ask(n: int = 1, kind: str = "note", **times: dt.datetime) -> None:
    with unit_of_work():
        enqueue(kind=kind, key=f"{kind}:{n}", payload={"n": n}, at=NOW, **times)


def stored(key: str = "note:1") -> Job:
    db.session.rollback()
    job = queries.by_key(key)
    assert job is not None
    return job


def test_due_jobs_are_done_once_in_their_order(notes: Notes) -> None:
    ask(1, run_at=NOW + 2 * SECOND)
    ask(2, run_at=NOW + SECOND)
    ask(3, run_at=NOW + 3 * SECOND)
    assert [run_due(NOW), run_due(NOW + 2 * SECOND), run_due(NOW + 2 * SECOND)] == [0, 2, 0]
    assert notes.seen == [2, 1]
    assert (stored().state, stored().ended_at, stored().attempts) == (JobState.DONE, NOW + 2 * SECOND, 1)


def test_a_limit_leaves_the_rest(notes: Notes) -> None:
    for n in range(3):
        ask(n)
    assert [run_due(NOW, limit=2), run_due(NOW, limit=2)] == [2, 1]


def test_a_job_asked_for_by_a_job_is_done_in_the_same_round(kinds: Kinds, notes: Notes) -> None:
    def first(payload: Payload, *, now: dt.datetime) -> None:
        ask(2)

    kinds["first"] = first
    ask(1, kind="first")
    assert (run_due(NOW), notes.seen) == (2, [2])


def test_the_same_effect_is_asked_for_once(notes: Notes) -> None:
    ask()
    with pytest.raises(sa.exc.IntegrityError):
        ask()
    with unit_of_work():
        assert actions.enqueue_once(kind="note", key="note:1", payload={"n": 1}, at=NOW) is False
        assert actions.enqueue_once(kind="note", key="note:2", payload={"n": 2}, at=NOW) is True
    assert (run_due(NOW), notes.seen) == (2, [1, 2])


def test_a_failing_job_is_tried_again_later_and_stops_nobody(
    notes: Notes, kinds: Kinds, caplog: pytest.LogCaptureFixture
) -> None:
    poison = kinds["poison"] = Notes()
    poison.trouble = ValueError("no such thing\nwith a secret on the second line")
    ask(1, kind="poison")
    ask(2)
    with caplog.at_level(logging.WARNING):
        assert run_due(NOW) == 2
    assert (notes.seen, stored("poison:1").state, stored("poison:1").run_at) == (
        [2],
        JobState.QUEUED,
        NOW + 10 * SECOND,
    )
    assert caplog.messages == ["job poison:1 failed, attempt 1, again at 15:00:10Z: ValueError: no such thing"]
    assert stored("poison:1").last_error == "ValueError: no such thing"
    poison.trouble = None
    run_due(NOW + 10 * SECOND)
    assert (stored("poison:1").state, stored("poison:1").attempts) == (JobState.DONE, 2)


@pytest.mark.parametrize("trouble", [KeyError("x"), sa.exc.InvalidRequestError("x"), AssertionError(), MemoryError()])
def test_whatever_a_job_raises_the_others_go_on(notes: Notes, kinds: Kinds, trouble: Exception) -> None:
    kinds["poison"] = Notes()
    kinds["poison"].trouble = trouble  # type: ignore[attr-defined]
    ask(1, kind="poison")
    ask(2)
    assert (run_due(NOW), notes.seen) == (2, [2])


def test_a_job_that_breaks_the_session_leaves_it_whole(notes: Notes, kinds: Kinds) -> None:
    def break_it(payload: Payload, *, now: dt.datetime) -> None:
        db.session.add(Job(kind="x", key="note:2", payload={}, created_at=NOW, run_at=NOW))
        db.session.flush()

    kinds["break"] = break_it
    ask(1, kind="break")
    ask(2)
    assert (run_due(NOW), notes.seen, stored("note:2").state) == (2, [2], JobState.DONE)


def test_a_job_that_fails_every_time_becomes_a_task(notes: Notes) -> None:
    notes.trouble = ValueError("never")
    ask()
    at = NOW
    for attempt in range(1, MOST_ATTEMPTS + 1):
        run_due(at)
        assert len(notes.seen) == attempt
        at += wait_after(attempt)
    run_due(at)
    assert (stored().state, stored().attempts, len(notes.seen)) == (JobState.FAILED, MOST_ATTEMPTS, MOST_ATTEMPTS)
    (task,) = db.session.scalars(sa.select(Task))
    assert (task.kind, task.sentence) == (
        TaskKind.JOB_FAILED,
        "The background job note (note:1) failed every time and was given up. Show this to whoever runs the machine.",
    )


def test_a_room_may_speak_for_its_own_failed_jobs(notes: Notes) -> None:
    told: list[tuple[object, str, dt.datetime]] = []
    registry().failed_jobs["note"] = lambda payload, error, now: told.append((payload["n"], error, now))
    notes.trouble = ValueError("never")
    ask()
    with unit_of_work():
        db.session.execute(sa.update(Job).values(attempts=MOST_ATTEMPTS - 1))
    run_due(NOW)
    assert told == [(1, "ValueError: never", NOW)]
    assert db.session.scalars(sa.select(Task)).all() == []


def test_a_job_of_a_kind_that_nobody_knows_fails_visibly(kinds: Kinds) -> None:
    ask(kind="lost")
    run_due(NOW)
    assert stored("lost:1").last_error == "UnknownKind: lost"


def test_waiting_is_no_failure_and_can_be_ended(notes: Notes) -> None:
    notes.trouble = Later(NOW + dt.timedelta(hours=1), "the bank is closed", waits_for="bank")
    for n in (1, 2):
        ask(n)
    run_due(NOW)
    assert (stored().attempts, stored().waits_for, stored().last_error) == (0, "bank", "the bank is closed")
    assert run_due(NOW + dt.timedelta(minutes=59)) == 0
    notes.trouble = None
    with unit_of_work():
        assert (actions.wake("nobody", at=NOW + SECOND), actions.wake("bank", at=NOW + SECOND)) == (0, 2)
    assert (run_due(NOW + SECOND), notes.seen) == (2, [1, 2, 1, 2])


def test_due_jobs_of_one_kind_can_be_postponed(notes: Notes, kinds: Kinds) -> None:
    kinds["other"] = Notes()
    for n, kind in ((1, "note"), (2, "note"), (3, "other")):
        ask(n, kind=kind)
    until = NOW + dt.timedelta(minutes=5)
    with unit_of_work():
        assert actions.postpone(kind="note", until=until, waits_for="bank", at=NOW) == 2
    assert [run_due(NOW), run_due(until - SECOND), run_due(until)] == [1, 0, 2]


def test_a_dead_workers_job_is_taken_over_after_its_lease_and_not_before(notes: Notes) -> None:
    ask()
    with unit_of_work():
        lost = actions.lease(owner="a worker that is gone", now=NOW)
    assert lost is not None
    assert [run_due(NOW + LEASE - SECOND), run_due(NOW + LEASE)] == [0, 1]
    with unit_of_work():
        assert actions.end(lost, state=JobState.FAILED, at=NOW + 2 * LEASE) is False
        assert actions.put_back(lost, run_at=NOW, error="late") is False
    assert (notes.seen, stored().state, stored().last_error) == ([1], JobState.DONE, None)


def test_a_job_that_ends_every_worker_is_given_up_without_another(notes: Notes) -> None:
    ask()
    at = NOW
    for _ in range(MOST_ATTEMPTS):
        with unit_of_work():
            assert actions.lease(owner="a worker that is gone", now=at) is not None
        at += LEASE
    run_due(at)
    assert (notes.seen, stored().state, stored().last_error) == ([], JobState.FAILED, worker.VANISHED)


def test_four_workers_do_each_job_once(app: Flask, notes: Notes) -> None:
    number = repetitions(1000)
    with unit_of_work():
        for n in range(number):
            enqueue(kind="note", key=f"note:{n}", payload={"n": n}, at=NOW)
    at_once(app, lambda: run_due(NOW), 4)
    assert sorted(map(str, notes.seen)) == sorted(str(n) for n in range(number))


def test_without_the_lease_four_workers_would_do_a_job_four_times(app: Flask, notes: Notes) -> None:
    ask()
    together = threading.Barrier(4)

    def careless() -> None:
        job = db.session.scalars(queries.due(NOW)).one()
        together.wait(10)
        notes(job.payload, now=NOW)

    at_once(app, careless, 4)
    assert notes.seen == [1, 1, 1, 1]


def at_once(app: Flask, work: Callable[[], object], number: int) -> None:
    troubles: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                work()
        except BaseException as trouble:
            troubles.append(trouble)
            raise

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []


def test_a_periodic_job_runs_once_in_each_period_whoever_asks(app: Flask, notes: Notes, kinds: Kinds) -> None:
    seen: list[dt.datetime] = []
    kinds["daily"] = lambda payload, now: seen.append(now)  # noqa: ARG005 - a job's signature
    registry().periodic.append(Periodic("daily", lambda now: f"{now:%Y-%m-%d}"))
    at_once(app, lambda: run_due(NOW), 4)
    run_due(NOW + dt.timedelta(hours=8))
    run_due(NOW + dt.timedelta(hours=9) - SECOND)
    assert seen == [NOW]
    run_due(NOW + dt.timedelta(days=1))
    assert seen == [NOW, NOW + dt.timedelta(days=1)]


def test_done_jobs_are_forgotten_after_30_days_and_failed_ones_kept(notes: Notes) -> None:
    ask(1)
    run_due(NOW)
    notes.trouble = ValueError("never")
    ask(2)
    with unit_of_work():
        db.session.execute(sa.update(Job).where(Job.key == "note:2").values(attempts=MOST_ATTEMPTS))
    run_due(NOW)
    handlers.tidy({}, now=NOW + dt.timedelta(days=30))
    assert [job.key for job in db.session.scalars(sa.select(Job))] == ["note:1", "note:2"]
    handlers.tidy({}, now=NOW + dt.timedelta(days=30) + SECOND)
    assert [job.key for job in db.session.scalars(sa.select(Job))] == ["note:2"]


def test_a_job_that_nobody_does_is_a_breach(notes: Notes) -> None:
    ask()
    assert [job.key for job in queries.hanging(NOW + LONGEST_OVERDUE - SECOND)] == []
    assert [job.key for job in queries.hanging(NOW + LONGEST_OVERDUE)] == ["note:1"]


def test_the_worker_waits_out_a_database_that_is_away(
    app: Flask, notes: Notes, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "OUTAGE_SECONDS", 0.2)
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.02)
    stop = threading.Event()
    working = threading.Thread(target=worker.work, args=(app, stop))
    with caplog.at_level(logging.WARNING):
        working.start()
        try:
            db.session.remove()
            if is_sqlite():  # else the worker's own connection would be forgotten while it is open
                db.engine.dispose()
            database.take_away()
            wait_for(lambda: "the database cannot be used" in caplog.text)
            database.reset_to("empty")
            ask()
            wait_for(lambda: notes.seen == [1])
        finally:
            stop.set()
            working.join(10)
    assert working.is_alive() is False


def wait_for(happened: Callable[[], bool], seconds: float = 15) -> None:
    tick = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if happened():
            return
        tick.wait(0.05)
    pytest.fail("it did not happen in time")
