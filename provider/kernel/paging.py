"""Lists a page at a time by keyset: newest first, a constant number of statements, no totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from provider.kernel.database import db

T = TypeVar("T")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of rows, with the keys that open the neighboring pages."""

    rows: Sequence[T]
    older: int | None = None
    newer: int | None = None


def keyset(
    query: sa.Select[tuple[T]],
    key: InstrumentedAttribute[int],
    *,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE,
) -> Page[T]:
    """Return the page of rows older than ``before`` or newer than ``after``; the newest first page without either."""
    if after is not None:
        ascending = query.where(key > after).order_by(key.asc()).limit(size + 1)
        found: list[Any] = list(db.session.scalars(ascending).all())
        more, rows = len(found) > size, found[:size][::-1]
        newer = getattr(rows[0], key.key) if more and rows else None
        return Page(rows, older=getattr(rows[-1], key.key) if rows else None, newer=newer)
    if before is not None:
        query = query.where(key < before)
    found = list(db.session.scalars(query.order_by(key.desc()).limit(size + 1)).all())
    more, rows = len(found) > size, found[:size]
    older = getattr(rows[-1], key.key) if more else None
    return Page(rows, older=older, newer=getattr(rows[0], key.key) if before is not None and rows else None)
