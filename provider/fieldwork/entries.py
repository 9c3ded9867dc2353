"""Reading hours and procedures: by whose they are, by week, and what they come to."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.accounts.rules import Asker
from provider.affiliations.models import Opening, SiteLocation
from provider.enrollments.models import Enrollment
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork.days import Agreed, Stretch, week_days
from provider.fieldwork.models import EntryBatch, HoursEntry, ProcedureEntry
from provider.fieldwork.rules import EntryState, ProcedureKind
from provider.history import queries as history
from provider.kernel.database import db
from provider.kernel.errors import NotFound

E = TypeVar("E", HoursEntry, ProcedureEntry)
_WHOLE = sa.select(Placement).options(
    joinedload(Placement.enrollment).joinedload(Enrollment.agreement),
    joinedload(Placement.preceptor),
    joinedload(Placement.request),
    joinedload(Placement.opening).joinedload(Opening.location).joinedload(SiteLocation.site),
)
# Those of a student, the one that runs first, then the one to come, then the last that is over.
_ORDER = sa.case({PlacementState.RUNNING.value: 0, PlacementState.PLANNED.value: 1}, value=Placement.state, else_=2)


def placements_of(person_id: int) -> Sequence[Placement]:
    """Return the placements of a student: what runs, then what is to come, then what is over, newest first."""
    mine = _WHOLE.join(Enrollment, Enrollment.id == Placement.enrollment_id).where(Enrollment.person_id == person_id)
    return db.session.scalars(mine.order_by(_ORDER, Placement.id.desc())).all()


def placement(reference: str, *, lock: bool = False) -> Placement:
    """Return a placement with its place and its student, locked for changing if asked; raises NotFound."""
    query = _WHOLE.where(Placement.reference == reference)
    found = db.session.scalar(query.with_for_update(of=Placement) if lock else query)
    if found is None:
        raise NotFound
    return found


def placement_by_id(placement_id: int, *, lock: bool = False) -> Placement:
    """Return a placement like `placement`."""
    query = _WHOLE.where(Placement.id == placement_id)
    return db.session.scalars(query.with_for_update(of=Placement) if lock else query).one()


def own_placement(asker: Asker, reference: str, *, lock: bool = False) -> Placement:
    """Return a placement to its student; what is not theirs raises NotFound like what is not there."""
    found = placement(reference, lock=lock)
    if found.enrollment.person_id is None or found.enrollment.person_id != asker.person_id:
        raise NotFound
    return found


def agreed(placement: Placement) -> Agreed:
    """Return what was agreed for a placement."""
    zone = ZoneInfo(placement.opening.location.zone)
    return Agreed(placement.period, placement.opening.pattern, zone, placement.held_on)


def one_of(placement: Placement, model: type[E], reference: str) -> E:
    """Return an entry of a placement; raises NotFound."""
    mine = sa.select(model).where(model.placement_id == placement.id, model.reference == reference)
    found = db.session.scalar(mine)
    if found is None:
        raise NotFound
    return found


def placement_of_entry(model: type[E], reference: str) -> str:
    """Return the reference of the placement that an entry belongs to; raises NotFound."""
    query = sa.select(Placement.reference).join(model, model.placement_id == Placement.id)
    found = db.session.scalar(query.where(model.reference == reference))
    if found is None:
        raise NotFound
    return found


def by_key(placement: Placement, model: type[E], client_key: str) -> E | None:
    """Return the entry of a placement that a page made under a key, or None."""
    return db.session.scalar(sa.select(model).where(model.placement_id == placement.id, model.client_key == client_key))


def running(placement_id: int) -> HoursEntry | None:
    """Return the entry of somebody who is clocked in, or None."""
    query = sa.select(HoursEntry).where(HoursEntry.placement_id == placement_id, HoursEntry.until_at.is_(None))
    return db.session.scalar(query)


def stretches(placement_id: int, *, but: int | None, around: Stretch) -> list[tuple[HoursEntry, Stretch]]:
    """Return the other entries of a placement that share time with a stretch."""
    entry = HoursEntry
    query = sa.select(entry).where(
        entry.placement_id == placement_id,
        entry.until_at > around.from_at,
        entry.from_at < around.until_at,
        entry.id != (but or 0),
    )
    found = db.session.scalars(query.order_by(entry.id))
    return [(one, Stretch(one.from_at, one.until_at)) for one in found if one.until_at is not None]


def of_week(placement_id: int, model: type[E], week_on: dt.date) -> Sequence[E]:
    """Return the entries of a week, in the order of its days."""
    mine = model.placement_id == placement_id, model.day_on.between(*week_days(week_on))
    return db.session.scalars(sa.select(model).where(*mine).order_by(model.day_on, model.id)).all()


def all_of(placement_id: int, model: type[E]) -> Sequence[E]:
    """Return every entry of a placement, the newest day first."""
    query = sa.select(model).where(model.placement_id == placement_id)
    return db.session.scalars(query.order_by(model.day_on.desc(), model.id.desc())).all()


def sent_back(placement_id: int, model: type[E]) -> Sequence[E]:
    """Return the entries that wait to be corrected, oldest first."""
    mine = model.placement_id == placement_id, model.state == EntryState.RETURNED
    return db.session.scalars(sa.select(model).where(*mine).order_by(model.day_on, model.id)).all()


@dataclass(frozen=True, slots=True)
class Minutes:
    """What the hours of a placement come to, in minutes; those approved are what the preceptor made of them."""

    entered: int = 0
    submitted: int = 0
    returned: int = 0
    approved: int = 0

    @property
    def all(self) -> int:
        """All of them, whatever became of it."""
        return self.entered + self.submitted + self.returned + self.approved


def minutes(entries: Iterable[HoursEntry]) -> Minutes:
    """Add up entries that were read."""
    sums = dict.fromkeys(EntryState, 0)
    for entry in entries:
        sums[entry.state] += entry.minutes or 0 if entry.approved_minutes is None else entry.approved_minutes
    return Minutes(**{state.value: sum_ for state, sum_ in sums.items()})


def minutes_of(placement_id: int) -> Minutes:
    """Add up all entries of a placement."""
    counted = sa.func.coalesce(HoursEntry.approved_minutes, HoursEntry.minutes, 0)
    query = sa.select(HoursEntry.state, sa.func.sum(counted)).where(HoursEntry.placement_id == placement_id)
    return Minutes(**{state.value: int(sum_) for state, sum_ in db.session.execute(query.group_by(HoursEntry.state))})


def last_approved_on(placement_id: int) -> dt.date | None:
    """Return the last day of which hours were approved; None when there is none."""
    query = sa.select(sa.func.max(HoursEntry.day_on)).where(
        HoursEntry.placement_id == placement_id, HoursEntry.state == EntryState.APPROVED
    )
    return db.session.scalar(query)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How often something was done: with approval, and all in all."""

    approved: int
    waiting: int


