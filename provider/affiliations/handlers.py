"""What the registries call by name: the links of sites, and what the calendar does with agreements and openings."""

import datetime as dt

from provider.affiliations import ending, openings
from provider.affiliations.by_link import OF_SCHOOL, OF_SITE
from provider.affiliations.openings_link import OpeningsLink
from provider.affiliations.rules import COUNTERSIGN_AGREEMENT, OFFER_PLACES, SIGN_AGREEMENT
from provider.kernel.database import retrying
from provider.kernel.registry import Payload, Periodic, Registry

CALENDAR = "affiliations.calendar"


def follow_calendar(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """End what is over, close what is past, and remind of what ends; each by the day where it is."""
    retrying(lambda: ending.end_over(at=now))
    retrying(lambda: openings.close_past(at=now))
    retrying(lambda: ending.remind(at=now))


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links |= {
        SIGN_AGREEMENT: OF_SITE,
        COUNTERSIGN_AGREEMENT: OF_SCHOOL,
        OFFER_PLACES: OpeningsLink(),
    }
    registry.jobs[CALENDAR] = follow_calendar
    registry.periodic.append(Periodic(CALENDAR, lambda now: f"{now:%Y-%m-%dT%H}"))
