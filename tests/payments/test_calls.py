import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.ctx import AppContext

from provider.kernel.database import db, unit_of_work
from provider.payments import calls
from provider.payments.gateway import Gateway, Refused, Unreachable
from provider.payments.models import ServiceCall
from provider.payments.rules import CallKind, CallState, key_serves
from provider.payments.service import InsideUnit, ask
from tests.harness.money import at_once

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
CHARGE = CallKind.CHARGE


class Line:
    """A line to the service of which only what passes through it matters here."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.lookups = 0
        self.found: str | None = None
        self.answer: str | Exception = "pi_1"

    def send(self, _gateway: Gateway, key: str) -> str:
        self.keys.append(key)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def find(self, _gateway: Gateway) -> str | None:
        self.lookups += 1
        return self.found


@pytest.fixture
def line(app: Flask, context: AppContext, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setitem(app.extensions, "payment_service", object())
    with unit_of_work():
        calls.store(kind=CHARGE, subject="CH-22222222", at=NOON)
    return Line()


def through(line: Line, now: dt.datetime) -> str:
    return calls.through(kind=CHARGE, subject="CH-22222222", send=line.send, find=line.find, now=now)


def rows() -> list[ServiceCall]:
    return list(db.session.scalars(sa.select(ServiceCall).order_by(ServiceCall.number)))


def test_a_key_serves_less_than_23_hours_from_the_first_attempt() -> None:
    assert key_serves(NOON, NOON + 23 * HOUR - dt.timedelta(microseconds=1))
    assert not key_serves(NOON, NOON + 23 * HOUR)


def test_each_attempt_within_23_hours_uses_the_stored_key(line: Line) -> None:
    line.answer = Unreachable("no answer")
    for hours in (0, 1, 22):
        with pytest.raises(Unreachable):
            through(line, NOON + hours * HOUR)
    (call,) = rows()
    assert line.keys == [call.key] * 3
    assert (call.state, call.tried_at, line.lookups) == (CallState.OPEN, NOON, 2)


def test_the_first_attempt_is_stored_before_it_is_made(line: Line) -> None:
    seen = []

    def send(_gateway: Gateway, _key: str) -> str:
        seen.append(rows()[0].tried_at)
        return "pi_1"

    calls.through(kind=CHARGE, subject="CH-22222222", send=send, find=line.find, now=NOON)
    assert seen == [NOON]


def test_an_old_attempt_is_looked_up_and_what_it_brought_about_is_taken(line: Line) -> None:
    line.answer = Unreachable("no answer")
    with pytest.raises(Unreachable):
        through(line, NOON)
    line.found = "pi_of_the_lost_answer"
    assert through(line, NOON + 25 * HOUR) == "pi_of_the_lost_answer"
    assert (len(line.keys), line.lookups) == (1, 1)


def test_an_old_attempt_of_which_nothing_came_gets_a_new_key(line: Line) -> None:
    line.answer = Unreachable("no answer")
    with pytest.raises(Unreachable):
        through(line, NOON)
    line.answer = "pi_2"
    later = NOON + 25 * HOUR
    assert through(line, later) == "pi_2"
    old, new = rows()
    assert (old.state, old.looked_up_at, new.state, new.tried_at) == (CallState.EXPIRED, later, CallState.OPEN, later)
    assert line.keys == [old.key, new.key]
    assert old.key != new.key


def test_a_lookup_without_an_answer_makes_no_new_key(line: Line) -> None:
    line.answer = Unreachable("no answer")
    with pytest.raises(Unreachable):
        through(line, NOON)

    def find(_gateway: Gateway) -> str | None:
        raise Unreachable("no answer either")

    with pytest.raises(Unreachable):
        calls.through(kind=CHARGE, subject="CH-22222222", send=line.send, find=find, now=NOON + 25 * HOUR)
    assert len(rows()) == len(line.keys) == 1


def test_what_a_failed_attempt_brought_about_all_the_same_is_found_before_it_is_repeated(line: Line) -> None:
    line.answer = Unreachable("500, and kept as the answer to this key")
    with pytest.raises(Unreachable):
        through(line, NOON)
    line.found = "pi_1"
    assert through(line, NOON + HOUR) == "pi_1"
    assert len(line.keys) == 1


def test_an_answer_ends_the_call_once(line: Line) -> None:
    assert through(line, NOON) == "pi_1"
    with unit_of_work():
        calls.answered(kind=CHARGE, subject="CH-22222222", object_id="pi_1", at=NOON)
        calls.answered(kind=CHARGE, subject="CH-22222222", object_id="pi_9", at=NOON + HOUR)
    (call,) = rows()
    assert (call.state, call.object_id, call.ended_at) == (CallState.ANSWERED, "pi_1", NOON)
    with pytest.raises(calls.CallEnded):
        through(line, NOON + HOUR)


def test_a_refusal_ends_the_call_and_another_try_has_another_key(line: Line) -> None:
    line.answer = Refused("no such card")
    with pytest.raises(Refused):
        through(line, NOON)
    with unit_of_work():
        calls.store(kind=CHARGE, subject="CH-22222222", at=NOON + HOUR)
    first, second = rows()
    assert (first.state, first.error, second.state) == (CallState.REFUSED, "no such card", CallState.OPEN)


def give_up(at: dt.datetime = NOON) -> bool:
    with unit_of_work():
        return calls.give_up_untried(kind=CHARGE, subject="CH-22222222", why="It goes another way.", at=at)


def test_a_call_that_was_never_attempted_can_be_given_up_and_is_not_made_after_that(line: Line) -> None:
    assert calls.attempts(CHARGE, ["CH-22222222", "CH-33333333"]) == {"CH-22222222": None}
    assert [give_up(), give_up()] == [True, False]
    assert calls.attempts(CHARGE, ["CH-22222222"]) == {}
    with pytest.raises(calls.CallEnded):
        through(line, NOON + HOUR)
    (call,) = rows()
    assert (call.state, call.tried_at, call.error) == (CallState.REFUSED, None, "It goes another way.")
    assert line.keys == []


def test_a_call_that_was_attempted_is_not_given_up_whatever_came_of_it(line: Line) -> None:
    line.answer = Unreachable("no answer")
    with pytest.raises(Unreachable):
        through(line, NOON)
    assert (calls.attempts(CHARGE, ["CH-22222222"]), give_up(NOON + HOUR)) == ({"CH-22222222": NOON}, False)
    line.answer = "pi_1"
    assert through(line, NOON + HOUR) == "pi_1"


def test_a_call_that_is_given_up_between_its_reading_and_its_first_attempt_is_not_made(app: Flask, line: Line) -> None:
    given_up: list[bool] = []

    def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT service_call") and not given_up:
            given_up.append(True)
            given_up[:] = at_once(app, give_up)

    sa.event.listen(db.engine, "after_cursor_execute", meanwhile)
    try:
        with pytest.raises(calls.CallEnded):
            through(line, NOON)
    finally:
        sa.event.remove(db.engine, "after_cursor_execute", meanwhile)
    assert (given_up, line.keys) == ([True], [])


def test_a_second_open_call_of_the_same_kind_is_refused_by_the_database(line: Line) -> None:
    with pytest.raises(sa.exc.IntegrityError), unit_of_work():
        calls.store(kind=CHARGE, subject="CH-22222222", at=NOON)


def test_the_service_is_never_called_inside_a_unit_of_work(line: Line) -> None:
    with pytest.raises(InsideUnit), unit_of_work():
        ask(lambda _gateway: None)
