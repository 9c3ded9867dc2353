import datetime as dt
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.ledger.rules import TABLE, Account, Amounts, Line, PostingKind, Side, balances, postings_for
from provider.payments.rules import OpenInstallment, allocate

K, A = PostingKind, Account
DR, CR = Side.DEBIT, Side.CREDIT
CENTS = st.integers(0, 10_000_000)


@pytest.mark.parametrize(
    "kind, amounts, lines",
    [
        (K.ACCEPTED, Amounts(owed=900), [(A.RECEIVABLE, DR, 900), (A.TUITION, CR, 900)]),
        (K.CAPTURED, Amounts(owed=300), [(A.CASH_CARD, DR, 300), (A.RECEIVABLE, CR, 300)]),
        (
            K.CAPTURED,
            Amounts(owed=300, credit=50),
            [(A.CASH_CARD, DR, 350), (A.RECEIVABLE, CR, 300), (A.STUDENT_CREDIT, CR, 50)],
        ),
        (K.CAPTURED, Amounts(credit=50), [(A.CASH_CARD, DR, 50), (A.STUDENT_CREDIT, CR, 50)]),
        (
            K.REVERSED,
            Amounts(owed=300, credit=50),
            [(A.RECEIVABLE, DR, 300), (A.CASH_CARD, CR, 350), (A.STUDENT_CREDIT, DR, 50)],
        ),
        (K.CREDIT_APPLIED, Amounts(credit=50), [(A.STUDENT_CREDIT, DR, 50), (A.RECEIVABLE, CR, 50)]),
        (K.WAIVED, Amounts(unpaid=600), [(A.WAIVED, DR, 600), (A.RECEIVABLE, CR, 600)]),
        (K.CANCELED, Amounts(unpaid=900), [(A.TUITION, DR, 900), (A.RECEIVABLE, CR, 900)]),
        (
            K.REFUND_APPROVED,
            Amounts(owed=300, unpaid=600),
            [(A.TUITION, DR, 900), (A.REFUNDS_PAYABLE, CR, 300), (A.RECEIVABLE, CR, 600)],
        ),
        (
            K.REFUND_APPROVED,
            Amounts(owed=900, credit=50),
            [(A.TUITION, DR, 900), (A.REFUNDS_PAYABLE, CR, 950), (A.STUDENT_CREDIT, DR, 50)],
        ),
        (K.PAID_OUT, Amounts(owed=950), [(A.REFUNDS_PAYABLE, DR, 950), (A.CASH_CARD, CR, 950)]),
        (K.CANCELED, Amounts(), []),
    ],
)
def test_each_event_has_its_lines(kind: PostingKind, amounts: Amounts, lines: list[tuple[Account, Side, int]]) -> None:
    assert postings_for(kind, amounts, A.CASH_CARD) == tuple(Line(*line) for line in lines)


def test_without_a_card_the_cash_is_offline() -> None:
    assert postings_for(K.PAID_OUT, Amounts(owed=5))[1] == Line(A.CASH_OFFLINE, CR, 5)


def known(kind: PostingKind, cents: int) -> Amounts:
    return Amounts(**{part.value: cents for _debit, _credit, part in TABLE[kind]})


@given(st.sampled_from(PostingKind), CENTS, CENTS, CENTS)
def test_every_posting_balances(kind: PostingKind, owed: int, credit: int, unpaid: int) -> None:
    parts = {part.value for _debit, _credit, part in TABLE[kind]}
    given_: dict[str, Any] = {"owed": owed, "credit": credit, "unpaid": unpaid}
    lines = postings_for(kind, Amounts(**{name: cents for name, cents in given_.items() if name in parts}))
    assert balances(lines)
    assert all(line.cents > 0 for line in lines)
    assert len({(line.account, line.side) for line in lines}) == len(lines)


