"""Reading clocks."""

from collections.abc import Sequence

import sqlalchemy as sa

from provider.clocks.models import Clock
from provider.clocks.rules import ClockState
from provider.kernel.database import db


def running(limit: int = 50) -> Sequence[Clock]:
    """Return the running promises, the first due first."""
    query = sa.select(Clock).where(Clock.state == ClockState.RUNNING).order_by(Clock.due_on, Clock.id).limit(limit)
    return db.session.scalars(query).all()


def about(reference: str) -> Sequence[Clock]:
    """Return every promise made around one enrollment."""
    return db.session.scalars(sa.select(Clock).where(Clock.about == reference).order_by(Clock.id)).all()
