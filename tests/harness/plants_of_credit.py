# ruff: noqa: S608 - statements of our own
"""Contradictions about college credit: what a request rests on, how many there are, what was told, and the clock."""

from collections.abc import Callable, Mapping

from tests.harness.vandal import Vandal


def of_somebody_else(vandal: Vandal) -> None:
    other = "SELECT {} FROM credit_request WHERE reference = :other"
    vandal.change(
        f"UPDATE credit_request SET result_id = ({other.format('result_id')}) WHERE reference = :reference",
        other=vandal.told.credit.sent,
        reference=vandal.told.credit.requested,
    )


def never_verified(vandal: Vandal) -> None:
    """Let the result beneath a request wait for its check, history and all."""
    vandal.bare("exam_result", "history")
    mine = "(SELECT result_id FROM credit_request WHERE reference = :reference)"
    reference = vandal.told.credit.requested
    result = vandal.one(f"SELECT reference FROM exam_result WHERE id = {mine}", reference=reference)
    vandal.change("UPDATE exam_result SET state = 'reported' WHERE reference = :result", result=result)
    vandal.change("DELETE FROM history WHERE subject_reference = :result AND new_state = 'verified'", result=result)


def recommended_for_something_else(vandal: Vandal) -> None:
    other = "(SELECT min(id) FROM recommendation WHERE credential_id <> credit_request.credential_id)"
    vandal.change(
        f"UPDATE credit_request SET recommendation_id = {other} WHERE reference = :reference",
        reference=vandal.told.credit.requested,
    )


def more_than_was_recommended(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE credit_request SET credits = credits + 1 WHERE reference = :reference",
        reference=vandal.told.credit.requested,
    )


def recommended_until_before(vandal: Vandal) -> None:
    """Let what a request rests on have ended the day before the pass; requests of the others rest on another copy."""
    mine = "(SELECT recommendation_id FROM credit_request WHERE reference = :reference)"
    reference = vandal.told.credit.requested
    row = vandal.one(f"SELECT {mine}", reference=reference)
    days = {"valid_from": "'2025-01-01'", "valid_to": "'2026-11-18'"}
    vandal.copy("recommendation", f"id = {row}", id="99999", reference="'RC-COPY'", **days)
    vandal.change("UPDATE credit_request SET recommendation_id = 99999 WHERE reference = :reference",
                  reference=reference)  # fmt: skip


def decided_in_silence(vandal: Vandal) -> None:
    _untold(vandal, "credit_decided", vandal.told.credit.decided)


def asked_in_silence(vandal: Vandal) -> None:
    _untold(vandal, "credit_asked", vandal.told.credit.requested)


def _untold(vandal: Vandal, template: str, event: str) -> None:
    """Let a letter be about something else."""
    vandal.change(
        "UPDATE letter SET event = 'planted' WHERE template = :template AND event = :event",
        template=template,
        event=event,
    )


def asked_twice(vandal: Vandal) -> None:
    """Let somebody have another active request for the same credential, with history, clock and letter."""
    vandal.bare("credit_request", "history", "clock")
    reference = vandal.told.credit.requested
    vandal.copy("credit_request", f"reference = '{reference}'", id="id + 1000000", reference="'CR-COPY'")
    vandal.copy("history", f"subject_reference = '{reference}'", id="id + 1000000", subject_reference="'CR-COPY'")
    vandal.copy("clock", f"subject_reference = '{reference}'", id="id + 1000000", subject_reference="'CR-COPY'")
    letter = vandal.one(f"SELECT reference FROM letter WHERE template = 'credit_asked' AND event = '{reference}'")
    named = {"reference": "'L-COPY'", "message_id": "'<copy@example.org>'", "event": "'CR-COPY'"}
    vandal.copy("letter", f"reference = '{letter}'", id="id + 1000000", **named)
    vandal.copy("history", f"subject_reference = '{letter}'", id="id + 2000000", subject_reference="'L-COPY'")


def told_without_a_trace(vandal: Vandal) -> None:
    vandal.bare("disclosure")
    vandal.change(
        "DELETE FROM disclosure WHERE about = (SELECT about FROM credit_request WHERE reference = :reference)",
        reference=vandal.told.credit.sent,
    )


def told_on_another_consent(vandal: Vandal) -> None:
    vandal.bare("disclosure")
    vandal.change(
        "UPDATE disclosure SET consent_at = at "
        "WHERE about = (SELECT about FROM credit_request WHERE reference = :reference)",
        reference=vandal.told.credit.sent,
    )


