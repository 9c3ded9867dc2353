"""One contradiction planted for each invariant, past every guard: it is found by its name, and nothing else is."""

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.jobs.worker import run_due
from provider.kernel import triggers
from provider.kernel.database import db, unit_of_work
from provider.oversight import audit
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind, TaskState
from tests.harness.audit import assert_clean, found
from tests.harness.placed import do, enter, placed
from tests.harness.plants import PLANTS, Plant, earlier_purchase, right_purchase
from tests.harness.season import Season
from tests.harness.statements import statements
from tests.harness.story import END, Told
from tests.harness.vandal import plant


def test_a_school_in_which_everything_happened_has_no_breach(school: Flask) -> None:
    assert_clean(school, END)


def test_a_season_has_no_breach(app: Flask, cardless: Season) -> None:
    assert_clean(app)


def test_an_empty_school_has_no_breach(empty_app: Flask) -> None:
    assert_clean(empty_app)


def test_every_invariant_has_its_plant(school: Flask) -> None:
    with school.app_context():
        assert set(audit.invariants()) == set(PLANTS.values())


@pytest.mark.parametrize("act, name", PLANTS.items(), ids=[f"{act.__name__}: {name}" for act, name in PLANTS.items()])
def test_a_breach_is_found_by_its_name_and_nothing_else_is(school: Flask, told: Told, act: Plant, name: str) -> None:
    plant(school, told, act)
    lines = found(school, END)
    assert lines
    assert {line.partition(":")[0] for line in lines} == {name}, lines


def test_the_command_names_each_breach_and_ends_with_1(school: Flask, told: Told) -> None:
    runner = school.test_cli_runner()
    with time_machine.travel(END, tick=False):
        clean = runner.invoke(args=["audit"])
        plant(school, told, earlier_purchase)
        broken = runner.invoke(args=["audit"])
    assert clean.exit_code == 0
    names = [line.split()[1].rstrip(":") for line in clean.output.splitlines()[:-1]]
    assert names == sorted(set(PLANTS.values()))
    assert clean.output.splitlines()[-1] == f"All {len(names)} invariants hold."
    assert broken.exit_code == 1
    first, *_, last = broken.output.splitlines()
    assert first.startswith(f"BREACH purchase_is_the_first_payment: {told.active} counts 2026-11-21 13:00:00+00:00")
    assert last == "1 breaches found."


def test_it_reads_in_as_many_statements_however_many_placements_there_are(school: Flask) -> None:
    numbers = []
    for _ in range(2):
        with statements(school) as sent:
            found(school, END)
        numbers.append(len(sent))
        with time_machine.travel(END, tick=False), school.app_context():
            enter(who := placed())
            do(who)
            db.session.remove()
    assert numbers[0] == numbers[1]


def open_tasks(school: Flask) -> list[str]:
    with school.app_context():
        query = sa.select(Task).where(Task.kind == TaskKind.AUDIT_BREACH, Task.state == TaskState.OPEN)
        return [task.sentence for task in db.session.scalars(query.order_by(Task.id))]


def night(school: Flask, days: int) -> None:
    """Do the nightly audit."""
    at = END + dt.timedelta(days=days)
    with time_machine.travel(at, tick=False), school.app_context():
        run_due(at)


def test_the_nightly_audit_keeps_one_task_for_each_broken_invariant(school: Flask, told: Told) -> None:
    night(school, 1)
    assert open_tasks(school) == []
    plant(school, told, earlier_purchase)
    night(school, 2)
    night(school, 3)
    (sentence,) = open_tasks(school)
    assert sentence.startswith(f"purchase_is_the_first_payment: {told.active} counts 2026-11-21 13:00:00+00:00 as its")
    assert sentence.endswith("Show this to whoever runs the machine: flask audit names each.")
    plant(school, told, right_purchase)
    night(school, 4)
    assert open_tasks(school) == []


def test_history_and_ledger_cannot_be_rewritten(school: Flask) -> None:
    for table in triggers.APPEND_ONLY:
        for verb in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):  # noqa: S608 - our own names
            with school.app_context(), pytest.raises(sa.exc.DatabaseError, match="append-only"), unit_of_work():
                db.session.execute(sa.text(verb))
