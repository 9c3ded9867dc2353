import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.accounts import actions as accounts
from provider.accounts import queries as people
from provider.accounts.rules import Role
from provider.history.models import History
from provider.kernel import clock
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, retrying, unit_of_work
from provider.kernel.lifecycles import IllegalTransition
from provider.kernel.promises import NOBODY
from provider.tasks import actions, queries
from provider.tasks.actions import ClosedByItself, DueOutOfReach, OwnerCannotAct, TaskDone, TaskTaken
from provider.tasks.models import Task
from provider.tasks.queries import Asked
from provider.tasks.rules import TaskKind, TaskState
from tests.harness.stories import person, staff

NOON = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)  # a Monday, noon in New York
MONDAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)
SAM = Actor(ActorKind.STAFF, "P-22222222")
EVE = Actor(ActorKind.STAFF, "P-33333333")
BOTH = ("P-22222222", "P-33333333")


def written(sentence: str = "Call Ana", **more: object) -> str:
    values: dict[str, object] = {"about": None, "due_on": None, "owner": None, "may_own": BOTH, "actor": SAM}
    with unit_of_work():
        return actions.write(sentence=sentence, at=NOON, **(values | more)).reference  # type: ignore[arg-type]


def raised(key: str = "k", **more: object) -> str:
    with unit_of_work():
        values: dict[str, object] = {"kind": TaskKind.ANSWER_MESSAGE, "sentence": "Answer", "at": NOON} | more
        return actions.raise_task(key=key, **values).reference  # type: ignore[arg-type]


def task(reference: str) -> Task:
    db.session.rollback()
    return queries.by_reference(reference)


def plan(reference: str, owner: str | None = None, due_on: dt.date | None = None, at: dt.datetime = NOON) -> None:
    with unit_of_work():
        actions.plan(task=task_in(reference), owner=owner, due_on=due_on, may_own=BOTH, actor=SAM, at=at)


def task_in(reference: str) -> Task:
    return queries.by_reference(reference, lock=True)


def told(reference: str) -> list[tuple[str, dict[str, str], str | None]]:
    db.session.rollback()
    query = sa.select(History).where(History.subject_reference == reference).order_by(History.id)
    return [(row.event, row.data, row.actor_reference) for row in db.session.scalars(query)]


def listed(asked: Asked | None = None, **keys: int | None) -> list[str]:
    db.session.rollback()
    return [one.sentence for one in queries.page(asked or Asked(), **keys).rows]  # type: ignore[arg-type]


def test_every_change_of_a_task_is_remembered_with_who_made_it(context: AppContext) -> None:
    reference = written(due_on=MONDAY, owner="P-22222222")
    plan(reference, "P-33333333", MONDAY + DAY)
    plan(reference, None, MONDAY + DAY)
    with unit_of_work():
        actions.take(task=task_in(reference), may_own=BOTH, actor=EVE, at=NOON)
    with unit_of_work():
        actions.finish(task=task_in(reference), remark="Called her.", actor=EVE, at=NOON)
    with unit_of_work():
        actions.reopen(task=task_in(reference), actor=SAM, at=NOON)
    assert told(reference) == [
        ("task.raised", {"kind": "follow_up", "due_on": "2026-11-23", "owner": "P-22222222"}, "P-22222222"),
        ("task.due_changed", {"old": "2026-11-23", "new": "2026-11-24"}, "P-22222222"),
        ("task.assigned", {"old": "P-22222222", "new": "P-33333333"}, "P-22222222"),
        ("task.freed", {"old": "P-33333333"}, "P-22222222"),
        ("task.assigned", {"new": "P-33333333"}, "P-33333333"),
        ("task.done", {}, "P-33333333"),
        ("task.reopened", {}, "P-22222222"),
    ]
    again = task(reference)
    assert (again.state, again.done_at, again.done_by, again.done_note) == (TaskState.OPEN, None, None, None)
    assert (again.owner_reference, again.due_on, again.turn_on) == ("P-33333333", MONDAY + DAY, MONDAY + DAY)


