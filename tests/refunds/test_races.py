"""Many at once: whatever they do, money goes back once; and a control that shows the race where the guards are off."""

import datetime as dt
import threading
import time
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from provider.enrollments.queries import by_reference
from provider.history.models import History
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying, unit_of_work
from provider.mail.models import OutboxLetter
from provider.payments import queries as payments
from provider.payments.models import Payment
from provider.refunds import actions, queries
from provider.refunds.actions import RefundRunning
from provider.refunds.models import Payout, Refund
from provider.refunds.payouts import PayoutSent
from provider.refunds.rules import Channel, PayoutState, RefundBasis, RefundState
from tests.harness.money import BURSAR, PAID, agreed, at_once, books, letters, postings, record, record_inside, stored
from tests.harness.soak import repetitions

DAY = dt.timedelta(days=1)
DEADLINE = PAID + DAY
UPFRONT = 189_900
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")


def paid(app: Flask) -> str:
    with app.app_context():
        reference = agreed()
        record(reference, UPFRONT)
        return reference


def by_student(reference: str) -> str:
    """Ask as the page does."""
    return retrying(
        lambda: (
            actions.ask(
                enrollment=by_reference(reference, lock=True),
                note=None,
                channel=Channel.PAGE,
                actor=STUDENT,
                received_at=DEADLINE,
                at=DEADLINE,
            ).reference
        )
    )


def by_staff(reference: str) -> str:
    """Enter a mailed request as the staff page does."""
    return retrying(
        lambda: (
            actions.enter_mailed_request(
                enrollment=by_reference(reference, lock=True),
                received_at=DEADLINE,
                evidence="A mail of Sunday morning.",
                actor=BURSAR,
                at=DEADLINE,
            ).reference
        )
    )


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_sixteen_requests_of_student_and_staff_give_one_refund(app: Flask, _round: int) -> None:
    reference = paid(app)
    found = at_once(app, *[lambda: by_student(reference), lambda: by_staff(reference)] * 8)
    kinds = Counter(type(one).__name__ for one in found)
    assert kinds == {"str": 1, "RefundRunning": 15}
    with app.app_context():
        (refund,) = queries.of_enrollment(stored(reference).id)
        assert {one.reference for one in found if isinstance(one, RefundRunning)} == {refund.reference}
        assert [part.amount_cents for part in refund.payouts] == [UPFRONT]
        assert postings(reference) == ["accepted", "captured", "refund_approved"]
        assert books(reference) == {"cash_offline": UPFRONT, "refunds_payable": -UPFRONT}
        assert len(letters(reference, "refund_approved")) == 1
        assert letters(reference, "refund_declined") == []


def unguarded(reference: str, barrier: threading.Barrier) -> None:
    """Decide like `ask`, but without holding the enrollment: read, then insert."""
    found = by_reference(reference)
    running = queries.running(found.id)
    db.session.rollback()
    barrier.wait()
    if running is not None:
        raise RefundRunning(running.reference)
    with unit_of_work():
        db.session.add(
            Refund(
                reference=f"R-{threading.get_ident() % 10**8:08d}",
                enrollment_id=found.id,
                state=RefundState.APPROVED,
                basis=RefundBasis.WINDOW,
                channel=Channel.PAGE,
                amount_cents=UPFRONT,
                asked_at=DEADLINE,
                decided_at=DEADLINE,
                decision={},
            )
        )


def refunds_of(reference: str) -> int:
    query = sa.select(sa.func.count()).select_from(Refund).where(Refund.enrollment_id == stored(reference).id)
    return db.session.scalars(query).one()


def test_without_lock_and_index_the_same_requests_refund_many_times(app: Flask) -> None:
    reference = paid(app)
    with app.app_context(), unit_of_work():
        db.session.execute(sa.text("DROP INDEX uq_refund_running"))
    barrier = threading.Barrier(16)
    found = at_once(app, *[lambda: unguarded(reference, barrier)] * 16)
    assert [error for error in found if error is not None] == []
    with app.app_context():
        assert refunds_of(reference) == 16


def test_the_index_alone_lets_one_refund_through(app: Flask) -> None:
    reference = paid(app)
    barrier = threading.Barrier(16)
    found = at_once(app, *[lambda: unguarded(reference, barrier)] * 16)
    assert Counter(type(one).__name__ for one in found) == {"NoneType": 1, "IntegrityError": 15}
    with app.app_context():
        assert refunds_of(reference) == 1


def payout_of(app: Flask, reference: str) -> str:
    with app.app_context():
        by_student(reference)
        return queries.of_enrollment(stored(reference).id)[0].payouts[0].reference


