"""Money that came by card, as the payment service and our books both know it, and the jobs that send it back."""

import datetime as dt
import itertools

import sqlalchemy as sa

from provider.cards.models import Card, Charge
from provider.cards.rules import CARD_LIFECYCLE, CHARGE_LIFECYCLE, CardState, ChargePurpose, ChargeState
from provider.enrollments.models import Enrollment
from provider.history.actions import born, move
from provider.jobs.models import Job
from provider.jobs.rules import JobState, Later
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, unit_of_work
from provider.kernel.registry import registry
from provider.payments import actions as payments
from provider.payments import calls
from provider.payments import queries as payment_rows
from provider.payments.rules import CallKind
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


def landed(
    intent_id: str,
    reference: str,
    cents: int,
    *,
    at: dt.datetime = PAID,
    begun_at: dt.datetime | None = None,
    number: int | None = None,
) -> str:
    """Take a charge that succeeded at the service into the books; returns the payment's reference.

    ``begun_at``: when it was started, if that was earlier. ``number``: the schedule charged it for that installment.
    """
    enrollment_id = stored(reference).id
    with unit_of_work():
        enrollment = payment_rows.hold(enrollment_id)
        charge = _charge(enrollment, intent_id, cents, begun_at or at, number)
        payment = payments.capture(
            enrollment=enrollment, amount_cents=cents, intent_id=intent_id, charged_at=at, actor=SYSTEM, at=at
        )
        charge.payment_id, charge.ended_at, charge.intent_id = payment.id, at, intent_id
        move(charge, ChargeState.CAPTURED, CHARGE_LIFECYCLE, actor=SYSTEM, at=at, about=reference)
        calls.answered(kind=CallKind.CHARGE, subject=charge.reference, object_id=intent_id, at=at)
        return payment.reference


def begun(reference: str, cents: int, *, at: dt.datetime) -> str:
    """Start a charge of which the service has not answered; returns its reference."""
    enrollment_id = stored(reference).id
    with unit_of_work():
        enrollment = payment_rows.hold(enrollment_id)
        return _charge(enrollment, f"none {next(_keys)}", cents, at, None).reference


def _charge(enrollment: Enrollment, name: str, cents: int, at: dt.datetime, number: int | None) -> Charge:
    """Store a saved card, a charge of it that was started, and its call."""
    card = Card(
        reference=references.new("CD"),
        enrollment_id=enrollment.id,
        state=CardState.PENDING,
        customer_id=f"cus {name}",
        method_id=f"pm {name}",
        brand="visa",
        last4="4242",
        created_at=at,
        saved_at=at,
    )
    db.session.add(card)
    db.session.flush()
    born(card, actor=SYSTEM, at=at, about=enrollment.reference)
    move(card, CardState.SAVED, CARD_LIFECYCLE, actor=SYSTEM, at=at, about=enrollment.reference)
    charge = Charge(
        reference=references.new("CH"),
        enrollment_id=enrollment.id,
        card_id=card.id,
        purpose=ChargePurpose.STUDENT if number is None else ChargePurpose.SCHEDULE,
        installment_number=number,
        amount_cents=cents,
        state=ChargeState.STARTED,
        started_at=at,
    )
    db.session.add(charge)
    db.session.flush()
    born(charge, actor=SYSTEM, at=at, about=enrollment.reference)
    calls.store(kind=CallKind.CHARGE, subject=charge.reference, at=at)
    return charge


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