def test_a_posting_that_does_not_balance_is_seen() -> None:
    assert not balances([Line(A.RECEIVABLE, DR, 5), Line(A.TUITION, CR, 4)])


@pytest.mark.parametrize("kind", PostingKind)
def test_an_amount_that_an_event_does_not_know_is_refused(kind: PostingKind) -> None:
    strange = {"owed", "credit", "unpaid"} - {part.value for _debit, _credit, part in TABLE[kind]}
    for name in strange:
        with pytest.raises(ValueError, match=f"{kind.value} cannot be posted"):
            postings_for(kind, Amounts(**{name: 1}))
    with pytest.raises(ValueError, match=f"{kind.value} cannot be posted"):
        postings_for(kind, known(kind, -1))


class Books:
    """The ledger of one enrollment, kept by the rules alone; cents, debits above zero."""

    def __init__(self, total_cents: int) -> None:
        self.balance: Counter[Account] = Counter()
        self.payments: list[list[int]] = []
        self.post(K.ACCEPTED, Amounts(owed=total_cents))

    def post(self, kind: PostingKind, amounts: Amounts) -> None:
        for line in postings_for(kind, amounts):
            self.balance[line.account] += line.cents if line.side is DR else -line.cents

    @property
    def open_cents(self) -> int:
        return self.balance[A.RECEIVABLE]

    def capture(self, cents: int) -> None:
        spread = allocate(cents, [OpenInstallment(1, dt.date(2027, 1, 1), self.open_cents)])
        self.payments.append([spread.owed_cents, spread.rest_cents])
        self.post(K.CAPTURED, Amounts(owed=spread.owed_cents, credit=spread.rest_cents))

    def reverse(self, n: int) -> None:
        owed, credit = self.payments.pop(n % len(self.payments))
        self.post(K.REVERSED, Amounts(owed=owed, credit=credit))
        for payment in self.payments:
            part = min(payment[1], self.open_cents)
            self.post(K.CREDIT_APPLIED, Amounts(credit=part))
            payment[0], payment[1] = payment[0] + part, payment[1] - part

    def refund(self) -> int:
        owed, credit = (sum(payment[part] for payment in self.payments) for part in (0, 1))
        self.post(K.REFUND_APPROVED, Amounts(owed=owed, credit=credit, unpaid=self.open_cents))
        return owed + credit


@given(
    total_cents=st.integers(1, 5_000),
    steps=st.lists(st.tuples(st.sampled_from(["capture", "reverse"]), st.integers(1, 3_000)), max_size=12),
    waived=st.booleans(),
)
def test_after_a_refund_is_paid_out_nothing_is_owed_by_anyone(
    *, total_cents: int, steps: list[tuple[str, int]], waived: bool
) -> None:
    books = Books(total_cents)
    for verb, value in steps:
        if verb == "capture":
            books.capture(value)
        elif books.payments:
            books.reverse(value)
        assert books.balance[A.CASH_OFFLINE] == sum(map(sum, books.payments))
        assert books.balance[A.RECEIVABLE] - total_cents == -sum(owed for owed, _credit in books.payments)
        assert books.balance[A.RECEIVABLE] >= 0 >= books.balance[A.STUDENT_CREDIT]
    if waived:
        books.post(K.WAIVED, Amounts(unpaid=books.open_cents))
    captured = sum(map(sum, books.payments))
    assert books.refund() == captured == -books.balance[A.REFUNDS_PAYABLE]
    books.post(K.PAID_OUT, Amounts(owed=captured))
    assert books.balance[A.TUITION] == -books.balance[A.WAIVED]
    left = {account: cents for account, cents in books.balance.items() if account not in {A.TUITION, A.WAIVED}}
    assert set(left.values()) <= {0}


def test_accounts_and_events_have_words() -> None:
    assert [account.label for account in A][:4] == ["Receivable", "Tuition", "Waived", "Student credit"]
    assert K.REFUND_APPROVED.label == "Refund approved"
