"""What an audit asks of history: each filter alone and together, by stretches and without, on pages."""

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask

from provider.history import blocks
from provider.history.actions import note
from provider.history.changes import changes
from provider.history.models import HistoryBlock
from provider.history.rules import Sought, second_of
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from tests.harness.statements import statements

BEGAN = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SAM, ANA = Actor(ActorKind.STAFF, "P-22222222", "a1"), Actor(ActorKind.STUDENT, "P-33333333", "a2")
VISITOR = Actor(ActorKind.VISITOR, None, "69a42dc000000001")


class Thing:
    """Something that history can name."""

    def __init__(self, kind: str, reference: str) -> None:
        self.__tablename__ = kind
        self.reference = reference


@pytest.fixture
def told(empty_app: Flask) -> Iterator[None]:
    """A hundred changes, ten seconds apart, by four actors on three kinds of records."""
    kinds = (("enrollment", "enrollment.started"), ("program", "program.put_on_sale"), ("payment", "payment.captured"))
    actors = (SYSTEM, SAM, ANA, VISITOR)
    with empty_app.app_context(), unit_of_work():
        for number in range(100):
            kind, event = kinds[number % 3]
            thing, at = Thing(kind, f"X-{number % 10}"), BEGAN + number * dt.timedelta(seconds=10)
            note(thing, event, actor=actors[number % 4], at=at, about=f"E-{number % 7}", personal={"number": number})
    with empty_app.app_context():
        yield


def numbers(sought: Sought, **keys: int) -> list[int]:
    """Return the numbers of the changes that are found, in the order they are shown."""
    return [row.personal["number"] for row in changes(sought, **keys).rows if row.personal and "number" in row.personal]


def at(number: int) -> dt.datetime:
    return BEGAN + number * dt.timedelta(seconds=10)


