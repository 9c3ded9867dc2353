"""The unit of work: the only commit, whole or not at all, and what two writers at once do to each other."""

import datetime as dt
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.accounts.models import Throttle
from provider.kernel import database
from provider.kernel.database import Busy, NaiveTime, NestedUnit, db, retrying, rows_changed, unit_of_work
from provider.kernel.errors import DomainError
from tests.harness.databases import Database, Sqlite
from tests.harness.visitor import Visitor

NOON = dt.datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=dt.UTC)
THREADS = 8


def counter(key: str = "seat", tries: int = 0) -> Throttle:
    return Throttle(key=key, window_start=NOON, tries=tries)


def tries(key: str = "seat") -> int | None:
    """Return what is stored, read afresh."""
    db.session.rollback()
    return db.session.scalar(sa.select(Throttle.tries).where(Throttle.key == key))


def at_once(app: Flask, work: Callable[[], object], threads: int = THREADS) -> list[object]:
    """Do the work in so many threads at the same instant; returns what each returned or raised."""
    barrier = threading.Barrier(threads)
    results: list[object] = []

    def run() -> None:
        with app.app_context():
            barrier.wait()
            try:
                results.append(work())
            except (sa.exc.SQLAlchemyError, DomainError) as error:
                results.append(error)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results


def test_what_is_done_inside_is_kept(context: AppContext) -> None:
    with unit_of_work():
        db.session.add(counter(tries=3))
    assert tries() == 3


@pytest.mark.parametrize("error", [DomainError, ValueError, KeyboardInterrupt], ids=["refusal", "bug", "interrupt"])
def test_what_is_raised_inside_keeps_nothing(context: AppContext, error: type[BaseException]) -> None:
    with pytest.raises(error), unit_of_work():  # noqa: PT012 - the flush shows that the row had been sent
        db.session.add(counter())
        db.session.flush()
        raise error
    assert tries() is None
    with unit_of_work():
        db.session.add(counter())
    assert tries() == 0


def test_what_is_done_outside_is_not_kept(app: Flask, database: Database) -> None:
    refused = nullcontext() if isinstance(database, Sqlite) else pytest.raises(sa.exc.InternalError, match="read-only")
    with app.app_context(), refused:
        db.session.add(counter())
        db.session.flush()
    with app.app_context():
        assert tries() is None


def test_a_unit_inside_a_unit_is_refused(context: AppContext) -> None:
    with pytest.raises(NestedUnit), unit_of_work(), unit_of_work():
        pass
    with unit_of_work():
        db.session.add(counter())
    assert tries() == 0


def test_what_was_read_before_is_read_again_inside(app: Flask, context: AppContext) -> None:
    with unit_of_work():
        db.session.add(counter())
    row = db.session.scalars(sa.select(Throttle)).one()
    at_once(app, lambda: retrying(lambda: rows_changed(sa.update(Throttle).values(tries=7))), 1)
    with unit_of_work():
        assert row.tries == 7
        row.tries += 1
    assert tries() == 8


def test_a_naive_time_is_refused_and_an_instant_comes_back_in_utc(context: AppContext) -> None:
    with pytest.raises(sa.exc.StatementError) as caught, unit_of_work():
        db.session.add(Throttle(key="x", window_start=NOON.replace(tzinfo=None), tries=0))
    assert isinstance(caught.value.orig, NaiveTime)
    tokyo = dt.timezone(dt.timedelta(hours=9))
    with unit_of_work():
        db.session.add(Throttle(key="x", window_start=NOON.astimezone(tokyo), tries=0))
    db.session.expire_all()
    stored = db.session.scalars(sa.select(Throttle.window_start)).one()
    assert (stored, stored.tzinfo) == (NOON, dt.UTC)


def test_a_guarded_seat_is_taken_by_exactly_one_of_eight(app: Flask, context: AppContext) -> None:
    with unit_of_work():
        db.session.add(counter())
    take = sa.update(Throttle).where(Throttle.key == "seat", Throttle.tries < 1).values(tries=Throttle.tries + 1)
    assert sorted(at_once(app, lambda: retrying(lambda: rows_changed(take)))) == [0] * (THREADS - 1) + [1]  # type: ignore[type-var]
    assert tries() == 1


