"""Noting stretches of history with the instants they span, by which a period is found among very many rows."""

import datetime as dt

import sqlalchemy as sa

from provider.history.models import History, HistoryBlock
from provider.history.rules import BLOCK, SETTLED_AFTER
from provider.kernel.database import db, insert, table

_H, _B = table(History).c, table(HistoryBlock).c


def mark_blocks(*, now: dt.datetime, most: int) -> int:
    """Note the instants of stretches of rows that are settled, oldest first; return how many were noted.

    A stretch is settled once rows were written an hour ago that come after it: whoever took a number inside it has
    committed or given up long since.
    """
    settled = _last_before(now - SETTLED_AFTER)
    first, noted = _last_marked() + 1, 0
    while noted < most and first + BLOCK - 1 <= settled:
        last = first + BLOCK - 1
        # Numbers that were taken and given up leave gaps, now and then a whole stretch.
        lowest, highest = (sa.func.coalesce(end(_H.at), sa.literal(now)) for end in (sa.func.min, sa.func.max))
        spanned = sa.select(lowest, highest).where(_H.id.between(first, last))
        earliest, latest = db.session.execute(spanned).one()
        insert(HistoryBlock, first_id=first, last_id=last, earliest_at=earliest, latest_at=latest)
        first, noted = last + 1, noted + 1
    return noted


def _last_before(instant: dt.datetime) -> int:
    """Return the number of the newest row that was written before an instant; 0 when there is none."""
    query = sa.select(_H.id).where(_H.at <= instant).order_by(_H.id.desc()).limit(1)
    return db.session.scalar(query) or 0


def _last_marked() -> int:
    """Return the last number whose stretch is noted."""
    return db.session.scalar(sa.select(sa.func.max(_B.last_id))) or 0