def test_nothing_changes_and_nothing_is_told_when_owner_and_date_stay(context: AppContext) -> None:
    reference = written(due_on=MONDAY, owner="P-22222222")
    plan(reference, "P-22222222", MONDAY, at=NOON + 30 * DAY)  # long overdue by then, and nobody asks again
    assert [event for event, _, _ in told(reference)] == ["task.raised"]


@pytest.mark.parametrize("day", [MONDAY - DAY, MONDAY + 367 * DAY], ids=["yesterday", "in more than a year"])
def test_a_date_that_cannot_be_meant_is_refused(context: AppContext, day: dt.date) -> None:
    with pytest.raises(DueOutOfReach):
        written(due_on=day)
    reference = written()
    with pytest.raises(DueOutOfReach):
        plan(reference, due_on=day)
    assert task(reference).due_on is None


def test_a_task_is_given_only_to_somebody_who_may_do_it(context: AppContext) -> None:
    with pytest.raises(OwnerCannotAct):
        written(owner="P-44444444")
    reference = written()
    with pytest.raises(OwnerCannotAct):
        plan(reference, "P-44444444")
    with pytest.raises(OwnerCannotAct), unit_of_work():
        actions.take(task=task_in(reference), may_own=("P-22222222",), actor=EVE, at=NOON)
    assert task(reference).owner_reference is None


def test_what_a_colleague_has_taken_cannot_be_taken(context: AppContext) -> None:
    reference = written(owner="P-22222222")
    with pytest.raises(TaskTaken), unit_of_work():
        actions.take(task=task_in(reference), may_own=BOTH, actor=EVE, at=NOON)
    with unit_of_work():
        actions.take(task=task_in(reference), may_own=BOTH, actor=SAM, at=NOON)
    assert len(told(reference)) == 1


