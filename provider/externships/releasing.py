"""When a site or a location closes or an agreement ends: whoever stands beyond it is released, and told once."""

import datetime as dt
from collections.abc import Callable, Collection

from provider.affiliations import actions as affiliations
from provider.affiliations import queries as sites
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteLocation
from provider.affiliations.rules import Period
from provider.externships import checks, offer_queries, offers, placements, queries
from provider.externships.rules import ReleaseReason
from provider.kernel.actors import Actor

Beyond = Callable[[Opening, Period], bool]


def close_site(reference: str, *, actor: Actor, at: dt.datetime) -> Site:
    """Close a site; every offer there is taken back and every placement released whose last day is not over."""
    location_ids = _hold_requests([one.id for one in sites.site(reference).locations])
    site = affiliations.close_site(sites.site(reference, lock=True), actor=actor, at=at)
    _release(location_ids, _not_over(at), ReleaseReason.SITE_CLOSED, actor, at)
    return site


def close_location(reference: str, *, actor: Actor, at: dt.datetime) -> SiteLocation:
    """Close one location; offers there are taken back, placements released whose last day is not over."""
    location_ids = _hold_requests([sites.location(reference).id])
    location = affiliations.close_location(sites.location(reference, lock=True), actor=actor, at=at)
    _release(location_ids, _not_over(at), ReleaseReason.SITE_CLOSED, actor, at)
    return location


def end_agreement(
    reference: str, *, on: dt.date, reason: str, both_agree: bool = False, actor: Actor, at: dt.datetime
) -> AffiliationAgreement:
    """Let an agreement end; what has a day that no agreement covers any more is taken back or released."""
    location_ids = _hold_requests([one.id for one in sites.scope_locations(sites.agreement(reference))])
    agreement = sites.agreement(reference, lock=True)
    affiliations.end_agreement(agreement, on, reason, actor, at, both_agree=both_agree)
    _release(
        location_ids, lambda opening, days: not sites.covered(opening, days), ReleaseReason.AGREEMENT_ENDED, actor, at
    )
    return agreement


def _not_over(at: dt.datetime) -> Beyond:
    """Say whether somebody was still to come; who has been there to the last day only waits to be completed."""
    return lambda opening, days: days.last_on >= checks.today_at(opening, at)


def _hold_requests(location_ids: Collection[int]) -> Collection[int]:
    """Hold the requests that have an offer or a placement there, before anything of the site itself is held.

    Whoever answers an offer holds its request first and reads the agreement then: in this order nobody waits in a ring.
    """
    for request_id in offer_queries.requests_at(location_ids):
        queries.by_id(request_id, lock=True)
    return location_ids


def _release(
    location_ids: Collection[int], beyond: Beyond, reason: ReleaseReason, actor: Actor, at: dt.datetime
) -> None:
    for offer in offer_queries.open_offers_at(location_ids):
        if beyond(offer.opening, offer.period):
            offers.revoke(offer=offer, reason=reason, actor=actor, at=at)
    for placement in offer_queries.active_placements_at(location_ids):
        if beyond(placement.opening, placement.period):
            placements.release(placement=placement, reason=reason, actor=actor, at=at)
