"""A card is kept for what is still to come; when nothing is, the payment service forgets it, whatever ended it."""

import datetime as dt
from collections.abc import Callable

import pytest

from provider.cards import queries, saving
from provider.cards.rules import CardState
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference
from provider.enrollments.rules import CancelReason
from provider.jobs.worker import run_due
from provider.kernel.database import unit_of_work
from provider.payments.gateway import DisputeStatus
from provider.refunds import actions as refunds
from provider.refunds.waiving import waive
from tests.harness.cards import STUDENT, TimedService, cards, charge, pay, start
from tests.harness.hooks import take_in
from tests.harness.money import BURSAR, PAID, agreed, record, rows, stored
from tests.harness.service_words import FAILS_LATER, Fault

HOUR = dt.timedelta(hours=1)
QUARTER = 52_500
REASON = "Agreed with the director on the telephone."


def still_kept(service: TimedService) -> list[str]:
    """Return the cards that the service still has for one of our customers."""
    return [method.id for method in service._methods.values() if method.customer_id is not None]


def pays_the_rest_by_check(reference: str) -> None:
    record(reference, 3 * QUARTER, at=PAID)


def is_let_off_the_rest(reference: str) -> None:
    for number in (2, 3, 4):
        with unit_of_work():
            waive(enrollment=by_reference(reference, lock=True), number=number, reason=REASON, actor=BURSAR, at=PAID)


def leaves(reference: str, *, waived: bool) -> None:
    with unit_of_work():
        refunds.withdraw(
            enrollment=by_reference(reference, lock=True), reason=REASON, waive=waived, actor=BURSAR, at=PAID
        )


def leaves_with_the_rest_waived(reference: str) -> None:
    leaves(reference, waived=True)


def leaves_and_still_owes(reference: str) -> None:
    leaves(reference, waived=False)


@pytest.mark.parametrize(
    "ends", [pays_the_rest_by_check, is_let_off_the_rest, leaves_with_the_rest_waived, leaves_and_still_owes]
)
def test_within_the_hour_a_card_that_nothing_is_charged_to_any_more_is_forgotten(
    service: TimedService, ends: Callable[[str], None]
) -> None:
    reference = agreed("installments", at=PAID)
    pay(service, reference, keep=True)
    run_due(PAID)
    assert len(still_kept(service)) == 1
    ends(reference)
    run_due(PAID + HOUR)
    assert still_kept(service) == []
    assert cards(reference) == []


def test_a_card_kept_before_anything_was_paid_is_forgotten_with_the_enrollment(service: TimedService) -> None:
    reference = agreed("installments", at=PAID)
    pay(service, reference, keep=True, number=FAILS_LATER)
    run_due(PAID + 3 * HOUR)
    assert len(still_kept(service)) == 1  # the student may want to try it again
    with unit_of_work():
        enrollments.cancel(
            enrollment=by_reference(reference, lock=True), reason=CancelReason.STUDENT, actor=STUDENT, at=PAID
        )
    run_due(PAID + 4 * HOUR)
    assert still_kept(service) == []


@pytest.mark.parametrize(
    "decided, left", [(None, 1), (DisputeStatus.WON, 1), (DisputeStatus.LOST, 0)], ids=["open", "won", "lost"]
)
def test_a_card_is_forgotten_once_a_bank_has_decided_against_the_school(
    hooked: TimedService, decided: DisputeStatus | None, left: int
) -> None:
    reference = agreed("installments", at=PAID)
    charged, _state = pay(hooked, reference, keep=True)
    opened = hooked.open_dispute(charge(charged).intent_id or "")
    if decided is not None:
        hooked.close_dispute(opened.id, decided)
    take_in(hooked.take_events(), secret=hooked.secret, at=PAID)
    run_due(PAID)
    run_due(PAID + HOUR)
    assert len(still_kept(hooked)) == left


def test_a_card_with_an_installment_to_come_stays(service: TimedService) -> None:
    reference = agreed("installments", at=PAID)
    pay(service, reference, keep=True)
    record(reference, 2 * QUARTER, at=PAID)
    run_due(PAID + 5 * HOUR)
    assert [row[1] for row in rows(reference)] == ["paid", "paid", "paid", "scheduled"]
    assert len(still_kept(service)) == 1


def test_a_card_that_is_being_charged_is_let_go_of_only_afterwards(service: TimedService) -> None:
    reference = agreed("installments", at=PAID)
    pay(service, reference, keep=True)
    kept = queries.kept_card(stored(reference).id)
    assert kept is not None
    name = kept.reference
    service.fail_next(Fault.LOST_AFTER, call="charge")
    start(service, reference, name)
    pays_the_rest_by_check(reference)
    saving.tidy(now=PAID + HOUR)
    assert queries.card(name).state is CardState.SAVED
    service.at = PAID + HOUR
    for minutes in (0, 2, 60, 62):
        run_due(PAID + HOUR + dt.timedelta(minutes=minutes))
    assert queries.card(name).state is CardState.DETACHED
    assert still_kept(service) == []
