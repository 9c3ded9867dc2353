import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.ledger.rules import Account
from provider.payments.rules import (
    LIFECYCLE,
    OFFLINE_METHODS,
    Allocated,
    OpenInstallment,
    PaymentMethod,
    PaymentState,
    ReceiptKind,
    Share,
    allocate,
    cash_account,
    purchased_at,
)

S = PaymentState
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def test_a_payment_goes_only_the_ways_the_school_publishes() -> None:
    assert {(old, new) for old in S for new in S if LIFECYCLE.can(old, new)} == {
        (S.STARTED, S.CAPTURED),
        (S.STARTED, S.FAILED),
        (S.STARTED, S.CANCELED),
        (S.CAPTURED, S.REVERSED),
        (S.CAPTURED, S.DISPUTED),
        (S.DISPUTED, S.CAPTURED),
        (S.DISPUTED, S.LOST),
        (S.LOST, S.CAPTURED),
        (S.LOST, S.DISPUTED),
    }


def test_each_state_and_method_has_words() -> None:
    assert [(state.label, state.tone) for state in S] == [
        ("Started", "neutral"),
        ("Received", "good"),
        ("Failed", "bad"),
        ("Canceled", "neutral"),
        ("Recorded in error", "neutral"),
        ("Disputed", "warn"),
        ("Lost in dispute", "bad"),
    ]
    assert [method.label for method in PaymentMethod] == ["Bank transfer", "Check", "Money order", "Cash", "Card"]
    assert [kind.label for kind in ReceiptKind] == ["Receipt", "Credit note"]


def test_card_money_stands_apart_from_money_that_staff_record() -> None:
    assert [cash_account(method) for method in OFFLINE_METHODS] == [Account.CASH_OFFLINE] * 4
    assert cash_account(PaymentMethod.CARD) is Account.CASH_CARD


def at(hours: int) -> dt.datetime:
    return NOON + dt.timedelta(hours=hours)


@pytest.mark.parametrize(
    "payments, purchase",
    [
        ([], None),
        ([(S.STARTED, None)], None),
        ([(S.CAPTURED, at(0))], at(0)),
        ([(S.CAPTURED, at(5)), (S.CAPTURED, at(2))], at(2)),
        ([(S.REVERSED, at(0)), (S.CAPTURED, at(3))], at(3)),
        ([(S.REVERSED, at(0))], None),
        ([(S.FAILED, None), (S.CANCELED, None)], None),
        ([(S.DISPUTED, at(1)), (S.CAPTURED, at(2))], at(1)),
        ([(S.LOST, at(1)), (S.CAPTURED, at(2))], at(1)),
    ],
    ids=["none", "started", "one", "the first", "not the reversed", "reversed", "failed", "disputed", "lost"],
)
def test_the_purchase_is_the_first_captured_payment_that_is_not_reversed(
    payments: list[tuple[PaymentState, dt.datetime | None]], purchase: dt.datetime | None
) -> None:
    assert purchased_at(payments) == purchase


def owed(*rows: tuple[int, str, int]) -> list[OpenInstallment]:
    return [OpenInstallment(number, dt.date.fromisoformat(due_on), cents) for number, due_on, cents in rows]


FEBRUARY, MARCH, APRIL = (1, "2027-02-01", 100), (2, "2027-03-01", 100), (3, "2027-04-01", 100)


@pytest.mark.parametrize(
    "amount_cents, installments, shares, rest_cents",
    [
        (100, [FEBRUARY, MARCH, APRIL], [(1, 100)], 0),
        (150, [APRIL, MARCH, FEBRUARY], [(1, 100), (2, 50)], 0),
        (350, [FEBRUARY, MARCH, APRIL], [(1, 100), (2, 100), (3, 100)], 50),
        (40, [FEBRUARY], [(1, 40)], 0),
        (40, [], [], 40),
        (40, [(1, "2027-02-01", 0), MARCH], [(2, 40)], 0),
        (150, [(2, "2027-02-01", 100), FEBRUARY], [(1, 100), (2, 50)], 0),
    ],
    ids=["exact", "oldest first", "too much", "too little", "nothing owed", "skips what is paid", "same day by number"],
)
def test_a_payment_pays_what_was_due_first(
    amount_cents: int, installments: list[tuple[int, str, int]], shares: list[tuple[int, int]], rest_cents: int
) -> None:
    expected = Allocated(tuple(Share(number, cents) for number, cents in shares), rest_cents)
    assert allocate(amount_cents, owed(*installments)) == expected
    assert expected.owed_cents + rest_cents == amount_cents


@given(st.integers(1, 10_000), st.lists(st.integers(0, 2_000), max_size=24))
def test_no_cent_is_lost_and_none_is_paid_twice(amount_cents: int, open_cents: list[int]) -> None:
    day = dt.date(2027, 1, 1)
    installments = [OpenInstallment(n, day + dt.timedelta(weeks=n), cents) for n, cents in enumerate(open_cents)]
    spread = allocate(amount_cents, installments)
    paid = {share.number: share.cents for share in spread.shares}
    assert spread.owed_cents == min(amount_cents, sum(open_cents))
    assert spread.owed_cents + spread.rest_cents == amount_cents
    assert all(0 < cents <= open_cents[number] for number, cents in paid.items())


@pytest.mark.parametrize("amount_cents", [0, -1])
def test_a_payment_of_nothing_is_refused(amount_cents: int) -> None:
    with pytest.raises(ValueError, match=f"a payment of {amount_cents} cents"):
        allocate(amount_cents, [])
