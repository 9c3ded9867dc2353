import datetime as dt

import pytest

from provider.books.rules import Due, Entry, Facts, Posted, Standing, entries, standing
from provider.enrollments.rules import InstallmentState
from provider.ledger.rules import Account, Amounts, PostingKind, postings_for

K = PostingKind
S = InstallmentState
AT = dt.datetime(2026, 11, 21, 15, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 21)
FACTS = Facts(
    tuition="Clinical Medical Assistant, Four installments",
    installments=["I-7-1", "I-7-2"],
    payments={"PY-1": "check, reference 1017", "PY-2": "Visa ending in 4242", "PY-3": "cash"},
    payouts={"PO-1": "check, reference 77"},
    for_return=frozenset({"PY-3"}),
)


def posted(kind: K, subject: str, **cents: int) -> Posted:
    return Posted(kind, subject, AT, postings_for(kind, Amounts(**cents)))


def told(*postings: Posted) -> list[tuple[str, int, int]]:
    found = entries(postings, FACTS)
    assert {one.at for one in found} <= {AT}
    return [(one.what, one.cents, one.balance) for one in found]


@pytest.mark.parametrize(
    "posting, lines",
    [
        (
            posted(K.ACCEPTED, "E-1", owed=1000),
            [("Tuition for Clinical Medical Assistant, Four installments, as agreed", 1000)],
        ),
        (
            posted(K.CAPTURED, "PY-1", owed=300, credit=50),
            [("Payment received by check, reference 1017", -350)],
        ),
        (posted(K.CAPTURED, "PY-2", owed=300), [("Payment received by Visa ending in 4242", -300)]),
        (
            posted(K.CAPTURED, "PY-3", credit=200),
            [("Payment received by cash. It came when the enrollment could not take it, so it goes back", -200)],
        ),
        (
            posted(K.REVERSED, "PY-1", owed=300, credit=50),
            [("Payment by check, reference 1017 taken back: it was recorded in error", 350)],
        ),
        (
            posted(K.CREDIT_APPLIED, "PY-1", credit=5_050),
            [("Your credit of $50.50 used for what was open again", 0)],
        ),
        (posted(K.WAIVED, "I-7-2", unpaid=500), [("Installment 2 of 2 waived by the school", -500)]),
        (
            posted(K.WAIVED, "W-1", unpaid=500),
            [("What was still to be paid, waived when you left the program", -500)],
        ),
        (
            posted(K.WAIVED, "PY-1", unpaid=100),
            [("Waived as before: the payment taken back had paid a part of what is waived", -100)],
        ),
        (
            posted(K.CANCELED, "E-1", unpaid=1000),
            [("Enrollment canceled before a payment: nothing is owed", -1000)],
        ),
        (
            posted(K.REFUND_APPROVED, "R-1", owed=30_000, credit=5_000, unpaid=70_000),
            [
                ("Refund approved: $350.00 goes back to you", -30_000),
                ("What was still to be paid, canceled with the refund", -70_000),
            ],
        ),
        (posted(K.REFUND_APPROVED, "R-2", credit=200), [("Refund approved: $2.00 goes back to you", 0)]),
        (posted(K.PAID_OUT, "PO-1", owed=350), [("Refund sent by check, reference 77", 350)]),
        (
            posted(K.PAID_OUT, "PO-1.3", owed=300, by_bank=50),
            [("Refund sent by check, reference 77", 300), ("Given back to you by your bank in a dispute", 50)],
        ),
        (posted(K.PAID_OUT, "PO-1.4", by_bank=350), [("Refund sent by check, reference 77", 350)]),
        (posted(K.PAID_OUT, "PO-1.2", owed=350), [("Refund sent by check, reference 77", 350)]),
        (
            posted(K.PAYOUT_FAILED, "PO-1", owed=350),
            [("Refund by check, reference 77 did not arrive. The school sends it again", -350)],
        ),
        (
            posted(K.DISPUTED, "D-1", owed=30_000),
            [("Your bank took $300.00 back because a card payment was disputed, and decides about it", 0)],
        ),
        (
            posted(K.DISPUTE_WON, "D-1", owed=30_000),
            [("The bank decided the dispute: the payment of $300.00 stands", 0)],
        ),
    ],
    ids=lambda value: f"{value.kind.value}-{value.subject}" if isinstance(value, Posted) else "",
)
def test_each_posting_is_told_in_plain_words(posting: Posted, lines: list[tuple[str, int]]) -> None:
    assert [line[:2] for line in told(posting)] == lines


