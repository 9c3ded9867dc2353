"""The process that solves a plan: killed, failing, or left alone, it costs nothing but another try."""

import datetime as dt
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.externships import plan_queries, plan_reading, plan_solver, plans
from provider.externships.fitting import Weights
from provider.externships.models import PlacementPlan, PlanRow
from provider.externships.plan_columns import Question, Wanted
from provider.externships.plan_solver import SolverEnded
from provider.externships.planning import PlanState
from provider.jobs.models import Job
from provider.jobs.rules import MOST_ATTEMPTS, JobState
from provider.jobs.worker import run_due
from provider.kernel.database import db, unit_of_work
from tests.harness.externs import ASKED, COORDINATOR, asked
from tests.harness.money import kept
from tests.harness.sites import supply

NOW = ASKED + dt.timedelta(days=3)
LATER = dt.timedelta(minutes=31)
ROWS = sa.select(sa.func.count()).select_from(PlanRow)


@pytest.fixture(autouse=True)
def _inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def plan() -> str:
    supply()
    asked()
    with unit_of_work():
        return plans.start(actor=COORDINATOR, at=NOW).reference


def stands(plan: str) -> tuple[PlanState, int]:
    """Return the state of a plan and how many rows there are."""
    found = kept(plan_queries.by_reference(plan)).state, db.session.scalars(ROWS).one()
    db.session.remove()
    return found


def solvers() -> list[int]:
    """Return the processes that solve plans for this one."""
    children = [one for file in Path("/proc/self/task").glob("*/children") for one in _read(file).split()]
    return [int(child) for child in children if b"plan_process" in _read(Path(f"/proc/{int(child)}/cmdline"))]


def _read(file: Path) -> bytes:
    with suppress(OSError):  # whose it was has ended
        return file.read_bytes()
    return b""


@contextmanager
def whenever_one_runs(act: Callable[[int], None]) -> Iterator[None]:
    """Do something to each process that solves a plan, as soon as it is there."""
    stop, seen = threading.Event(), set[int]()

    def watch() -> None:
        while not stop.wait(0.002):
            for one in set(solvers()) - seen:
                seen.add(one)
                act(one)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def kill(solver: int) -> None:
    os.kill(solver, signal.SIGKILL)


def test_a_solver_that_is_killed_leaves_nothing_and_the_next_try_makes_the_plan(plan: str) -> None:
    with whenever_one_runs(kill), pytest.raises(SolverEnded, match="the solver ended with -9"):
        plans.solve(plan, now=NOW)
    assert stands(plan) == (PlanState.SOLVING, 0)
    plans.solve(plan, now=NOW)
    assert stands(plan) == (PlanState.SOLVED, 1)
    assert solvers() == []


def test_a_solver_that_is_killed_each_time_is_given_up_and_the_page_says_so(plan: str) -> None:
    with whenever_one_runs(kill):
        for attempt in range(MOST_ATTEMPTS):
            run_due(NOW + attempt * LATER)
    found = kept(plan_queries.by_reference(plan))
    assert (found.state, found.trouble) == (PlanState.FAILED, plans.GIVEN_UP)
    job = db.session.scalars(sa.select(Job).where(Job.kind == plans.SOLVE)).one()
    assert (job.state, job.attempts) == (JobState.FAILED, MOST_ATTEMPTS)
    assert job.last_error is not None
    assert "the solver ended with -9" in job.last_error


def test_a_plan_that_is_dropped_meanwhile_stays_so(plan: str, app: Flask) -> None:
    def drop(_solver: int) -> None:
        with app.app_context(), unit_of_work():
            plans.drop(plan=plan_queries.by_reference(plan, lock=True), actor=COORDINATOR, at=NOW)

    with whenever_one_runs(drop):
        plans.solve(plan, now=NOW)
    assert stands(plan) == (PlanState.DROPPED, 0)
    assert solvers() == []


def test_a_fault_in_the_solver_is_told_by_its_end_and_its_words_stand_in_the_log(
    plan: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with unit_of_work():
        db.session.execute(sa.update(PlacementPlan).values(seed=-1))  # no dice have such a number
    with pytest.raises(SolverEnded, match="the solver ended with 1"):
        plans.solve(plan, now=NOW)
    assert "ValueError" in capfd.readouterr().err
    assert stands(plan) == (PlanState.SOLVING, 0)


def test_a_solver_that_nobody_asks_any_more_ends(capfd: pytest.CaptureFixture[str]) -> None:
    process = subprocess.Popen(plan_solver.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.communicate(timeout=60)
    assert (process.returncode, "EOFError" in capfd.readouterr().err) == (1, True)


def test_whoever_stops_asking_leaves_no_solver_behind() -> None:
    with suppress(KeyboardInterrupt), plan_solver.started() as solver:
        assert solver.process.poll() is None
        raise KeyboardInterrupt
    assert solver.process.returncode == -signal.SIGKILL


def test_one_that_has_ended_before_it_is_asked_is_told_of() -> None:
    question = Question(plan_reading.read(now=NOW), Wanted({}, ()), Weights(0, 0, 0), 50, 1)
    with plan_solver.started() as solver:
        kill(solver.process.pid)
        solver.process.wait()
        with pytest.raises(SolverEnded, match="-9"):
            solver.ask(question)
