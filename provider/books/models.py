"""The closed days: what our books and the payment service said about each, and who closed it."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.books.comparing import CloseState, Difference
from provider.kernel.database import Model, Ref, known


class DayClose(Model):
    """One day in the school's zone; its id is the day's number, so that days have their order.

    ``ours`` and ``theirs`` are cents by kind (and, of ours, by method); ``theirs`` is none where the service was not
    asked. ``trouble`` is why it could not be. What differs can be closed only with a remark.
    """

    __tablename__ = "day_close"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[dt.date]
    state: Mapped[CloseState] = mapped_column(default=CloseState.AWAITED)
    computed_at: Mapped[dt.datetime | None]
    ours: Mapped[dict[str, Any]]
    theirs: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    differences: Mapped[list[Any]]
    trouble: Mapped[str | None] = mapped_column(sa.Text)
    closed_at: Mapped[dt.datetime | None]
    closed_by: Mapped[Ref | None]
    remark: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        known("state", CloseState),
        sa.UniqueConstraint("day"),
        sa.CheckConstraint("(state = 'awaited') = (computed_at IS NULL)", name="computed_has_instant"),
        sa.CheckConstraint("remark IS NULL OR closed_at IS NOT NULL", name="remark_is_of_closing"),
    )

    @property
    def reference(self) -> str:
        """How history and tasks name it."""
        return f"DAY-{self.day.isoformat()}"

    @property
    def differing(self) -> list[Difference]:
        """Return what differs, as it was kept."""
        return [Difference.from_record(one) for one in self.differences]
