"""A dispute as the student and the bursar see it."""

import pytest
from flask import Flask

from provider.accounts.rules import Role
from provider.cards import queries
from provider.jobs.worker import run_due
from provider.kernel import clock
from provider.payments.gateway import DisputeStatus
from tests.harness.cards import TimedService, charge, pay
from tests.harness.hooks import take_in
from tests.harness.stories import enroll, prove, sign_in, staff
from tests.harness.visitor import Visitor


@pytest.fixture
def service(app: Flask, monkeypatch: pytest.MonkeyPatch) -> TimedService:
    """The payment service; without a context around, since each request has its own."""
    made = TimedService(clock.now())
    monkeypatch.setitem(app.extensions, "payment_service", made)
    return made


@pytest.fixture
def student(app: Flask, visitor: Visitor, hooked: TimedService) -> tuple[str, str]:
    """A signed-in student who paid the first installment by a card that is kept; enrollment and intent."""
    reference = enroll(visitor, plan="installments")
    prove(app, visitor, reference)
    with app.app_context():
        hooked.at = clock.now()
        paid, _state = pay(hooked, reference, keep=True)
        return reference, charge(paid).intent_id or ""


def told(app: Flask, service: TimedService) -> None:
    with app.app_context():
        take_in(service.take_events(), secret=service.secret, at=clock.now())
        run_due(clock.now())


def test_the_student_reads_what_the_bank_does_and_that_no_card_is_charged(
    app: Flask, visitor: Visitor, hooked: TimedService, student: tuple[str, str]
) -> None:
    reference, intent = student
    page = visitor.get(f"/my/enrollments/{reference}")
    assert "We charge it to your Visa" in page.words()
    assert "disputed" not in page.words()
    opened = hooked.open_dispute(intent)
    told(app, hooked)
    words = visitor.get(f"/my/enrollments/{reference}").words()
    assert "Your bank is looking into a payment" in words
    assert "no card is charged for this enrollment, and a refund has to wait for the bank" in words
    assert "We charge it to your" not in words
    assert "Pay now" not in words
    hooked.close_dispute(opened.id, DisputeStatus.LOST)
    told(app, hooked)
    assert "It gave the cardholder $525.00 back" in visitor.get(f"/my/enrollments/{reference}").words()
    hooked.close_dispute(opened.id, DisputeStatus.WON)
    told(app, hooked)
    assert "We charge it to your Visa" in visitor.get(f"/my/enrollments/{reference}").words()


def test_the_statement_tells_of_it(
    app: Flask, visitor: Visitor, hooked: TimedService, student: tuple[str, str]
) -> None:
    reference, intent = student
    opened = hooked.open_dispute(intent)
    told(app, hooked)
    words = visitor.get(f"/my/enrollments/{reference}/statement").words()
    assert "Your bank took $525.00 back because a card payment was disputed" in words
    hooked.close_dispute(opened.id, DisputeStatus.WON)
    told(app, hooked)
    words = visitor.get(f"/my/enrollments/{reference}/statement").words()
    assert "The bank decided the dispute: the payment of $525.00 stands" in words


def test_the_bursar_sees_its_dates_and_finds_it_in_the_list(
    app: Flask, hooked: TimedService, student: tuple[str, str]
) -> None:
    _reference, intent = student
    opened = hooked.open_dispute(intent, reason="product_not_received")
    told(app, hooked)
    with app.app_context():
        payment = queries.payment_of_intent(intent)
        assert payment is not None
        name = payment.reference
    bursar = Visitor(app)
    sign_in(bursar, staff(app, Role.BURSAR))
    assert f"/staff/payments/{name}" in bursar.get("/staff/payments?view=disputed").text
    page = bursar.get(f"/staff/payments/{name}")
    (row,) = [" ".join(row.to_text().split()) for row in page.all("tbody tr") if opened.id in row.to_text()]
    assert "Product not received" in row
    assert "$525.00" in row
    assert "Open" in row
    assert "Answer by" in page.text
    assert "until the bank has decided, nothing is charged or given back" in page.words()
    hooked.close_dispute(opened.id, DisputeStatus.LOST)
    told(app, hooked)
    assert f"/staff/payments/{name}" in bursar.get("/staff/payments?view=lost").text
    assert "No bank holds a payment in a dispute." in bursar.get("/staff/payments?view=disputed").words()
