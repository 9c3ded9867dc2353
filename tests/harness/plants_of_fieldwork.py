# ruff: noqa: S608 - statements of our own
"""Contradictions about what was done at sites: hours, procedures, weeks, preceptors, records, documents."""

from collections.abc import Callable, Mapping

from tests.harness.vandal import Vandal

AT_RUNNING = "placement_id = (SELECT id FROM placement WHERE reference = :running)"
AT_RECORDED = "placement_id = (SELECT id FROM placement WHERE reference = :recorded)"
ELSEWHERE = (
    "(SELECT max(site_contact.id) FROM site_contact WHERE site_id <> (SELECT site_contact.site_id FROM site_contact "
    "JOIN placement ON placement.preceptor_id = site_contact.id WHERE placement.reference = :running))"
)

A_RECORD = "kind = 'externship_record'"
A_CERTIFICATE = (
    "id = (SELECT min(id) FROM issued_document WHERE kind = 'completion_certificate' AND revoked_at IS NULL)"
)


def counted_unapproved(vandal: Vandal) -> None:
    vandal.bare("hours_entry")
    vandal.change(
        f"UPDATE hours_entry SET approved_minutes = minutes WHERE state = 'submitted' AND {AT_RUNNING}",
        running=vandal.told.places.running,
    )


def approved_by_nobody(vandal: Vandal) -> None:
    """Let what counts stand in the week that still waits for its preceptor."""
    waits = f"(SELECT id FROM entry_batch WHERE state = 'sent' AND {AT_RUNNING})"
    vandal.change(
        f"UPDATE procedure_entry SET batch_id = {waits} WHERE state = 'approved' AND {AT_RUNNING}",
        running=vandal.told.places.running,
    )


def done_too_early(vandal: Vandal) -> None:
    """Let hours be of a placement that has not begun."""
    vandal.change(
        "UPDATE hours_entry SET placement_id = (SELECT id FROM placement WHERE reference = :planned) "
        f"WHERE state = 'entered' AND {AT_RUNNING}",
        planned=vandal.told.places.planned,
        running=vandal.told.places.running,
    )


def supervised_from_elsewhere(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE placement SET preceptor_id = {ELSEWHERE} WHERE reference = :running",
        running=vandal.told.places.running,
    )


def told_to_strangers(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE entry_batch SET contact_id = {ELSEWHERE} WHERE state = 'sent' AND {AT_RUNNING}",
        running=vandal.told.places.running,
    )


def completed_without_a_record(vandal: Vandal) -> None:
    vandal.change(f"DELETE FROM externship_record WHERE {AT_RECORDED}", recorded=vandal.told.places.recorded)


def issued_for_another(vandal: Vandal) -> None:
    vandal.change(f"UPDATE issued_document SET about = :other WHERE {A_RECORD}", other=vandal.told.active)


def stands_after_a_refund(vandal: Vandal) -> None:
    """Let a record that stands be of an enrollment that was refunded, with everything around it."""
    told = vandal.told
    refunded = {"settled": told.settled, "recorded": told.places.recorded_for}
    other = "(SELECT id FROM enrollment WHERE reference = :recorded)"
    for table in ("externship_request", "placement"):
        vandal.change(
            f"UPDATE {table} SET enrollment_id = (SELECT id FROM enrollment WHERE reference = :settled) "
            f"WHERE enrollment_id = {other}",
            **refunded,
        )
    vandal.change(f"UPDATE issued_document SET about = :settled WHERE about = :recorded AND {A_RECORD}", **refunded)
    vandal.change("UPDATE clock SET about = :settled WHERE kind = 'guarantee' AND about = :recorded", **refunded)
    vandal.do(
        "UPDATE letter SET about = NULL WHERE about = :recorded AND recipient LIKE '%@clinic.example'",
        recorded=told.places.recorded_for,
    )


def certified_uncompleted(vandal: Vandal) -> None:
    """Let a certificate be of an enrollment that still runs."""
    vandal.change(
        f"UPDATE issued_document SET subject_reference = :active WHERE {A_CERTIFICATE}", active=vandal.told.active
    )


def certified_after_a_refund(vandal: Vandal) -> None:
    """Let a certificate that stands be of an enrollment that was refunded after it was completed."""
    vandal.change("UPDATE enrollment SET completed_at = purchased_at WHERE reference = :it", it=vandal.told.settled)
    vandal.change(f"UPDATE issued_document SET subject_reference = :it WHERE {A_CERTIFICATE}", it=vandal.told.settled)


def says_more_than_was_approved(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE hours_entry SET approved_minutes = approved_minutes - 1 WHERE {AT_RECORDED}",
        recorded=vandal.told.places.recorded,
    )


def says_more_was_done(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE procedure_entry SET approved_number = approved_number - 1 WHERE {AT_RECORDED}",
        recorded=vandal.told.places.recorded,
    )


def papers_of_nobody(vandal: Vandal) -> None:
    """Let somebody have been erased whose documents are still there."""
    vandal.bare("erasure")
    vandal.change(
        "UPDATE erasure SET about = (SELECT person.reference FROM person WHERE person.email = 'lacks@student.example')"
    )


FIELDWORK_PLANTS: Mapping[Callable[[Vandal], None], str] = {
    counted_unapproved: "only_approved_entries_count",
    approved_by_nobody: "only_approved_entries_count",
    done_too_early: "nothing_is_done_before_it_begins",
    supervised_from_elsewhere: "preceptor_is_of_the_site",
    told_to_strangers: "preceptor_is_of_the_site",
    completed_without_a_record: "completed_placement_has_its_record",
    issued_for_another: "completed_placement_has_its_record",
    stands_after_a_refund: "no_record_stands_after_a_refund",
    certified_uncompleted: "certificate_is_of_a_completed_program",
    certified_after_a_refund: "no_certificate_stands_after_a_refund",
    says_more_than_was_approved: "record_says_what_was_approved",
    says_more_was_done: "record_says_what_was_approved",
    papers_of_nobody: "erased_people_left_no_papers",
}
