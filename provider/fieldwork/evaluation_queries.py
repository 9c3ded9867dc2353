"""Reading evaluations: one with its placement, those of a placement or a student, and what is to be asked for."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.affiliations.models import Opening, SiteLocation
from provider.enrollments.models import Enrollment
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork.evaluating import Mean, means
from provider.fieldwork.models import Evaluation, HoursEntry
from provider.fieldwork.rules import EvaluationKind, EvaluationState
from provider.kernel.database import db
from provider.kernel.errors import NotFound

_PLACEMENT = joinedload(Evaluation.placement).options(
    joinedload(Placement.enrollment).joinedload(Enrollment.agreement),
    joinedload(Placement.preceptor),
    joinedload(Placement.request),
    joinedload(Placement.opening).joinedload(Opening.location).joinedload(SiteLocation.site),
)
_WHOLE = sa.select(Evaluation).options(_PLACEMENT)
_DONE = Evaluation.state == EvaluationState.DONE


def by_reference(reference: str, *, lock: bool = False) -> Evaluation:
    """Return an evaluation with its placement; raises NotFound."""
    query = _WHOLE.where(Evaluation.reference == reference)
    found = db.session.scalar(query.with_for_update(of=Evaluation) if lock else query)
    if found is None:
        raise NotFound
    return found


def of_placement(placement_id: int) -> Sequence[Evaluation]:
    """Return the evaluations of a placement, in the order in which they were asked for."""
    query = _WHOLE.where(Evaluation.placement_id == placement_id)
    return db.session.scalars(query.order_by(Evaluation.id)).all()


def given(placement_id: int, kind: EvaluationKind) -> Evaluation | None:
    """Return an evaluation that was given, or None."""
    query = _WHOLE.where(Evaluation.placement_id == placement_id, Evaluation.kind == kind, _DONE)
    return db.session.scalar(query)


def asked_for(placement_id: int) -> frozenset[EvaluationKind]:
    """Return what was asked for of a placement."""
    return frozenset(db.session.scalars(sa.select(Evaluation.kind).where(Evaluation.placement_id == placement_id)))


def of_student(person_id: int) -> Sequence[Evaluation]:
    """Return the evaluations of all placements of a student, the newest placement first."""
    query = _WHOLE.join(Placement, Placement.id == Evaluation.placement_id)
    query = query.join(Enrollment, Enrollment.id == Placement.enrollment_id).where(Enrollment.person_id == person_id)
    return db.session.scalars(query.order_by(Placement.id.desc(), Evaluation.id)).all()


def own(person_id: int | None, reference: str, *, lock: bool = False) -> Evaluation:
    """Return the evaluation of a site to the student who gives it; what is not theirs raises NotFound."""
    found = by_reference(reference, lock=lock)
    mine = person_id is not None and found.placement.enrollment.person_id == person_id
    if not mine or found.kind is not EvaluationKind.OF_SITE:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class Underway:
    """A placement that runs, as far as it has to be known to tell what is to be asked for."""

    placement_id: int
    first_on: dt.date
    last_on: dt.date
    required_hours: int
    zone: str
    minutes: int
    held: bool
    asked: frozenset[EvaluationKind]


def underway() -> list[Underway]:
    """Return every placement that runs, with its hours and what was asked for; two statements."""
    counted = sa.func.coalesce(HoursEntry.approved_minutes, HoursEntry.minutes, 0)
    minutes = (
        sa.select(sa.func.coalesce(sa.func.sum(counted), 0))
        .where(HoursEntry.placement_id == Placement.id)
        .correlate(Placement)
        .scalar_subquery()
    )
    running = Placement.state == PlacementState.RUNNING
    rows = db.session.execute(
        sa.select(
            Placement.id,
            Placement.first_on,
            Placement.last_on,
            Placement.required_hours,
            SiteLocation.zone,
            minutes,
            Placement.held_on.is_not(None),
        )
        .join(Opening, Opening.id == Placement.opening_id)
        .join(SiteLocation, SiteLocation.id == Opening.location_id)
        .where(running)
        .order_by(Placement.id)
    ).all()
    asked: dict[int, set[EvaluationKind]] = {}
    kinds = sa.select(Evaluation.placement_id, Evaluation.kind).join(Placement, Placement.id == Evaluation.placement_id)
    for placement_id, kind in db.session.execute(kinds.where(running)):
        asked.setdefault(placement_id, set()).add(kind)
    return [
        Underway(*row[:5], minutes=int(row[5]), held=row[6], asked=frozenset(asked.get(row[0], ())))  # type: ignore[misc]
        for row in rows
    ]


def waiting() -> Sequence[str]:
    """Return the references of the evaluations that were asked for and not given, the longest first."""
    query = sa.select(Evaluation.reference).where(Evaluation.state == EvaluationState.ASKED)
    return db.session.scalars(query.order_by(Evaluation.asked_at, Evaluation.id)).all()


def of_site(site_id: int) -> tuple[Mean, ...]:
    """Return what students said of a site, point by point with how many they are; for staff alone."""
    query = (
        sa.select(Evaluation.answers)
        .join(Placement, Placement.id == Evaluation.placement_id)
        .join(Opening, Opening.id == Placement.opening_id)
        .join(SiteLocation, SiteLocation.id == Opening.location_id)
        .where(SiteLocation.site_id == site_id, Evaluation.kind == EvaluationKind.OF_SITE, _DONE)
    )
    return means(db.session.scalars(query))
