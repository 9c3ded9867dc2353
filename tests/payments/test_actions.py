import datetime as dt

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.accounts.actions import add_person
from provider.enrollments import actions as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.queries import by_reference
from provider.enrollments.rules import CancelReason, EnrollmentState
from provider.kernel.database import db, unit_of_work
from provider.kernel.money import MOST_CENTS
from provider.payments import actions, queries
from provider.payments.actions import (
    AlreadyRecorded,
    AmountRefused,
    BeingRefunded,
    NotCaptured,
    NotOffline,
    ReasonRefused,
    ReceivedInFuture,
    ReferenceMissing,
)
from provider.payments.rules import PaymentMethod
from provider.tasks.queries import about as tasks_about
from tests.harness.money import (
    ACCEPTED,
    BURSAR,
    PAID,
    agreed,
    books,
    letters,
    payment,
    postings,
    record,
    reverse,
    rows,
    stored,
)
from tests.harness.stories import timeline

DAY = dt.timedelta(days=1)
UPFRONT = 189_900
QUARTER = 52_500  # one of four installments
CLAUSE = "Refund policy version 1, which you accepted with the agreement: 24 hours from your first payment."


def test_the_first_payment_makes_the_enrollment_active_at_the_instant_of_recording(context: AppContext) -> None:
    reference = agreed()
    paid = record(reference, UPFRONT, received_at=PAID - DAY)
    enrollment = stored(reference)
    assert (enrollment.state.value, enrollment.purchased_at) == ("active", PAID)
    assert rows(reference) == [(1, "paid", UPFRONT, UPFRONT)]
    assert books(reference) == {"tuition": -UPFRONT, "cash_offline": UPFRONT}
    assert postings(reference) == ["accepted", "captured"]
    one = payment(paid)
    assert (one.state.value, one.recorded_at, one.received_at, one.recorded_by, one.for_return) == (
        "captured",
        PAID,
        PAID - DAY,
        BURSAR.reference,
        False,
    )


def test_the_receipt_freezes_the_deadline_and_its_letter_opens_the_refund_page(context: AppContext) -> None:
    reference = agreed("installments", zone="America/Los_Angeles")
    one = payment(record(reference, QUARTER))
    (paper,) = one.receipts
    deadline = (PAID + DAY).isoformat()
    assert (paper.kind.value, paper.number, paper.issued_at) == ("receipt", 1, PAID)
    assert paper.content["deadline_at"] == deadline
    assert paper.content["lines"] == [{"what": "Payment 1 of 4, due November 2, 2026", "cents": QUARTER}]
    assert (paper.content["open_cents"], paper.content["next_cents"]) == (3 * QUARTER, QUARTER)
    (letter,) = letters(reference, "receipt")
    link = letter.values["refund_link"]
    assert letter.values == {
        "name": stored(reference).legal_name,
        "program": stored(reference).agreement.program_title,
        "reference": reference,
        "receipt_number": 1,
        "receipt_reference": paper.reference,
        "amount_cents": QUARTER,
        "method": "check",
        "recorded_at": PAID.isoformat(),
        "purchase": True,
        "for_return": False,
        "deadline_at": deadline,
        "zone": "America/Los_Angeles",
        "deadline_clause": CLAUSE,
        "refund_link": link,
        "enrollment_path": f"/my/enrollments/{reference}",
        "open_cents": 3 * QUARTER,
        "next_due_on": stored(reference).installments[1].due_on.isoformat(),
        "card": None,
        "sample": True,
    }


