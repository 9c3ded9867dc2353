import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from provider.cards.rules import (
    Choice,
    What,
    attempt_due,
    charge_days,
    charging_day,
    choices,
    consent,
    contradiction,
    next_attempt,
    why_failed,
)
from provider.payments.gateway import Intent, IntentStatus
from provider.payments.rules import OpenInstallment

NEW_YORK = ZoneInfo("America/New_York")
DUE = dt.date(2026, 12, 2)
FIRST, SECOND = OpenInstallment(1, DUE, 50_000), OpenInstallment(2, dt.date(2027, 1, 2), 49_900)


def after(days: int) -> dt.date:
    return DUE + dt.timedelta(days=days)


@pytest.mark.parametrize(
    "tried, today, due",
    [
        ([], -1, False),
        ([], 0, True),
        ([], 5, True),
        ([0], 0, False),
        ([0], 1, True),
        ([0, 1], 2, False),
        ([0, 1], 3, True),
        ([0, 1, 3], 6, False),
        ([0, 1, 3], 7, True),
        ([0, 1, 3, 7], 8, False),
        ([0, 1, 3, 7], 60, False),
        ([2], 2, False),
        ([2], 3, True),
        ([0, 5], 5, False),
        ([0, 5], 6, True),
    ],
)
def test_a_declined_installment_is_tried_again_after_1_3_and_7_days_and_then_no_more(
    tried: list[int], today: int, *, due: bool
) -> None:
    assert attempt_due(due_on=DUE, tried_on=[after(day) for day in tried], today=after(today)) is due


@pytest.mark.parametrize(
    "tried_on, on",
    [((), 0), ((0,), 1), ((0, 1), 3), ((0, 1, 3), 7), ((0, 1, 3, 7), None), ((5,), 6)],
    ids=["never", "once", "twice", "three times", "on all its days", "late"],
)
def test_a_student_may_know_from_which_day_an_installment_is_charged_next(
    tried_on: tuple[int, ...], on: int | None
) -> None:
    found = next_attempt(due_on=DUE, tried_on=[after(days) for days in tried_on])
    assert found == (None if on is None else after(on))


def test_the_days_of_an_installment_are_its_first_and_three_more() -> None:
    assert charge_days(DUE) == (DUE, after(1), after(3), after(7))


def test_the_day_of_charging_begins_at_nine_in_the_morning_at_the_school() -> None:
    nine = dt.datetime(2026, 12, 2, 9, tzinfo=NEW_YORK)
    assert charging_day(nine, NEW_YORK) == DUE
    assert charging_day(nine - dt.timedelta(microseconds=1), NEW_YORK) == after(-1)


def test_a_student_may_pay_what_is_due_or_comes_next_and_all_of_it() -> None:
    both = [SECOND, FIRST]
    assert choices([], DUE) == []
    assert choices(both, after(-1)) == [
        Choice(What.NEXT, 50_000, (FIRST,)),
        Choice(What.REST, 99_900, (FIRST, SECOND)),
    ]
    assert choices(both, DUE) == [Choice(What.DUE, 50_000, (FIRST,)), Choice(What.REST, 99_900, (FIRST, SECOND))]
    assert choices(both, SECOND.due_on) == [Choice(What.REST, 99_900, (FIRST, SECOND))]
    assert choices([SECOND], DUE) == [Choice(What.REST, 49_900, (SECOND,))]


def test_the_consent_names_each_amount_and_day() -> None:
    words = consent([FIRST, SECOND], "Sample School")
    assert "$500.00 on December 2, 2026; $499.00 on January 2, 2027" in words
    assert "1, 3 and 7 days later" in words


def test_a_bank_that_keeps_its_reason_to_itself_is_not_guessed_at() -> None:
    assert why_failed("lost_card") == why_failed(None) == why_failed("card_declined")
    assert why_failed("insufficient_funds") == "There was not enough money on the card."


INTENT = Intent(
    id="pi_1",
    status=IntentStatus.SUCCEEDED,
    amount_cents=50_000,
    currency="usd",
    live=False,
    customer_id="cus_1",
    method_id="pm_1",
    reference="CH-22222222",
    client_secret=None,
    created_at=dt.datetime(2026, 12, 2, tzinfo=dt.UTC),
)


@pytest.mark.parametrize(
    "there, sentence",
    [
        (INTENT, None),
        (replace(INTENT, amount_cents=49_999), "the amount is $499.99 there and $500.00 here"),
        (replace(INTENT, currency="eur"), "the currency there is EUR"),
        (replace(INTENT, live=True), "it is a live payment there"),
        (replace(INTENT, customer_id="cus_2"), "it belongs to another customer there, cus_2"),
        (replace(INTENT, reference="CH-33333333"), "it carries another reference there, CH-33333333"),
        (replace(INTENT, id="pi_2"), "it is a second one there, pi_2 beside pi_1"),
    ],
    ids=["agrees", "amount", "currency", "mode", "customer", "reference", "second"],
)
def test_what_the_service_says_must_agree_with_our_own_record(there: Intent, sentence: str | None) -> None:
    told = contradiction(
        there, amount_cents=50_000, customer_id="cus_1", reference="CH-22222222", intent_id="pi_1", live=False
    )
    assert told == sentence