def send(payout: str) -> str:
    return retrying(
        lambda: (
            actions.send_payout(
                payout=queries.payout(payout),
                external_reference=f"wire {threading.get_ident()}",
                actor=BURSAR,
                at=DEADLINE + DAY,
            ).external_reference
            or ""
        )
    )


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_sixteen_who_pay_out_at_once_pay_once(app: Flask, _round: int) -> None:
    reference = paid(app)
    payout = payout_of(app, reference)
    found = at_once(app, *[lambda: send(payout)] * 16)
    assert Counter(type(one).__name__ for one in found) == {"str": 1, "PayoutSent": 15}
    (sent,) = [one for one in found if isinstance(one, str)]
    assert {str(one) for one in found if isinstance(one, PayoutSent)} == {
        f"This money was sent already, with reference “{sent}”. Do not pay it a second time."
    }
    with app.app_context():
        assert books(reference) == {}
        assert [letter.template for letter in letters(reference)][-2:] == ["payout_sent", "refund_settled"]
        moves = sa.select(History.event).where(History.subject_reference == payout).order_by(History.id)
        assert db.session.scalars(moves).all() == ["payout.due", "payout.sending", "payout.sent"]


def test_without_the_conditional_update_the_same_staff_pay_many_times(app: Flask) -> None:
    reference = paid(app)
    payout = payout_of(app, reference)
    barrier = threading.Barrier(8)

    def unguarded_send() -> bool:
        due = queries.payout(payout).state is PayoutState.DUE
        db.session.rollback()
        barrier.wait()
        with unit_of_work():
            change = sa.update(Payout).where(Payout.reference == payout)
            db.session.execute(change.values(state="sent", sent_at=DEADLINE, external_reference="x"))
        return due

    assert at_once(app, *[unguarded_send] * 8) == [True] * 8


def test_two_parts_sent_at_once_settle_the_refund_once(app: Flask) -> None:
    with app.app_context():
        reference = agreed("installments")
        record(reference, 52_500)
        record(reference, 52_500, at=PAID + dt.timedelta(hours=1))
        by_student(reference)
        parts = [part.reference for part in queries.of_enrollment(stored(reference).id)[0].payouts]
    found = at_once(app, *[lambda part=part: send(part) for part in parts])
    assert [type(one).__name__ for one in found] == ["str", "str"]
    with app.app_context():
        (refund,) = queries.of_enrollment(stored(reference).id)
        assert refund.state is RefundState.SETTLED
        assert len(letters(reference, "refund_settled")) == 1


def test_a_request_that_waits_on_a_held_lock_past_the_deadline_is_still_in_time(app: Flask) -> None:
    reference = paid(app)
    holding, released = threading.Event(), threading.Event()

    def hold() -> None:
        with unit_of_work():
            payments.hold(by_reference(reference).id)
            holding.set()
            time.sleep(0.8)
            released.set()

    def late() -> dict[str, Any]:
        holding.wait(10)
        begun = time.monotonic()
        refund = retrying(
            lambda: (
                actions.ask(
                    enrollment=by_reference(reference, lock=True),
                    note=None,
                    channel=Channel.PAGE,
                    actor=STUDENT,
                    received_at=DEADLINE - dt.timedelta(milliseconds=1),
                    at=DEADLINE + dt.timedelta(seconds=1),
                ).reference
            )
        )
        return {"refund": refund, "waited": time.monotonic() - begun, "after": released.is_set()}

    _, answer = at_once(app, hold, late)
    assert answer["after"]
    assert answer["waited"] > 0.5
    with app.app_context():
        assert queries.by_reference(answer["refund"]).state is RefundState.APPROVED


def test_a_payment_recorded_beside_the_refund_is_refunded_or_for_return(app: Flask) -> None:
    with app.app_context():
        reference = agreed("installments")
        record(reference, 52_500)
    later = DEADLINE - dt.timedelta(minutes=1)
    found = at_once(
        app,
        lambda: by_student(reference),
        lambda: retrying(lambda: record_one(reference, later)),
    )
    assert [type(one).__name__ for one in found] == ["str", "str"]
    with app.app_context():
        second = db.session.scalars(sa.select(Payment).where(Payment.reference == found[1])).one()
        assert second.for_return or second.refunded_cents == second.amount_cents
        assert stored(reference).state.value == "refunded"
        kept = books(reference)
        assert kept["cash_offline"] == 105_000
        assert set(kept) <= {"cash_offline", "refunds_payable", "student_credit"}


def record_one(reference: str, at: dt.datetime) -> str:
    return record_inside(reference, 52_500, at=at).reference


def test_each_letter_of_a_refund_is_one_row(app: Flask) -> None:
    reference = paid(app)
    payout = payout_of(app, reference)
    with app.app_context():
        send(payout)
        rows = db.session.execute(
            sa.select(OutboxLetter.template, sa.func.count())
            .where(OutboxLetter.about == reference)
            .group_by(OutboxLetter.template)
            .order_by(OutboxLetter.template)
        )
        assert [tuple(row) for row in rows.all()] == [
            (one, 1)
            for one in (
                "enrollment_received",
                "payout_sent",
                "receipt",
                "refund_approved",
                "refund_settled",
            )
        ]
