# ruff: noqa: S608 - statements of our own
"""Contradictions about mail that came in."""

from collections.abc import Callable, Mapping

from tests.harness.vandal import Vandal

_FILED = "(SELECT min(reference) FROM incoming_mail WHERE state = 'filed')"
_TOLD = "(SELECT min(reference) FROM letter WHERE template = 'mail_received')"


def never_filed(vandal: Vandal) -> None:
    """Let a mail lie since it came in."""
    mail = vandal.one(f"SELECT {_FILED}")
    changes = {"state": "'stored'", "filed_at": "NULL", "judged": "NULL", "thread": "NULL", "sha256": "'planted'"}
    vandal.copy("incoming_mail", f"reference = '{mail}'", id="id + 1000000", reference="'IM-22222222'", **changes)
    named = {"subject_reference": "'IM-22222222'", "about": "'IM-22222222'"}
    vandal.copy("history", f"subject_reference = '{mail}' AND new_state = 'stored'", id="id + 1000000", **named)


def lost_from_its_thread(vandal: Vandal) -> None:
    vandal.change(f"UPDATE thread_message SET incoming = NULL WHERE incoming = {_FILED}")


def moved_by_a_mail(vandal: Vandal) -> None:
    """Let a mail approve a refund."""
    vandal.bare("history")
    vandal.change(
        "UPDATE history SET actor_kind = 'system', actor_reference = 'IM-22222222' "
        "WHERE subject_reference = :refund AND new_state = 'approved'",
        refund=vandal.told.settled_refund,
    )


def moved_by_a_thread(vandal: Vandal) -> None:
    """Let the thread of a mail approve a refund."""
    vandal.bare("history")
    vandal.change(
        "UPDATE history SET actor_kind = 'system', actor_reference = 'TH-22222222' "
        "WHERE subject_reference = :refund AND new_state = 'approved'",
        refund=vandal.told.settled_refund,
    )


def entered_by_nobody(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE refund SET channel = 'mail', evidence = NULL WHERE reference = :refund",
        refund=vandal.told.settled_refund,
    )


def other_instant(vandal: Vandal) -> None:
    vandal.change("UPDATE refund_draft SET received_at = deadline_at")


def machine_answered(vandal: Vandal) -> None:
    vandal.change(f"UPDATE letter SET about = 'T-22222222' WHERE reference = {_TOLD}")


def told_twice(vandal: Vandal) -> None:
    """Let a second letter, history and all, tell a sender that their mail came in."""
    letter = vandal.one(f"SELECT {_TOLD}")
    vandal.copy(
        "letter",
        f"reference = '{letter}'",
        id="id + 1000000",
        reference="'L-22222222'",
        message_id="'<copy@example.org>'",
        event="'planted'",
        about="(SELECT max(thread) FROM incoming_mail WHERE judged = 'person')",
    )
    named = {"subject_reference": "'L-22222222'"}
    vandal.copy("history", f"subject_reference = '{letter}'", id="id + 2000000", **named)


MAIL_PLANTS: Mapping[Callable[[Vandal], None], str] = {
    never_filed: "mail_is_filed_in_time",
    lost_from_its_thread: "mail_stands_in_its_thread",
    moved_by_a_mail: "mail_moves_nothing",
    moved_by_a_thread: "mail_moves_nothing",
    entered_by_nobody: "mail_moves_nothing",
    other_instant: "refund_draft_is_what_its_message_says",
    machine_answered: "machines_are_not_answered",
    told_twice: "senders_are_told_once_a_day",
}
