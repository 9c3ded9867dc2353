"""The numbers of the guarantee that the school publishes: how many asked and were placed, how fast, and how near."""

import datetime as dt

import sqlalchemy as sa

from provider.clocks.models import Clock
from provider.clocks.rules import DAY, ClockKind, ClockState, time_run
from provider.externships.models import ExternshipRequest, Placement
from provider.externships.rules import PlacementState, Published, published
from provider.kernel.database import db

_PEOPLE = sa.func.count(sa.distinct(ExternshipRequest.enrollment_id))
_KEPT = (PlacementState.PLANNED, PlacementState.RUNNING, PlacementState.COMPLETED)


def numbers() -> Published | None:
    """Return what may be published of everybody who ever asked; None where the database is away. Four statements.

    Days are those of the school: what passed until the place was confirmed, less what the clock stood still.
    """
    try:
        return _numbers()
    except sa.exc.OperationalError:
        db.session.rollback()
        return None


def _numbers() -> Published:
    asked = db.session.scalars(sa.select(_PEOPLE)).one()
    placed = sa.select(_PEOPLE).join(Placement, Placement.request_id == ExternshipRequest.id)
    met = sa.select(Clock.started_at, Clock.ended_at, Clock.paused_seconds).where(
        Clock.kind == ClockKind.GUARANTEE, Clock.state == ClockState.MET
    )
    near = sa.select(Placement.tenths).where(Placement.state.in_(_KEPT), Placement.tenths.is_not(None))
    timed = db.session.execute(met)
    return published(
        asked=asked,
        placed=db.session.scalars(placed).one(),
        days=[_days(row.started_at, row.ended_at or row.started_at, row.paused_seconds) for row in timed],
        tenths=list(db.session.scalars(near)),
    )


def _days(started_at: dt.datetime, ended_at: dt.datetime, paused_seconds: int) -> int:
    return time_run(started_at=started_at, now=ended_at, paused=dt.timedelta(seconds=paused_seconds)) // DAY
