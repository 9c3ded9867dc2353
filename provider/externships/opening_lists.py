"""Who has a place of an opening, or is being asked: what stands behind the number of places that are taken."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from provider.enrollments.models import Enrollment
from provider.externships.models import ExternshipRequest, Offer, Placement
from provider.externships.rules import OfferState, PlacementState
from provider.kernel.database import db, table

_O, _P, _R, _E = (table(model).c for model in (Offer, Placement, ExternshipRequest, Enrollment))
_HOLD = (OfferState.SENT, OfferState.ACCEPTED, OfferState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Taker:
    """One student with a place; ``placement`` once it is confirmed."""

    legal_name: str
    request: str
    placement: str | None
    state: OfferState | PlacementState
    first_on: dt.date
    last_on: dt.date


def takers(opening_id: int) -> list[Taker]:
    """Return who has a place of an opening, by the first day; one statement, and never more rows than places."""
    query = (
        sa.select(_E.legal_name, _R.reference, _P.reference, _P.state, _O.state, _O.first_on, _O.last_on)
        .select_from(
            table(Offer)
            .join(table(ExternshipRequest), _R.id == _O.request_id)
            .join(table(Enrollment), _E.id == _R.enrollment_id)
            .outerjoin(table(Placement), _P.offer_id == _O.id)
        )
        .where(_O.opening_id == opening_id, _O.state.in_(_HOLD))
        .order_by(_O.first_on, _O.id)
    )
    return [
        Taker(name, request, placement, placed or offered, first_on, last_on)
        for name, request, placement, placed, offered, first_on, last_on in db.session.execute(query)
    ]
