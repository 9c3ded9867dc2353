"""Lists that staff page through, each described once: only the columns it shows, limited before joined."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from provider.kernel.database import db
from provider.kernel.finding import Typed
from provider.kernel.paging import KEY, PAGE, Direction, Page, Sort, outer_order, turned, walk, way

F = TypeVar("F")
L = TypeVar("L")
Words = tuple[Typed, ...]


class Lines(Generic[F, L]):
    """One list: what a line of it holds, in which orders it runs, and what it can be narrowed to.

    ``lines`` selects what a ``line`` takes, its id first; the first of ``sorts`` is the usual one. ``by`` tells the
    orders in which a value comes before the id. ``ways`` narrows what the list is ordered by to one branch for each way
    through an index. ``typed`` returns the words to look for, with one statement at most; a page takes one more.
    """

    def __init__(
        self,
        line: type[L],
        lines: sa.Select[Any],
        *,
        sorts: Sequence[Sort],
        ways: Callable[[sa.Select[Any], F, Words], Sequence[sa.Select[Any]]],
        by: Mapping[Sort, sa.ColumnElement[Any]] | None = None,
        typed: Callable[[F], Words] = lambda _: (),
    ) -> None:
        self._line, self._lines, self._usual = line, lines, sorts[0]
        self._ways, self._by, self._typed = ways, by or {}, typed
        # Building a query takes as long as running it.
        self._query = lru_cache(maxsize=256)(self._built)

    def page(
        self,
        filters: F,
        *,
        sort: Sort | None = None,
        before: int | None = None,
        after: int | None = None,
        size: int = PAGE,
    ) -> Page[L]:
        """Return a page, in the usual order unless told, at a cost that does not grow with the table."""
        order, (direction, key) = sort or self._usual, way(before, after)
        query = self._query(filters, self._typed(filters), order, direction, size)
        found = [self._line(*tuple(row)) for row in db.session.execute(query, {KEY: key} if direction else {})]
        return turned(found, before=before, after=after, size=size, sort=order)

    def _built(self, filters: F, words: Words, sort: Sort, direction: Direction | None, size: int) -> sa.Select[Any]:
        """Return the query of a page whose key is still to be given."""
        number = self._lines.selected_columns[0]
        row = sa.select(self._by[sort], number) if sort in self._by else None
        every = sa.select(number) if row is None else row
        ids = walk(self._ways(every, filters, words), row=row, direction=direction, ascending=sort.ascending, size=size)
        lines = self._lines.join(ids, ids.c.id == number)
        return lines.order_by(*outer_order(ids, direction=direction, ascending=sort.ascending))