def waits_though_refunded(vandal: Vandal) -> None:
    """Let a request that ended with its enrollment's refund wait as before, with history and clock."""
    vandal.bare("credit_request", "history", "clock")
    gone = vandal.told.credit.gone
    vandal.change(
        "UPDATE credit_request SET state = 'requested', ended_at = NULL, end_reason = NULL WHERE reference = :gone",
        gone=gone,
    )
    vandal.change("DELETE FROM history WHERE subject_reference = :gone AND new_state = 'withdrawn'", gone=gone)
    _clock(vandal, "state = 'running', ended_at = NULL", gone)


def nobodys_task(vandal: Vandal) -> None:
    vandal.change("UPDATE task SET key = 'lost' WHERE key = :key", key=f"credit_sent:{vandal.told.credit.sent_before}")


def _clock(vandal: Vandal, change: str, request: str) -> None:
    vandal.change(f"UPDATE clock SET {change} WHERE subject_reference = :request", request=request)


def no_clock_of_credit(vandal: Vandal) -> None:
    _clock(vandal, "about = 'P-99999999'", vandal.told.credit.requested)


def runs_though_sent(vandal: Vandal) -> None:
    _clock(vandal, "state = 'running', ended_at = NULL", vandal.told.credit.sent)


def runs_though_asked(vandal: Vandal) -> None:
    _clock(vandal, "state = 'running'", vandal.told.credit.asking)


def met_though_withdrawn(vandal: Vandal) -> None:
    _clock(vandal, "state = 'met'", vandal.told.credit.gone)


def lettered_without_a_code(vandal: Vandal) -> None:
    vandal.bare("issued_document")
    vandal.change("DELETE FROM issued_document WHERE subject_reference = :reference", reference=vandal.told.credit.sent)


def lettered_and_revoked(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE issued_document SET revoked_at = issued_at, revoked_because = 'Why'"
        " WHERE subject_reference = :reference",
        reference=vandal.told.credit.sent,
    )


def lettered_though_taken_back(vandal: Vandal) -> None:
    """Let a letter stand of a request that waits for its student."""
    asking, sent = vandal.told.credit.asking, vandal.told.credit.sent
    vandal.copy(
        "issued_document",
        f"subject_reference = '{sent}'",
        id="99999",
        reference="'VD-COPY'",
        code="'COPY'",
        subject_reference=f"'{asking}'",
        about=f"(SELECT about FROM credit_request WHERE reference = '{asking}')",
    )


def lettered_to_another(vandal: Vandal) -> None:
    """Let a request be about another college than its letter names."""
    vandal.copy(
        "college",
        "id = (SELECT min(id) FROM college)",
        id="99999",
        reference="'CG-COPY'",
        name="'Elsewhere'",
        key="'elsewhere'",
    )
    vandal.change(
        "UPDATE credit_request SET college_id = 99999 WHERE reference = :reference", reference=vandal.told.credit.sent
    )


CREDIT_PLANTS: Mapping[Callable[[Vandal], None], str] = {
    lettered_without_a_code: "credit_letter_says_what_was_asked",
    lettered_to_another: "credit_letter_says_what_was_asked",
    lettered_and_revoked: "credit_letter_says_what_was_asked",
    lettered_though_taken_back: "credit_letter_says_what_was_asked",
    of_somebody_else: "credit_rests_on_a_verified_pass",
    never_verified: "credit_rests_on_a_verified_pass",
    recommended_for_something_else: "credit_rests_on_a_verified_pass",
    more_than_was_recommended: "credit_rests_on_a_verified_pass",
    recommended_until_before: "credit_rests_on_a_verified_pass",
    decided_in_silence: "letter_for_each_step_of_credit",
    asked_in_silence: "letter_for_each_step_of_credit",
    asked_twice: "one_active_credit_request",
    told_without_a_trace: "college_was_told_with_consent",
    told_on_another_consent: "college_was_told_with_consent",
    waits_though_refunded: "refunded_credit_ends",
    nobodys_task: "refunded_credit_ends",
    no_clock_of_credit: "credit_clock_stands_as_its_request",
    runs_though_sent: "credit_clock_stands_as_its_request",
    runs_though_asked: "credit_clock_stands_as_its_request",
    met_though_withdrawn: "credit_clock_stands_as_its_request",
}
