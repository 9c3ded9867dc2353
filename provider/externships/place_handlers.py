"""What the registries call by name on the way to a placement: links, jobs, files of letters, and words of history."""

import datetime as dt

from provider.externships import holding, offer_queries, offers, papers, placements, request_lists, requests
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK
from provider.externships.place_links import AnswerLink, OfferLink
from provider.externships.rules import REMIND_SITE_AFTER
from provider.kernel.database import retrying
from provider.kernel.registry import Payload, Periodic, Registry, Strand

EXPIRE, START, HOLD = "externships.expire_offers", "externships.start_placements", "externships.look_at_placements"
REMIND = "externships.remind_sites"
FARTHEST_EAST = dt.timedelta(hours=14)  # where a day begins first


def expire_offers(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Let every offer go that was not answered in time, each in a transaction of its own."""
    for offer_id in offer_queries.expired(now):
        retrying(lambda offer_id=offer_id: offers.expire(offer_id, now=now))  # type: ignore[misc]


def remind_sites(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - as above
    """Remind every site that has let a student wait for days, and put those before staff who go on."""
    for offer_id in offer_queries.unanswered_by_sites(now - REMIND_SITE_AFTER):
        retrying(lambda offer_id=offer_id: offers.remind_site(offer_id, now=now))  # type: ignore[misc]


def start_placements(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - as above
    """Begin every placement whose first day has come where it is."""
    for placement_id in offer_queries.beginning((now + FARTHEST_EAST).date()):
        retrying(lambda placement_id=placement_id: placements.start(placement_id, now=now))  # type: ignore[misc]


def look_at_placements(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - as above
    """Hold every placement whose documents do not hold through its last day, and let those go on whose do."""
    for placement_id in offer_queries.all_active_placements():
        retrying(lambda placement_id=placement_id: _look(placement_id, now))  # type: ignore[misc]


def _look(placement_id: int, now: dt.datetime) -> None:
    holding.look(offer_queries.held_placement(placement_id), at=now)


def documents_changed(person_id: int, at: dt.datetime) -> None:
    """Look at the open requests and at the placements of a person whose documents stand otherwise now."""
    requests.documents_changed(person_id, at)
    holding.look_at_all(person_id, at=at)


def _hour(now: dt.datetime) -> str:
    return f"{now.astimezone(dt.UTC):%Y-%m-%dT%H}"


def _day(now: dt.datetime) -> str:
    return f"{now.astimezone(dt.UTC):%Y-%m-%d}"


PLACE_STORY = Strand(
    "externship",
    "Externship",
    frozenset({"offer", "placement"}),
    {
        "offer.proposed": ("Place chosen", "event"),
        "offer.sent": ("Place offered to the student", "letter"),
        "offer.accepted": ("Place accepted by the student", "person"),
        "offer.site_reminded": ("Site reminded that its answer is awaited", "letter"),
        "offer.confirmed": ("Place confirmed by the site", "event"),
        "offer.declined": ("Place declined", "warn"),
        "offer.expired": ("Offer of a place not answered in time", "warn"),
        "offer.revoked": ("Offer of a place over", "warn"),
        "placement.planned": ("Placement confirmed", "event"),
        "placement.running": ("Placement begun", "event"),
        "placement.completed": ("Placement completed", "event"),
        "placement.released": ("Placement released", "warn"),
        "placement.held": ("Placement held for a document", "warn"),
        "placement.goes_on": ("Placement goes on", "event"),
        "placement.end_agreed": ("Coordinator agreed that the placement ends", "person"),
        "placement.preceptor_changed": ("Preceptor changed", "person"),
    },
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links |= {OFFER_LINK: OfferLink(), ANSWER_LINK: AnswerLink()}
    registry.jobs |= {EXPIRE: expire_offers, START: start_placements, HOLD: look_at_placements, REMIND: remind_sites}
    registry.periodic += [*(Periodic(kind, _hour) for kind in (EXPIRE, START, REMIND)), Periodic(HOLD, _day)]
    registry.attachments |= dict.fromkeys(("place_confirmed", "place_confirmed_site"), papers.attachments)
    registry.strands.append(PLACE_STORY)
    registry.documents_changed = documents_changed
    registry.queues["externships"] = request_lists.QUEUE
