# ruff: noqa: S608 - statements of our own
"""Contradictions about places at sites: openings, requests, offers, placements, agreements, and the guarantee."""

from collections.abc import Callable, Mapping

from tests.harness.plants_of_fieldwork import FIELDWORK_PLANTS
from tests.harness.vandal import Vandal

OFFER = "FROM offer WHERE reference = :offer"
REQUEST = "(SELECT id FROM externship_request WHERE reference = :request)"
PLACEMENT = "FROM placement WHERE reference = :placement"
AGREEMENT = (
    "(SELECT max(affiliation_agreement.id) FROM affiliation_agreement "
    "JOIN site_location ON site_location.site_id = affiliation_agreement.site_id "
    "JOIN opening ON opening.location_id = site_location.id "
    f"WHERE opening.id = (SELECT opening_id {PLACEMENT}))"
)


def taken_by_nobody(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE opening SET taken = taken + 1 WHERE id = (SELECT opening_id {OFFER})", offer=vandal.told.places.offer
    )


def more_than_there_are(vandal: Vandal) -> None:
    vandal.bare("opening")
    vandal.change(
        f"UPDATE opening SET capacity = 0 WHERE id = (SELECT opening_id {OFFER})", offer=vandal.told.places.offer
    )


def asked_after_the_end(vandal: Vandal) -> None:
    """Let a request that looks for a place be of somebody who has completed an externship."""
    places = vandal.told.places
    vandal.change(
        "UPDATE externship_request SET enrollment_id = (SELECT id FROM enrollment WHERE reference = :other) "
        "WHERE reference = :request",
        other=places.recorded_for,
        request=places.looking,
    )
    vandal.change(
        "UPDATE clock SET about = :other WHERE subject_reference = :request",
        other=places.recorded_for,
        request=places.looking,
    )


def at_two_sites(vandal: Vandal) -> None:
    """Let the placement that runs and the one that is planned be of one person's two enrollments."""
    whose = "SELECT {} FROM enrollment WHERE id = (SELECT enrollment_id FROM placement WHERE reference = :{})"
    vandal.change(
        f"UPDATE enrollment SET person_id = ({whose.format('person_id', 'running')}) "
        f"WHERE id = ({whose.format('id', 'planned')})",
        running=vandal.told.places.running,
        planned=vandal.told.places.planned,
    )


def offered_beside(vandal: Vandal) -> None:
    """Offer another place to somebody whose placement runs, history and number of places and all."""
    vandal.bare("offer", "history")
    offer = vandal.told.places.offer
    running = f"(SELECT request_id FROM placement WHERE reference = '{vandal.told.places.running}')"
    vandal.copy("offer", f"reference = '{offer}'", id="id + 1000000", reference="'OF-COPY'", request_id=running)
    vandal.copy("history", f"subject_reference = '{offer}'", id="id + 1000000", subject_reference="'OF-COPY'")
    vandal.change(f"UPDATE opening SET taken = taken + 1 WHERE id = (SELECT opening_id {OFFER})", offer=offer)


def shorter_than_offered(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE placement SET last_on = first_on WHERE reference = :reference", reference=vandal.told.places.planned
    )


def early_without_a_reason(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE externship_request SET early_reason = NULL WHERE reference = :reference",
        reference=vandal.told.places.early,
    )


def ended_for_no_refund(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE externship_request SET end_reason = 'refunded' WHERE reference = :reference",
        reference=vandal.told.places.gone,
    )


def agreement_cut_short(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE affiliation_agreement SET terminated_on = first_on WHERE id = {AGREEMENT}",
        placement=vandal.told.places.running,
    )


def closed_around_somebody(vandal: Vandal) -> None:
    """Close a location, history and all, and leave its student there."""
    vandal.bare("history")
    here = f"(SELECT location_id FROM opening WHERE id = (SELECT opening_id {PLACEMENT}))"
    placement = vandal.told.places.running
    vandal.change(f"UPDATE site_location SET state = 'closed' WHERE id = {here}", placement=placement)
    reference = vandal.one(f"SELECT reference FROM site_location WHERE id = {here}", placement=placement)
    changes = {"id": "id + 1000000", "old_state": "'open'", "new_state": "'closed'"}
    vandal.copy("history", f"subject_reference = '{reference}' AND new_state = 'open'", **changes)


