"""Reading history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.history.models import History, HistoryDetail
from provider.kernel.database import db
from provider.kernel.stretches import Stretch


@dataclass(frozen=True, slots=True)
class Told:
    """One row of history with the personal values beside it; none where there were none, or where they were erased."""

    row: History
    personal: dict[str, Any]


def told(
    abouts: Sequence[str],
    stretch: Stretch,
    *,
    only: frozenset[str] | None = None,
    without: frozenset[str] = frozenset(),
) -> list[Told]:
    """Return what happened around these enrollments and people, of some kinds of records only, or of all but some."""
    query: sa.Select[Any] = (
        sa.select(History, HistoryDetail.data)
        .outerjoin(HistoryDetail, HistoryDetail.history_id == History.id)
        .where(History.about.in_(abouts), History.subject_kind.not_in(without))
    )
    if only is not None:
        query = query.where(History.subject_kind.in_(only))
    found = db.session.execute(stretch.apply(query, History.at, History.id))
    return [Told(row, personal or {}) for row, personal in found]


def of_record(reference: str) -> list[Told]:
    """Return what happened to one record itself, oldest first."""
    rows = db.session.scalars(sa.select(History).where(History.subject_reference == reference).order_by(History.id))
    return [Told(row, {}) for row in rows]
