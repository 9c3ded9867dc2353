"""Hours and procedures of a season: a week that waits, one that came back, and one under way."""

import datetime as dt

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.externships.models import Placement
from provider.fieldwork import clocking, entries
from provider.fieldwork.approving import Verdict
from provider.fieldwork.days import week_of
from provider.fieldwork.models import EntryBatch, HoursEntry, ProcedureEntry
from provider.fieldwork.rules import EntryState, ProcedureKind
from provider.kernel.database import db, unit_of_work
from tests.harness.placed import HERSELF, NEW_YORK, Placed, answer, at, do, enter, send

DAY = dt.timedelta(days=1)
REMARKS = ("Twelve draws, two with a butterfly needle.\nCentrifuge and labels in the afternoon.", None, "Calm day")


def tell(who: Placed, now: dt.datetime) -> None:
    """Let somebody write down two weeks and begin a third."""
    monday = week_of(now.astimezone(NEW_YORK).date()) - 14 * DAY
    for number in range(4):
        remark = REMARKS[number % len(REMARKS)]
        enter(who, monday + number * DAY, remark=remark)
        do(who, monday + number * DAY, ProcedureKind.VENIPUNCTURE, 4 + number)
    back = enter(who, monday + 4 * DAY, begins="06:00", ends="19:30")
    few = do(who, monday + 4 * DAY, ProcedureKind.CAPILLARY, 12)
    answered = send(who, monday, when=at(monday + 7 * DAY, "08:00"))
    said = {back: Verdict(0, "You left at three that day."), few: Verdict(9)}
    answer(answered, said, when=at(monday + 7 * DAY, "12:30"))
    for number in range(2):
        enter(who, monday + (7 + number) * DAY, begins="07:55", ends="16:40")
        do(who, monday + (7 + number) * DAY, ProcedureKind.EKG, 2)
    send(who, monday + 7 * DAY, when=now - 2 * DAY)
    today = now.astimezone(NEW_YORK).date()
    if today.weekday():  # what is of a week that is over, the morning's job sends
        enter(who, today - DAY, when=now, remark="Calm day")
        do(who, today - DAY, ProcedureKind.VITALS, 8)
    else:
        enter(who, today, begins="00:00", ends="00:01", rest=0, when=now)
        do(who, today, ProcedureKind.VITALS, 8)
    with unit_of_work():
        placement = entries.placement(who.placement, lock=True)
        clocking.clock_in(
            placement=placement,
            client_key="season-clock",
            claimed_at=None,
            actor=HERSELF,
            received_at=now - dt.timedelta(hours=3),
        )


def placement_of(enrollment: str) -> str | None:
    """Return the newest placement of an enrollment, or None."""
    query = sa.select(Placement.reference).join(Placement.enrollment).where(Enrollment.reference == enrollment)
    return db.session.scalars(query.order_by(Placement.id.desc()).limit(1)).first()


def of(enrollment: str) -> dict[str, str]:
    """Return what the addresses of an enrollment's entries name: its placement, and the newest of each."""
    reference = placement_of(enrollment)
    assert reference is not None
    mine = sa.select(Placement.id).where(Placement.reference == reference).scalar_subquery()
    found = {"placement": reference}
    for name, model in (("entry", HoursEntry), ("procedure", ProcedureEntry), ("week", EntryBatch)):
        query = sa.select(model.reference).where(model.placement_id == mine).order_by(model.id.desc())
        if model is HoursEntry:
            query = query.where(HoursEntry.state == EntryState.ENTERED, HoursEntry.until_at.is_not(None))
        if model is ProcedureEntry:
            query = query.where(ProcedureEntry.state == EntryState.ENTERED)
        found[name] = db.session.scalars(query.limit(1)).first() or ""
    unsent = sa.select(sa.func.max(ProcedureEntry.day_on)).where(ProcedureEntry.placement_id == mine)
    return found | {"unsent": f"{db.session.scalars(unsent).one()}"}


def waiting_week() -> str:
    """Return a week that waits for its preceptor."""
    query = sa.select(EntryBatch.reference).where(EntryBatch.answered_at.is_(None)).order_by(EntryBatch.id.desc())
    return db.session.scalars(query.limit(1)).one()


def answered_week() -> str:
    """Return a week that its preceptor has answered."""
    query = sa.select(EntryBatch.reference).where(EntryBatch.answered_at.is_not(None)).order_by(EntryBatch.id.desc())
    return db.session.scalars(query.limit(1)).one()
