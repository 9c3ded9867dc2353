"""Reading cards, charges and disputes."""

import datetime as dt
from collections.abc import Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from provider.cards.models import Card, CardCustomer, Charge, ChargePause, Dispute
from provider.cards.rules import CardState, ChargeState, DisputeState
from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.rules import CLASSROOM_STATES, OWED_STATES, UNPAID_STATES
from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.payments.models import Payment

T = TypeVar("T")


def customer(enrollment_id: int) -> str | None:
    """Return what the service calls an enrollment."""
    return db.session.scalar(sa.select(CardCustomer.customer_id).where(CardCustomer.enrollment_id == enrollment_id))


def card(reference: str) -> Card:
    """Return one card; raises NotFound."""
    found = db.session.scalar(_fresh(sa.select(Card).where(Card.reference == reference)))
    if found is None:
        raise NotFound
    return found


def own_card(enrollment_id: int, reference: str) -> Card:
    """Return a card of one enrollment; another's raises NotFound."""
    found = card(reference)
    if found.enrollment_id != enrollment_id:
        raise NotFound
    return found


def kept_card(enrollment_id: int) -> Card | None:
    """Return the card that the installments of an enrollment are charged to."""
    query = sa.select(Card).where(Card.enrollment_id == enrollment_id, Card.kept, Card.state == CardState.SAVED)
    return db.session.scalar(_fresh(query))


def saved_cards(enrollment_id: int) -> Sequence[Card]:
    """Return every card of an enrollment that can still be charged."""
    query = sa.select(Card).where(Card.enrollment_id == enrollment_id, Card.state == CardState.SAVED)
    return db.session.scalars(_fresh(query.order_by(Card.id))).all()


def charge(reference: str) -> Charge:
    """Return one charge with its card; raises NotFound."""
    query = sa.select(Charge).where(Charge.reference == reference).options(joinedload(Charge.card))
    found = db.session.scalar(_fresh(query))
    if found is None:
        raise NotFound
    return found


def own_charge(enrollment_id: int, reference: str) -> Charge:
    """Return a charge of one enrollment with its card; another's raises NotFound."""
    found = charge(reference)
    if found.enrollment_id != enrollment_id:
        raise NotFound
    return found


def charge_of_intent(intent_id: str) -> Charge | None:
    """Return the charge that the service knows by a name."""
    return db.session.scalar(_fresh(sa.select(Charge).where(Charge.intent_id == intent_id)))


def running(enrollment_id: int) -> Charge | None:
    """Return the charge of an enrollment that has not ended, with its card."""
    query = sa.select(Charge).where(Charge.enrollment_id == enrollment_id, Charge.state == ChargeState.STARTED)
    return db.session.scalar(_fresh(query.options(joinedload(Charge.card))))


def enrollments_running(enrollment_ids: Sequence[int]) -> frozenset[int]:
    """Return which of these enrollments have a charge that has not ended."""
    query = sa.select(Charge.enrollment_id).where(Charge.state == ChargeState.STARTED)
    return frozenset(db.session.scalars(query.where(Charge.enrollment_id.in_(enrollment_ids))))


def is_charged(enrollment_id: int) -> bool:
    """Say whether a card is being charged for an enrollment at this moment."""
    return running(enrollment_id) is not None


def charges(enrollment_id: int) -> Sequence[Charge]:
    """Return every charge of an enrollment with its card, newest first."""
    query = sa.select(Charge).where(Charge.enrollment_id == enrollment_id).order_by(Charge.id.desc())
    return db.session.scalars(query.options(joinedload(Charge.card))).all()


def newest_charge(enrollment_id: int) -> str | None:
    """Return the reference of the charge of an enrollment that was started last."""
    query = sa.select(Charge.reference).where(Charge.enrollment_id == enrollment_id)
    return db.session.scalar(query.order_by(Charge.id.desc()).limit(1))


def attempts(enrollment_id: int) -> dict[int, list[dt.datetime]]:
    """Return when the schedule charged each installment of an enrollment, by number, oldest first."""
    query = (
        sa.select(Charge.installment_number, Charge.started_at)
        .where(Charge.enrollment_id == enrollment_id, Charge.installment_number.is_not(None))
        .order_by(Charge.id)
    )
    found: dict[int, list[dt.datetime]] = {}
    for number, started_at in db.session.execute(query):
        found.setdefault(int(number or 0), []).append(started_at)
    return found


def payment_of_intent(intent_id: str) -> Payment | None:
    """Return the payment that came in by what the service calls so."""
    query = sa.select(Payment).join(Charge, Charge.payment_id == Payment.id).where(Charge.intent_id == intent_id)
    return db.session.scalar(query.execution_options(populate_existing=True))


