# ruff: noqa: S608 - statements of our own
"""Contradictions about money that went back to cards."""

from collections.abc import Callable, Mapping

from tests.harness.plants_of_charges import CHARGE_PLANTS
from tests.harness.vandal import Vandal


def counted_twice(vandal: Vandal) -> None:
    """Let two payouts stand for one refund of the payment service."""
    first = "(SELECT id FROM refund WHERE reference = :reference)"
    name = vandal.one(f"SELECT external_reference FROM payout WHERE refund_id = {first}", reference=vandal.told.to_card)
    vandal.change(
        "UPDATE payout SET external_reference = :name WHERE method = 'card' AND state = 'sent' "
        f"AND refund_id <> {first}",
        name=name,
        reference=vandal.told.to_card,
    )


def nobody_told(vandal: Vandal) -> None:
    vandal.change("UPDATE task SET key = 'planted' WHERE kind = 'payout_failed' AND state = 'open'")


def undecided_way(vandal: Vandal) -> None:
    vandal.bare("history")
    vandal.change("DELETE FROM history WHERE event = 'payout.sent_another_way'")


def asked_all_the_same(vandal: Vandal) -> None:
    """Let the service be asked, without an answer, to send what went by check."""
    vandal.change(
        "UPDATE service_call SET state = 'open', ended_at = NULL, object_id = NULL WHERE kind = 'give_back' "
        "AND subject IN (SELECT payout.reference FROM payout JOIN refund ON refund.id = payout.refund_id "
        "WHERE refund.reference = :reference)",
        reference=vandal.told.by_check,
    )


CARD_PLANTS: Mapping[Callable[[Vandal], None], str] = {
    undecided_way: "payout_goes_back_whole_to_its_payment",
    asked_all_the_same: "payout_goes_back_whole_to_its_payment",
    counted_twice: "card_refund_counts_once",
    nobody_told: "failed_payout_is_before_staff",
    **CHARGE_PLANTS,
}
