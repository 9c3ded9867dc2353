"""Placements that are held while a document does not hold through the last day; they go on by themselves (R18)."""

import datetime as dt
from zoneinfo import ZoneInfo

from provider.documents import queries as documents
from provider.documents.rules import Standing
from provider.externships import offer_queries, place_letters
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.history.actions import note
from provider.kernel.actors import SYSTEM
from provider.kernel.days import day_of
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind


def look(placement: Placement, *, at: dt.datetime) -> bool:
    """Hold a placement whose documents do not hold, let one go on whose documents do; say whether anything changed.

    The placement's request is held by whoever calls. Safe to repeat.
    """
    if placement.state not in {PlacementState.PLANNED, PlacementState.RUNNING}:
        return False
    missing = lacking(placement, at=at)
    if bool(missing) is (placement.held_on is not None):
        return False
    about = placement.enrollment.reference
    number = offer_queries.times_held(placement.reference) + 1
    if missing:
        placement.held_on = _today(placement, at)
        note(placement, "placement.held", actor=SYSTEM, at=at, about=about)
        raise_task(
            kind=TaskKind.PLACEMENT_HELD,
            key=key(placement, number),
            about=about,
            sentence=f"The placement {placement.reference} of {placement.enrollment.legal_name} is held: "
            f"{', '.join(missing)} must be accepted and good through the last day. Nothing counts until then.",
            at=at,
        )
    else:
        placement.held_on = None
        note(placement, "placement.goes_on", actor=SYSTEM, at=at, about=about)
        finish_by_key(key=key(placement, number - 1), at=at)
    post(place_letters.held(placement, documents=missing, number=number), at=at)
    return True


def look_at_all(person_id: int, *, at: dt.datetime) -> None:
    """Look at every placement of a student that is planned or runs."""
    for placement_id in offer_queries.active_placements_of(person_id):
        look(offer_queries.held_placement(placement_id), at=at)


def lacking(placement: Placement, *, at: dt.datetime) -> list[str]:
    """Name the required documents that are not accepted and good through a placement's last day."""
    enrollment, site_id = placement.enrollment, placement.opening.location.site_id
    if enrollment.person_id is None:
        return []
    needs = documents.standings(
        enrollment.person_id, enrollment.program_id, site_id, through=placement.last_on, today=_today(placement, at)
    )
    return [need.kind.label for need in needs if need.standing is not Standing.HOLDS]


def key(placement: Placement, number: int) -> str:
    """Name the task about a placement that is held, one for each time."""
    return f"placement_held:{placement.reference}:{number}"


def finish_task(placement: Placement, *, at: dt.datetime) -> None:
    """Close the task about a placement that is over."""
    if placement.held_on is not None:
        finish_by_key(key=key(placement, offer_queries.times_held(placement.reference)), at=at)


def _today(placement: Placement, at: dt.datetime) -> dt.date:
    return day_of(at, ZoneInfo(placement.opening.location.zone))
