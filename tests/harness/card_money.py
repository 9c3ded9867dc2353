"""Money that came by card, as the payment service and our books both know it, and the jobs that send it back."""

import datetime as dt
import itertools

import sqlalchemy as sa

from provider.cards.models import Card, Charge
from provider.cards.rules import CardState, ChargePurpose, ChargeState
from provider.jobs.models import Job
from provider.jobs.rules import JobState, Later
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.registry import registry
from provider.payments import actions as payments
from provider.payments import queries as payment_rows
from tests.harness.fake_service import FakeService
from tests.harness.money import PAID, stored

VISA = "4242424242424242"
_keys = itertools.count(1)


def charged(service: FakeService, cents: int, reference: str) -> str:
    """Let the service take money from a card, past our books; returns the charge's name there."""
    customer = service.create_customer(key=f"k{next(_keys)}", reference=reference)
    setup = service.begin_setup(key=f"k{next(_keys)}", customer_id=customer, reference=reference)
    method = service.confirm_setup(setup.id, VISA).method_id
    assert method is not None
    intent = service.charge(
        key=f"k{next(_keys)}",
        amount_cents=cents,
        customer_id=customer,
        method_id=method,
        reference=reference,
        present=True,
    )
    return intent.id


def by_card(service: FakeService, reference: str, cents: int, *, at: dt.datetime = PAID) -> str:
    """Let a student pay by card; returns the payment's reference."""
    return landed(charged(service, cents, reference), reference, cents, at=at)


def landed(intent_id: str, reference: str, cents: int, *, at: dt.datetime = PAID) -> str:
    """Take a charge that succeeded at the service into the books; returns the payment's reference."""
    enrollment_id = stored(reference).id
    with unit_of_work():
        enrollment = payment_rows.hold(enrollment_id)
        payment = payments.capture(
            enrollment=enrollment, amount_cents=cents, intent_id=intent_id, charged_at=at, actor=SYSTEM, at=at
        )
        card = Card(
            reference=references.new("CD"),
            enrollment_id=enrollment.id,
            state=CardState.SAVED,
            customer_id=f"cus {intent_id}",
            method_id=f"pm {intent_id}",
            brand="visa",
            last4="4242",
            created_at=at,
            saved_at=at,
        )
        db.session.add(card)
        db.session.flush()
        charge = Charge(
            reference=references.new("CH"),
            enrollment_id=enrollment.id,
            card_id=card.id,
            purpose=ChargePurpose.STUDENT,
            amount_cents=cents,
            state=ChargeState.CAPTURED,
            intent_id=intent_id,
            payment_id=payment.id,
            started_at=at,
            ended_at=at,
        )
        db.session.add(charge)
        return payment.reference


def intent_of(payment: str) -> str:
    """Return what the service calls the charge of a payment."""
    db.session.rollback()
    return payment_rows.by_reference(payment).external_reference


def job(kind: str, now: dt.datetime, **payload: str) -> str | None:
    """Do a job at once; returns why it was put off, if it was."""
    try:
        registry().jobs[kind](payload, now=now)
    except Later as later:
        return later.why
    return None


def run_refund_jobs(now: dt.datetime) -> None:
    """Do the jobs about refunds that are due, one after the other, as the worker does."""
    due = sa.select(Job).where(Job.state == JobState.QUEUED, Job.run_at <= now, Job.kind.like("refunds.%"))
    while (found := db.session.scalar(due.order_by(Job.run_at, Job.id).limit(1))) is not None:
        number, kind, payload = found.id, found.kind, dict(found.payload)
        ended: dict[str, object] = {"state": JobState.DONE, "ended_at": now}
        try:
            registry().jobs[kind](payload, now=now)
        except Later as later:
            ended = {"run_at": later.at, "waits_for": later.waits_for, "last_error": later.why}
        with unit_of_work():
            db.session.execute(sa.update(Job).where(Job.id == number).values(**ended))
