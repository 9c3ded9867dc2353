"""Reading externship requests, and the offer and the placement that a request has now."""

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from provider.affiliations.models import Opening, SiteLocation
from provider.clocks.models import Clock
from provider.clocks.rules import ClockKind, ClockState
from provider.enrollments.models import Enrollment
from provider.externships.models import (
    ACTIVE_PLACEMENTS_HERE,
    LIVE_OFFERS_HERE,
    OPEN_REQUESTS_HERE,
    ExternshipPreference,
    ExternshipRequest,
    Offer,
    Placement,
)
from provider.externships.rules import RequestState
from provider.kernel.database import db
from provider.kernel.errors import NotFound

_WHOLE = (
    sa.select(ExternshipRequest)
    .join(ExternshipRequest.enrollment)
    .options(
        contains_eager(ExternshipRequest.enrollment).joinedload(Enrollment.agreement),
        selectinload(ExternshipRequest.preferences)
        .joinedload(ExternshipPreference.location)
        .joinedload(SiteLocation.site),
    )
)
_LOCATED = joinedload(Opening.location).joinedload(SiteLocation.site)


def _one(query: sa.Select[ExternshipRequest], *, lock: bool) -> ExternshipRequest | None:
    locked = query.with_for_update(of=ExternshipRequest).execution_options(populate_existing=True)
    return db.session.scalar(locked if lock else query)


def by_reference(reference: str, *, lock: bool = False) -> ExternshipRequest:
    """Return a request with its enrollment and preferences, locked for changing if asked; raises NotFound."""
    found = _one(_WHOLE.where(ExternshipRequest.reference == reference), lock=lock)
    if found is None:
        raise NotFound
    return found


def by_id(request_id: int, *, lock: bool = False) -> ExternshipRequest:
    """Return a request like `by_reference`."""
    found = _one(_WHOLE.where(ExternshipRequest.id == request_id), lock=lock)
    if found is None:
        raise NotFound
    return found


def open_of(enrollment_id: int, *, lock: bool = False) -> ExternshipRequest | None:
    """Return the request of an enrollment that is neither completed nor withdrawn."""
    return _one(_WHOLE.where(ExternshipRequest.enrollment_id == enrollment_id, OPEN_REQUESTS_HERE), lock=lock)


def newest_of(enrollment_id: int) -> ExternshipRequest | None:
    """Return the last request of an enrollment, whatever became of it."""
    query = _WHOLE.where(ExternshipRequest.enrollment_id == enrollment_id)
    return db.session.scalar(query.order_by(ExternshipRequest.id.desc()).limit(1))


def newest_of_each(enrollment_ids: Collection[int]) -> dict[int, ExternshipRequest]:
    """Return the last request of each of these enrollments that has one, in two statements."""
    query = _WHOLE.where(ExternshipRequest.enrollment_id.in_(enrollment_ids)).order_by(ExternshipRequest.id)
    return {request.enrollment_id: request for request in db.session.scalars(query)}


def open_references_of(person_id: int) -> Sequence[str]:
    """Return a student's requests that are neither completed nor withdrawn, always in the same order."""
    query = (
        sa.select(ExternshipRequest.reference)
        .join(ExternshipRequest.enrollment)
        .where(Enrollment.person_id == person_id, OPEN_REQUESTS_HERE)
    )
    return db.session.scalars(query.order_by(ExternshipRequest.id)).all()


def references_with_missing_documents() -> Sequence[str]:
    """Return the requests whose documents wait for the student, the oldest first."""
    query = sa.select(ExternshipRequest.reference).where(
        ExternshipRequest.state == RequestState.DOCUMENTS, ExternshipRequest.missing_since.is_not(None)
    )
    return db.session.scalars(query.order_by(ExternshipRequest.asked_at, ExternshipRequest.id)).all()


def overdue_references(today: dt.date) -> Sequence[str]:
    """Return the requests whose guarantee runs and whose last day is over."""
    query = sa.select(Clock.subject_reference).where(
        Clock.state == ClockState.RUNNING, Clock.kind == ClockKind.GUARANTEE, Clock.overdue_on < today
    )
    return db.session.scalars(query.order_by(Clock.overdue_on, Clock.id)).all()


def live_offer(request_id: int, *, lock: bool = False) -> Offer | None:
    """Return the offer of a request that is not over, a confirmed one too, with its opening and location."""
    query = (
        sa.select(Offer)
        .where(Offer.request_id == request_id, LIVE_OFFERS_HERE)
        .options(joinedload(Offer.opening).options(_LOCATED))
    )
    return db.session.scalar(query.with_for_update(of=Offer) if lock else query)


def active_placement(enrollment_id: int, *, lock: bool = False) -> Placement | None:
    """Return the placement of an enrollment that is planned or runs, with its opening, location and preceptor."""
    query = (
        sa.select(Placement)
        .where(Placement.enrollment_id == enrollment_id, ACTIVE_PLACEMENTS_HERE)
        .options(joinedload(Placement.opening).options(_LOCATED), joinedload(Placement.preceptor))
    )
    return db.session.scalar(query.with_for_update(of=Placement) if lock else query)


def last_placement(request_id: int) -> Placement | None:
    """Return the newest placement of a request, whatever became of it, like `active_placement`."""
    query = sa.select(Placement).where(Placement.request_id == request_id).order_by(Placement.id.desc()).limit(1)
    return db.session.scalar(
        query.options(joinedload(Placement.opening).options(_LOCATED), joinedload(Placement.preceptor))
    )
