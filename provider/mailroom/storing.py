"""Storing what came in, in one transaction with the job that files it; the same bytes are kept once."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.history.actions import note
from provider.jobs.actions import enqueue
from provider.kernel import references
from provider.kernel.actors import SYSTEM
from provider.kernel.database import db, insert_unless
from provider.mail.rules import Mailbox
from provider.mailroom.models import IncomingMail
from provider.mailroom.rules import FILE, LONGEST_ADDRESS, MAIL_PREFIX, MailState


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail at the door, for one or more of our mailboxes, each with the address that was written."""

    content: bytes
    recipients: tuple[tuple[Mailbox, str], ...]
    envelope_from: str | None
    peer: str
    received_at: dt.datetime


@dataclass
class _Named:
    """A stored mail as history names it."""

    reference: str
    __tablename__: str = IncomingMail.__tablename__


def store(arrivals: Sequence[Arrival]) -> int:
    """Keep mails, with the jobs that file them; return how many are new. The same bytes again change nothing."""
    rows = [row for arrival in arrivals for row in _rows(arrival)]
    unless = insert_unless(IncomingMail).on_conflict_do_nothing(index_elements=["mailbox", "sha256"])
    new = 0
    for row in rows:
        if db.session.execute(unless.values(row).returning(sa.literal(1))).first() is None:
            continue
        new += 1
        reference, at = row["reference"], row["received_at"]
        note(_Named(reference), f"incoming_mail.{MailState.STORED}", actor=SYSTEM, at=at, new=MailState.STORED)
        enqueue(kind=FILE, key=f"{FILE}:{reference}", payload={"mail": reference}, at=at)
    return new


def _rows(arrival: Arrival) -> Iterator[dict[str, Any]]:
    digest = hashlib.sha256(arrival.content).hexdigest()
    for mailbox, address in arrival.recipients:
        yield {
            "reference": references.new(MAIL_PREFIX),
            "mailbox": mailbox,
            "recipient": _kept(address),
            "envelope_from": _kept(arrival.envelope_from) if arrival.envelope_from else None,
            "peer": arrival.peer[:64],
            "received_at": arrival.received_at,
            "sha256": digest,
            "size": len(arrival.content),
            "raw": arrival.content,
            "state": MailState.STORED,
        }


def _kept(address: str) -> str:
    """Return an address as the table takes it: bytes that are no text, and ends of lines, are question marks."""
    return "".join(c if c.isprintable() else "?" for c in address)[:LONGEST_ADDRESS]
