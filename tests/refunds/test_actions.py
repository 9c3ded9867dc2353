import datetime as dt

import pytest
from flask.ctx import AppContext

from provider.accounts.models import SignedLink
from provider.clocks.queries import about as clocks_about
from provider.enrollments import actions as enrollments
from provider.enrollments.queries import by_reference
from provider.enrollments.rules import CancelReason
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import TooMany
from provider.payments import queries as payments
from provider.payments.rules import PaymentState
from provider.refunds import actions, queries
from provider.refunds.actions import (
    CannotOverride,
    EvidenceMissing,
    NotDeclined,
    NotForReturn,
    NotWithdrawable,
    PayoutReferenceMissing,
    ReasonRefused,
    RefundRunning,
    RequestBeforePurchase,
    RequestInFuture,
)
from provider.refunds.approval import PaymentMoved, approve
from provider.refunds.models import Refund
from provider.refunds.payouts import PayoutSent
from provider.refunds.rules import Channel, RefundBasis, RefundState
from provider.tasks.queries import about as tasks_about
from tests.harness.money import (
    BURSAR,
    PAID,
    agreed,
    books,
    kept,
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
INSTANT = dt.timedelta(microseconds=1)
DEADLINE = PAID + DAY
UPFRONT = 189_900
QUARTER = 52_500
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
REASON = "The student was in hospital that day."


def ask(reference: str, received_at: dt.datetime = DEADLINE, *, at: dt.datetime | None = None) -> str:
    with unit_of_work():
        return actions.ask(
            enrollment=by_reference(reference, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=received_at,
            at=at or received_at,
        ).reference


def refund(reference: str) -> Refund:
    return kept(queries.by_reference(reference))


def override(reference: str, reason: str = REASON, at: dt.datetime = DEADLINE + DAY) -> str:
    with unit_of_work():
        return actions.override(refund=queries.by_reference(reference), reason=reason, actor=BURSAR, at=at).reference


def send(payout: str, external_reference: str = "wire 77", at: dt.datetime = DEADLINE + DAY) -> None:
    with unit_of_work():
        actions.send_payout(payout=queries.payout(payout), external_reference=external_reference, actor=BURSAR, at=at)


def withdraw(reference: str, *, waive: bool, reason: str = REASON) -> None:
    with unit_of_work():
        actions.withdraw(
            enrollment=by_reference(reference, lock=True), reason=reason, waive=waive, actor=BURSAR, at=DEADLINE + DAY
        )


def test_everything_comes_back_at_once_inside_the_window(context: AppContext) -> None:
    reference = agreed("installments")
    paid = [record(reference, QUARTER), record(reference, QUARTER + 300, at=PAID + dt.timedelta(hours=3))]
    asked = ask(reference)
    one = refund(asked)
    assert (one.state.value, one.basis.value, one.channel.value, one.amount_cents) == (
        "approved",
        "window",
        "page",
        2 * QUARTER + 300,
    )
    assert (one.asked_at, one.purchased_at, one.deadline_at, one.decided_by) == (
        DEADLINE,
        PAID,
        DEADLINE,
        STUDENT.reference,
    )
    assert (one.due_on, one.overdue_on) == (dt.date(2026, 12, 2), dt.date(2026, 12, 7))
    assert one.decision["approved"]
    assert one.decision["clause"]["code"] == "policy_accepted"
    assert [(part.payment.reference, part.amount_cents, part.state.value) for part in one.payouts] == [
        (paid[0], QUARTER, "due"),
        (paid[1], QUARTER + 300, "due"),
    ]
    assert [payment(each).refunded_cents for each in paid] == [QUARTER, QUARTER + 300]
    assert [row[1] for row in rows(reference)] == ["paid", "paid", "canceled", "canceled"]
    assert (stored(reference).state.value, stored(reference).ended_at) == ("refunded", DEADLINE)
    assert books(reference) == {"cash_offline": 2 * QUARTER + 300, "refunds_payable": -(2 * QUARTER + 300)}
    assert postings(reference) == ["accepted", "captured", "captured", "refund_approved"]


def test_the_clock_history_and_letter_of_an_approval_are_stored_with_it(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    asked = ask(reference)
    (clock,) = clocks_about(reference)
    assert (clock.subject_reference, clock.state.value, clock.due_on, clock.overdue_on) == (
        asked,
        "running",
        dt.date(2026, 12, 2),
        dt.date(2026, 12, 7),
    )
    events = [row.event for row in timeline(reference) if row.subject_kind in {"refund", "payout"}]
    assert events == ["refund.requested", "refund.approved", "payout.due"]
    (letter,) = letters(reference, "refund_approved")
    link = letter.values["refund_link"]
    assert letter.values == {
        "name": stored(reference).legal_name,
        "program": stored(reference).agreement.program_title,
        "reference": reference,
        "refund_reference": asked,
        "amount_cents": UPFRONT,
        "payouts": [{"amount_cents": UPFRONT, "method": "check"}],
        "due_on": "2026-12-02",
        "overdue_on": "2026-12-07",
        "asked_at": DEADLINE.isoformat(),
        "clause": "Refund policy version 1, which you accepted with the agreement: 24 hours from your first payment.",
        "zone": "America/New_York",
        "refund_link": link,
        "override": False,
        "basis": "window",
        "sample": True,
    }
    found = db.session.query(SignedLink).filter_by(reference=link).one()
    assert (found.purpose, found.subject_reference) == ("refund", reference)


def test_one_microsecond_later_is_declined_and_kept(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    one = refund(ask(reference, DEADLINE + INSTANT))
    assert (one.state.value, one.amount_cents, one.payouts, one.due_on) == ("declined", 0, [], None)
    assert one.decision["refusal"] == "outside_window"
    assert one.refusal is not None
    assert stored(reference).state.value == "active"
    assert books(reference) == {"tuition": -UPFRONT, "cash_offline": UPFRONT}
    (letter,) = letters(reference, "refund_declined")
    assert {name: letter.values[name] for name in ("asked_at", "deadline_at", "purchased_at", "refusal_sentence")} == {
        "asked_at": (DEADLINE + INSTANT).isoformat(),
        "deadline_at": DEADLINE.isoformat(),
        "purchased_at": PAID.isoformat(),
        "refusal_sentence": one.refusal.sentence,
    }


def test_what_counts_is_when_it_was_received_however_long_it_waited(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    one = refund(ask(reference, DEADLINE, at=DEADLINE + dt.timedelta(seconds=5)))
    assert (one.state.value, one.asked_at, one.decided_at) == ("approved", DEADLINE, DEADLINE + dt.timedelta(seconds=5))


def test_before_any_payment_there_is_nothing_to_give_back(context: AppContext) -> None:
    reference = agreed()
    one = refund(ask(reference))
    assert (one.state.value, one.decision["refusal"], one.deadline_at) == ("declined", "nothing_captured", None)
    assert stored(reference).state.value == "started"


def test_a_second_request_while_money_is_on_its_way_is_told_so(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    asked = ask(reference)
    with pytest.raises(RefundRunning) as refused:
        ask(reference)
    assert refused.value.reference == asked
    assert str(refused.value) == f"This refund was asked for already: {asked} is on its way. Nothing was added."
    assert len(queries.of_enrollment(stored(reference).id)) == 1


def test_a_request_after_everything_went_back_is_declined_as_such(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    send(refund(ask(reference)).payouts[0].reference)
    assert refund(ask(reference, DEADLINE)).decision["refusal"] == "already_refunded"


def test_a_disputed_payment_cannot_be_sent_back(context: AppContext) -> None:
    reference = agreed()
    paid = record(reference, UPFRONT)
    with unit_of_work():
        payments.by_reference(paid).state = PaymentState.DISPUTED
    one = refund(ask(reference))
    assert (one.state.value, one.decision["refusal"]) == ("declined", "disputed")


def test_a_burst_of_requests_that_are_turned_down_has_to_wait(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    for _ in range(10):
        ask(reference, DEADLINE + INSTANT)
    with pytest.raises(TooMany):
        ask(reference, DEADLINE + INSTANT)
    assert len(letters(reference, "refund_declined")) == 10
    assert refund(ask(reference, DEADLINE, at=DEADLINE + INSTANT)).state.value == "approved"


def test_a_mailed_request_counts_from_when_it_came_and_keeps_its_evidence(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    with unit_of_work():
        asked = actions.enter_mailed_request(
            enrollment=by_reference(reference),
            received_at=DEADLINE,
            evidence="Mail of Nov 22, 10:00, from ana@example.org",
            actor=BURSAR,
            at=DEADLINE + 3 * DAY,
        ).reference
    one = refund(asked)
    assert (one.state.value, one.channel.value, one.evidence, one.decided_by) == (
        "approved",
        "mail",
        "Mail of Nov 22, 10:00, from ana@example.org",
        BURSAR.reference,
    )
    assert one.due_on == dt.date(2026, 12, 7)  # counted from the approval, the day before Thanksgiving


@pytest.mark.parametrize(
    "received_at, evidence, refusal",
    [
        (DEADLINE, " ", EvidenceMissing),
        (DEADLINE + 2 * DAY, "A mail.", RequestInFuture),
        (PAID - INSTANT, "A mail.", RequestBeforePurchase),
    ],
    ids=["no evidence", "later than now", "before the first payment"],
)
def test_a_mailed_request_that_cannot_be_is_refused(
    context: AppContext, received_at: dt.datetime, evidence: str, refusal: type[Exception]
) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    with pytest.raises(refusal), unit_of_work():
        actions.enter_mailed_request(
            enrollment=by_reference(reference),
            received_at=received_at,
            evidence=evidence,
            actor=BURSAR,
            at=DEADLINE + DAY,
        )
    assert queries.of_enrollment(stored(reference).id) == []


def test_staff_may_make_an_exception_with_a_reason(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    declined = ask(reference, DEADLINE + INSTANT)
    made = refund(override(declined))
    assert (made.state.value, made.basis.value, made.channel.value, made.override_reason) == (
        "approved",
        "override",
        "staff",
        REASON,
    )
    assert (made.asked_at, made.amount_cents, made.decided_by) == (DEADLINE + INSTANT, UPFRONT, BURSAR.reference)
    assert made.decision["override_reason"] == REASON
    assert refund(declined).state.value == "declined"
    assert stored(reference).state.value == "refunded"
    noted = [(row.subject_reference, row.data) for row in timeline(reference) if row.event == "refund.overridden"]
    assert noted == [(declined, {"overridden": declined, "by": made.reference})]
    assert [letter.values["override"] for letter in letters(reference, "refund_approved")] == [True]


def test_an_exception_needs_a_declined_request_a_reason_and_money_to_give(context: AppContext) -> None:
    reference, unpaid = agreed(), agreed()
    record(reference, UPFRONT)
    declined = ask(reference, DEADLINE + INSTANT)
    with pytest.raises(ReasonRefused, match="at least 10 characters"):
        override(declined, "because")
    made = override(declined)
    with pytest.raises(RefundRunning):
        override(declined)
    with pytest.raises(NotDeclined):
        override(made)
    with pytest.raises(CannotOverride, match="We have not received a payment"):
        override(ask(unpaid))


def test_an_exception_is_none_when_the_law_has_lengthened_the_window_meanwhile(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    declined = ask(reference, DEADLINE + INSTANT)
    with unit_of_work():
        found = by_reference(reference)
        found.agreement.policy_hours = 48
    made = refund(override(declined))
    assert (made.basis.value, made.override_reason) == ("window", REASON)


def test_money_that_came_too_late_goes_back_by_itself(context: AppContext) -> None:
    reference = agreed()
    with unit_of_work():
        found = by_reference(reference, lock=True)
        enrollments.cancel(enrollment=found, reason=CancelReason.STUDENT, actor=SYSTEM, at=PAID)
    paid = record(reference, UPFRONT)
    with unit_of_work():
        returned = actions.return_late_payment(
            payment=payments.by_reference(paid), actor=BURSAR, at=PAID + DAY
        ).reference
    one = refund(returned)
    assert (one.state.value, one.basis.value, one.amount_cents, one.decision["clause"]["code"]) == (
        "approved",
        "late_payment",
        UPFRONT,
        "late_payment",
    )
    assert books(reference) == {"cash_offline": UPFRONT, "refunds_payable": -UPFRONT}
    assert [task.state.value for task in tasks_about(reference)] == ["done"]
    send(one.payouts[0].reference)
    assert (refund(returned).state.value, stored(reference).state.value, books(reference)) == (
        "settled",
        "canceled",
        {},
    )
    with pytest.raises(NotForReturn), unit_of_work():
        actions.return_late_payment(payment=payments.by_reference(paid), actor=BURSAR, at=PAID + DAY)


def test_a_payment_that_belongs_to_its_enrollment_is_not_returned_alone(context: AppContext) -> None:
    paid = record(agreed(), UPFRONT)
    with pytest.raises(NotForReturn), unit_of_work():
        actions.return_late_payment(payment=payments.by_reference(paid), actor=BURSAR, at=PAID)


def test_a_refund_is_settled_when_its_last_payout_is_sent(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    record(reference, QUARTER, at=PAID + dt.timedelta(hours=1))
    asked = ask(reference)
    first, second = (part.reference for part in refund(asked).payouts)
    send(first, " wire  1 ")
    assert (refund(asked).state.value, refund(asked).settled_at) == ("approved", None)
    assert [clock.state.value for clock in kept(clocks_about(reference))] == ["running"]
    send(second, "wire 2", at=DEADLINE + 2 * DAY)
    one = refund(asked)
    assert (one.state.value, one.settled_at) == ("settled", DEADLINE + 2 * DAY)
    assert [(part.state.value, part.external_reference, part.sent_by) for part in one.payouts] == [
        ("sent", "wire 1", BURSAR.reference),
        ("sent", "wire 2", BURSAR.reference),
    ]
    assert [(clock.state.value, clock.ended_at) for clock in clocks_about(reference)] == [("met", DEADLINE + 2 * DAY)]
    assert books(reference) == {}
    assert [letter.template for letter in letters(reference)][-3:] == ["payout_sent", "payout_sent", "refund_settled"]
    events = [row.event for row in timeline(reference) if row.subject_reference == first]
    assert events == ["payout.due", "payout.sending", "payout.sent"]
    assert payment(one.payouts[0].payment.reference).state.value == "captured"


def test_a_payout_is_sent_once_and_under_a_reference(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    payout = refund(ask(reference)).payouts[0].reference
    with pytest.raises(PayoutReferenceMissing):
        send(payout, "  ")
    send(payout)
    with pytest.raises(PayoutSent) as refused:
        send(payout, "wire 78")
    assert str(refused.value) == ("This money was sent already, with reference “wire 77”. Do not pay it a second time.")
    assert len(letters(reference, "payout_sent")) == 1


def test_leaving_with_a_waiver_owes_nothing_more(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER + 500)
    withdraw(reference, waive=True)
    found = queries.withdrawal(stored(reference).id)
    assert found is not None
    assert (found.waived_cents, found.reason, found.decided_by) == (3 * QUARTER - 500, REASON, BURSAR.reference)
    assert stored(reference).state.value == "withdrawn"
    assert [row[1] for row in rows(reference)] == ["paid", "waived", "waived", "waived"]
    assert books(reference) == {
        "tuition": -4 * QUARTER,
        "waived": 3 * QUARTER - 500,
        "cash_offline": QUARTER + 500,
    }
    (letter,) = letters(reference, "withdrawal")
    assert (letter.values["waived_cents"], letter.values["still_owed_cents"]) == (3 * QUARTER - 500, 0)


def test_leaving_without_a_waiver_still_owes_and_can_still_pay(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    withdraw(reference, waive=False)
    (letter,) = letters(reference, "withdrawal")
    assert (letter.values["waived_cents"], letter.values["still_owed_cents"]) == (0, 3 * QUARTER)
    later = payment(record(reference, 3 * QUARTER, at=DEADLINE + 5 * DAY))
    assert (later.for_return, stored(reference).state.value) == (False, "withdrawn")
    assert books(reference) == {"tuition": -4 * QUARTER, "cash_offline": 4 * QUARTER}
    assert payment(record(reference, 100, at=DEADLINE + 6 * DAY)).for_return


def test_what_was_waived_stays_waived_when_a_payment_of_it_is_taken_back(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    part = record(reference, 500, at=PAID + dt.timedelta(hours=1))
    withdraw(reference, waive=True)
    reverse(part, at=DEADLINE + 2 * DAY)
    assert books(reference) == {"tuition": -4 * QUARTER, "waived": 3 * QUARTER, "cash_offline": QUARTER}
    assert rows(reference)[1] == (2, "waived", QUARTER, 0)


def test_a_withdrawn_student_may_still_ask_inside_the_window(context: AppContext) -> None:
    reference = agreed("installments")
    record(reference, QUARTER)
    withdraw(reference, waive=True)
    send(refund(ask(reference, DEADLINE, at=DEADLINE + 2 * DAY)).payouts[0].reference)
    assert stored(reference).state.value == "refunded"
    assert books(reference) == {"tuition": -3 * QUARTER, "waived": 3 * QUARTER}


def test_only_students_in_a_program_can_leave_it(context: AppContext) -> None:
    reference = agreed()
    with pytest.raises(NotWithdrawable):
        withdraw(reference, waive=True)
    record(reference, UPFRONT)
    with pytest.raises(ReasonRefused):
        withdraw(reference, waive=True, reason="left")
    withdraw(reference, waive=True)
    with pytest.raises(NotWithdrawable):
        withdraw(reference, waive=True)


def test_money_that_was_given_back_meanwhile_is_not_given_twice(context: AppContext) -> None:
    reference = agreed()
    record(reference, UPFRONT)
    with pytest.raises(PaymentMoved):
        approve_behind_the_lock(reference)
    assert stored(reference).state.value == "active"


def approve_behind_the_lock(reference: str) -> None:
    with unit_of_work():
        found = by_reference(reference, lock=True)
        paid = payments.of_enrollment(found.id)
        made = Refund(
            reference="R-22222222",
            enrollment_id=found.id,
            state=RefundState.APPROVED,
            basis=RefundBasis.WINDOW,
            channel=Channel.PAGE,
            amount_cents=UPFRONT,
            asked_at=DEADLINE,
            decided_at=DEADLINE,
            decision={},
            payouts=[],
        )
        db.session.add(made)
        db.session.flush()
        db.session.connection().exec_driver_sql("UPDATE payment SET refunded_cents = amount_cents")
        approve(made, found, paid, actor=BURSAR, at=DEADLINE)