def test_every_kind_of_posting_has_words() -> None:
    amounts = {K.ACCEPTED: "owed", K.WAIVED: "unpaid", K.CANCELED: "unpaid", K.CREDIT_APPLIED: "credit"}
    for kind in K:
        assert told(posted(kind, "X-1", **{amounts.get(kind, "owed"): 100})), kind


def test_a_posting_of_something_unknown_is_told_by_its_reference() -> None:
    assert [line[0] for line in told(posted(K.CAPTURED, "PY-9", owed=1), posted(K.PAID_OUT, "PO-9.3", owed=1))] == [
        "Payment received by PY-9",
        "Refund sent by PO-9",
    ]


def test_the_balance_runs_from_the_tuition_to_nothing() -> None:
    story = told(
        posted(K.ACCEPTED, "E-1", owed=1000),
        posted(K.CAPTURED, "PY-1", owed=250),
        posted(K.WAIVED, "I-7-2", unpaid=250),
        posted(K.CAPTURED, "PY-2", owed=500, credit=20),
    )
    assert [line[1:] for line in story] == [(1000, 1000), (-250, 750), (-250, 500), (-520, -20)]


def test_a_refund_ends_at_nothing_and_a_failed_payout_is_owed_to_the_student_again() -> None:
    story = told(
        posted(K.ACCEPTED, "E-1", owed=1000),
        posted(K.CAPTURED, "PY-2", owed=250),
        posted(K.REFUND_APPROVED, "R-1", owed=250, unpaid=750),
        posted(K.PAID_OUT, "PO-1", owed=250),
        posted(K.PAYOUT_FAILED, "PO-1", owed=250),
        posted(K.PAID_OUT, "PO-1.2", owed=250),
    )
    assert [line[2] for line in story] == [1000, 750, 500, -250, 0, -250, 0]


def test_a_dispute_changes_nothing_that_is_owed() -> None:
    story = told(
        posted(K.ACCEPTED, "E-1", owed=1000),
        posted(K.CAPTURED, "PY-2", owed=1000),
        posted(K.DISPUTED, "D-1", owed=1000),
        posted(K.DISPUTE_WON, "D-1", owed=1000),
    )
    assert [line[2] for line in story] == [1000, 0, 0, 0]


def test_without_postings_there_are_no_lines() -> None:
    assert entries([], FACTS) == list[Entry]()


def due(days: int, cents: int = 100, state: S = S.SCHEDULED) -> Due:
    return Due(TODAY + dt.timedelta(days=days), cents, state)


def test_what_is_due_today_is_due_now_and_what_is_due_tomorrow_is_not() -> None:
    found = standing([due(1, 7), due(0, 5), due(-3, 3, S.PAST_DUE), due(31, 2)], {}, today=TODAY)
    assert found == Standing(8, 9, TODAY + dt.timedelta(days=1), 7, 0, 0)


def test_what_is_paid_waived_or_canceled_is_not_owed() -> None:
    ended = [due(0, 0, S.PAID), due(0, 5, S.WAIVED), due(5, 5, S.CANCELED)]
    assert standing(ended, {}, today=TODAY) == Standing(0, 0, None, 0, 0, 0)


def test_credit_and_what_goes_back_are_what_the_school_owes() -> None:
    found = standing([], {Account.STUDENT_CREDIT: -50, Account.REFUNDS_PAYABLE: -70}, today=TODAY)
    assert (found.credit, found.on_its_way) == (50, 70)
