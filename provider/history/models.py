"""The append-only history, and the personal values that erasure may blank."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.actors import ActorKind
from provider.kernel.database import Model, Ref, known

# What every enrollment and letter leaves behind: so common that a list finds some anywhere, and not worth an index row.
COMMON_EVENTS = ("enrollment.started", "letter.queued", "letter.sending", "letter.sent")
# Written out in queries, too: SQLite knows a partial index again by its own words only, not by bound values.
UNCOMMON_ROWS = sa.text("event NOT IN ('enrollment.started', 'letter.queued', 'letter.sending', 'letter.sent')")
SIGNED_ROWS = sa.text("actor_kind NOT IN ('system', 'visitor')")
_BY_SOMEBODY = sa.text("actor_reference IS NOT NULL")


class History(Model):
    """One thing that happened to one record; references, states and amounts only. No update, no delete (triggers)."""

    __tablename__ = "history"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    subject_kind: Mapped[str] = mapped_column(sa.String(32))
    subject_reference: Mapped[Ref]
    about: Mapped[Ref | None]
    event: Mapped[str] = mapped_column(sa.String(64))
    old_state: Mapped[str | None] = mapped_column(sa.String(32))
    new_state: Mapped[str | None] = mapped_column(sa.String(32))
    actor_kind: Mapped[ActorKind]
    actor_reference: Mapped[Ref | None]
    request_id: Mapped[str | None] = mapped_column(sa.String(32))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        known("actor_kind", ActorKind),
        sa.Index(None, "about", "id"),
        sa.Index(None, "subject_reference", "id"),
        sa.Index("ix_history_actor", "actor_reference", "id", sqlite_where=_BY_SOMEBODY, postgresql_where=_BY_SOMEBODY),
        sa.Index("ix_history_capacity", "actor_kind", "id", sqlite_where=SIGNED_ROWS, postgresql_where=SIGNED_ROWS),
        sa.Index("ix_history_request", "request_id", sqlite_where=_BY_SOMEBODY, postgresql_where=_BY_SOMEBODY),
        sa.Index("ix_history_kind", "subject_kind", "id", sqlite_where=UNCOMMON_ROWS, postgresql_where=UNCOMMON_ROWS),
        sa.Index("ix_history_event", "event", "id", sqlite_where=UNCOMMON_ROWS, postgresql_where=UNCOMMON_ROWS),
    )


class HistoryDetail(Model):
    """Old and new personal values of a history row; the only part that erasure blanks."""

    __tablename__ = "history_detail"

    history_id: Mapped[int] = mapped_column(sa.ForeignKey("history.id"), primary_key=True)
    data: Mapped[dict[str, Any]]


class HistoryBlock(Model):
    """A stretch of history's rows and the instants between which they happened.

    Rows are written nearly in the order of their instants: whoever looks for a period reads a few stretches instead of
    everything, and no row of history needs an index entry for it.
    """

    __tablename__ = "history_block"

    first_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_id: Mapped[int]
    earliest_at: Mapped[dt.datetime]
    latest_at: Mapped[dt.datetime]

    __table_args__ = (sa.CheckConstraint("first_id <= last_id", name="in_order"),)
