"""The append-only history, and the personal values that erasure may blank."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.actors import ActorKind
from provider.kernel.database import Model, Ref, known


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
    )


class HistoryDetail(Model):
    """Old and new personal values of a history row; the only part that erasure blanks."""

    __tablename__ = "history_detail"

    history_id: Mapped[int] = mapped_column(sa.ForeignKey("history.id"), primary_key=True)
    data: Mapped[dict[str, Any]]