def numbers_of(placement_ids: Iterable[int]) -> Mapping[ProcedureKind, Numbers]:
    """Return how often each kind of procedure was done in some placements."""
    entry = ProcedureEntry
    approved = sa.func.coalesce(sa.func.sum(entry.approved_number), 0)
    waiting = sa.func.sum(sa.case((entry.state == EntryState.APPROVED, 0), else_=entry.number))
    query = sa.select(entry.kind, approved, waiting).where(entry.placement_id.in_(list(placement_ids)))
    return {kind: Numbers(int(a), int(w)) for kind, a, w in db.session.execute(query.group_by(entry.kind))}


def sendable(model: type[HoursEntry | ProcedureEntry]) -> sa.ColumnElement[bool]:
    """Say which entries may be sent to the preceptor: over, and if they were sent back, corrected since."""
    ready = model.state.in_((EntryState.ENTERED, EntryState.RETURNED)) & model.returned_because.is_(None)
    return ready & model.until_at.is_not(None) if issubclass(model, HoursEntry) else ready


def to_send(placement_id: int, model: type[E], week_on: dt.date) -> Sequence[E]:
    """Return the entries of a week that may be sent to the preceptor."""
    mine = model.placement_id == placement_id, model.day_on.between(*week_days(week_on)), sendable(model)
    return db.session.scalars(sa.select(model).where(*mine).order_by(model.day_on, model.id)).all()


@dataclass(frozen=True, slots=True)
class Unsent:
    """A day of a running placement of which something may be sent to the preceptor and was not."""

    placement_id: int
    day_on: dt.date
    zone: str


def unsent() -> set[Unsent]:
    """Return the days of running placements of which something may be sent; one statement for each kind of entry."""
    found: set[Unsent] = set()
    for model in (HoursEntry, ProcedureEntry):
        query = (
            sa.select(model.placement_id, model.day_on, SiteLocation.zone)
            .join(Placement, Placement.id == model.placement_id)
            .join(Opening, Opening.id == Placement.opening_id)
            .join(SiteLocation, SiteLocation.id == Opening.location_id)
            .where(Placement.state == PlacementState.RUNNING, sendable(model))
        )
        found |= {Unsent(*row) for row in db.session.execute(query.distinct())}
    return found


_BATCH = sa.select(EntryBatch).options(joinedload(EntryBatch.contact))


def batch(reference: str, *, lock: bool = False) -> EntryBatch:
    """Return a week that a preceptor was asked to approve; raises NotFound."""
    query = _BATCH.where(EntryBatch.reference == reference)
    found = db.session.scalar(query.with_for_update(of=EntryBatch) if lock else query)
    if found is None:
        raise NotFound
    return found


def batches(placement_id: int) -> Sequence[EntryBatch]:
    """Return the weeks of a placement that a preceptor was asked to approve, newest first."""
    return db.session.scalars(
        _BATCH.where(EntryBatch.placement_id == placement_id).order_by(EntryBatch.id.desc())
    ).all()


def lines(batch_id: int, model: type[E]) -> Sequence[E]:
    """Return what stands in such a week."""
    return db.session.scalars(sa.select(model).where(model.batch_id == batch_id).order_by(model.day_on, model.id)).all()


def waiting_batches(placement_id: int | None = None) -> Sequence[EntryBatch]:
    """Return the weeks that wait for their preceptor, the longest first."""
    query = _BATCH.where(EntryBatch.answered_at.is_(None)).order_by(EntryBatch.sent_at, EntryBatch.id)
    return db.session.scalars(
        query if placement_id is None else query.where(EntryBatch.placement_id == placement_id)
    ).all()


def handed_over(placement: Placement, since: dt.datetime) -> str | None:
    """Tell whoever supervised a placement before that somebody else does since; None when nobody took it over."""
    events = (told.row for told in history.of_record(placement.reference))
    if not any(row.event == "placement.preceptor_changed" and row.at > since for row in events):
        return None
    site = placement.opening.location.site.name
    return f"Somebody else at {site} supervises this student now. There is nothing left for you to do. Thank you."


def last_number(placement_id: int, week_on: dt.date) -> int:
    """Return how often a week was sent before."""
    mine = EntryBatch.placement_id == placement_id, EntryBatch.week_on == week_on
    return db.session.scalar(sa.select(sa.func.max(EntryBatch.number)).where(*mine)) or 0