def test_without_the_guard_the_seat_is_taken_more_than_once(app: Flask, context: AppContext) -> None:
    with unit_of_work():
        db.session.add(counter())
    looked = threading.Barrier(THREADS)

    def take() -> bool:
        free = tries() == 0
        looked.wait()
        if free:
            retrying(lambda: rows_changed(sa.update(Throttle).values(tries=Throttle.tries + 1)))
        return free

    assert at_once(app, take) == [True] * THREADS
    assert tries() == THREADS


def test_two_who_insert_the_same_are_retried_until_one_finds_the_other(app: Flask, context: AppContext) -> None:
    def find_or_add() -> str:
        found = db.session.scalar(sa.select(Throttle).where(Throttle.key == "seat"))
        if found is None:
            time.sleep(0.05)
            db.session.add(counter(tries=1))
            db.session.flush()
            return "added"
        return "found"

    assert sorted(map(str, at_once(app, lambda: retrying(find_or_add)))) == ["added"] + ["found"] * (THREADS - 1)
    assert tries() == 1


def test_two_who_lock_each_other_out_are_retried(app: Flask, context: AppContext) -> None:
    with unit_of_work():
        db.session.add_all([counter("a"), counter("b")])
    first_round = threading.Barrier(2)
    orders = iter([("a", "b"), ("b", "a")])
    mutex = threading.Lock()

    def both() -> str:
        with mutex:
            order = next(orders)
        rounds = iter([True])

        def work() -> str:
            raise_one(order[0])
            if next(rounds, False) and not database.is_sqlite():
                first_round.wait()
            raise_one(order[1])
            return "done"

        return retrying(work)

    assert at_once(app, both, 2) == ["done", "done"]
    assert (tries("a"), tries("b")) == (2, 2)


def raise_one(key: str) -> None:
    rows_changed(sa.update(Throttle).where(Throttle.key == key).values(tries=Throttle.tries + 1))


def test_a_collision_that_does_not_end_is_given_up(context: AppContext) -> None:
    with unit_of_work():
        db.session.add(counter())
    attempts: list[int] = []

    def insert() -> None:
        attempts.append(1)
        db.session.add(counter())
        db.session.flush()

    with pytest.raises(sa.exc.IntegrityError):
        retrying(insert)
    assert len(attempts) == database.TRIES


def test_an_error_that_is_no_collision_is_not_repeated(context: AppContext) -> None:
    attempts: list[int] = []

    def wrong() -> None:
        attempts.append(1)
        db.session.execute(sa.text("SELECT * FROM no_such_table"))

    with pytest.raises(sa.exc.DBAPIError):
        retrying(wrong)
    assert attempts == [1]


HOLD_SQLITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(held_database: Database) -> Iterator[None]:
    """Keep writers of throttles out from another process (SQLite: the whole file, PostgreSQL: the table)."""
    if isinstance(held_database, Sqlite):
        command = [sys.executable, "-c", HOLD_SQLITE, str(held_database.file)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield
            assert holder.stdin is not None
            holder.stdin.close()
        return
    with psycopg.connect(held_database.url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE throttle IN EXCLUSIVE MODE")
        yield


def test_a_held_lock_is_a_sentence_after_five_seconds_and_nothing_is_stored(
    app: Flask, visitor: Visitor, database: Database
) -> None:
    visitor.get("/sign-in")
    with held(database):
        started = time.monotonic()
        values = {"email": "ana@example.org", "password": "a wrong password"}
        token = visitor.token()
        page = visitor.post("/sign-in", values, 503, token=token)
        waited = time.monotonic() - started
        reading = time.monotonic()
        assert visitor.client.get("/forgot-password").status_code == 200
        assert visitor.client.get("/links/rubbish").status_code == 410
        assert time.monotonic() - reading < 1
    assert page.response.headers["Retry-After"] == "5"
    assert page.words(".lead") == Busy.sentence
    assert 4.5 < waited < 8
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Throttle)) == 0
    visitor.post("/sign-in", values, 422, token=token)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Throttle)) == 3


def test_a_writer_that_waits_for_another_of_the_same_process_gives_up_in_time(
    app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database.is_sqlite():
        return  # PostgreSQL lets both write; its row locks are tested above
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    refused: list[object] = []
    with unit_of_work():
        db.session.add(counter())
        refused += at_once(app, lambda: retrying(lambda: "never"), 2)
    assert [type(error) for error in refused] == [Busy, Busy]
    assert at_once(app, lambda: retrying(lambda: "written"), 3) == ["written"] * 3
