"""Threads and their messages, and the texts that staff keep for answers."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provider.accounts.models import Person
from provider.kernel.database import EmailText, Line, Model, Ref, known
from provider.mail.models import OutboxLetter
from provider.mail.rules import Mailbox
from provider.threads.rules import LONGEST_KEY, Direction, Standing, ThreadState

WAITING_ROWS = sa.text("state IN ('waiting', 'quarantined')")
_IN_USE = sa.text("retired_at IS NULL")
_MERGED = sa.text("merged_into_id IS NOT NULL")


class Thread(Model):
    """The mail of one request: with whom, beside which record (``about``), and who it waits for.

    ``person`` is who the correspondent is, or with a standing of ``claimed`` only says to be: then nothing of the
    person may be told to whoever writes.
    """

    __tablename__ = "thread"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    mailbox: Mapped[Mailbox]
    subject: Mapped[Line]
    correspondent: Mapped[EmailText]
    correspondent_name: Mapped[Line]
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    standing: Mapped[Standing]
    about: Mapped[Ref | None]
    state: Mapped[ThreadState]
    opened_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    waiting_since: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
    assigned_to: Mapped[Ref | None]
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("thread.id"))
    person: Mapped[Person | None] = relationship(lazy="raise")

    __table_args__ = (
        known("mailbox", Mailbox),
        known("standing", Standing),
        known("state", ThreadState),
        sa.UniqueConstraint("reference"),
        sa.CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into_another"),
        sa.CheckConstraint("merged_into_id < id", name="merged_into_an_older"),
        sa.CheckConstraint("(state = 'waiting') = (waiting_since IS NOT NULL)", name="waiting_has_instant"),
        sa.CheckConstraint("standing <> 'proved' OR person_id IS NOT NULL", name="proved_is_somebody"),
        sa.Index("ix_thread_waiting", "id", sqlite_where=WAITING_ROWS, postgresql_where=WAITING_ROWS),
        sa.Index(None, "state", "last_at", "id"),
        sa.Index(None, "last_at", "id"),
        sa.Index(None, "correspondent"),
        sa.Index(None, "person_id"),
        sa.Index(None, "about"),
        sa.Index(None, "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )  # fmt: skip


class ThreadMessage(Model):
    """One message of a thread.

    ``incoming`` is the reference of the mail as it came, ``letter`` the one that took an answer out; ``attachments``
    are names, types and sizes of what came with it, or goes out with it. ``submission_key`` is of the form that wrote
    it: sent twice, it is one message.
    """

    __tablename__ = "thread_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"))
    direction: Mapped[Direction]
    at: Mapped[dt.datetime]
    sender: Mapped[EmailText | None]
    sender_name: Mapped[Line | None]
    written_by: Mapped[Ref | None]
    standing: Mapped[Standing | None]
    automatic: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(sa.Text)
    message_id: Mapped[str | None] = mapped_column(sa.String(998))
    incoming: Mapped[Ref | None]
    letter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter.id"))
    attachments: Mapped[list[Any]]
    submission_key: Mapped[str | None] = mapped_column(sa.String(LONGEST_KEY))
    thread: Mapped[Thread] = relationship(lazy="raise")
    letter: Mapped[OutboxLetter | None] = relationship(lazy="raise")

    __table_args__ = (
        known("direction", Direction),
        known("standing", Standing),
        sa.UniqueConstraint("reference"),
        sa.UniqueConstraint("incoming"),
        sa.UniqueConstraint("letter_id"),
        sa.UniqueConstraint("submission_key"),
        sa.CheckConstraint("(direction = 'in') = (standing IS NOT NULL)", name="in_has_standing"),
        sa.CheckConstraint("(direction = 'in') = (sender IS NOT NULL)", name="in_has_sender"),
        sa.CheckConstraint("(direction = 'out') = (letter_id IS NOT NULL)", name="out_has_letter"),
        sa.Index(None, "thread_id", "id"),
    )


class CannedText(Model):
    """A text that staff put into answers, with placeholders; for one mailbox, or for all."""

    __tablename__ = "canned_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[Ref]
    title: Mapped[Line]
    mailbox: Mapped[Mailbox | None]
    text: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[dt.datetime]
    retired_at: Mapped[dt.datetime | None]

    __table_args__ = (
        known("mailbox", Mailbox),
        sa.UniqueConstraint("reference"),
        sa.Index("uq_canned_text_title_in_use", "title", unique=True, sqlite_where=_IN_USE, postgresql_where=_IN_USE),
    )
