import pytest
from flask import Flask
from flask.ctx import AppContext
from typst import TypstError

from provider.kernel import pdf
from provider.kernel.database import unit_of_work
from provider.kernel.errors import NotFound
from provider.payments import queries
from provider.payments.lists import Filters, staff_page
from provider.payments.rules import PaymentState
from provider.refunds import queries as refunds
from tests.harness.money import PAID, agreed, record, reverse, stored
from tests.harness.statements import statements

UPFRONT = 189_900


def test_lists_of_payments_are_narrowed_and_take_the_same_few_statements(app: Flask) -> None:
    counts = []
    for number in range(1, 4):
        with app.app_context():
            standing, wrong = record(agreed(), UPFRONT), record(agreed(), 100)
            reverse(wrong)
            with statements(app) as counted:
                assert len(staff_page(Filters()).rows) == 2 * number
                captured = staff_page(Filters(state=PaymentState.CAPTURED)).rows
                assert (captured[0].reference, len(captured)) == (standing, number)
                assert list(staff_page(Filters(for_return=True)).rows) == []
        counts.append(len(counted))
    assert len(set(counts)) == 1


def test_what_is_not_there_is_not_found(context: AppContext) -> None:
    for search in (queries.by_reference, refunds.by_reference, refunds.payout):
        with pytest.raises(NotFound):
            search("PY-22222222")
    with pytest.raises(NotFound):
        queries.receipt(1, "RC-22222222")


def test_an_enrollment_without_a_payment_has_no_window_and_nothing_captured(context: AppContext) -> None:
    enrollment = stored(agreed())
    assert (queries.refund_window(enrollment), queries.captured_cents(enrollment.id)) == (None, 0)


def test_a_window_is_open_to_the_end_of_what_the_agreement_froze(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    with unit_of_work():
        window = queries.refund_window(stored(reference))
    assert window is not None
    assert (window.purchased_at, (window.deadline - PAID).total_seconds()) == (PAID, 86_400)


def test_a_character_that_no_font_has_does_not_stop_a_paper() -> None:
    data = {
        "title": "Receipt No. 1",
        "issued": ["now", "utc"],
        "seller": ["School"],
        "buyer": ["\U0010fffd"],
        "lines": [["All", "$1.00"]],
        "total": ["Paid", "$1.00"],
        "facts": [],
        "notes": [],
        "sample": False,
    }
    printed = pdf.render("payments/receipt.typ", data)
    assert (printed[:4], b"pdfuaid" in printed) == (b"%PDF", False)
    assert b"pdfuaid" in pdf.render("payments/receipt.typ", data | {"buyer": ["Ana"]})


def test_a_broken_paper_says_so() -> None:
    with pytest.raises(TypstError, match="title"):
        pdf.render("payments/receipt.typ", {})
