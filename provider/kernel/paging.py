"""Lists a page at a time by keyset: newest first, a constant number of statements, no totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from provider.kernel.database import db

T = TypeVar("T")
PAGE = 50
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of rows, with the keys that open the neighboring pages."""

    rows: Sequence[T]
    older: int | None = None
    newer: int | None = None


def keyset(
    query: sa.Select[T],
    key: InstrumentedAttribute[int],
    *,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE,
) -> Page[T]:
    """Return the page of rows older than ``before`` or newer than ``after``; the newest first page without either."""
    found = db.session.scalars(limited(query, key, before=before, after=after, size=size)).all()
    return turned(found, key=key.key, before=before, after=after, size=size)


def limited(
    query: sa.Select[Any],
    key: InstrumentedAttribute[int] | sa.Column[int],
    *,
    before: int | sa.BindParameter[int] | None = None,
    after: int | sa.BindParameter[int] | None = None,
    size: int = PAGE,
) -> sa.Select[Any]:
    """Return the query of one page and a row more, in the direction it is read.

    As a sub-select of ids it lets a list be limited first and joined afterwards: joined first, a database may walk
    half the table for fifty rows.
    """
    if after is not None:
        return query.where(key > after).order_by(key.asc()).limit(size + 1)
    if before is not None:
        query = query.where(key < before)
    return query.order_by(key.desc()).limit(size + 1)


def turned(
    found: Sequence[Any], *, before: int | None = None, after: int | None = None, size: int = PAGE, key: str = "id"
) -> Page[Any]:
    """Return what `limited` found as a page, newest first."""
    more = len(found) > size
    if after is not None:
        rows = list(found[:size])[::-1]
        newer = getattr(rows[0], key) if more and rows else None
        return Page(rows, older=getattr(rows[-1], key) if rows else None, newer=newer)
    rows = list(found[:size])
    older = getattr(rows[-1], key) if more else None
    return Page(rows, older=older, newer=getattr(rows[0], key) if before is not None and rows else None)


def up_to(query: sa.Select[Any], most: int = MOST_COUNTED) -> sa.ScalarSelect[int]:
    """Return the count of a query's rows, ``most`` at most: an exact total costs more than the page it stands on."""
    few = query.limit(most).subquery()
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()


def counted(figures: Mapping[str, sa.ScalarSelect[int]]) -> dict[str, int]:
    """Return several counts in one statement, by name."""
    if not figures:
        return {}
    row = db.session.execute(sa.select(*(figure.label(name) for name, figure in figures.items()))).one()
    return dict(zip(figures, row, strict=True))
