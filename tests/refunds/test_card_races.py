"""Many at once about money that goes back to cards: it goes once; and a control that shows what the guards keep off."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from config import Config
from provider.app import create_app
from provider.enrollments.queries import by_reference
from provider.jobs.rules import Later
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying
from provider.kernel.registry import registry
from provider.payments.gateway import ReturnStatus
from provider.payments.rules import PaymentMethod
from provider.payments.service import ask as ask_service
from provider.refunds import actions, another_way, queries
from provider.refunds.models import Payout
from provider.refunds.rules import PAY_OUT, SETTLE, Channel, PayoutState
from tests.harness.card_money import by_card, intent_of, job, run_refund_jobs
from tests.harness.fake_service import FakeService
from tests.harness.money import BURSAR, PAID, agreed, at_once, books, kept, letters, postings, stored
from tests.harness.soak import repetitions
from tests.harness.unguarded import looked_first

HOUR = dt.timedelta(hours=1)
ASKED = PAID + HOUR
UPFRONT = 189_900
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")


@pytest.fixture
def service(app: Flask) -> Iterator[FakeService]:
    app.extensions["payment_service"] = made = FakeService(now=lambda: ASKED)
    yield made
    del app.extensions["payment_service"]


def paid(app: Flask, service: FakeService) -> tuple[str, str]:
    """Return an enrollment that was paid by card, and what the service calls the charge."""
    with app.app_context():
        reference = agreed()
        return reference, intent_of(by_card(service, reference, UPFRONT))


def by_student(reference: str) -> str:
    return retrying(
        lambda: (
            actions.ask(
                enrollment=by_reference(reference, lock=True),
                note=None,
                channel=Channel.PAGE,
                actor=STUDENT,
                received_at=ASKED,
                at=ASKED,
            ).reference
        )
    )


def by_staff(reference: str) -> str:
    return retrying(
        lambda: (
            actions.enter_mailed_request(
                enrollment=by_reference(reference, lock=True),
                received_at=ASKED,
                evidence="A mail of Sunday morning.",
                actor=BURSAR,
                at=ASKED,
            ).reference
        )
    )


def do(kind: str, **payload: str) -> str:
    """Do a job as one of several workers; put off is no failure."""
    try:
        registry().jobs[kind](payload, now=ASKED)
    except Later:
        return "later"
    return "done"


def sole_payout(app: Flask, reference: str) -> str:
    with app.app_context():
        (refund,) = queries.of_enrollment(stored(reference).id)
        return refund.payouts[0].reference


def check_once(app: Flask, reference: str, *, template: str = "refund_approved") -> None:
    """Everything went back once, in the books and in letters."""
    with app.app_context():
        (refund,) = kept(queries.of_enrollment(stored(reference).id))
        assert [part.state.value for part in refund.payouts] == ["sent"]
        assert (refund.state.value, books(reference)) == ("settled", {})
        assert postings(reference) == ["accepted", "captured", "refund_approved", "paid_out"]
        assert len(letters(reference, template)) == 1


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_sixteen_requests_of_student_and_staff_send_the_money_once(
    app: Flask, service: FakeService, _round: int
) -> None:
    reference, intent = paid(app, service)
    found = at_once(app, *[lambda: by_student(reference), lambda: by_staff(reference)] * 8)
    assert Counter(type(one).__name__ for one in found) == {"str": 1, "RefundRunning": 15}
    payout = sole_payout(app, reference)
    assert set(at_once(app, *[lambda: do(PAY_OUT, payout=payout)] * 16)) <= {"done", "later"}
    with app.app_context():
        run_refund_jobs(ASKED + HOUR)
    assert [(one.amount_cents, one.reference) for one in service.returns_of(intent)] == [(UPFRONT, payout)]
    check_once(app, reference)


def test_without_claim_and_key_the_same_workers_send_it_sixteen_times(app: Flask, service: FakeService) -> None:
    reference, intent = paid(app, service)
    with app.app_context():
        by_student(reference)
    payout, keys = sole_payout(app, reference), itertools.count()

    def unguarded() -> None:
        ask_service(
            lambda gateway: gateway.give_back(
                key=f"{next(keys)}", intent_id=intent, amount_cents=UPFRONT, reference=payout
            )
        )

    at_once(app, *[unguarded] * 16)
    assert len(service.returns_of(intent)) == 16


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_the_dashboard_beside_student_and_staff_gives_the_money_back_once(
    app: Flask, service: FakeService, _round: int
) -> None:
    reference, intent = paid(app, service)
    asked = at_once(
        app,
        lambda: service.return_in_dashboard(intent, UPFRONT).id,
        *[lambda: by_student(reference), lambda: by_staff(reference)] * 7,
    )
    payout = sole_payout(app, reference)
    workers = [lambda: do(PAY_OUT, payout=payout), lambda: do(SETTLE, intent=intent)] * 8
    assert set(at_once(app, *workers)) <= {"done", "later"}
    with app.app_context():
        run_refund_jobs(ASKED + HOUR)
        assert do(SETTLE, intent=intent) == "done"
        assert queries.payout(payout).external_reference == asked[0]
    assert [one.id for one in service.returns_of(intent)] == [asked[0]]
    check_once(app, reference)


@pytest.mark.parametrize("_round", range(repetitions(20)))
def test_sixteen_deliveries_of_a_refund_of_the_dashboard_make_one(
    app: Flask, service: FakeService, _round: int
) -> None:
    reference, intent = paid(app, service)
    service.return_in_dashboard(intent, UPFRONT)
    assert set(at_once(app, *[lambda: do(SETTLE, intent=intent)] * 16)) == {"done"}
    check_once(app, reference, template="refund_outside")
    with app.app_context():
        assert stored(reference).state.value == "refunded"


def test_a_refund_of_the_dashboard_beside_a_request_is_counted_once_whoever_is_first(
    app: Flask, service: FakeService
) -> None:
    reference, intent = paid(app, service)
    service.return_in_dashboard(intent, UPFRONT)
    at_once(app, *[lambda: do(SETTLE, intent=intent), lambda: by_student(reference)] * 8)
    with app.app_context():
        run_refund_jobs(ASKED + HOUR)
        approved = [one for one in queries.of_enrollment(stored(reference).id) if one.payouts]
        assert [[part.state.value for part in one.payouts] for one in approved] == [["sent"]]
        assert books(reference) == {}
    assert len(service.returns_of(intent)) == 1


@pytest.fixture
def keyless(app: Flask, config: Config) -> Iterator[Flask]:
    """The same school on the same database, restarted without keys; a worker that has them still runs."""
    made = create_app(config)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def may_go_another_way(keyless: Flask, payout: str) -> bool:
    with keyless.app_context():
        return queries.why_not_another_way([queries.payout(payout)])[payout] is None


def by_check(keyless: Flask, payout: str) -> str:
    """Send what was never asked for by check, as a bursar of the school without keys."""
    with keyless.app_context():
        return retrying(
            lambda: (
                another_way.send_another_way(
                    payout=queries.payout(payout),
                    method=PaymentMethod.CHECK,
                    external_reference="Check 77",
                    reason="The school has left the payment service.",
                    actor=BURSAR,
                    at=ASKED,
                ).method.value
            )
        )


@pytest.mark.parametrize("_round", range(repetitions(100)))
def test_bursars_with_checks_beside_workers_that_send_it_to_the_card_give_it_back_once(
    app: Flask, keyless: Flask, service: FakeService, _round: int
) -> None:
    reference, intent = paid(app, service)
    with app.app_context():
        by_student(reference)
    payout = sole_payout(app, reference)
    both = [lambda: by_check(keyless, payout), lambda: do(PAY_OUT, payout=payout)]
    found = at_once(app, *both * 6)
    assert {one if isinstance(one, str) else type(one).__name__ for one in found} <= {
        "check",
        "StaysWithCard",
        "done",
        "later",
    }
    with app.app_context():
        run_refund_jobs(ASKED + HOUR)
        job(SETTLE, ASKED + HOUR, intent=intent)
        part = queries.payout(payout)
        assert (part.state.value, part.tries) == ("sent", 1)
        assert found.count("check") == (part.method is PaymentMethod.CHECK)
        assert len(service.returns_of(intent)) == (part.method is PaymentMethod.CARD)
        assert postings(reference) == ["accepted", "captured", "refund_approved", "paid_out"]
        assert len(letters(reference, "payout_sent")) == 1


def test_looking_first_sends_it_to_the_card_and_by_check(app: Flask, keyless: Flask, service: FakeService) -> None:
    reference, intent = paid(app, service)
    with app.app_context():
        by_student(reference)
    payout = sole_payout(app, reference)

    def mark() -> None:
        sent = {"state": PayoutState.SENT, "method": PaymentMethod.CHECK, "external_reference": "77", "sent_at": ASKED}
        db.session.execute(sa.update(Payout).where(Payout.reference == payout).values(**sent))

    wrote = looked_first(
        app,
        (lambda: may_go_another_way(keyless, payout), mark),
        (
            lambda: queries.payout(payout).state is PayoutState.DUE,
            lambda: service.give_back(key="k", intent_id=intent, amount_cents=UPFRONT, reference=payout),
        ),
    )
    assert wrote == [True, True]
    with app.app_context():
        part = queries.payout(payout)
        assert (part.method.value, part.state.value, len(service.returns_of(intent))) == ("check", "sent", 1)


def test_sixteen_who_try_the_card_again_send_it_once(app: Flask, service: FakeService) -> None:
    reference, intent = paid(app, service)
    service.return_will(ReturnStatus.FAILED)
    with app.app_context():
        by_student(reference)
        run_refund_jobs(ASKED)
    payout = sole_payout(app, reference)
    tried = at_once(
        app,
        *[
            lambda: retrying(
                lambda: another_way.try_card_again(payout=queries.payout(payout), actor=BURSAR, at=ASKED).tries
            )
        ]
        * 16,
    )
    assert Counter(type(one).__name__ for one in tried) == {"int": 1, "NotFailed": 15}
    assert set(at_once(app, *[lambda: do(PAY_OUT, payout=payout)] * 16)) <= {"done", "later"}
    with app.app_context():
        run_refund_jobs(ASKED + HOUR)
    assert sorted(one.status.value for one in service.returns_of(intent)) == ["failed", "succeeded"]