ALL = range(99, -1, -1)
FILTERS = {
    "all": (Sought(), ALL),
    "an actor": (Sought(actors=(SAM.reference or "",)), [n for n in ALL if n % 4 == 1]),
    "two actors": (Sought(actors=("P-22222222", "P-33333333")), [n for n in ALL if n % 4 in {1, 2}]),
    "nobody of that name": (Sought(actors=()), []),
    "students": (Sought(actor_kind=ActorKind.STUDENT), [n for n in ALL if n % 4 == 2]),
    "visitors": (Sought(actor_kind=ActorKind.VISITOR), [n for n in ALL if n % 4 == 3]),
    "a record": (Sought(reference="X-4"), [n for n in ALL if n % 10 == 4]),
    "around a record": (Sought(reference="E-4"), [n for n in ALL if n % 7 == 4]),
    "a common kind": (Sought(kind="enrollment"), [n for n in ALL if n % 3 == 0]),
    "a rare kind": (Sought(kind="program"), [n for n in ALL if n % 3 == 1]),
    "a common event": (Sought(event="enrollment.started"), [n for n in ALL if n % 3 == 0]),
    "a rare event": (Sought(event="payment.captured"), [n for n in ALL if n % 3 == 2]),
    "no such event": (Sought(event="payment.lost"), []),
    "a request": (Sought(request_id="a1"), [n for n in ALL if n % 4 == 1]),
    "no such request": (Sought(request_id="a9"), []),
    "from an instant, included": (Sought(begin=at(90)), [n for n in ALL if n >= 90]),
    "to an instant, not included": (Sought(end=at(10)), [n for n in ALL if n < 10]),
    "a period": (Sought(begin=at(42), end=at(50)), [n for n in ALL if 42 <= n < 50]),
    "a period before anything": (Sought(end=BEGAN), []),
    "a period after everything": (Sought(begin=at(100)), []),
    "everything at once": (
        Sought(actors=("P-22222222",), actor_kind=ActorKind.STAFF, reference="E-4", kind="payment",
               event="payment.captured", begin=BEGAN, end=at(100), request_id="a1"),
        [n for n in ALL if n % 4 == 1 and n % 7 == 4 and n % 3 == 2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [0, 7, 10])
def test_each_filter_finds_the_same_with_and_without_stretches(
    told: None, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    if size:
        monkeypatch.setattr(blocks, "BLOCK", size)
        with unit_of_work():
            assert blocks.mark_blocks(now=at(99) + dt.timedelta(hours=1), most=1_000) > 5
    found = {name: numbers(sought, size=100) for name, (sought, _) in FILTERS.items()}
    assert found == {name: list(wanted) for name, (_, wanted) in FILTERS.items()}


def test_a_period_is_found_although_rows_were_written_out_of_order(told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 10)
    with unit_of_work():
        note(Thing("task", "T-1"), "task.done", actor=SAM, at=at(3), personal={"number": 1000})
        for number in range(101, 131):
            note(Thing("task", "T-1"), "task.done", actor=SAM, at=at(number), personal={"number": number})
        blocks.mark_blocks(now=at(130) + dt.timedelta(hours=1), most=1_000)
        note(Thing("task", "T-1"), "task.done", actor=SAM, at=at(4), personal={"number": 1001})
    assert numbers(Sought(begin=at(2), end=at(6))) == [1001, 1000, 5, 4, 3, 2]


def test_pages_show_each_change_once_in_both_directions(told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 9)
    with unit_of_work():
        blocks.mark_blocks(now=at(60) + dt.timedelta(hours=1), most=1_000)
    for sought, wanted in FILTERS.values():
        if sought == Sought():
            continue
        pages = [changes(sought, size=4)]
        while pages[-1].older is not None:
            pages.append(changes(sought, before=pages[-1].older, size=4))
        assert [row.personal["number"] for page in pages for row in page.rows if row.personal] == list(wanted)
        back = [pages[-1]]
        while back[-1].newer is not None:
            back.append(changes(sought, after=back[-1].newer, size=4))
        assert sum(len(page.rows) for page in back) == len(list(wanted))


def test_stretches_are_noted_once_and_only_when_they_are_settled(told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 10)
    with unit_of_work():
        assert blocks.mark_blocks(now=BEGAN, most=1_000) == 0
        assert blocks.mark_blocks(now=at(99) + dt.timedelta(hours=1), most=3) == 3
        assert blocks.mark_blocks(now=at(99) + dt.timedelta(hours=1), most=1_000) > 3
        assert blocks.mark_blocks(now=at(99) + dt.timedelta(hours=1), most=1_000) == 0
    ends = [0, *(block.last_id for block in db.session.query(HistoryBlock).order_by(HistoryBlock.first_id))]
    assert ends == list(range(0, ends[-1] + 1, 10))


def test_the_request_of_somebody_who_was_not_signed_in_is_found_by_its_second(
    told: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Sought(request_id="69a42dc0abcdef01")
    second, stranger = second_of(asked.request_id), Actor(ActorKind.VISITOR, None, asked.request_id)
    assert second == dt.datetime.fromtimestamp(0x69A42DC0, tz=dt.UTC)
    with unit_of_work():
        for number in (0, 999):
            when = second + dt.timedelta(milliseconds=number)
            note(Thing("enrollment", "E-9"), "enrollment.started", actor=stranger, at=when, personal={"number": number})
    assert numbers(asked) == [999, 0]
    monkeypatch.setattr(blocks, "BLOCK", 10)
    with unit_of_work():
        blocks.mark_blocks(now=second + dt.timedelta(hours=2), most=1_000)
    assert numbers(asked) == [999, 0]


STRANGE = ("", "a1", "zz", "69a42dc0", "0" * 16, "f" * 16, "-9a42dc000000001", "6" * 40)


def test_what_is_no_request_has_no_second() -> None:
    assert [second_of(strange) for strange in STRANGE] == [None] * len(STRANGE)


def test_each_page_costs_two_statements_at_most(empty_app: Flask, told: None) -> None:
    costs = set()
    for sought, _ in FILTERS.values():
        for size in (1, 3):
            with statements(empty_app) as counted:
                changes(sought, size=size)
            costs.add((bool(sought.begin or sought.end), len(counted)))
    assert costs == {(False, 1), (True, 2)}
