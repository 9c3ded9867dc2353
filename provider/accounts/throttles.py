"""Throttles: how often something may be tried by one key."""

import datetime as dt
from functools import cache

import sqlalchemy as sa

from provider.accounts.links import hash_of
from provider.accounts.models import Throttle
from provider.accounts.rules import LONGEST_THROTTLE_KEY
from provider.kernel.database import db, insert_unless, rows_changed, table
from provider.kernel.errors import TooMany


def count_try(*, key: str, limit: int, window: dt.timedelta, at: dt.datetime) -> None:
    """Count one try of a key in its window of time; raises TooMany above the limit.

    It shares the transaction of what is tried, so a refused try counts only where the caller commits it.
    """
    start = at - dt.timedelta(seconds=at.timestamp() % window.total_seconds())
    tried = {"key": _throttle_key(key), "window_start": start, "tries": 1}
    if db.session.execute(_counting(db.engine.dialect.name), tried).scalar_one() > limit:
        raise TooMany


@cache
def _counting(_dialect: str) -> sa.Executable:
    tries = table(Throttle).c.tries
    again = insert_unless(Throttle).on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"tries": tries + 1}
    )
    return again.returning(tries)


def forget_key(key: str) -> None:
    """Forget the tries of a key, because one of them was right."""
    db.session.execute(sa.delete(Throttle).where(Throttle.key == _throttle_key(key)))


def _throttle_key(key: str) -> str:
    """Return a key that fits into its column: a long one by its hash, never cut, so that no two share one count."""
    return key if len(key) <= LONGEST_THROTTLE_KEY else hash_of(key)


def forget_tries(*, before: dt.datetime) -> int:
    """Remove throttle rows of windows long past."""
    return rows_changed(sa.delete(Throttle).where(Throttle.window_start < before))
