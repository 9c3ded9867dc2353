"""Throttles: how often something may be tried by one key in any stretch of time, wherever it begins."""

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from provider.accounts.links import hash_of
from provider.accounts.models import Throttle
from provider.kernel.database import db, insert_unless, rows_changed, table
from provider.kernel.errors import TooMany
from provider.kernel.settings import settings

# A window is counted in slices: the present one and the five before it cover it wherever it begins.
SLICES = 5


@dataclass(frozen=True, slots=True)
class Try:
    """One try: by whom or what (``key``), and how many there may be in any stretch of ``window``."""

    key: str
    limit: int
    window: dt.timedelta


def count_try(*, key: str, limit: int, window: dt.timedelta, at: dt.datetime) -> None:
    """Count one try of a key; raises TooMany when there were more than the limit in the window that ends now.

    It shares the transaction of what is tried, so a refused try counts only where the caller commits it. Who was
    refused waits for a slice longer than the window at most.
    """
    step = window / SLICES
    now = _slice(window, at)
    tried = {
        "key": _throttle_key(key),
        "window_start": now,
        "tries": 1,
        "of_key": _throttle_key(key),
        "since": now - window,
        "until": now,
    }
    if db.session.execute(_counting(db.engine.dialect.name), tried).scalar_one() > limit:
        raise TooMany(wait=window + step)


def check_tries(tried: Try, *, at: dt.datetime) -> None:
    """Refuse who has tried as often as the limit in the window that ends now, and count nothing; raises TooMany.

    For a page that only reads: it asks first, and what was wrong is counted after.
    """
    counted = sa.select(sa.func.coalesce(sa.func.sum(Throttle.tries), 0)).where(
        Throttle.key == _throttle_key(tried.key), Throttle.window_start >= _slice(tried.window, at) - tried.window
    )
    if (db.session.scalar(counted) or 0) >= tried.limit:
        raise TooMany(wait=tried.window + tried.window / SLICES)


def count_link_letter(*, client: str, at: dt.datetime) -> None:
    """Count a letter with a link that a client asks for, whoever gets it; raises TooMany."""
    limit = settings().LINK_LETTERS_PER_HOUR
    count_try(key=f"link-letters:{client}", limit=limit, window=dt.timedelta(hours=1), at=at)


def _slice(window: dt.timedelta, at: dt.datetime) -> dt.datetime:
    return at - dt.timedelta(seconds=at.timestamp() % (window / SLICES).total_seconds())


@cache
def _counting(_dialect: str) -> sa.Executable:
    counts = table(Throttle).c
    before = table(Throttle).alias("before").c
    earlier = sa.select(sa.func.coalesce(sa.func.sum(before.tries), 0)).where(
        before.key == sa.bindparam("of_key"),
        before.window_start >= sa.bindparam("since"),
        before.window_start < sa.bindparam("until"),
    )
    again = insert_unless(Throttle).on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"tries": counts.tries + 1}
    )
    return again.returning((counts.tries + earlier.scalar_subquery()).label("tries"))


def take_back(*, key: str, window: dt.timedelta, at: dt.datetime) -> None:
    """Take back the try that was counted for a key at this instant, because it was right."""
    mine: dict[str, Any] = {"key": _throttle_key(key), "window_start": _slice(window, at)}
    counted = sa.update(Throttle).filter_by(**mine).where(Throttle.tries > 0)
    db.session.execute(counted.values(tries=Throttle.tries - 1))


def forget_key(key: str) -> None:
    """Forget the tries of a key, because one of them was right."""
    db.session.execute(sa.delete(Throttle).where(Throttle.key == _throttle_key(key)))


def _throttle_key(key: str) -> str:
    """Return what the table keeps of a key: its hash, so that it lists no addresses and cuts none."""
    return hash_of(key)


def forget_tries(*, before: dt.datetime) -> int:
    """Remove throttle rows of windows long past."""
    return rows_changed(sa.delete(Throttle).where(Throttle.window_start < before))
