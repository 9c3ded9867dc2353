"""How an offer comes to nothing: its place goes back, its links close, and the request is ready again."""

import datetime as dt

from provider.accounts.links import revoke_links
from provider.affiliations.actions import free_place
from provider.externships import guarantee
from provider.externships.models import ExternshipRequest, Offer
from provider.externships.rules import (
    HOLDING_OFFERS,
    OFFER_LIFECYCLE,
    REQUEST_LIFECYCLE,
    OfferState,
    ReleaseReason,
    RequestState,
)
from provider.history.actions import move
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.registry import registry
from provider.tasks.actions import finish_by_key

OFFER_LINK, ANSWER_LINK = "place_offer", "place_answer"


def end(
    offer: Offer,
    state: OfferState,
    *,
    actor: Actor,
    at: dt.datetime,
    reason: ReleaseReason | None = None,
    words: str | None = None,
    keeps_place: bool = False,
    asked_link_open: bool = False,
) -> None:
    """Bring an offer to its end; its request is held by now, and whoever calls says what becomes of that.

    ``keeps_place`` when another offer goes on with the same place; ``asked_link_open`` leaves the site's link open, so
    that the page on which the site itself answered goes on saying what it answered.
    """
    held = offer.state in HOLDING_OFFERS
    offer.ended_at, offer.end_reason = at, reason
    if words is not None:
        offer.words = words
    data = {"reason": reason.value} if reason is not None else None
    move(offer, state, OFFER_LIFECYCLE, actor=actor, at=at, about=offer.request.enrollment.reference, data=data)
    db.session.flush()  # at most one offer of a request lives: this one has to be over before the next begins
    if held and not keeps_place:
        free_place(offer.opening_id)
    for purpose in (OFFER_LINK,) if asked_link_open else (OFFER_LINK, ANSWER_LINK):
        revoke_links(purpose=purpose, subject=offer.reference, at=at)
    finish_by_key(key=silent_key(offer), at=at)


def silent_key(offer: Offer) -> str:
    """Name the task about a site that does not answer."""
    return f"site_silent:{offer.reference}"


def ready_again(request: ExternshipRequest, *, actor: Actor, at: dt.datetime) -> None:
    """Let a request look for a place again, its clock going on from where it stood (R14)."""
    about = request.enrollment.reference
    move(request, RequestState.READY, REQUEST_LIFECYCLE, actor=actor, at=at, about=about)
    db.session.flush()
    guarantee.keep(request, at=at)
    changed = registry().documents_changed
    if changed is not None and request.enrollment.person_id is not None:
        changed(request.enrollment.person_id, at)  # what has expired meanwhile is the student's turn
