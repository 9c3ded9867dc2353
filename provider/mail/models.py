"""The outbox, and how the addresses that letters go to stand."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from provider.kernel.database import EmailText, Line, Model, Ref, known
from provider.mail.rules import AddressState, LetterState, Mailbox, Manner, Outcome

ON_ITS_WAY_ROWS = sa.text("state IN ('queued', 'sending')")
ANSWERED_ROWS = sa.text("reply_to IS NOT NULL")  # what a visitor wrote


class OutboxLetter(Model):
    """One mail to one recipient for one event, with one fixed Message-ID; rendered once, at its first attempt."""

    __tablename__ = "letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    event: Mapped[Line]
    template: Mapped[str] = mapped_column(sa.String(64))
    mailbox: Mapped[Mailbox]
    recipient: Mapped[EmailText]
    reply_to: Mapped[EmailText | None]
    manner: Mapped[Manner] = mapped_column(default=Manner.GENERATED, server_default=Manner.GENERATED.value)
    in_reply_to: Mapped[str | None] = mapped_column(sa.String(998))
    about: Mapped[Ref | None]
    values: Mapped[dict[str, Any]]
    message_id: Mapped[Line]
    state: Mapped[LetterState] = mapped_column(default=LetterState.QUEUED)
    queued_at: Mapped[dt.datetime]
    give_up_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    ambiguous_attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[Outcome | None]
    last_reply: Mapped[str | None] = mapped_column(sa.Text)
    base_url: Mapped[Line | None]
    subject: Mapped[str | None] = mapped_column(sa.String(300))
    body_text: Mapped[str | None] = mapped_column(sa.Text)
    body_html: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        known("state", LetterState),
        known("mailbox", Mailbox),
        known("manner", Manner),
        known("outcome", Outcome),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("message_id"),
        sa.UniqueConstraint("event", "recipient", "template"),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_instant"),
        sa.CheckConstraint("ambiguous_attempts BETWEEN 0 AND attempts", name="ambiguous_at_most_attempts"),
        sa.Index(None, "about"),
        sa.Index(None, "reply_to", sqlite_where=ANSWERED_ROWS, postgresql_where=ANSWERED_ROWS),
        sa.Index(None, "recipient", "id", sqlite_where=ON_ITS_WAY_ROWS, postgresql_where=ON_ITS_WAY_ROWS),
        sa.Index(None, "state", "id"),
    )


class AddressHealth(Model):
    """An address that letters came back from, or whose owner complained of them; others have no row.

    ``soft_bounces`` are those in a row; ``letter`` is the reference of the last one that came back.
    """

    __tablename__ = "address_health"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    email: Mapped[EmailText]
    state: Mapped[AddressState]
    soft_bounces: Mapped[int]
    letter: Mapped[Ref | None]
    said: Mapped[str | None] = mapped_column(sa.Text)
    since: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]

    __table_args__ = (
        known("state", AddressState),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("email"),
        sa.CheckConstraint("soft_bounces >= 0", name="soft_bounces_counted"),
        sa.Index(None, "state", "id"),
    )
