"""Counting tries: never more than the limit in any stretch of a window, wherever it begins."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as fuzz
from hypothesis import strategies as st

from provider.accounts.models import Throttle
from provider.accounts.throttles import count_try, forget_key, take_back
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import TooMany

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
WINDOW = dt.timedelta(minutes=15)
LIMIT = 10


def tried(at: dt.datetime, key: str = "who") -> bool:
    """Try once; say whether it was let through."""
    try:
        with unit_of_work():
            count_try(key=key, limit=LIMIT, window=WINDOW, at=at)
    except TooMany:
        return False
    return True


def most_in_any_window(passed: list[dt.datetime]) -> int:
    return max(sum(begin <= at < begin + WINDOW for at in passed) for begin in passed)


@pytest.mark.parametrize("begin", [0, 1, 7 * 60, 14 * 60 + 59], ids=["border", "after", "middle", "before"])
def test_twice_the_limit_never_passes_at_a_border(app: Flask, begin: int) -> None:
    first = NOON + dt.timedelta(seconds=begin)
    with app.app_context():
        passed = [at for second in range(0, 3600, 20) for at in [first + dt.timedelta(seconds=second)] * 2 if tried(at)]
    assert most_in_any_window(passed) == LIMIT
    assert len(passed) >= 3 * LIMIT


@fuzz(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gaps=st.lists(st.integers(0, 400), min_size=11, max_size=40))
def test_no_rhythm_of_tries_gets_past_the_limit(app: Flask, gaps: list[int]) -> None:
    at, passed = NOON, []
    with app.app_context():
        with unit_of_work():
            db.session.execute(sa.delete(Throttle))
        for gap in gaps:
            at += dt.timedelta(seconds=gap)
            if tried(at):
                passed.append(at)
    assert most_in_any_window(passed) <= LIMIT


def test_who_was_refused_waits_for_the_window_and_a_slice_at_most(app: Flask) -> None:
    with app.app_context():
        assert [tried(NOON) for _ in range(LIMIT + 2)] == [True] * LIMIT + [False] * 2
        with pytest.raises(TooMany) as refused, unit_of_work():
            count_try(key="who", limit=LIMIT, window=WINDOW, at=NOON)
        assert refused.value.wait == dt.timedelta(minutes=18)
        assert not tried(NOON + WINDOW)
        assert tried(NOON + refused.value.wait)


def test_a_right_try_is_taken_back_alone_and_a_forgotten_key_wholly(app: Flask) -> None:
    with app.app_context():
        assert [tried(NOON) for _ in range(LIMIT)] == [True] * LIMIT
        with unit_of_work():
            take_back(key="who", window=WINDOW, at=NOON)
        assert [tried(NOON), tried(NOON)] == [True, False]
        with unit_of_work():
            forget_key("who")
        assert [tried(NOON) for _ in range(LIMIT + 1)] == [True] * LIMIT + [False]


def test_keys_share_no_count_and_no_table_names_them(app: Flask) -> None:
    with app.app_context():
        assert [tried(NOON) for _ in range(LIMIT + 1)][-1] is False
        assert tried(NOON, "somebody else")
        assert tried(NOON, "long" * 100 + "one")
        assert not {"who", "somebody else"} & set(db.session.scalars(sa.select(Throttle.key)))
