"""Reading everything that happened, narrowed and a page at a time: what an audit asks of history."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.history.models import COMMON_EVENTS, SIGNED_ROWS, UNCOMMON_ROWS, History, HistoryBlock, HistoryDetail
from provider.history.rules import SECOND, Sought, second_of
from provider.kernel.actors import ActorKind
from provider.kernel.database import db, table
from provider.kernel.paging import PAGE, Page, limited, turned

_H, _D, _B = table(History).c, table(HistoryDetail).c, table(HistoryBlock).c
COMMON_KINDS = frozenset(event.partition(".")[0] for event in COMMON_EVENTS)


@dataclass(frozen=True, slots=True)
class Change:
    """One row of history as an audit shows it, with the personal values that were kept beside it."""

    id: int
    at: dt.datetime
    subject_kind: str
    subject_reference: str
    about: str | None
    event: str
    old_state: str | None
    new_state: str | None
    actor_kind: ActorKind
    actor_reference: str | None
    request_id: str | None
    data: dict[str, Any]
    personal: dict[str, Any] | None


_CHANGES = sa.select(
    *(_H[name] for name in Change.__slots__ if name != "personal"), _D.data.label("personal")
).outerjoin_from(table(History), table(HistoryDetail))


def changes(sought: Sought, *, before: int | None = None, after: int | None = None, size: int = PAGE) -> Page[Change]:
    """Return a page of what happened, the newest written first, at a cost that does not grow with the table.

    One statement, and one before it where a period or a request is asked for.
    """
    pages = [limited(query, _H.id, before=before, after=after, size=size).subquery() for query in _narrowed(sought)]
    all_of_it = sa.union_all(*(sa.select(page.c.id) for page in pages)).subquery()
    ids = limited(sa.select(all_of_it.c.id), all_of_it.c.id, before=before, after=after, size=size).subquery()
    order = _H.id.asc() if after is not None else _H.id.desc()
    rows = db.session.execute(_CHANGES.join(ids, ids.c.id == _H.id).order_by(order))
    return turned([Change(*tuple(row)) for row in rows], before=before, after=after, size=size)


def _narrowed(sought: Sought) -> list[sa.Select[int]]:
    """Return the queries that find what is asked for, each row by one of them."""
    spans = _spans(sought)
    return [sa.select(_H.id).where(*_conditions(sought, spans), span) for span in _within(sought, spans)]


@dataclass(frozen=True, slots=True)
class Spans:
    """Where the rows of a period are: in stretches from ``first`` to ``last``, and among those after ``marked``."""

    first: int
    last: int
    marked: int

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the two ranges that a row of the period may be in."""
        return [_H.id.between(self.first, self.last), _H.id > self.marked]


def _period(sought: Sought) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the period to look in; a request has its second, unless another period is asked for as well."""
    second = second_of(sought.request_id)
    if second is None or sought.begin or sought.end:
        return sought.begin, sought.end
    return second, second + SECOND


def _spans(sought: Sought) -> Spans | None:
    """Return where the rows of the period are; None when no period is asked for."""
    begin, end = _period(sought)
    if begin is None and end is None:
        return None
    overlapping = sa.select(sa.func.min(_B.first_id).label("first"), sa.func.max(_B.last_id).label("last"))
    if begin is not None:
        overlapping = overlapping.where(_B.latest_at >= begin)
    if end is not None:
        overlapping = overlapping.where(_B.earliest_at < end)
    found = overlapping.subquery()
    marked = sa.select(sa.func.max(_B.last_id)).scalar_subquery()
    row = db.session.execute(sa.select(found.c.first, found.c.last, marked.label("marked"))).one()
    return Spans(row.first or 0, row.last or 0, row.marked or 0)


def _within(sought: Sought, spans: Spans | None) -> list[sa.ColumnElement[bool]]:
    if spans is None or sought.request_id:
        return [sa.true()]
    return spans.conditions()


def _conditions(sought: Sought, spans: Spans | None) -> list[sa.ColumnElement[bool] | sa.TextClause]:
    found: list[sa.ColumnElement[bool] | sa.TextClause] = []
    if sought.actors is not None:
        found.append(_H.actor_reference.in_(sought.actors))
    if sought.reference:
        named = (sa.select(_H.id).where(column == sought.reference) for column in (_H.about, _H.subject_reference))
        found.append(_H.id.in_(sa.union(*named)))
    if sought.request_id:
        found.append(_H.id.in_(_of_request(sought.request_id, spans)))
    if sought.begin is not None:
        found.append(_H.at >= sought.begin)
    if sought.end is not None:
        found.append(_H.at < sought.end)
    return [*found, *_kinds(sought)]


def _kinds(sought: Sought) -> list[sa.ColumnElement[bool] | sa.TextClause]:
    """Return the conditions on kinds; what is not common stands in an index of its own, by the index's own words."""
    asked = {_H.actor_kind: sought.actor_kind, _H.subject_kind: sought.kind, _H.event: sought.event}
    found: list[sa.ColumnElement[bool] | sa.TextClause] = [column == value for column, value in asked.items() if value]
    if sought.actor_kind not in {None, ActorKind.SYSTEM, ActorKind.VISITOR}:
        found.append(SIGNED_ROWS)
    if (sought.kind and sought.kind not in COMMON_KINDS) or (sought.event and sought.event not in COMMON_EVENTS):
        found.append(UNCOMMON_ROWS)
    return found


def _of_request(request_id: str, spans: Spans | None) -> sa.CompoundSelect[int]:
    """Return the rows of a request: by index where somebody was signed in, else among those of its second."""
    asked = sa.select(_H.id).where(_H.request_id == request_id)
    ways = [asked.where(_H.actor_reference.is_not(None))]
    if spans is not None:
        ways += [asked.where(within) for within in spans.conditions()]
    return sa.union(*ways)