def test_of_two_who_take_a_task_at_once_one_gets_it(app: Flask) -> None:
    with app.app_context():
        reference = written()
    start, outcomes = threading.Barrier(2), []

    def take(actor: Actor) -> None:
        with app.app_context():
            start.wait()
            try:
                retrying(lambda: actions.take(task=task_in(reference), may_own=BOTH, actor=actor, at=NOON))
                outcomes.append("mine")
            except TaskTaken:
                outcomes.append("taken")

    threads = [threading.Thread(target=take, args=(actor,)) for actor in (SAM, EVE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["mine", "taken"]
    with app.app_context():
        assert [event for event, _, _ in told(reference)] == ["task.raised", "task.assigned"]


def test_a_done_task_is_neither_taken_nor_given_nor_done_again(context: AppContext) -> None:
    reference = written()
    with unit_of_work():
        actions.finish(task=task_in(reference), remark=None, actor=SAM, at=NOON)
    with pytest.raises(TaskDone):
        plan(reference, "P-22222222")
    with pytest.raises(TaskDone), unit_of_work():
        actions.take(task=task_in(reference), may_own=BOTH, actor=SAM, at=NOON)
    with pytest.raises(TaskDone), unit_of_work():
        actions.finish(task=task_in(reference), remark=None, actor=SAM, at=NOON)


def test_an_open_task_is_not_opened_again_nor_one_that_closed_by_itself(context: AppContext) -> None:
    reference = raised()
    with pytest.raises(IllegalTransition), unit_of_work():
        actions.reopen(task=task_in(reference), actor=SAM, at=NOON)
    with unit_of_work():
        actions.finish_by_key(key="k", at=NOON)
        actions.finish_by_key(key="k", at=NOON)
    with pytest.raises(ClosedByItself), unit_of_work():
        actions.reopen(task=task_in(reference), actor=SAM, at=NOON)
    assert [event for event, _, _ in told(reference)] == ["task.raised", "task.done"]


def test_open_tasks_stand_by_the_day_their_turn_comes_and_done_ones_newest_first(context: AppContext) -> None:
    written("in two days", due_on=MONDAY + 2 * DAY)
    raised("overdue", sentence="overdue", due_on=MONDAY - DAY)
    written("any day")
    written("tomorrow", due_on=MONDAY + DAY)
    assert listed() == ["overdue", "any day", "tomorrow", "in two days"]
    assert listed(Asked(overdue_on=MONDAY)) == ["overdue"]
    assert listed(Asked(overdue_on=MONDAY + 2 * DAY)) == ["overdue", "tomorrow"]
    for day, sentence in enumerate(("tomorrow", "overdue", "any day")):
        found = next(one for one in queries.page(Asked()).rows if one.sentence == sentence).reference
        with unit_of_work():
            actions.finish(task=task_in(found), remark=None, actor=SAM, at=NOON + day * DAY)
    assert listed(Asked(state=TaskState.DONE)) == ["any day", "overdue", "tomorrow"]


def test_tasks_are_narrowed_to_mine_to_nobodys_and_to_kinds(context: AppContext) -> None:
    written("mine", owner="P-22222222")
    written("hers", owner="P-33333333")
    raised(sentence="message")
    assert listed(Asked(owner="P-22222222")) == ["mine"]
    assert listed(Asked(owner=NOBODY)) == ["message"]
    assert listed(Asked(kinds=(TaskKind.FOLLOW_UP,))) == ["mine", "hers"]
    assert listed(Asked(kinds=(TaskKind.FOLLOW_UP, TaskKind.ANSWER_MESSAGE))) == ["mine", "hers", "message"]


@pytest.mark.parametrize("state", TaskState)
def test_pages_go_down_and_up_again_without_losing_a_row(context: AppContext, state: TaskState) -> None:
    for number in range(7):
        reference = written(f"{number}", due_on=MONDAY + (number // 3) * DAY)
        if state is TaskState.DONE:
            with unit_of_work():
                actions.finish(task=task_in(reference), remark=None, actor=SAM, at=NOON + (2 - number // 3) * DAY)
    db.session.rollback()
    asked = Asked(state=state)
    everything = [one.sentence for one in queries.page(asked, size=7).rows]
    assert len(everything) == 7
    first = queries.page(asked, size=3)
    assert (first.newer, [one.sentence for one in first.rows]) == (None, everything[:3])
    second = queries.page(asked, before=first.older, size=3)
    assert [one.sentence for one in second.rows] == everything[3:6]
    last = queries.page(asked, before=second.older, size=3)
    assert (last.older, [one.sentence for one in last.rows]) == (None, everything[6:])
    back = queries.page(asked, after=last.newer, size=3)
    assert [one.sentence for one in back.rows] == everything[3:6]
    top = queries.page(asked, after=back.newer, size=3)
    assert (top.newer, [one.sentence for one in top.rows]) == (None, everything[:3])


def test_a_locked_account_gives_its_tasks_back_to_nobody(app: Flask) -> None:
    locked, other = (staff(app, Role.BURSAR) for _ in range(2))
    with app.app_context():
        doers = people.doers(TaskKind.FOLLOW_UP)
        mine, hers = (
            written(name, owner=person(app, email), may_own=doers) for name, email in (("a", locked), ("b", other))
        )
        with unit_of_work():
            who = people.by_reference(person(app, locked), lock=True)
            accounts.disable(person=who, actor=SYSTEM, at=clock.now())
        assert (task(mine).owner_reference, task(hers).owner_reference) == (None, person(app, other))
        assert told(mine)[-1] == ("task.freed", {"old": person(app, locked)}, None)
        assert person(app, locked) not in people.doers(TaskKind.FOLLOW_UP)


def test_who_changes_roles_keeps_what_the_new_ones_permit(app: Flask) -> None:
    email = staff(app, Role.BURSAR)
    with app.app_context():
        who = person(app, email)
        follow_up = written(owner=who, may_own=(who,))
        payment = raised("m", kind=TaskKind.RETURN_PAYMENT)
        with unit_of_work():
            actions.plan(
                task=task_in(payment), owner=who, due_on=None, may_own=people.doers(TaskKind.RETURN_PAYMENT),
                actor=SAM, at=NOON,
            )  # fmt: skip
        for roles, owners in (({Role.COORDINATOR}, (who, None)), ({Role.AUDITOR}, (None, None))):
            with unit_of_work():
                found = people.by_reference(who, lock=True)
                accounts.set_roles(person=found, roles=frozenset(roles), actor=SYSTEM, at=clock.now())
            assert (task(follow_up).owner_reference, task(payment).owner_reference) == owners
