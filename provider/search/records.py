"""What sources of the search box are made of: records that a query reads, by words, by reference, or on a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.kernel.database import db
from provider.kernel.finding import Hit, Source, Typed
from provider.kernel.paging import limited
from provider.search.queries import has_all, has_word

NEAR = 20_000


@dataclass(frozen=True, slots=True)
class Records:
    """One kind of record: the query that reads what is shown of it, its reference in there, and how a row is shown."""

    query: sa.Select[Any]
    reference: sa.Column[str]
    shown: Callable[[Any], Hit]

    def named(self, reference: str) -> Hit | None:
        """Return the record of a whole reference."""
        row = db.session.execute(self.query.where(self.reference == reference)).first()
        return None if row is None else self.shown(row)

    def read(self, query: sa.Select[Any]) -> list[Hit]:
        """Return those that this query leaves of them."""
        return [self.shown(row) for row in db.session.execute(query)]


def newest_with(
    query: sa.Select[Any], kind: str, words: Sequence[Typed], key: sa.Column[int], most: int
) -> sa.ColumnElement[bool]:
    """Return the condition that a record is among the newest that have all these words.

    Limited first, joined afterwards. Where two words are common but hardly anybody has both, walking through all
    records would take seconds: among all but the newest ones, those of each word are put together instead.
    """
    having = [has_word(kind, word, key) for word in words]
    if sum(word.common for word in words) < 2:
        return key.in_(sa.select(limited(query.where(*having), key, size=most - 1).subquery().c.id))
    near = sa.select(sa.func.max(key) - NEAR).scalar_subquery()
    found = list(db.session.scalars(limited(query.where(key > near, *having), key, size=most - 1)))
    if len(found) < most:
        rest = limited(query.where(key <= near, has_all(kind, words, key)), key, size=most - len(found) - 1)
        found += db.session.scalars(rest)
    return key.in_(found)


def by_reference(label: str, prefix: str, named: Callable[[str], Hit | None], *, needs: StrEnum, rank: int) -> Source:
    """Return a kind of record that is found by its reference alone."""
    return Source(label, f"{label}, by reference ({prefix}-…)", needs, rank=rank, prefixes=(prefix,), named=named)


def leads(
    key: sa.Column[str], endpoint: str, query: sa.Select[Any] | None = None, *, anchor: str | None = None
) -> Callable[[str], Hit | None]:
    """Return what opens a page by a reference; a query reads the parts of its address, else the reference is all."""
    parts = sa.select(key) if query is None else query

    def named(reference: str) -> Hit | None:
        row = db.session.execute(parts.where(key == reference)).mappings().first()
        return None if row is None else Hit(reference, reference, url_for(endpoint, _anchor=anchor, **row))

    return named
