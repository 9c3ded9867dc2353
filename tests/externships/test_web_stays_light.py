"""Web process and worker show plans, ask for them and make them without the solver, which has its own process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from config import Config
from provider.accounts.rules import Role
from provider.app import create_app
from provider.externships import plans
from provider.kernel import clock
from provider.kernel.database import unit_of_work
from tests.harness.externs import ASKED, COORDINATOR, asked
from tests.harness.sites import supply
from tests.harness.stories import sign_in, staff
from tests.harness.visitor import Visitor

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "ortools", "pandas")
SETTINGS = ("DATABASE_URL", "SECRET_KEY", "INSTANCE_DIR", "PASSWORD_MEMORY_KIB", "PASSWORD_ROUNDS")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_neither_pages_nor_the_job_of_a_plan_load_the_solver(app: Flask, config: Config) -> None:
    with app.app_context():
        supply()
        wish = asked()
        with unit_of_work():
            solved = plans.start(actor=COORDINATOR, at=ASKED).reference
        plans.solve(solved, now=ASKED)
    email = staff(app, Role.COORDINATOR)
    given = {name: str(getattr(config, name)) for name in SETTINGS}
    command = [sys.executable, "-m", "tests.externships.test_web_stays_light", email, wish, solved]
    answer = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ) | given, stdout=subprocess.PIPE, check=True, text=True
    )
    assert json.loads(answer.stdout.splitlines()[-1]) == {
        "started": [],
        "pages": [],
        "job": [],
    }


def loaded() -> list[str]:
    """Return which of the heavy libraries this process has."""
    return sorted(name for name in HEAVY if name in sys.modules)


def main(email: str, wish: str, solved: str) -> dict[str, list[str]]:
    """Be a web process that shows every page around plans, then a worker that solves one."""
    app = create_app(Config.load(os.environ))
    started, visitor = loaded(), Visitor(app)
    for path in ("/", "/externships", "/programs/ccma"):
        visitor.get(path)
    sign_in(visitor, email)
    for path in (
        "/staff",
        "/staff/externships",
        f"/staff/externships/{wish}",
        "/staff/openings",
        "/staff/sites",
        f"/staff/plans/{solved}",
        f"/staff/plans/{solved}/students/{wish}",
        f"/staff/externships/{wish}/places",
    ):
        visitor.get(path)
    assert "Clinic" in visitor.submit({}, form=0).text  # the place is offered by hand
    visitor.get("/staff/plans")
    asked_for = visitor.submit({}, form=0).path.rpartition("/")[2]
    pages = loaded()
    with app.app_context():
        plans.solve(asked_for, now=clock.now())
    return {"started": started, "pages": pages, "job": loaded()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
