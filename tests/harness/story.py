"""A small school with each way that money can go, taken back, withdrawn and late, and each step to a record."""

import datetime as dt
from dataclasses import dataclass
from typing import cast

from flask import Flask

from provider.cards import disputes
from provider.cards.models import PaymentEvent
from provider.cards.rules import EventState
from provider.enrollments.queries import by_reference, recipient
from provider.jobs.worker import run_due
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import insert, unit_of_work
from provider.payments import queries as paid
from provider.payments.gateway import DisputeStatus, ReturnStatus
from provider.payments.rules import PaymentMethod
from provider.refunds import actions as refunds
from provider.refunds import another_way
from provider.refunds import queries as returned
from provider.refunds.rules import SETTLE, Channel
from tests.harness import disclosed, story_of_credit, story_of_places
from tests.harness.card_money import begun, by_card, charged, intent_of, job, landed, run_refund_jobs
from tests.harness.fake_service import FakeService
from tests.harness.mail_in import came, mail
from tests.harness.money import BURSAR, PAID, agreed, record, reverse
from tests.harness.story_of_credit import Credit
from tests.harness.story_of_places import Places

STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
HOUR = dt.timedelta(hours=1)
END = PAID + 30 * HOUR
UPFRONT = 189_900
SUCCEEDED, FAILED = ReturnStatus.SUCCEEDED, ReturnStatus.FAILED
QUARTER = 52_500
REASON = "The student was in hospital that day."


@dataclass(frozen=True, slots=True)
class Told:
    """The enrollments by what happened to them, and the refunds of some."""

    active: str
    twin: str
    settled: str
    overridden: str
    taken_back: str
    withdrawn: str
    declined_refund: str
    overriding_refund: str
    settled_refund: str
    to_card: str
    by_check: str
    not_taken: str
    disputed: str
    places: Places
    credit: Credit


def tell(app: Flask) -> Told:
    """Let everything happen within three days that end at END, and send the letters."""
    with app.app_context():
        start = PAID - 2 * HOUR
        active, twin = agreed("installments", at=start), agreed("installments", at=start)
        record(active, QUARTER + 300)
        record(active, QUARTER, at=PAID + HOUR)
        record(twin, QUARTER)
        settled = agreed(at=start)
        record(settled, UPFRONT + 500)
        settled_refund = ask(settled, PAID + HOUR)
        pay_out(settled_refund, PAID + 2 * HOUR)
        record(settled, 700, at=PAID + 3 * HOUR)  # too late: waits to be returned
        returned_late = record(settled, 800, at=PAID + 3 * HOUR)
        with unit_of_work():
            refunds.return_late_payment(payment=paid.by_reference(returned_late), actor=BURSAR, at=PAID + 4 * HOUR)
        overridden = agreed(at=start)
        record(overridden, UPFRONT)
        declined_refund = ask(overridden, PAID + 25 * HOUR)
        with unit_of_work():
            found = returned.by_reference(declined_refund)
            overriding = refunds.override(refund=found, reason=REASON, actor=BURSAR, at=PAID + 26 * HOUR)
            overriding_refund = overriding.reference
        taken_back = agreed("installments", at=start)
        reverse(record(taken_back, QUARTER), at=PAID + HOUR)
        record(taken_back, QUARTER, at=PAID + 2 * HOUR)
        withdrawn = agreed("installments", at=start)
        record(withdrawn, QUARTER)
        with unit_of_work():
            enrollment = by_reference(withdrawn, lock=True)
            refunds.withdraw(enrollment=enrollment, reason=REASON, waive=True, actor=BURSAR, at=PAID + 26 * HOUR)
        to_card, by_check, not_taken = by_cards(app, start)
        disputed = in_dispute(app, start)
        at_sites = story_of_places.tell()
        credit = story_of_credit.tell()
        disclosed.tell(active)
        disclosed.note_erasure()
        by_mail(twin)
        run_due(END)
        del app.extensions["payment_service"]
    return Told(
        active,
        twin,
        settled,
        overridden,
        taken_back,
        withdrawn,
        declined_refund,
        overriding_refund,
        settled_refund,
        to_card,
        by_check,
        not_taken,
        disputed,
        at_sites,
        credit,
    )


