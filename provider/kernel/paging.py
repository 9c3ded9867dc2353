"""Lists a page at a time by keyset: in a stable order, newest first unless told, few statements, no totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from provider.kernel.database import db

T = TypeVar("T")
PAGE = 50
MOST_COUNTED = 100


Direction = Literal["before", "after"]
KEY = "key"  # the name under which a query made by `walk` wants the key of its page


@dataclass(frozen=True, slots=True)
class Sort:
    """One order that a list offers: its name in the address, in words, and which way it runs.

    ``column`` is the heading that the page marks as sorted; ``earlier`` and ``later`` are the words of the links to the
    pages before and after in this order.
    """

    name: str
    label: str
    column: str
    ascending: bool = False
    earlier: str = "Newer"
    later: str = "Older"

    @property
    def aria(self) -> str:
        """Say it as ``aria-sort`` does."""
        return "ascending" if self.ascending else "descending"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of rows, with the keys that open the neighboring pages.

    ``older`` leads to rows of smaller keys (``?before=``), ``newer`` to rows of larger ones (``?after=``), whichever of
    them comes next in the page's order.
    """

    rows: Sequence[T]
    older: int | None = None
    newer: int | None = None
    sort: Sort | None = None

    @property
    def links(self) -> tuple[tuple[str, str, int | None], tuple[str, str, int | None]]:
        """The words, the name in the address and the key of the pages before and after this one."""
        before, after = ("before", self.older), ("after", self.newer)
        words = ("Newer", "Older") if self.sort is None else (self.sort.earlier, self.sort.later)
        back, on = (before, after) if self.sort is not None and self.sort.ascending else (after, before)
        return (words[0], *back), (words[1], *on)


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
    key: InstrumentedAttribute[int] | sa.ColumnElement[int],
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


def walk(
    branches: Sequence[sa.Select[Any]],
    *,
    row: sa.Select[Any] | None = None,
    direction: Direction | None,
    ascending: bool = False,
    size: int = PAGE,
) -> sa.Subquery:
    """Return the ids of one page and one more, in the direction it is read, for a list to be joined to.

    Each branch selects the columns that the list is ordered by, the id last, and stands for one way through an index;
    a page is put together from the first rows of each, so that no database sorts what it does not show. The key of the
    page, bound as `KEY`, is an id. Where a value comes before the id, ``row`` selects the same two columns of any row,
    and the key's own value is looked up: the address never carries it.
    """
    up = ascending if direction is None else direction == "after"
    bounded = [part for branch in branches for part in _beyond(branch, row, direction, up=up)]
    parts = [_ordered(part, list(part.selected_columns), up=up).limit(size + 1) for part in bounded]
    if len(parts) == 1:
        return parts[0].subquery()
    ways = [sa.select(*part.subquery().c) for part in parts]
    together = sa.union(*ways).subquery()
    return _ordered(sa.select(*together.c), list(together.c), up=up).limit(size + 1).subquery()


def _beyond(
    branch: sa.Select[Any], row: sa.Select[Any] | None, direction: Direction | None, *, up: bool
) -> list[sa.Select[Any]]:
    """Return what lies beyond the page's key: rows of the same value with ids beyond it, and rows of values beyond.

    Two ways, since SQLite would go through all rows of one value if it were asked to compare the pairs.
    """
    if direction is None:
        return [branch]
    columns, key = list(branch.selected_columns), sa.bindparam(KEY, type_=sa.Integer)
    number = columns[-1]
    further = number > key if up else number < key
    if row is None:
        return [branch.where(further)]
    value, known = columns[0], list(row.selected_columns)
    here = row.where(known[-1] == key).with_only_columns(known[0]).scalar_subquery().correlate(None)
    return [branch.where(value == here, further), branch.where(value > here if up else value < here)]


def _ordered(query: sa.Select[Any], columns: Sequence[Any], *, up: bool) -> sa.Select[Any]:
    return query.order_by(*(column.asc() if up else column.desc() for column in columns))


def outer_order(
    ids: sa.Subquery, *, direction: Direction | None, ascending: bool = False
) -> list[sa.ColumnElement[Any]]:
    """Return the ORDER BY of the statement that joins the rows to the ids of `walk`."""
    up = ascending if direction is None else direction == "after"
    return [column.asc() if up else column.desc() for column in ids.c]


def way(before: int | None, after: int | None) -> tuple[Direction | None, int | None]:
    """Return in which direction a page is read from which key."""
    if after is not None:
        return "after", after
    return ("before", before) if before is not None else (None, None)


def turned(
    found: Sequence[Any],
    *,
    before: int | None = None,
    after: int | None = None,
    size: int = PAGE,
    key: str = "id",
    sort: Sort | None = None,
) -> Page[Any]:
    """Return what `limited` or `walk` found as a page, in the list's order: newest first unless told."""
    ascending = sort is not None and sort.ascending
    direction, _ = way(before, after)
    forward = direction is None or (direction == "after") == ascending
    more, rows = len(found) > size, list(found[:size])
    if not forward:
        rows.reverse()
    first, last = (getattr(rows[0], key), getattr(rows[-1], key)) if rows else (None, None)
    back = first if (direction is not None if forward else more) else None
    on = last if (more if forward else True) else None
    older, newer = (back, on) if ascending else (on, back)
    return Page(rows, older=older, newer=newer, sort=sort)


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