def dispute(service_id: str) -> Dispute | None:
    """Return the dispute that the service knows by a name."""
    return db.session.scalar(_fresh(sa.select(Dispute).where(Dispute.service_id == service_id)))


def disputes(enrollment_id: int) -> Sequence[Dispute]:
    """Return the disputes about payments of an enrollment, newest first."""
    query = sa.select(Dispute).join(Payment).where(Payment.enrollment_id == enrollment_id)
    return db.session.scalars(query.order_by(Dispute.id.desc())).all()


def disputes_of(payment_id: int) -> Sequence[Dispute]:
    """Return the disputes about one payment, newest first."""
    return db.session.scalars(
        sa.select(Dispute).where(Dispute.payment_id == payment_id).order_by(Dispute.id.desc())
    ).all()


def in_dispute(enrollment_id: int) -> bool:
    """Say whether a bank holds money of an enrollment, or has kept it."""
    query = sa.select(Dispute.id).join(Payment).where(Payment.enrollment_id == enrollment_id)
    return db.session.scalar(query.where(Dispute.state != DisputeState.WON).limit(1)) is not None


def paused(enrollment_id: int) -> ChargePause | None:
    """Return the pause that an enrollment is under, or None when its installments are charged on their days."""
    query = sa.select(ChargePause).where(ChargePause.enrollment_id == enrollment_id, ChargePause.released_at.is_(None))
    return db.session.scalar(query)


def charged_by_itself(enrollment_id: int) -> str | None:
    """Name the card to which the schedule charges what falls due of an enrollment; None when it charges nothing."""
    kept = kept_card(enrollment_id)
    if kept is None or paused(enrollment_id) is not None or in_dispute(enrollment_id):
        return None
    return kept.named


def due_by(today: dt.date) -> Sequence[str]:
    """Return the enrollments with a kept card of which an installment is due by a day and nobody paused it."""
    paused = sa.exists().where(ChargePause.enrollment_id == Enrollment.id, ChargePause.released_at.is_(None))
    query = (
        sa.select(Enrollment.reference)
        .join(Installment, Installment.enrollment_id == Enrollment.id)
        .join(Card, Card.enrollment_id == Enrollment.id)
        .where(
            Card.kept,
            Card.state == CardState.SAVED,
            Installment.state.in_(OWED_STATES),
            Installment.due_on <= today,
            Enrollment.state.in_(CLASSROOM_STATES),
            ~paused,
        )
        .distinct()
    )
    return db.session.scalars(query.order_by(Enrollment.reference)).all()


def left_before(instant: dt.datetime) -> Sequence[str]:
    """Return the cards that were left before an instant: not saved to the end, or saved once and never charged."""
    began = sa.and_(Card.state == CardState.PENDING, Card.created_at < instant)
    charged = sa.exists().where(Charge.card_id == Card.id, Charge.state == ChargeState.STARTED)
    unused = sa.and_(Card.state == CardState.SAVED, ~Card.kept, Card.saved_at < instant, ~charged)
    return db.session.scalars(sa.select(Card.reference).where(began | unused).order_by(Card.id)).all()


def has_lost(enrollment_id: int) -> bool:
    """Say whether a bank has kept money of an enrollment, so that no card is charged for it any more."""
    return db.session.scalar(sa.select(_lost(sa.literal(enrollment_id)))) or False


def kept_for_nothing() -> Sequence[str]:
    """Return the kept cards to which nothing is charged any more: all is paid, or the enrollment takes no more."""
    owed = sa.exists().where(Installment.enrollment_id == Enrollment.id, Installment.state.in_(OWED_STATES))
    goes_on = Enrollment.state.in_(CLASSROOM_STATES | UNPAID_STATES)
    query = sa.select(Card.reference).join(Enrollment, Enrollment.id == Card.enrollment_id)
    query = query.where(Card.kept, Card.state == CardState.SAVED, ~sa.and_(goes_on, owed, ~_lost(Enrollment.id)))
    return db.session.scalars(query.order_by(Card.id)).all()


def _lost(enrollment_id: sa.ColumnElement[int] | InstrumentedAttribute[int]) -> sa.Exists:
    return sa.exists().where(
        Payment.enrollment_id == enrollment_id,
        Dispute.payment_id == Payment.id,
        Dispute.state == DisputeState.LOST,
    )


def _fresh(query: sa.Select[T]) -> sa.Select[T]:
    return query.execution_options(populate_existing=True)