def by_mail(reference: str) -> None:
    """Let somebody ask a question by mail, and a student ask for their money back in time."""
    came(mail("How long is it?", sender="quentin@example.com"), sender="quentin@example.com", at=PAID + HOUR)
    student = recipient(by_reference(reference))
    came(mail("I want my money back.", sender=student), sender=student, at=PAID + 2 * HOUR)


def in_dispute(app: Flask, start: dt.datetime) -> str:
    """Let a card pay two installments by itself, and its bank hold one and a part of the other and keep that."""
    service = cast("FakeService", app.extensions["payment_service"])
    reference = agreed("installments", at=start)
    kept, held = (
        landed(charged(service, QUARTER, reference), reference, QUARTER, at=PAID, number=number) for number in (1, 2)
    )
    lost = service.open_dispute(intent_of(kept), 10_000)
    service.close_dispute(lost.id, DisputeStatus.LOST)
    opened = service.open_dispute(intent_of(held))
    for one in (lost.id, opened.id):
        told = service.dispute(one)
        with unit_of_work():
            disputes.settle(told, at=PAID + 6 * HOUR)
    begun(agreed(at=start), UPFRONT, at=END - dt.timedelta(minutes=1))
    name = intent_of(kept)
    with unit_of_work():
        insert(
            PaymentEvent,
            service_id="evt_story",
            kind="payment_intent.succeeded",
            object_id=name,
            intent_id=name,
            live=False,
            created_at=PAID,
            received_at=PAID,
            state=EventState.APPLIED,
            settled_at=PAID,
        )
    return reference


def by_cards(app: Flask, start: dt.datetime) -> tuple[str, str, str]:
    """Let card payments go back: twice to the card, one of them at the service itself, by check, and not yet."""
    service, now = FakeService(now=lambda: PAID), PAID + 5 * HOUR
    app.extensions["payment_service"] = service
    refunds_of = {}
    for name, outcome in (("to_card", SUCCEEDED), ("by_check", FAILED), ("not_taken", FAILED)):
        enrollment = agreed(at=start)
        by_card(service, enrollment, UPFRONT)
        service.return_will(outcome)
        refunds_of[name] = ask(enrollment, PAID + HOUR)
        run_refund_jobs(now)
    partly = agreed("installments", at=start)
    payment = by_card(service, partly, QUARTER)
    service.return_in_dashboard(intent_of(payment), 10_000)
    job(SETTLE, now, intent=intent_of(payment))
    with unit_of_work():
        (payout,) = returned.by_reference(refunds_of["by_check"]).payouts
        another_way.send_another_way(
            payout=returned.payout(payout.reference),
            method=PaymentMethod.CHECK,
            external_reference="check 1044",
            reason="The card is closed; the student asked for a check.",
            actor=BURSAR,
            at=now + HOUR,
        )
    return refunds_of["to_card"], refunds_of["by_check"], refunds_of["not_taken"]


def ask(reference: str, at: dt.datetime) -> str:
    """Ask for the money back by the page; returns the refund's reference."""
    with unit_of_work():
        return refunds.ask(
            enrollment=by_reference(reference, lock=True),
            note=None,
            channel=Channel.PAGE,
            actor=STUDENT,
            received_at=at,
            at=at,
        ).reference


def pay_out(refund: str, at: dt.datetime) -> None:
    """Send every payout of a refund."""
    for payout in [one.reference for one in returned.by_reference(refund).payouts]:
        with unit_of_work():
            found = returned.payout(payout)
            refunds.send_payout(payout=found, external_reference=f"wire {payout}", actor=BURSAR, at=at)
