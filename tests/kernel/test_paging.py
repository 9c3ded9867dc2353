"""Lists a page at a time: every row once, in both directions, with the same few statements."""

import datetime as dt

import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.kernel.database import db, unit_of_work
from provider.kernel.paging import MOST_COUNTED, counted, keyset, limited, turned, up_to
from provider.tasks.models import Task
from provider.tasks.rules import TaskKind
from tests.harness.statements import statements

NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def fill(number: int) -> list[int]:
    """Store so many tasks; returns their ids, newest first."""
    with unit_of_work():
        db.session.add_all(
            Task(reference=f"T-{n:08d}", kind=TaskKind.ANSWER_MESSAGE, key=f"k{n}", sentence="x", created_at=NOON)
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
        db.session.add(Task(reference="T-NEW", kind=TaskKind.PAY_OUT, key="new", sentence="x", created_at=NOON))
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
        Task(reference=f"T-M{n}", kind=TaskKind.PAY_OUT, key=f"m{n}", sentence="x", created_at=NOON) for n in "ab"
    ]
    with unit_of_work():
        db.session.add_all(fill_more)
    with statements(app) as three:
        keyset(sa.select(Task), Task.id)
    assert (len(one), len(three)) == (1, 1)
