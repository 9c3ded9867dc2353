"""Lists a page at a time: every row once, in both directions, with the same few statements."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.kernel.database import db, unit_of_work
from provider.kernel.paging import (
    KEY,
    MOST_COUNTED,
    Page,
    Sort,
    counted,
    keyset,
    limited,
    outer_order,
    turned,
    up_to,
    walk,
    way,
)
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from tests.harness.statements import statements

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def fill(number: int) -> list[int]:
    """Store so many tasks; returns their ids, newest first."""
    with unit_of_work():
        db.session.add_all(
            Task(
                reference=f"T-{n:08d}",
                kind=TaskKind.ANSWER_MESSAGE,
                key=f"k{n}",
                sentence="x",
                created_at=NOON,
                turn_on=NOON.date(),
            )
            for n in range(number)
        )
    return list(db.session.scalars(sa.select(Task.id).order_by(Task.id.desc())))


def test_pages_go_to_the_end_and_back_with_every_row_once(context: AppContext) -> None:
    ids = fill(8)
    page = keyset(sa.select(Task), Task.id, size=3)
    assert page.newer is None
    seen = [[row.id for row in page.rows]]
    while page.older is not None:
        page = keyset(sa.select(Task), Task.id, before=page.older, size=3)
        seen.append([row.id for row in page.rows])
    assert seen == [ids[:3], ids[3:6], ids[6:]]
    back = [seen[-1]]
    while page.newer is not None:
        page = keyset(sa.select(Task), Task.id, after=page.newer, size=3)
        back.append([row.id for row in page.rows])
    assert back == [ids[6:], ids[3:6], ids[:3]]
    assert page.older == ids[2]


def test_a_full_last_page_has_no_empty_one_after_it(context: AppContext) -> None:
    ids = fill(3)
    page = keyset(sa.select(Task), Task.id, size=3)
    assert ([row.id for row in page.rows], page.older, page.newer) == (ids, None, None)


def test_an_empty_list_is_one_empty_page(context: AppContext) -> None:
    page = keyset(sa.select(Task), Task.id)
    assert (page.rows, page.older, page.newer) == ([], None, None)
    beyond = keyset(sa.select(Task), Task.id, after=5)
    assert (beyond.rows, beyond.older, beyond.newer) == ([], None, None)


def test_a_row_that_comes_in_between_moves_no_page(context: AppContext) -> None:
    ids = fill(4)
    first = keyset(sa.select(Task), Task.id, size=2)
    with unit_of_work():
        db.session.add(
            Task(
                reference="T-NEW", kind=TaskKind.PAY_OUT, key="new", sentence="x", created_at=NOON, turn_on=NOON.date()
            )
        )
    second = keyset(sa.select(Task), Task.id, before=first.older, size=2)
    assert [row.id for row in second.rows] == ids[2:]


def test_a_list_limited_before_it_is_joined_turns_into_the_same_page(context: AppContext) -> None:
    ids = fill(5)
    few = limited(sa.select(Task.id), Task.id, before=ids[1], size=2).subquery()
    rows = db.session.scalars(sa.select(Task).join(few, few.c.id == Task.id).order_by(Task.id.desc())).all()
    page = turned(rows, before=ids[1], size=2)
    assert ([row.id for row in page.rows], page.older, page.newer) == (ids[2:4], ids[3], ids[2])


def test_counts_stop_at_a_hundred_and_come_in_one_statement(app: Flask, context: AppContext) -> None:
    fill(MOST_COUNTED + 1)
    with statements(app) as sent:
        found = counted({"all": up_to(sa.select(Task.id)), "few": up_to(sa.select(Task.id), 3)})
    assert (found, len(sent)) == ({"all": MOST_COUNTED, "few": 3}, 1)
    assert counted({}) == {}


def test_a_page_is_one_statement_whatever_its_rows(app: Flask, context: AppContext) -> None:
    fill(1)
    with statements(app) as one:
        keyset(sa.select(Task), Task.id)
    fill_more = [
        Task(
            reference=f"T-M{n}", kind=TaskKind.PAY_OUT, key=f"m{n}", sentence="x", created_at=NOON, turn_on=NOON.date()
        )
        for n in "ab"
    ]
    with unit_of_work():
        db.session.add_all(fill_more)
    with statements(app) as three:
        keyset(sa.select(Task), Task.id)
    assert (len(one), len(three)) == (1, 1)


NEWEST = Sort("newest", "Newest first", "Since")
OLDEST = Sort("oldest", "Oldest first", "Since", ascending=True, earlier="Older", later="Newer")
BY_KIND = Sort("kind", "By kind", "Kind")


def walked(
    sort: Sort, *, kinds: tuple[TaskKind, ...] = (), before: int | None = None, after: int | None = None
) -> Page[Task]:
    """A page of three tasks, put together from a way for each kind, in the order asked for."""
    direction, key = way(before, after)
    columns: list[Any] = [Task.kind, Task.id] if sort is BY_KIND else [Task.id]
    every: sa.Select[Any] = sa.select(*columns)
    row = every if sort is BY_KIND else None
    branches = [every.where(Task.kind == kind) for kind in kinds] or [every]
    ids = walk(branches, row=row, direction=direction, ascending=sort.ascending, size=3)
    query = sa.select(Task).join(ids, ids.c.id == Task.id)
    ordered = query.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))
    found = db.session.scalars(ordered, {KEY: key} if direction else {}).all()
    return turned(found, before=before, after=after, size=3, sort=sort)


@pytest.mark.parametrize("sort", [NEWEST, OLDEST, BY_KIND], ids=lambda sort: sort.name)
@pytest.mark.parametrize("kinds", [(), (TaskKind.PAY_OUT, TaskKind.ANSWER_MESSAGE)], ids=["one way", "two ways"])
def test_each_order_goes_to_the_end_and_back_with_every_row_once(
    context: AppContext, sort: Sort, kinds: tuple[TaskKind, ...]
) -> None:
    fill(8)
    with unit_of_work():
        db.session.execute(sa.update(Task).where(Task.id % 2 == 0).values(kind=TaskKind.PAY_OUT))
    orders: dict[Sort, list[Any]] = {NEWEST: [Task.id.desc()], OLDEST: [Task.id]}
    ids = list(db.session.scalars(sa.select(Task.id).order_by(*orders.get(sort, [Task.kind.desc(), Task.id.desc()]))))
    page = walked(sort, kinds=kinds)
    assert page.links[0][2] is None
    seen = [[row.id for row in page.rows]]
    while (on := page.links[1])[2] is not None:
        page = walked(sort, kinds=kinds, **{on[1]: on[2]})
        seen.append([row.id for row in page.rows])
    assert seen == [ids[:3], ids[3:6], ids[6:]]
    back = [seen[-1]]
    while (to := page.links[0])[2] is not None:
        page = walked(sort, kinds=kinds, **{to[1]: to[2]})
        back.append([row.id for row in page.rows])
    assert back == [ids[6:], ids[3:6], ids[:3]]
    assert [link[0] for link in page.links] == [sort.earlier, sort.later]


def test_what_stands_on_two_ways_is_shown_once(context: AppContext) -> None:
    ids = fill(2)
    twice = [sa.select(Task.id), sa.select(Task.id).where(Task.state == "open")]
    both = walk(twice, direction=None, size=3)
    assert sorted(db.session.scalars(sa.select(both.c.id)), reverse=True) == ids
