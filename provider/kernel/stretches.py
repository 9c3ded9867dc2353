"""A stretch of time in which something is read: so many rows, backward or forward from an instant."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
LONGEST_KEY = 17  # digits; every number so long is an instant


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many rows before an instant, newest first, or after it, oldest first; from the end of time without one."""

    most: int
    beyond: dt.datetime | None = None
    oldest_first: bool = False

    def apply(
        self, query: sa.Select[Any], at: sa.SQLColumnExpression[dt.datetime], then: sa.SQLColumnExpression[int]
    ) -> sa.Select[Any]:
        """Return a query narrowed to it and in its order, a row more than it has: that one tells where it is cut."""
        if self.beyond is not None:
            query = query.where(at > self.beyond if self.oldest_first else at < self.beyond)
        order = (at.asc(), then.asc()) if self.oldest_first else (at.desc(), then.desc())
        return query.order_by(*order).limit(self.most + 1)


def cut(instants: Sequence[dt.datetime], stretch: Stretch) -> dt.datetime | None:
    """Return the instant at which a list in the order of a stretch is cut; None keeps all of it.

    What happened at one instant is not torn apart, unless it alone is more than there is room for.
    """
    if len(instants) <= stretch.most:
        return None
    first_left_out = instants[stretch.most]
    if first_left_out != instants[0]:
        return first_left_out
    return first_left_out + (_MICROSECOND if stretch.oldest_first else -_MICROSECOND)


def key(instant: dt.datetime) -> int:
    """Write an instant as an address names it: in microseconds."""
    return (instant - EPOCH) // _MICROSECOND


def instant(given: str) -> dt.datetime | None:
    """Read an instant back, or None when it is not one."""
    if not given.isascii() or not given.isdigit():
        return None
    return EPOCH + int(given[:LONGEST_KEY]) * _MICROSECOND
