"""Reading offers and placements with all that letters and pages say of them, for changing or only for looking."""

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.affiliations.models import Opening, SiteContact, SiteLocation
from provider.enrollments.models import Enrollment
from provider.externships import queries
from provider.externships.models import ACTIVE_PLACEMENT_ROWS, LIVE_OFFERS_HERE, ExternshipRequest, Offer, Placement
from provider.externships.rules import OfferState
from provider.history.models import History
from provider.kernel.database import db
from provider.kernel.errors import NotFound

_OPENING = (
    joinedload(Opening.location, innerjoin=True).joinedload(SiteLocation.site, innerjoin=True),
    joinedload(Opening.program, innerjoin=True),
    joinedload(Opening.preceptor, innerjoin=True),
)
_STUDENT = joinedload(ExternshipRequest.enrollment, innerjoin=True).joinedload(Enrollment.agreement, innerjoin=True)
_OFFERS = sa.select(Offer).options(
    joinedload(Offer.request, innerjoin=True).options(_STUDENT),
    joinedload(Offer.opening, innerjoin=True).options(*_OPENING),
)
_PLACEMENTS = sa.select(Placement).options(
    joinedload(Placement.request, innerjoin=True).options(_STUDENT),
    joinedload(Placement.enrollment, innerjoin=True).joinedload(Enrollment.agreement, innerjoin=True),
    joinedload(Placement.opening, innerjoin=True).options(*_OPENING),
    joinedload(Placement.preceptor, innerjoin=True),
)
OPEN_OFFER_ROWS = sa.text("offer.state IN ('proposed', 'sent', 'accepted')")
PLACEMENT_ROWS = sa.text("placement.state IN ('planned', 'running')")


def offer(reference: str) -> Offer:
    """Return one offer with its request, student and opening; raises NotFound."""
    return _found(db.session.scalar(_OFFERS.where(Offer.reference == reference)))


def live_offer(request_id: int) -> Offer | None:
    """Return the offer of a request that is not over, with all that its page says of it."""
    return db.session.scalar(_OFFERS.where(Offer.request_id == request_id, LIVE_OFFERS_HERE))


def held(offer_id: int) -> Offer:
    """Return an offer as it stands now, its request locked: who changes an offer holds its request first."""
    request_id = db.session.scalars(sa.select(Offer.request_id).where(Offer.id == offer_id)).one()
    queries.by_id(request_id, lock=True)
    found = _OFFERS.where(Offer.id == offer_id).execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def offers_of(request_id: int) -> Sequence[Offer]:
    """Return every offer of a request, the newest first."""
    return db.session.scalars(_OFFERS.where(Offer.request_id == request_id).order_by(Offer.id.desc())).all()


