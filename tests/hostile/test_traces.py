"""Whoever changes something in the back office leaves a trace: who did it, in which request, and what was before."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.accounts.models import Person
from provider.accounts.rules import Role
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import ActorKind
from provider.kernel.database import db, unit_of_work
from provider.policies.models import StateFloorRow
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from tests.harness.checksums import checksums
from tests.harness.forms import BUTTONS, CASES, Sender, arrived, path_of
from tests.harness.room import Case
from tests.harness.season import Season

# Who did it comes from the request; that the row is stored is tried on either where the action is.
pytestmark = pytest.mark.one_database("sqlite")
# They ask or check; what follows them is tried elsewhere.
STORES_NOTHING = {"confirm", "completions", "sites", "import exams"}
OTHER_ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "program": {"title": "Another title"},
    "plan": {"title": "Another title"},
    "question again": {"answer": "Another answer."},
    "task's plan": {"due_on": f"{clock.now() + dt.timedelta(days=30):%Y-%m-%d}"},
    "roles": {"roles": "editor"},
    "site again": {"name": "Bayside Hospital"},
    "location again": {"street": "3 Main Street"},
    "site's contact again": {"title": "Director"},
    "affiliation again": {"notice_days": "90"},
    "opening again": {"places": "5"},
}
# A button that has nothing to do as the season stands is pressed after the one that gives it something to do.
FIRST = {
    "/staff/people/{colleague}/enable": "/staff/people/{colleague}/disable",
    "/staff/programs/{program}/sale": "/staff/programs/{program}/sale-end",
    "/staff/policies/floors/{floor}/off": "/staff/policies/floors/{floor}/on",
}
# Not without a form before them, rows chosen from a list, or something that the season does not have: an invitation, a
# second factor, a session by its name, a link that still opens. They are tried where they stand.
IN_STEPS = {
    "/staff/completions",
    "/staff/links/{signed}/revoke",
    "/staff/sites/import/rows",
    "/staff/exams/import/rows",
    "/staff/people/{colleague}/invitation",
    "/staff/people/{colleague}/invitation/withdrawal",
    "/staff/people/{colleague}/second-factor-reset",
    "/staff/people/{colleague}/sessions/end",
    "/staff/tasks/{task}/reopen",
}
FROM_LISTS = ("/many", "/many/results", "/export")
CHANGING = [case for case in CASES if isinstance(case.who, Role) and case.name not in STORES_NOTHING]
PRESSED = [
    path
    for path, who in BUTTONS.items()
    if isinstance(who, Role) and path not in IN_STEPS and not path.endswith(FROM_LISTS)
]


@pytest.fixture
def ready(school: Flask, season: Season) -> Flask:
    """The school with a law that can be turned on, before all others, and a task that nobody has."""
    with school.app_context(), unit_of_work():
        whole = {"keeps_money": False, "anchor": "purchase", "amount": 48, "unit": "hours"}
        db.session.execute(sa.update(StateFloorRow).values(**whole))
        db.session.execute(sa.update(Task).values(kind=TaskKind.ANSWER_MESSAGE, owner_reference=None))
    return school


def _traces(school: Flask, after: int) -> Sequence[History]:
    with school.app_context():
        return db.session.scalars(sa.select(History).where(History.id > after).order_by(History.id)).all()


def _newest(school: Flask) -> int:
    with school.app_context():
        return db.session.scalar(sa.select(sa.func.max(History.id))) or 0


def _check(school: Flask, email: str, after: int) -> None:
    with school.app_context():
        me = db.session.scalars(sa.select(Person.reference).where(Person.email == email)).one()
    rows = [row for row in _traces(school, after) if row.actor_kind is not ActorKind.SYSTEM]
    assert {(row.actor_kind.value, row.actor_reference) for row in rows} == {("staff", me)}
    requests = {row.request_id for row in rows}
    assert len(requests) == 1
    assert None not in requests


@pytest.mark.parametrize("case", CHANGING, ids=[case.name for case in CHANGING])
def test_each_form_leaves_who_filled_it_in_and_in_which_request(school: Flask, season: Season, case: Case) -> None:
    assert isinstance(case.who, Role)
    sender = Sender(school, season, case)
    after, before = _newest(school), checksums(school)
    status, text = sender.send(OTHER_ANSWERS.get(case.name, {}))
    assert status in {200, 303}, text[:3000]
    assert checksums(school) != before
    _check(school, season.staff[case.who], after)


@pytest.mark.parametrize("path", PRESSED)
def test_each_button_leaves_who_pressed_it_and_in_which_request(ready: Flask, season: Season, path: str) -> None:
    who = BUTTONS[path]
    assert isinstance(who, Role)
    visitor, address = arrived(ready, season, who), path_of(ready, season, path)
    visitor.get("/contact")
    sent = {"csrf_token": visitor.token()}
    if path in FIRST:
        visitor.client.post(path_of(ready, season, FIRST[path]), data=sent)
    after, before = _newest(ready), checksums(ready)
    assert visitor.client.post(address, data=sent).status_code == 303
    assert checksums(ready) != before
    _check(ready, season.staff[who], after)


OLD_AND_NEW = {
    "program": ("program.version_added", {"title"}),
    "plan": ("tuition_plan.added", {"title", "version"}),
    "question again": ("faq_item.changed", {"answer"}),
    "policy": ("refund_policy.added", {"hours", "summary", "effective_from"}),
}


@pytest.mark.parametrize("name", OLD_AND_NEW)
def test_an_edit_keeps_what_was_there_before_beside_what_is_there_now(school: Flask, season: Season, name: str) -> None:
    (case,) = [case for case in CASES if case.name == name]
    sender, after = Sender(school, season, case), _newest(school)
    sender.send(OTHER_ANSWERS.get(name, {}))
    event, fields = OLD_AND_NEW[name]
    (row,) = [row for row in _traces(school, after) if row.event == event]
    assert set(row.data["old"]) == set(row.data["new"]) == fields
    assert all(row.data["old"][field] != row.data["new"][field] for field in fields)
    for field, value in OTHER_ANSWERS.get(name, {}).items():
        assert row.data["new"][field] == value