def test_a_later_payment_pays_the_oldest_first_and_moves_no_purchase(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    record(reference, QUARTER + 500, at=PAID + DAY)
    assert rows(reference) == [
        (1, "paid", QUARTER, QUARTER),
        (2, "paid", QUARTER, QUARTER),
        (3, "scheduled", QUARTER, 500),
        (4, "scheduled", QUARTER, 0),
    ]
    assert stored(reference).purchased_at == PAID
    assert [letter.values["purchase"] for letter in letters(reference, "receipt")] == [True, False]
    assert books(reference) == {
        "tuition": -4 * QUARTER,
        "receivable": 2 * QUARTER - 500,
        "cash_offline": 2 * QUARTER + 500,
    }


def test_what_goes_beyond_the_tuition_is_the_students_credit(context: AppContext) -> None:
    reference = agreed()
    one = payment(record(reference, UPFRONT + 1_000))
    assert books(reference) == {"tuition": -UPFRONT, "cash_offline": UPFRONT + 1_000, "student_credit": -1_000}
    assert one.receipts[0].content["lines"][1] == {"what": "Your credit: more than was owed", "cents": 1_000}
    assert one.receipts[0].content["next_due_on"] is None
    assert tasks_about(reference) == []


@pytest.mark.parametrize(
    "changed, refusal, sentence",
    [
        ({"cents": 0}, AmountRefused, "Write the amount that came in; it is more than zero."),
        ({"cents": -1}, AmountRefused, "Write the amount that came in; it is more than zero."),
        (
            {"cents": MOST_CENTS + 1},
            AmountRefused,
            "This amount is larger than any tuition. Check the decimal point.",
        ),
        ({"received_at": PAID + dt.timedelta(microseconds=1)}, ReceivedInFuture, ReceivedInFuture.sentence),
        ({"method": PaymentMethod.CARD}, NotOffline, NotOffline.sentence),
        ({"external_reference": "  "}, ReferenceMissing, ReferenceMissing.sentence),
    ],
    ids=["zero", "negative", "too large", "later than now", "card", "no reference"],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    context: AppContext, changed: dict[str, object], refusal: type[Exception], sentence: str
) -> None:
    reference = agreed()
    with pytest.raises(refusal) as refused:
        record(reference, **{"cents": 100} | changed)  # type: ignore[arg-type]
    assert str(refused.value) == sentence
    assert stored(reference).state.value == "started"
    assert postings(reference) == ["accepted"]
    assert letters(reference, "receipt") == []


def test_the_same_check_is_recorded_once(context: AppContext) -> None:
    reference = agreed()
    first = record(reference, 5_000, external_reference="No.  1001")
    with pytest.raises(AlreadyRecorded) as refused:
        record(reference, 6_000, external_reference="No. 1001 ")
    assert refused.value.reference == first
    assert str(refused.value) == (
        f"This check with reference “No. 1001” is recorded already: {first}, $50.00. Nothing was added."
    )
    record(reference, 6_000, external_reference="No. 1001", method=PaymentMethod.MONEY_ORDER)
    assert queries.captured_cents(stored(reference).id) == 11_000


def test_a_check_that_was_taken_back_can_be_recorded_again(context: AppContext) -> None:
    reference = agreed()
    reverse(record(reference, 5_000, external_reference="1001"))
    again = record(reference, 50_00, external_reference="1001", at=PAID + DAY)
    assert payment(again).state.value == "captured"
    assert stored(reference).purchased_at == PAID + DAY


def end_by(reference: str, reason: CancelReason = CancelReason.STUDENT) -> None:
    with unit_of_work():
        enrollments.cancel(enrollment=by_reference(reference, lock=True), reason=reason, actor=BURSAR, at=PAID)


def test_money_for_a_canceled_enrollment_is_kept_as_credit_and_becomes_a_task(context: AppContext) -> None:
    reference = agreed()
    end_by(reference)
    one = payment(record(reference, UPFRONT))
    assert (one.for_return, one.state.value, stored(reference).state.value) == (True, "captured", "canceled")
    assert books(reference) == {"cash_offline": UPFRONT, "student_credit": -UPFRONT}
    assert [(task.kind.value, task.state.value, task.sentence) for task in tasks_about(reference)] == [
        (
            "return_payment",
            "open",
            f"The payment {one.reference} came in for {reference}, which is canceled. Return the money.",
        )
    ]
    content = one.receipts[0].content
    assert (content["for_return"], content["deadline_at"], content["purchase"]) == (True, None, False)
    (letter,) = letters(reference, "receipt")
    assert (letter.values["for_return"], letter.values["deadline_at"], letter.values["open_cents"]) == (True, None, 0)


def test_a_second_enrollment_of_the_same_student_is_paid_for_return(context: AppContext) -> None:
    first, second = agreed(email="twice@example.org"), agreed(email="twice@example.org")
    record(first, UPFRONT)
    one = payment(record(second, UPFRONT))
    assert (stored(first).state.value, stored(second).state.value, one.for_return) == ("active", "canceled", True)
    assert books(second) == {"cash_offline": UPFRONT, "student_credit": -UPFRONT}
    assert [task.kind.value for task in tasks_about(second)] == ["return_payment"]


def test_reversing_the_only_payment_takes_the_purchase_back(context: AppContext) -> None:
    reference = agreed("installments")
    paid = record(reference, QUARTER + 100)
    reverse(paid, at=PAID + DAY)
    enrollment = stored(reference)
    assert (enrollment.state.value, enrollment.purchased_at) == ("started", None)
    assert rows(reference)[:2] == [(1, "past_due", QUARTER, 0), (2, "scheduled", QUARTER, 0)]
    assert books(reference) == {"tuition": -4 * QUARTER, "receivable": 4 * QUARTER}
    assert postings(reference) == ["accepted", "captured", "reversed"]
    one = payment(paid)
    assert (one.state.value, one.reversed_at, one.reversed_reason) == (
        "reversed",
        PAID + DAY,
        "Typed for the wrong student.",
    )
    assert [(paper.kind.value, paper.series, paper.number) for paper in one.receipts] == [
        ("receipt", "receipts", 1),
        ("credit_note", "credit_notes", 1),
    ]
    assert [allocation.released_at for allocation in one.allocations] == [PAID + DAY, PAID + DAY]
    (letter,) = letters(reference, "credit_note")
    assert (letter.values["number"], letter.values["amount_cents"], letter.values["reason"]) == (
        1,
        QUARTER + 100,
        "Typed for the wrong student.",
    )


def test_reversing_a_later_payment_leaves_the_purchase(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    reverse(record(reference, QUARTER, at=PAID + DAY), at=PAID + 2 * DAY)
    assert (stored(reference).state.value, stored(reference).purchased_at) == ("active", PAID)
    assert rows(reference)[1] == (2, "scheduled", QUARTER, 0)


def test_reversing_the_first_of_two_moves_the_purchase_to_the_next(context: AppContext) -> None:
    reference = agreed("installments")
    first = record(reference, QUARTER)
    record(reference, QUARTER, at=PAID + DAY)
    reverse(first, at=PAID + 2 * DAY)
    assert (stored(reference).state.value, stored(reference).purchased_at) == ("active", PAID + DAY)
    moved = [row for row in timeline(reference) if row.event == "enrollment.purchase_moved"]
    assert [row.data for row in moved] == [{"purchased_at": (PAID + DAY).isoformat()}]


def test_credit_pays_what_opens_again(context: AppContext) -> None:
    reference = agreed("installments")
    first = record(reference, QUARTER)
    second = record(reference, 3 * QUARTER + 700, at=PAID + DAY)
    reverse(first, at=PAID + 2 * DAY)
    assert rows(reference)[0] == (1, "past_due", QUARTER, 700)
    assert books(reference) == {
        "tuition": -4 * QUARTER,
        "receivable": QUARTER - 700,
        "cash_offline": 3 * QUARTER + 700,
    }
    assert postings(reference)[-2:] == ["reversed", "credit_applied"]
    reverse(second, at=PAID + 2 * DAY)
    assert books(reference) == {"tuition": -4 * QUARTER, "receivable": 4 * QUARTER}
    assert [row[3] for row in rows(reference)] == [0, 0, 0, 0]


def test_credit_adds_to_what_the_same_payment_paid_of_an_installment(context: AppContext) -> None:
    reference = agreed()
    small = record(reference, 900)
    large = record(reference, UPFRONT, at=PAID + DAY)
    assert books(reference)["student_credit"] == -900
    reverse(small, at=PAID + DAY)
    assert [(one.cents, one.released_at) for one in payment(large).allocations] == [(UPFRONT, None)]
    assert rows(reference) == [(1, "paid", UPFRONT, UPFRONT)]
    assert books(reference) == {"tuition": -UPFRONT, "cash_offline": UPFRONT}


def test_a_completed_enrollment_stays_completed_and_owes_again(context: AppContext) -> None:
    reference = agreed()
    paid = record(reference, UPFRONT)
    with unit_of_work():
        enrollments.complete(enrollment=by_reference(reference, lock=True), actor=BURSAR, at=PAID)
    reverse(paid)
    assert (stored(reference).state.value, stored(reference).purchased_at) == ("completed", PAID)
    assert books(reference) == {"tuition": -UPFRONT, "receivable": UPFRONT}


def test_reversing_a_payment_for_return_ends_its_task(context: AppContext) -> None:
    reference = agreed()
    end_by(reference)
    reverse(record(reference, UPFRONT))
    assert [task.state.value for task in tasks_about(reference)] == ["done"]
    assert books(reference) == {}
    assert stored(reference).state.value == "canceled"


def test_a_payment_is_reversed_once(context: AppContext) -> None:
    paid = record(agreed(), UPFRONT)
    reverse(paid)
    with pytest.raises(NotCaptured, match="taken back already"):
        reverse(paid)


def test_a_reversal_wants_a_reason(context: AppContext) -> None:
    paid = record(agreed(), UPFRONT)
    with pytest.raises(ReasonRefused, match="Write the reason in at least 10 characters"):
        reverse(paid, reason="oops")
    assert payment(paid).state.value == "captured"


def test_a_payment_that_goes_back_is_not_reversed(context: AppContext) -> None:
    paid = record(agreed(), UPFRONT)
    with unit_of_work():
        queries.by_reference(paid).refunded_cents = 1
    with pytest.raises(BeingRefunded, match="part of a refund"):
        reverse(paid)


def test_letters_go_to_the_joined_persons_address(context: AppContext) -> None:
    reference = agreed()
    with unit_of_work():
        person = add_person(
            name="Ana", email="proved@example.org", zone="America/New_York", proved_at=PAID, actor=BURSAR, at=PAID
        )
        enrollments.prove(enrollment=by_reference(reference, lock=True), person=person, actor=BURSAR, at=ACCEPTED)
    record(reference, UPFRONT)
    assert [letter.recipient for letter in letters(reference, "receipt")] == ["proved@example.org"]


def test_an_action_reads_the_enrollment_again(context: AppContext) -> None:
    reference = agreed()
    with unit_of_work():
        stale = by_reference(reference)
        ended = sa.update(Enrollment).where(Enrollment.id == stale.id).values(state=EnrollmentState.CANCELED)
        db.session.execute(ended.execution_options(synchronize_session=False))
        found = actions.record(
            enrollment=stale,
            method=PaymentMethod.CHECK,
            amount_cents=UPFRONT,
            external_reference="7",
            received_at=PAID,
            proof_file=None,
            proof_note="seen",
            actor=BURSAR,
            at=PAID,
        )
        assert found.for_return
