import datetime as dt
import io
from collections.abc import Callable, Iterator
from typing import Any

import pypdf
import pytest
import time_machine
from flask import Flask

from provider.enrollments.queries import by_reference as enrollment_row
from provider.kernel import pdf
from provider.kernel.database import unit_of_work
from provider.payments.papers import paper
from provider.payments.queries import by_reference, of_enrollment
from provider.payments.queries import receipt as receipt_row
from tests.harness.money import PAID, agreed, payment, record, record_inside, reverse, stored
from tests.harness.statements import statements
from tests.harness.stories import enroll
from tests.harness.visitor import Visitor

UPFRONT = 189_900
QUARTER = 52_500


@pytest.fixture(autouse=True)
def _moment(app: Flask) -> Iterator[None]:
    with time_machine.travel(PAID, tick=False):
        yield


def paid(app: Flask, visitor: Visitor, plan: str = "installments", cents: int = QUARTER) -> tuple[str, str]:
    """Enroll by form and record a payment; returns the enrollment and the address of its receipt."""
    reference = enroll(visitor, plan=plan)
    with app.app_context():
        one = payment(record(reference, cents))
        return reference, f"/my/enrollments/{reference}/receipts/{one.receipts[0].reference}"


def text_of(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())


def test_the_receipt_says_what_was_paid_what_is_open_and_until_when_it_comes_back(app: Flask, visitor: Visitor) -> None:
    _, address = paid(app, visitor)
    page = visitor.get(address)
    words = page.words()
    assert page.title == "Receipt No. 1"
    for sentence in (
        "November 21, 2026, 10:00:00 AM EST",
        "2026-11-21 15:00:00 UTC",
        "Payment 1 of 4, due November 21, 2026",
        "$525.00",
        "You can ask for all of your money back until November 22, 2026, 10:00:00 AM EST (2026-11-22 15:00:00 UTC).",
        "Still open: $1,575.00. Next, $525.00 is due on ",
        "Sample",
    ):
        assert sentence in words


def test_a_receipt_paid_in_full_says_that_nothing_is_open(app: Flask, visitor: Visitor) -> None:
    _, address = paid(app, visitor, "upfront", UPFRONT)
    assert "Nothing is open." in visitor.get(address).words()


def test_the_receipt_as_pdf_is_tagged_and_says_the_same(app: Flask, visitor: Visitor) -> None:
    _, address = paid(app, visitor)
    answer = visitor.get(f"{address}.pdf").response
    assert (answer.mimetype, answer.headers["Content-Disposition"]) == (
        "application/pdf",
        'attachment; filename="receipt-1.pdf"',
    )
    read = pypdf.PdfReader(io.BytesIO(answer.data))
    assert read.metadata is not None
    assert read.metadata.title == "Receipt No. 1"
    root: Any = read.root_object
    assert (root["/MarkInfo"], root["/Lang"]) == ({"/Marked": True, "/Suspects": False}, "en-US")
    claims: Any = read.xmp_metadata
    assert b"pdfuaid:part" in claims.stream.get_data()
    page: Any = read.pages[0]
    fonts = {str(font.get_object()["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
    assert all("PublicSans" in font for font in fonts)
    assert "until November 22, 2026, 10:00:00 AM EST (2026-11-22 15:00:00 UTC)." in text_of(answer.data)


def test_a_credit_note_names_its_receipt_and_the_receipt_says_it_was_taken_back(app: Flask, visitor: Visitor) -> None:
    reference, address = paid(app, visitor)
    with app.app_context():
        one = by_reference_of(reference)
        reverse(one, at=PAID + dt.timedelta(hours=1))
        note = payment(one).receipts[1].reference
    assert "taken back on November 21, 2026, 11:00:00 AM EST" in visitor.get(address).words()
    page = visitor.get(f"/my/enrollments/{reference}/receipts/{note}")
    assert page.title == "Credit note No. 1"
    assert "This takes back receipt no. 1: the payment was recorded in error." in page.words()
    assert "Reason: Typed for the wrong student." in page.words()
    pdf_answer = visitor.get(f"/my/enrollments/{reference}/receipts/{note}.pdf").response
    assert pdf_answer.headers["Content-Disposition"] == 'attachment; filename="credit-note-1.pdf"'
    assert "Taken back $525.00" in text_of(pdf_answer.data)


def by_reference_of(reference: str) -> str:
    return of_enrollment(stored(reference).id)[0].reference


def test_money_for_return_says_so_on_its_receipt(app: Flask, visitor: Visitor) -> None:
    reference = enroll(visitor)
    visitor.post(f"/my/enrollments/{reference}/cancel", {})
    with app.app_context():
        one = payment(record(reference, UPFRONT))
    words = visitor.get(f"/my/enrollments/{reference}/receipts/{one.receipts[0].reference}").words()
    assert "All of it goes back to where it came from." in words
    assert "Came too late for this enrollment, to be returned" in words


def test_receipts_of_others_and_of_nobody_are_not_there(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    reference, address = paid(app, visitor)
    other, stranger = visitors(), visitors()
    theirs = enroll(other, email="other@example.org")
    strange = address.rsplit("/", 1)[1]
    answers = [
        stranger.get(address, 404).words(),
        stranger.get(f"{address}.pdf", 404).words(),
        other.get(address, 404).words(),
        other.get(f"/my/enrollments/{theirs}/receipts/{strange}", 404).words(),
        visitor.get(f"/my/enrollments/{reference}/receipts/RC-22222222", 404).words(),
    ]
    assert {" ".join(words.split()[:12]) for words in answers} == {" ".join(answers[0].split()[:12])}


def test_a_receipt_page_takes_few_statements(app: Flask, visitor: Visitor) -> None:
    _, address = paid(app, visitor)
    with statements(app) as counted:
        visitor.get(address)
    assert len(counted) <= 4


@pytest.mark.parametrize("name", ["*bold* #let x = 1 $y$", "ש. לוי", "陳小姐 😀", "<script>alert(1)</script>"])
def test_a_name_is_printed_as_typed_whatever_it_holds(app: Flask, name: str) -> None:
    with app.app_context():
        reference = agreed()
        with unit_of_work():
            stored_row = by_reference(record_named(reference, name))
            found = receipt_row(stored_row.enrollment_id, stored_row.receipts[0].reference)
            data = pdf.render("payments/receipt.typ", paper(found).as_data())
    assert data.startswith(b"%PDF")
    if name.isascii():
        assert name in text_of(data)


def record_named(reference: str, name: str) -> str:
    enrollment_row(reference).legal_name = name
    return record_inside(reference, UPFRONT).reference
