"""Reading records, visits and what a placement has come to."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.affiliations.models import Opening, SiteLocation
from provider.enrollments.models import Enrollment
from provider.externships.models import Placement
from provider.fieldwork import entries
from provider.fieldwork.evaluation_queries import given
from provider.fieldwork.models import ExternshipRecord, SiteVisit
from provider.fieldwork.recording import Reached, Stamp, sheet
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.database import db
from provider.kernel.days import day_of
from provider.kernel.errors import NotFound
from provider.kernel.pdf import render
from provider.kernel.settings import settings
from provider.verification.rules import written_code

_WHOLE = sa.select(ExternshipRecord).options(
    joinedload(ExternshipRecord.document),
    joinedload(ExternshipRecord.placement).joinedload(Placement.enrollment).joinedload(Enrollment.agreement),
)


def of_placement(placement_id: int) -> Sequence[ExternshipRecord]:
    """Return the records of a placement, the newest first; no other one can stand."""
    mine = _WHOLE.where(ExternshipRecord.placement_id == placement_id)
    return db.session.scalars(mine.order_by(ExternshipRecord.number.desc())).all()


def standing(placement_id: int) -> ExternshipRecord | None:
    """Return the record of a placement that the school stands by, or None."""
    newest = next(iter(of_placement(placement_id)), None)
    return newest if newest is not None and newest.document.revoked_at is None else None


def by_reference(reference: str) -> ExternshipRecord:
    """Return a record with its document and placement; raises NotFound."""
    found = db.session.scalar(_WHOLE.where(ExternshipRecord.reference == reference))
    if found is None:
        raise NotFound
    return found


def of_student(person_id: int) -> Sequence[ExternshipRecord]:
    """Return the records of a student, the newest first."""
    query = _WHOLE.join(Placement, Placement.id == ExternshipRecord.placement_id)
    query = query.join(Enrollment, Enrollment.id == Placement.enrollment_id).where(Enrollment.person_id == person_id)
    return db.session.scalars(query.order_by(ExternshipRecord.id.desc())).all()


def placements_of(enrollment_id: int) -> Sequence[Placement]:
    """Return the placements of an enrollment with their sites, the newest first."""
    site = joinedload(Placement.opening).joinedload(Opening.location).joinedload(SiteLocation.site)
    query = sa.select(Placement).where(Placement.enrollment_id == enrollment_id).options(site)
    return db.session.scalars(query.order_by(Placement.id.desc())).all()


def visits(placement_id: int) -> Sequence[SiteVisit]:
    """Return the visits of a placement, the newest first."""
    query = sa.select(SiteVisit).where(SiteVisit.placement_id == placement_id)
    return db.session.scalars(query.order_by(SiteVisit.visited_on.desc(), SiteVisit.id.desc())).all()


def reached(placement: Placement) -> Reached:
    """Return what a placement has come to."""
    minutes = entries.minutes_of(placement.id)
    evaluated = given(placement.id, EvaluationKind.FINAL) is not None
    return Reached(minutes.approved, placement.required_hours, evaluated, minutes.all - minutes.approved)


def approved_since(record: ExternshipRecord) -> bool:
    """Say whether more is approved by now than a record says: a week that its preceptor answered afterwards."""
    done = sum(one.approved for one in entries.numbers_of([record.placement_id]).values())
    minutes, content = entries.minutes_of(record.placement_id).approved, record.content
    return bool(minutes > content["minutes"] or done > sum(one["number"] for one in content["procedures"]))


def stamp(record: ExternshipRecord) -> Stamp:
    """Return what stands beside the content of a record."""
    zone, code = settings().SCHOOL_ZONE, written_code(record.document.code)
    revoked_at = record.document.revoked_at
    return Stamp(
        record.reference,
        code,
        f"{settings().BASE_URL}/verify/{code}",
        day_of(record.made_at, zone),
        day_of(revoked_at, zone) if revoked_at else None,
    )


def pdf(record: ExternshipRecord) -> bytes:
    """Return a record as a tagged PDF; it takes about 0.1 s, so call it outside of a unit of work."""
    return render("fieldwork/record.typ", sheet(record.content, stamp(record)))