def sites_declined(request_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the sites that the students of these requests declined, by request: they are not asked about them again.

    What a site itself declined is another thing.
    """
    query = (
        sa.select(Offer.request_id, SiteLocation.site_id)
        .join(Offer.opening)
        .join(Opening.location)
        .where(Offer.request_id.in_(request_ids), Offer.state == OfferState.DECLINED, Offer.site_answered_at.is_(None))
    )
    found: dict[int, set[int]] = {}
    for request_id, site_id in db.session.execute(query):
        found.setdefault(request_id, set()).add(site_id)
    return {request_id: frozenset(sites) for request_id, sites in found.items()}


def placement(reference: str) -> Placement:
    """Return one placement with its request, student, opening and preceptor; raises NotFound."""
    return _found_placement(db.session.scalar(_PLACEMENTS.where(Placement.reference == reference)))


def held_placement(placement_id: int) -> Placement:
    """Return a placement as it stands now, its request locked."""
    request_id = db.session.scalars(sa.select(Placement.request_id).where(Placement.id == placement_id)).one()
    queries.by_id(request_id, lock=True)
    found = _PLACEMENTS.where(Placement.id == placement_id).execution_options(populate_existing=True)
    return db.session.scalars(found).one()


def placements_of(request_id: int) -> Sequence[Placement]:
    """Return every placement of a request, the newest first."""
    query = _PLACEMENTS.where(Placement.request_id == request_id)
    return db.session.scalars(query.order_by(Placement.id.desc())).all()


def own_placement(person_id: int | None, reference: str) -> Placement:
    """Return a placement to its student; what is not theirs raises NotFound like what is not there."""
    found = placement(reference)
    if person_id is None or found.enrollment.person_id != person_id:
        raise NotFound
    return found


def own_offer(person_id: int | None, reference: str) -> Offer:
    """Return an offer to its student; what is not theirs raises NotFound like what is not there."""
    found = offer(reference)
    if person_id is None or found.request.enrollment.person_id != person_id:
        raise NotFound
    return found


def active_placements_of(person_id: int) -> Sequence[int]:
    """Return the ids of a student's placements that are planned or run, always in the same order."""
    query = sa.select(Placement.id).join(Placement.enrollment).where(Enrollment.person_id == person_id)
    return db.session.scalars(query.where(PLACEMENT_ROWS).order_by(Placement.request_id)).all()


def all_active_placements() -> Sequence[int]:
    """Return the ids of all placements that are planned or run."""
    return db.session.scalars(sa.select(Placement.id).where(ACTIVE_PLACEMENT_ROWS).order_by(Placement.id)).all()


def requests_at(location_ids: Collection[int]) -> Sequence[int]:
    """Return the ids of the requests that have an offer or a placement at some locations, always in the same order."""
    at_them = sa.select(Opening.id).where(Opening.location_id.in_(location_ids))
    offered = sa.select(Offer.request_id).where(Offer.opening_id.in_(at_them), OPEN_OFFER_ROWS)
    placed = sa.select(Placement.request_id).where(Placement.opening_id.in_(at_them), PLACEMENT_ROWS)
    return sorted(set(db.session.scalars(offered)) | set(db.session.scalars(placed)))


def open_offers_at(location_ids: Collection[int]) -> Sequence[Offer]:
    """Return the offers at some locations that nobody has confirmed yet, in the order of their requests."""
    query = _OFFERS.join(Opening, Opening.id == Offer.opening_id).where(
        Opening.location_id.in_(location_ids), OPEN_OFFER_ROWS
    )
    return db.session.scalars(query.order_by(Offer.request_id).execution_options(populate_existing=True)).all()


def active_placements_at(location_ids: Collection[int]) -> Sequence[Placement]:
    """Return the placements at some locations that are planned or run, in the order of their requests."""
    query = _PLACEMENTS.join(Opening, Opening.id == Placement.opening_id).where(
        Opening.location_id.in_(location_ids), PLACEMENT_ROWS
    )
    return db.session.scalars(query.order_by(Placement.request_id).execution_options(populate_existing=True)).all()


def expired(now: dt.datetime) -> Sequence[int]:
    """Return the ids of the offers whose last instant to answer is over, the oldest first."""
    query = sa.select(Offer.id).where(Offer.state == OfferState.SENT, Offer.expires_at < now)
    return db.session.scalars(query.order_by(Offer.id)).all()


def unanswered_by_sites(asked_before: dt.datetime) -> Sequence[int]:
    """Return the ids of the offers whose site was asked before an instant and has not answered, the oldest first."""
    query = sa.select(Offer.id).where(Offer.state == OfferState.ACCEPTED, Offer.answered_at <= asked_before)
    return db.session.scalars(query.order_by(Offer.id)).all()


def site_was_reminded(reference: str) -> bool:
    """Say whether the site of an offer was reminded that it is awaited."""
    return _events(reference, "offer.site_reminded") > 0


def beginning(latest: dt.date) -> Sequence[int]:
    """Return the ids of the planned placements whose first day is this one or an earlier one, and are not held."""
    query = sa.select(Placement.id).where(sa.text("placement.state = 'planned'"), Placement.first_on <= latest)
    return db.session.scalars(query.where(Placement.held_on.is_(None)).order_by(Placement.id)).all()


def supervisors(site_id: int) -> Sequence[SiteContact]:
    """Return who supervises students at a site today, by name."""
    query = sa.select(SiteContact).where(
        SiteContact.site_id == site_id, SiteContact.supervises, SiteContact.left_at.is_(None)
    )
    return db.session.scalars(query.order_by(SiteContact.name, SiteContact.id)).all()


def times_held(reference: str) -> int:
    """Return how often a placement was held or went on."""
    return _events(reference, "placement.held", "placement.goes_on")


def changes_of_preceptor(reference: str) -> int:
    """Return how often another preceptor took a placement over."""
    return _events(reference, "placement.preceptor_changed")


def _events(reference: str, *events: str) -> int:
    query = sa.select(sa.func.count()).select_from(History)
    query = query.where(History.subject_reference == reference, History.event.in_(events))
    return db.session.scalars(query).one()


def _found(row: Offer | None) -> Offer:
    if row is None:
        raise NotFound
    return row


def _found_placement(row: Placement | None) -> Placement:
    if row is None:
        raise NotFound
    return row
