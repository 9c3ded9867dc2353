"""Placements from the site's yes to the last hour: confirmed, begun, released, completed, and who supervises."""

import datetime as dt
from zoneinfo import ZoneInfo

from provider.affiliations.models import SiteContact
from provider.externships import checks, guarantee, holding, offer_queries, place_letters
from provider.externships.disclosing import HOW_TO_REACH, WHO_COMES, disclose
from provider.externships.models import Offer, Placement
from provider.externships.offer_ends import end, ready_again
from provider.externships.refusals import NotThisPreceptor, PlacementOver
from provider.externships.rules import (
    ENDING,
    OFFER_LIFECYCLE,
    PLACEMENT_LIFECYCLE,
    PLACEMENT_PREFIX,
    REQUEST_LIFECYCLE,
    OfferState,
    PlacementState,
    ReleaseReason,
    RequestState,
)
from provider.history.actions import born, move, note
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, hold
from provider.kernel.days import day_of
from provider.kernel.registry import registry
from provider.mail.actions import post
from provider.programs.queries import hours_of
from provider.tasks.actions import finish_by_key

ACTIVE = frozenset({PlacementState.PLANNED, PlacementState.RUNNING})


def confirm(*, offer: Offer, actor: Actor, at: dt.datetime) -> Placement:
    """Make a placement of an offer to which both have said yes; the guarantee is kept, and both get all they need.

    The offer is held and accepted, and its days were checked without the documents: where one does not hold by now, the
    placement is held until it does. Days that have passed meanwhile are left out.
    """
    days = checks.days_left(offer, at, with_documents=False)
    enrollment = offer.request.enrollment
    about = enrollment.reference
    made = hold(
        Placement(
            reference=references.new(PLACEMENT_PREFIX),
            offer_id=offer.id,
            request_id=offer.request_id,
            enrollment_id=enrollment.id,
            opening_id=offer.opening_id,
            preceptor_id=offer.opening.preceptor_id,
            state=PlacementState.PLANNED,
            first_on=days.first_on,
            last_on=days.last_on,
            required_hours=hours_of(enrollment.program_id),
            tenths=offer.tenths,
            confirmed_at=at,
        )
    )
    born(made, actor=actor, at=at, about=about)
    move(offer, OfferState.CONFIRMED, OFFER_LIFECYCLE, actor=actor, at=at, about=about)
    move(offer.request, RequestState.PLACED, REQUEST_LIFECYCLE, actor=actor, at=at, about=about)
    db.session.flush()
    guarantee.keep(offer.request, at=at)
    placement = offer_queries.held_placement(made.id)
    post(place_letters.confirmed(placement), at=at, actor=actor)
    post(place_letters.confirmed_to_site(placement), at=at, actor=actor)
    site = placement.opening.location.site.name
    disclose(placement.request, to=site, what=HOW_TO_REACH, actor=actor, at=at)
    holding.look(placement, at=at)
    return placement


def start(placement_id: int, *, now: dt.datetime) -> bool:
    """Begin a placement on its first day where it is; False when it is not its day, or it is held. Safe to repeat."""
    placement = offer_queries.held_placement(placement_id)
    today = day_of(now, ZoneInfo(placement.opening.location.zone))
    waits = placement.state is PlacementState.PLANNED and placement.held_on is None
    if not waits or not placement.first_on <= today <= placement.last_on:
        return False
    placement.started_at = now
    about = placement.enrollment.reference
    move(placement, PlacementState.RUNNING, PLACEMENT_LIFECYCLE, actor=SYSTEM, at=now, about=about)
    move(placement.request, RequestState.RUNNING, REQUEST_LIFECYCLE, actor=SYSTEM, at=now, about=about)
    db.session.flush()
    guarantee.keep(placement.request, at=now)
    return True


def release(
    *, placement: Placement, reason: ReleaseReason, words: str | None = None, actor: Actor, at: dt.datetime
) -> Placement:
    """Let a placement go before its end; student and site are told, once, and the place is free again.

    The request is ready again with its clock going on, unless it ends with this reason: then whoever calls ends it and
    tells the student. Raises PlacementOver.
    """
    placement = _active(placement)
    placement.released_at, placement.release_reason = at, reason
    about = placement.enrollment.reference
    data = {"reason": reason.value}
    move(placement, PlacementState.RELEASED, PLACEMENT_LIFECYCLE, actor=actor, at=at, about=about, data=data)
    end(offer_queries.held(placement.offer_id), OfferState.REVOKED, reason=reason, words=words, actor=actor, at=at)
    holding.finish_task(placement, at=at)
    finish_by_key(key=end_key(placement), at=at)
    post(place_letters.released_to_site(placement, reason), at=at, actor=actor)
    if reason not in ENDING:
        post(place_letters.released(placement, reason), at=at, actor=actor)
        ready_again(placement.request, actor=actor, at=at)
    return placement


def complete(*, placement: Placement, actor: Actor, at: dt.datetime) -> Placement:
    """Complete a placement that runs, and with it the request; its place stays used. Raises IllegalTransition."""
    placement = offer_queries.held_placement(placement.id)
    about = placement.enrollment.reference
    placement.completed_at = placement.request.ended_at = at
    move(placement, PlacementState.COMPLETED, PLACEMENT_LIFECYCLE, actor=actor, at=at, about=about)
    move(placement.request, RequestState.COMPLETED, REQUEST_LIFECYCLE, actor=actor, at=at, about=about)
    db.session.flush()
    holding.finish_task(placement, at=at)
    finish_by_key(key=end_key(placement), at=at)
    guarantee.keep(placement.request, at=at)
    return placement


def end_key(placement: Placement) -> str:
    """Name the task to complete a placement whose last day is over."""
    return f"complete_placement:{placement.reference}"


def change_preceptor(*, placement: Placement, preceptor: SiteContact, actor: Actor, at: dt.datetime) -> Placement:
    """Let somebody else of the site supervise, with all that waits for a preceptor; the three of them are told.

    Who has left the site hears nothing.
    Raises PlacementOver, and NotThisPreceptor for somebody of another site, who does not supervise, or who has left.
    """
    placement = _active(placement)
    fits = (
        preceptor.site_id == placement.opening.location.site_id and preceptor.supervises and preceptor.left_at is None
    )
    if not fits or preceptor.id == placement.preceptor_id:
        raise NotThisPreceptor
    former = placement.preceptor
    data = {"old": former.reference, "new": preceptor.reference}
    placement.preceptor_id = preceptor.id
    db.session.flush()
    about = placement.enrollment.reference
    note(placement, "placement.preceptor_changed", actor=actor, at=at, about=about, data=data)
    placement = offer_queries.held_placement(placement.id)
    number = offer_queries.changes_of_preceptor(placement.reference)
    post(place_letters.preceptor_changed(placement, number=number), at=at, actor=actor)
    post(place_letters.confirmed_to_site(placement, number=number), at=at, actor=actor)
    to = f"{preceptor.name}, {placement.opening.location.site.name}"
    disclose(placement.request, to=to, what=f"{WHO_COMES}; {HOW_TO_REACH.lower()}", actor=actor, at=at)
    if former.left_at is None:
        post(place_letters.relieved(placement, former, number=number), at=at, actor=actor)
    changed = registry().preceptor_changed
    if changed is not None:
        changed(placement.id, actor, at)
    return placement


def _active(placement: Placement) -> Placement:
    placement = offer_queries.held_placement(placement.id)
    if placement.state not in ACTIVE:
        raise PlacementOver(placement.state)
    return placement
