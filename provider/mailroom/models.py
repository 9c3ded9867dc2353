"""Mail as it came in, refunds that messages seem to ask for, and the last time that a sender was told."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.enrollments.models import Enrollment
from provider.kernel.database import Line, Model, Ref, known
from provider.mail.rules import Mailbox
from provider.mailroom.rules import LONGEST_ADDRESS, DraftState, Judged, MailState
from provider.threads.rules import Standing

STORED_ROWS = sa.text("state = 'stored'")
OPEN_ROWS = sa.text("state = 'open'")


class IncomingMail(Model):
    """One mail to one mailbox, byte for byte as it came; the same bytes to the same mailbox are one mail.

    ``received_at`` is the instant at which the listener was ready for it, before any of it was read and before
    anything was waited for: a request for the money back counts from then (PRODUCT.md R3). ``envelope_from`` is None
    for the empty address of machines. ``raw`` is None once it was removed, for its time was over.
    """

    __tablename__ = "incoming_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    mailbox: Mapped[Mailbox]
    recipient: Mapped[str] = mapped_column(sa.String(LONGEST_ADDRESS))
    envelope_from: Mapped[str | None] = mapped_column(sa.String(LONGEST_ADDRESS))
    peer: Mapped[str] = mapped_column(sa.String(64))
    received_at: Mapped[dt.datetime]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    raw: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    state: Mapped[MailState] = mapped_column(default=MailState.STORED)
    judged: Mapped[Judged | None]
    filed_at: Mapped[dt.datetime | None]
    thread: Mapped[Ref | None]

    __table_args__ = (
        known("mailbox", Mailbox),
        known("state", MailState),
        known("judged", Judged),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("mailbox", "sha256"),
        sa.CheckConstraint("(state = 'stored') = (filed_at IS NULL)", name="filed_has_instant"),
        sa.CheckConstraint("(state = 'stored') = (judged IS NULL)", name="filed_is_judged"),
        sa.CheckConstraint("state NOT IN ('filed', 'quarantined') OR thread IS NOT NULL", name="filed_in_thread"),
        sa.CheckConstraint("size >= 0", name="size_counted"),
        sa.Index(None, "thread"),
        sa.Index("ix_incoming_mail_stored", "received_at", sqlite_where=STORED_ROWS, postgresql_where=STORED_ROWS),
    )


class Acknowledged(Model):
    """When a sender was last told that their mail came in: at most once a day, whatever they write."""

    __tablename__ = "acknowledged"

    id: Mapped[int] = mapped_column(primary_key=True)
    sender_hash: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[dt.datetime]

    __table_args__ = (sa.UniqueConstraint("sender_hash"), sa.Index(None, "at"))


class RefundDraft(Model):
    """A message that seems to ask for the money back while its enrollment's window was open, for a person to judge.

    It moves nothing. ``message`` is the one of a thread that a mail or the contact form brought, ``received_at`` its
    instant; whoever enters the request lets the rule decide on that. ``words`` are those that said so, ``standing`` is
    how far the writer is believed to be the student of the enrollment. One is open per enrollment.
    """

    __tablename__ = "refund_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    enrollment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrollment.id"))
    message: Mapped[Ref]
    standing: Mapped[Standing]
    words: Mapped[Line]
    received_at: Mapped[dt.datetime]
    deadline_at: Mapped[dt.datetime]
    state: Mapped[DraftState] = mapped_column(default=DraftState.OPEN)
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[Ref | None]
    refund: Mapped[Ref | None]
    enrollment: Mapped[Enrollment] = relationship(lazy="raise")

    __table_args__ = (
        known("standing", Standing),
        known("state", DraftState),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_has_instant"),
        sa.CheckConstraint("(state = 'entered') = (refund IS NOT NULL)", name="entered_is_refund"),
        sa.Index(
            "uq_refund_draft_open", "enrollment_id", unique=True, sqlite_where=OPEN_ROWS, postgresql_where=OPEN_ROWS
        ),
        sa.Index(None, "enrollment_id"),
        sa.Index(None, "message"),
    )  # fmt: skip