def other_file(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE affiliation_agreement SET document_sha256 = :none WHERE id = {AGREEMENT}",
        none="0" * 64,
        placement=vandal.told.places.running,
    )


def planned_in_vain(vandal: Vandal) -> None:
    """Let a plan say that a student was offered a place, who was not."""
    vandal.change(
        "INSERT INTO plan_row (plan_id, request_id, opening_id, pinned, reasons, outcome) SELECT placement_plan.id, "
        f"{REQUEST}, (SELECT opening_id {OFFER}), false, '[]', 'offered' FROM placement_plan WHERE reference = :plan",
        request=vandal.told.places.looking,
        offer=vandal.told.places.offer,
        plan=vandal.told.places.plan,
    )


def _clock(vandal: Vandal, change: str, request: str) -> None:
    vandal.change(f"UPDATE clock SET {change} WHERE subject_reference = :request", request=request)


def _pause(vandal: Vandal, change: str, request: str) -> None:
    mine = "(SELECT id FROM clock WHERE subject_reference = :request)"
    vandal.change(f"UPDATE clock_pause SET {change} WHERE clock_id = {mine}", request=request)


def no_clock(vandal: Vandal) -> None:
    _clock(vandal, "about = 'E-99999999'", vandal.told.places.looking)


def stopped_while_looking(vandal: Vandal) -> None:
    _clock(vandal, "state = 'stopped', ended_at = started_at", vandal.told.places.looking)


def running_though_placed(vandal: Vandal) -> None:
    request = vandal.one(
        f"SELECT reference FROM externship_request WHERE id = (SELECT request_id {PLACEMENT})",
        placement=vandal.told.places.planned,
    )
    _clock(vandal, "state = 'running', ended_at = NULL", str(request))


def met_though_gone(vandal: Vandal) -> None:
    _clock(vandal, "state = 'met'", vandal.told.places.gone)


def runs_on_though_offered(vandal: Vandal) -> None:
    """Let a clock run while its student has an offer to answer, as if there were no pause."""
    _clock(vandal, "state = 'running'", vandal.told.places.offered)


def for_another_reason(vandal: Vandal) -> None:
    _pause(vandal, "reason = 'documents_missing'", vandal.told.places.offered)


def missing_while_ready(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE externship_request SET missing_since = asked_at WHERE reference = :reference",
        reference=vandal.told.places.looking,
    )


def paused_before_it_began(vandal: Vandal) -> None:
    _pause(vandal, "began_at = (SELECT min(created_at) FROM refund_policy)", vandal.told.places.lacking)


def paused_for_nothing(vandal: Vandal) -> None:
    _clock(vandal, "paused_seconds = paused_seconds + 3600", vandal.told.places.looking)


def due_a_day_late(vandal: Vandal) -> None:
    """Let a place be due a day after the one that was promised."""
    _clock(vandal, "days = days - 1", vandal.told.places.looking)


PLACE_PLANTS: Mapping[Callable[[Vandal], None], str] = {
    taken_by_nobody: "opening_counts_its_places",
    more_than_there_are: "opening_counts_its_places",
    asked_after_the_end: "one_open_request",
    at_two_sites: "one_active_placement",
    offered_beside: "request_has_what_its_state_says",
    shorter_than_offered: "placement_is_its_offer",
    early_without_a_reason: "only_students_are_placed",
    ended_for_no_refund: "only_students_are_placed",
    agreement_cut_short: "places_lie_within_agreements",
    closed_around_somebody: "places_lie_within_agreements",
    other_file: "agreement_was_signed_as_kept",
    planned_in_vain: "plan_sent_what_it_says",
    no_clock: "guarantee_stands_as_its_request",
    stopped_while_looking: "guarantee_stands_as_its_request",
    running_though_placed: "guarantee_stands_as_its_request",
    met_though_gone: "guarantee_stands_as_its_request",
    runs_on_though_offered: "guarantee_stands_as_its_request",
    for_another_reason: "guarantee_stands_as_its_request",
    missing_while_ready: "missing_documents_are_the_students_turn",
    paused_before_it_began: "guarantee_adds_up",
    paused_for_nothing: "guarantee_adds_up",
    due_a_day_late: "guarantee_adds_up",
    **FIELDWORK_PLANTS,
}
