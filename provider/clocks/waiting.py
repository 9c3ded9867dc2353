"""Running promises as the home page lists them: each of a kind as one line, with the clock it is measured by."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import url_for

from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.kernel.database import db
from provider.kernel.promises import NOBODY, Asked, Promise


def lines(
    kind: ClockKind, records: sa.Select[*tuple[Any, ...]], *, text: Callable[[Any], str], endpoint: str, team: str
) -> Callable[[Asked], list[Promise]]:
    """Return what lists the running promises of a kind, those due first at the top.

    ``records`` selects the ``reference`` of what is promised about and what ``text`` says of a row; ``endpoint`` shows
    one by its reference; ``team`` says in words who sees to what is nobody's own. That is all, unless ``records``
    selects the reference of an ``owner``, too.
    """
    owner = records.selected_columns.get("owner")
    timed = sa.and_(
        Clock.kind == kind,
        Clock.state == ClockState.RUNNING,
        Clock.subject_reference == records.selected_columns.reference,
    )
    running = (
        records.add_columns(Clock.due_on, Clock.overdue_on, Clock.about)
        .join(Clock, timed)
        .order_by(Clock.due_on, Clock.id)
    )

    def rows(asked: Asked) -> list[Promise]:
        if owner is None and asked.owner not in {"", NOBODY}:
            return []
        query = running
        if owner is not None and asked.owner:
            query = running.where(owner.is_(None) if asked.owner == NOBODY else owner == asked.owner)
        return [
            Promise(
                label=kind.label,
                text=text(row),
                href=url_for(endpoint, reference=row.reference),
                turn_on=row.due_on,
                due_on=row.due_on,
                last_on=row.overdue_on,
                owner=row.owner if owner is not None else None,
                team=team,
                about=row.about,
            )
            for row in db.session.execute(query.limit(asked.most))
        ]

    return rows
