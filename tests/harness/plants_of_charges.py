# ruff: noqa: S608 - statements of our own
"""Contradictions about charges of cards, the calls and events that made them, and disputes."""

from collections.abc import Callable, Mapping

from tests.harness.vandal import Vandal

OF_DISPUTED = "enrollment_id = (SELECT id FROM enrollment WHERE reference = :reference)"
CALL = f"kind = 'charge' AND subject = (SELECT reference FROM charge WHERE installment_number = 1 AND {OF_DISPUTED})"


def other_amount(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE charge SET amount_cents = amount_cents + 1 WHERE installment_number = 1 AND {OF_DISPUTED}",
        reference=vandal.told.disputed,
    )


def charged_twice(vandal: Vandal) -> None:
    vandal.change(
        f"UPDATE charge SET installment_number = 1, attempt = 2 WHERE installment_number = 2 AND {OF_DISPUTED}",
        reference=vandal.told.disputed,
    )


def charged_while_disputed(vandal: Vandal) -> None:
    """Let a charge have begun when the service had told of the dispute."""
    vandal.change(
        f"UPDATE charge SET started_at = (SELECT max(at) FROM history) WHERE installment_number = 2 AND {OF_DISPUTED}",
        reference=vandal.told.disputed,
    )


def tried_too_soon(vandal: Vandal) -> None:
    long_ago = "(SELECT min(created_at) FROM refund_policy)"
    vandal.change(f"UPDATE service_call SET tried_at = {long_ago} WHERE {CALL}", reference=vandal.told.disputed)


def renewed_too_soon(vandal: Vandal) -> None:
    """Let the call of a refund have been given up at once."""
    payout = (
        "(SELECT min(payout.reference) FROM payout JOIN refund ON refund.id = refund_id "
        "WHERE refund.reference = :reference)"
    )
    vandal.change(
        "UPDATE service_call SET state = 'expired', object_id = NULL, looked_up_at = tried_at "
        f"WHERE kind = 'give_back' AND subject = {payout}",
        reference=vandal.told.to_card,
    )


def nobody_said_so(vandal: Vandal) -> None:
    vandal.change(f"UPDATE service_call SET object_id = 'pi_other' WHERE {CALL}", reference=vandal.told.disputed)


def event_of_nothing(vandal: Vandal) -> None:
    vandal.change("UPDATE payment_event SET intent_id = 'pi_other' WHERE service_id = 'evt_story'")


def parked_for_good(vandal: Vandal) -> None:
    vandal.change(
        "UPDATE payment_event SET state = 'parked', received_at = (SELECT min(created_at) FROM refund_policy) "
        "WHERE service_id = 'evt_story'"
    )


def processed_for_good(vandal: Vandal) -> None:
    vandal.change("UPDATE charge SET started_at = (SELECT min(created_at) FROM refund_policy) WHERE state = 'started'")


def dispute_of_another(vandal: Vandal) -> None:
    """Let a bank hold another payment than the one that says so."""
    other = f"(SELECT payment_id FROM charge WHERE installment_number = 1 AND {OF_DISPUTED})"
    vandal.change(f"UPDATE dispute SET payment_id = {other} WHERE state = 'open'", reference=vandal.told.disputed)


def other_disputed(vandal: Vandal) -> None:
    vandal.post("disputed", "cash_card", 5)


CHARGE_PLANTS: Mapping[Callable[[Vandal], None], str] = {
    other_amount: "charge_is_its_payment",
    charged_twice: "installment_is_charged_once",
    charged_while_disputed: "nothing_is_charged_after_the_end",
    tried_too_soon: "call_is_stored_before_it_is_made",
    renewed_too_soon: "key_is_renewed_only_after_a_look",
    nobody_said_so: "captured_by_the_services_word",
    event_of_nothing: "captured_by_the_services_word",
    parked_for_good: "unknown_events_are_before_staff",
    processed_for_good: "processing_is_before_staff",
    dispute_of_another: "payment_stands_as_its_disputes",
    other_disputed: "ledger_disputed_is_what_banks_hold",
}
