"""R26: live payment keys refuse to start while a sample plan is on sale, and none is put on sale beside them."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.catalog.actions import SAMPLE, load_file
from provider.kernel import clock
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.datafiles import BrokenFile
from provider.kernel.starting import why_not
from provider.prepare import sample_with_live_keys
from provider.programs.models import Program
from provider.tuition import actions, queries
from provider.tuition.actions import SampleWithLiveKeys
from provider.tuition.models import TuitionPlan
from provider.tuition.rules import PlanDraft
from tests.harness.databases import Database
from tests.harness.server import ROOT, free_port

LIVE = {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_PUBLISHABLE_KEY": "pk_live_1"}
TEST = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"}
SENTENCE = re.compile(r"The keys of Stripe are live, and “[^”]+” of \w+ is a sample on sale")


@pytest.fixture
def live(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **LIVE))


@pytest.fixture
def real(live: None) -> Program:
    """A program that is sold by real plans alone, the others off sale."""
    with unit_of_work():
        db.session.execute(sa.update(TuitionPlan).values(sample=False))
    return db.session.scalars(sa.select(Program).order_by(Program.id).limit(1)).one()


def test_live_keys_and_a_sample_on_sale_are_refused_by_name(app: Flask, live: None) -> None:
    problem = why_not(app)
    assert problem is not None
    assert SENTENCE.match(problem)
    assert problem == sample_with_live_keys()


def test_test_keys_or_none_may_sell_samples(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not(app) is None
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], **TEST))
    assert why_not(app) is None


def test_real_plans_start_with_live_keys(app: Flask, real: Program) -> None:
    assert why_not(app) is None


@pytest.mark.parametrize("how", ["off sale", "retired"])
def test_a_sample_that_nobody_can_buy_stops_nothing(app: Flask, live: None, how: str) -> None:
    with unit_of_work():
        if how == "off sale":
            db.session.execute(sa.update(Program).values(on_sale=False))
        else:
            db.session.execute(sa.update(TuitionPlan).values(retired_at=clock.now()))
    assert why_not(app) is None


def test_one_sample_among_real_plans_is_found(app: Flask, real: Program) -> None:
    with unit_of_work():
        plan = queries.on_sale(real.id)[0]
        plan.sample = True
        title = plan.title
    assert f"“{title}” of {real.code}" in (why_not(app) or "")


def test_a_database_that_is_away_keeps_nobody_from_starting(app: Flask, live: None, database: Database) -> None:
    db.session.remove()
    db.engine.dispose()
    database.take_away()
    assert why_not(app) is None


def test_no_sample_plan_is_added_to_a_program_on_sale(real: Program) -> None:
    with unit_of_work():
        sold = queries.on_sale(real.id)[0]
        draft = replace(queries.draft(sold), slug="another", title="Another way", sample=True)
    with pytest.raises(SampleWithLiveKeys, match="“Another way” is a sample, and the keys of Stripe are live"):
        add(real, draft)


def add(program: Program, draft: PlanDraft) -> None:
    with unit_of_work():
        actions.add_plan(program=program, draft=draft, actor=SYSTEM, at=clock.now())


def test_no_plan_on_sale_is_made_a_sample(real: Program) -> None:
    sold = queries.on_sale(real.id)[0]
    draft = replace(queries.draft(sold), sample=True)
    with pytest.raises(SampleWithLiveKeys), unit_of_work():
        actions.replace_plan(plan=sold, draft=draft, actor=SYSTEM, at=clock.now())


def test_a_sample_is_made_real_while_the_keys_are_live(live: None) -> None:
    with unit_of_work():
        sold = db.session.scalars(sa.select(TuitionPlan).where(TuitionPlan.retired_at.is_(None))).first()
        assert sold is not None
        draft = replace(queries.draft(sold), sample=False)
        assert not actions.replace_plan(plan=sold, draft=draft, actor=SYSTEM, at=clock.now()).sample


def test_a_program_with_a_sample_plan_is_not_put_on_sale(live: None) -> None:
    program = db.session.scalars(sa.select(Program)).first()
    assert program is not None
    with pytest.raises(SampleWithLiveKeys):
        actions.check_sellable(program=program)


def test_a_catalog_of_samples_is_not_loaded(live: None) -> None:
    with unit_of_work():
        db.session.execute(sa.delete(TuitionPlan))
    with pytest.raises(BrokenFile, match="“All at once” is a sample, and the keys of Stripe are live"), unit_of_work():
        load_file(SAMPLE, actor=SYSTEM, at=clock.now())


@pytest.mark.parametrize("command", [["prepare"], ["worker", "--once"]], ids=["prepare", "worker"])
def test_processes_end_with_the_sentence(tmp_path: Path, command: list[str]) -> None:
    assert run(tmp_path, ["prepare"], {}).returncode == 0
    ended = run(tmp_path, command, LIVE)
    assert ended.returncode == 1
    assert SENTENCE.search(ended.stderr), ended.stderr


def test_an_empty_database_is_not_filled_with_samples_beside_live_keys(tmp_path: Path) -> None:
    ended = run(tmp_path, ["prepare"], LIVE)
    assert ended.returncode == 1
    assert "is a sample, and the keys of Stripe are live" in ended.stderr


def test_the_web_ends_with_the_sentence_instead_of_trying_again(tmp_path: Path) -> None:
    assert run(tmp_path, ["prepare"], {}).returncode == 0
    gunicorn = [str(ROOT / ".venv/bin/gunicorn"), "--config", "python:provider.server", "--no-control-socket"]
    ended = start(tmp_path, gunicorn, LIVE)
    assert ended.returncode == 3
    assert SENTENCE.search(ended.stderr), ended.stderr


def run(folder: Path, command: list[str], keys: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return start(folder, [sys.executable, "-m", "flask", "--app", "provider", *command], keys)


def start(folder: Path, command: list[str], keys: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    own = {"PORT": str(free_port()), "INSTANCE_DIR": str(folder), "WEB_WORKERS": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | own | keys, capture_output=True, text=True, timeout=60, check=False
    )
