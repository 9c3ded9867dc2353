"""When a site or a location closes or an agreement ends: whoever stands beyond it is released, and told once."""

import datetime as dt
from collections.abc import Callable, Collection

from provider.affiliations import actions as affiliations
from provider.affiliations import queries as sites
from provider.affiliations.models import AffiliationAgreement, Site, SiteLocation
from provider.externships import checks, offer_queries, offers, placements, queries
from provider.externships.models import Offer, Placement
from provider.externships.rules import PlacementState, ReleaseReason
from provider.kernel.actors import Actor

Ends = Callable[[Offer | Placement], bool]


def close_site(reference: str, *, actor: Actor, at: dt.datetime) -> Site:
    """Close a site; offers there are taken back, placements released but of who was there to the last day."""
    location_ids = _hold_requests([one.id for one in sites.site(reference).locations])
    site = affiliations.close_site(sites.site(reference, lock=True), actor=actor, at=at)
    _release(location_ids, _unless_done(at), ReleaseReason.SITE_CLOSED, actor, at)
    return site


def close_location(reference: str, *, actor: Actor, at: dt.datetime) -> SiteLocation:
    """Close one location; offers there are taken back, placements released as where a site closes."""
    location_ids = _hold_requests([sites.location(reference).id])
    location = affiliations.close_location(sites.location(reference, lock=True), actor=actor, at=at)
    _release(location_ids, _unless_done(at), ReleaseReason.SITE_CLOSED, actor, at)
    return location


def end_agreement(
    reference: str, *, on: dt.date, reason: str, both_agree: bool = False, actor: Actor, at: dt.datetime
) -> AffiliationAgreement:
    """Let an agreement end; what has a day that no agreement covers any more is taken back or released."""
    location_ids = _hold_requests([one.id for one in sites.scope_locations(sites.agreement(reference))])
    agreement = sites.agreement(reference, lock=True)
    affiliations.end_agreement(agreement, on, reason, actor, at, both_agree=both_agree)
    _release(
        location_ids, lambda one: not sites.covered(one.opening, one.period), ReleaseReason.AGREEMENT_ENDED, actor, at
    )
    return agreement


def leaving(location_ids: Collection[int], at: dt.datetime) -> int:
    """Count the offers and placements that end when these locations close."""
    ends = _unless_done(at)
    offered, placed = offer_queries.open_offers_at(location_ids), offer_queries.active_placements_at(location_ids)
    return sum(map(ends, offered)) + sum(map(ends, placed))


def _unless_done(at: dt.datetime) -> Ends:
    """Say what ends with its place: all but a placement that began and whose last day is over, to be completed."""
    return lambda one: one.state is not PlacementState.RUNNING or one.last_on >= checks.today_at(one.opening, at)


def _hold_requests(location_ids: Collection[int]) -> Collection[int]:
    """Hold the requests that have an offer or a placement there, before anything of the site itself is held.

    Whoever answers an offer holds its request first and reads the agreement then: in this order nobody waits in a ring.
    """
    for request_id in offer_queries.requests_at(location_ids):
        queries.by_id(request_id, lock=True)
    return location_ids


def _release(location_ids: Collection[int], ends: Ends, reason: ReleaseReason, actor: Actor, at: dt.datetime) -> None:
    for offer in offer_queries.open_offers_at(location_ids):
        if ends(offer):
            offers.revoke(offer=offer, reason=reason, actor=actor, at=at)
    for placement in offer_queries.active_placements_at(location_ids):
        if ends(placement):
            placements.release(placement=placement, reason=reason, actor=actor, at=at)
