"""What we keep of paying by card: never a card number, only what the payment service calls it."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.cards.rules import EVENT_PREFIX, CardState, ChargePurpose, ChargeState, DisputeState, EventState
from provider.enrollments.models import Enrollment
from provider.kernel.database import Cents, Line, Model, Ref, known
from provider.payments.models import Payment

_RUNNING = sa.text("state = 'started'")
_KEPT = sa.text("kept AND state = 'saved'")
_UNSETTLED = sa.text("state IN ('pending', 'released')")
TO_LOOK_AT_ROWS = sa.text("state IN ('received', 'parked', 'refused')")
_PAUSED = sa.text("released_at IS NULL")
_OPEN = sa.text("state = 'open'")


class CardCustomer(Model):
    """Under which name the payment service knows an enrollment."""

    __tablename__ = "card_customer"

    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"), primary_key=True)
    customer_id: Mapped[Line]

    __table_args__ = (sa.UniqueConstraint("customer_id"),)


class Card(Model):
    """A card that a student saved for one enrollment; ``kept`` with their consent, to charge the installments."""

    __tablename__ = "card"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    state: Mapped[CardState] = mapped_column(default=CardState.PENDING)
    customer_id: Mapped[Line]
    setup_id: Mapped[Line | None]
    method_id: Mapped[Line | None]
    brand: Mapped[str | None] = mapped_column(sa.String(32))
    last4: Mapped[str | None] = mapped_column(sa.String(4))
    exp_month: Mapped[int | None]
    exp_year: Mapped[int | None]
    kept: Mapped[bool] = mapped_column(default=False)
    consent: Mapped[str | None] = mapped_column(sa.Text)
    consented_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    saved_at: Mapped[dt.datetime | None]
    released_at: Mapped[dt.datetime | None]
    detached_at: Mapped[dt.datetime | None]
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")

    __table_args__ = (
        known("state", CardState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("setup_id"),
        sa.CheckConstraint("NOT kept OR consent IS NOT NULL", name="kept_with_consent"),
        sa.CheckConstraint("(consent IS NULL) = (consented_at IS NULL)", name="consent_has_instant"),
        sa.CheckConstraint("state <> 'saved' OR method_id IS NOT NULL", name="saved_has_method"),
        sa.CheckConstraint("(state = 'detached') = (detached_at IS NOT NULL)", name="detached_has_instant"),
        sa.Index("uq_card_kept", "enrollment_id", unique=True, sqlite_where=_KEPT, postgresql_where=_KEPT),
        sa.Index("ix_card_unsettled", "id", sqlite_where=_UNSETTLED, postgresql_where=_UNSETTLED),
        sa.Index(None, "enrollment_id"),
    )

    @property
    def named(self) -> str:
        """Name the card as its owner knows it: ``Visa ending in 4242``."""
        return f"{(self.brand or 'card').replace('_', ' ').capitalize()} ending in {self.last4 or '????'}"


class Charge(Model):
    """One attempt to take money from a card: a payment under way. At most one of an enrollment runs at a time.

    ``intent_id`` is the service's name for it, unknown until it has answered; ``client_secret`` is kept only while the
    student has to confirm (3-D Secure). ``failure`` is the service's code.
    """

    __tablename__ = "charge"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    card_id: Mapped[int] = mapped_column(sa.ForeignKey("card.id"))
    purpose: Mapped[ChargePurpose]
    installment_number: Mapped[int | None]
    attempt: Mapped[int] = mapped_column(default=1)
    amount_cents: Mapped[Cents]
    state: Mapped[ChargeState] = mapped_column(default=ChargeState.STARTED)
    intent_id: Mapped[Line | None]
    client_secret: Mapped[Line | None]
    failure: Mapped[str | None] = mapped_column(sa.String(64))
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payment.id"))
    started_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")
    card: Mapped[Card] = relationship(lazy="raise")
    payment: Mapped[Payment | None] = relationship(lazy="raise")

    __table_args__ = (
        known("state", ChargeState),
        known("purpose", ChargePurpose),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("intent_id"),
        sa.UniqueConstraint("payment_id"),
        sa.UniqueConstraint("enrollment_id", "installment_number", "attempt"),
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
        sa.CheckConstraint("(state = 'captured') = (payment_id IS NOT NULL)", name="captured_has_payment"),
        sa.CheckConstraint("(state = 'started') = (ended_at IS NULL)", name="ended_has_instant"),
        sa.CheckConstraint("(purpose = 'schedule') = (installment_number IS NOT NULL)", name="scheduled_has_number"),
        sa.Index("uq_charge_running", "enrollment_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        sa.Index(None, "enrollment_id"),
        sa.Index(None, "card_id"),
    )

    @property
    def waits_for_student(self) -> bool:
        """Say whether the student's bank wants them to confirm."""
        return self.state is ChargeState.STARTED and self.client_secret is not None


class PaymentEvent(Model):
    """Word from the payment service, stored once by its id before it is answered; a job applies it.

    Of what it carried only what we compare with our own rows is kept, nothing about the cardholder.
    """

    __tablename__ = "payment_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[Line]
    kind: Mapped[str] = mapped_column(sa.String(64))
    object_id: Mapped[Line]
    intent_id: Mapped[Line | None]
    our_reference: Mapped[Line | None]
    customer_id: Mapped[Line | None]
    amount_cents: Mapped[int | None] = mapped_column(sa.BigInteger)
    currency: Mapped[str | None] = mapped_column(sa.String(8))
    live: Mapped[bool]
    account: Mapped[Line | None]
    created_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    state: Mapped[EventState] = mapped_column(default=EventState.RECEIVED)
    settled_at: Mapped[dt.datetime | None]
    remark: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        known("state", EventState),
        sa.UniqueConstraint("service_id"),
        sa.CheckConstraint("(state = 'received') = (settled_at IS NULL)", name="settled_has_instant"),
        sa.Index("ix_payment_event_to_look_at", "id", sqlite_where=TO_LOOK_AT_ROWS, postgresql_where=TO_LOOK_AT_ROWS),
        sa.Index(None, "object_id"),
        sa.Index(None, "received_at"),
    )

    @property
    def reference(self) -> str:
        """Return what pages and history call it: the service's own names are too long for that."""
        return f"{EVENT_PREFIX}-{self.id}"


class Dispute(Model):
    """A cardholder's complaint to the bank about one payment; the bank takes the money until it has decided."""

    __tablename__ = "dispute"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    service_id: Mapped[Line]
    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("payment.id"))
    amount_cents: Mapped[Cents]
    reason: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[DisputeState] = mapped_column(default=DisputeState.OPEN)
    opened_at: Mapped[dt.datetime]
    respond_by: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    payment: Mapped[Payment] = relationship(lazy="raise")

    __table_args__ = (
        known("state", DisputeState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("service_id"),
        sa.CheckConstraint("amount_cents > 0", name="amount_positive"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_has_instant"),
        sa.Index("ix_dispute_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index(None, "payment_id"),
    )


class ChargePause(Model):
    """A member of staff's word that the schedule charges nothing for now, until it is taken back."""

    __tablename__ = "charge_pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    reason: Mapped[str] = mapped_column(sa.Text)
    paused_at: Mapped[dt.datetime]
    paused_by: Mapped[Ref | None]
    released_at: Mapped[dt.datetime | None]
    released_by: Mapped[Ref | None]

    __table_args__ = (
        sa.UniqueConstraint("reference"),
        sa.Index(
            "uq_charge_pause_running", "enrollment_id", unique=True, sqlite_where=_PAUSED, postgresql_where=_PAUSED
        ),
        sa.Index(None, "enrollment_id"),
    )
