"""Telling a sender that their mail came in: once for a thread, once a day for a sender, and so often in all."""

import datetime as dt
import hashlib

import sqlalchemy as sa

from provider.accounts.links import make_link
from provider.accounts.throttles import count_try
from provider.kernel.database import db, insert_unless, rows_changed, table
from provider.kernel.errors import TooMany
from provider.mail.actions import post
from provider.mailroom import letters
from provider.mailroom.models import Acknowledged, IncomingMail
from provider.mailroom.rules import ACKNOWLEDGED_EVERY, ACKNOWLEDGMENTS_PER_HOUR, PROVE, PROVE_DAYS
from provider.threads.models import Thread
from provider.threads.rules import Standing

HOUR = dt.timedelta(hours=1)
_ROWS = table(Acknowledged).c


def acknowledge(thread: Thread, mail: IncomingMail, *, answers: str | None, at: dt.datetime) -> bool:
    """Post the letter that says a mail came in, unless this thread, this sender or everybody had theirs; say if.

    Only mail that a person wrote may come here. Who only claims to be somebody we know gets a link to show it.
    """
    if thread.acknowledged_at is not None or not _first_today(thread.correspondent, at) or not _fits(at):
        return False
    thread.acknowledged_at = at
    link = None
    if thread.standing is Standing.CLAIMED:
        link = make_link(purpose=PROVE, subject=thread.reference, at=at, lasts=dt.timedelta(days=PROVE_DAYS)).reference
    letter = letters.received(
        recipient=thread.correspondent,
        thread=thread.reference,
        mailbox=mail.mailbox,
        at=mail.received_at,
        answers=answers,
        prove_link=link,
    )
    post(letter, at=at)
    return True


def _first_today(sender: str, at: dt.datetime) -> bool:
    """Take this sender's turn of the day, whatever they write behind a plus; of two at once one gets it."""
    local, _, domain = sender.lower().rpartition("@")
    known = hashlib.sha256(f"{local.partition('+')[0]}@{domain}".encode()).hexdigest()
    asked = insert_unless(Acknowledged).values(sender_hash=known, at=at)
    taken = asked.on_conflict_do_update(
        index_elements=["sender_hash"], set_={"at": at}, where=_ROWS.at <= at - ACKNOWLEDGED_EVERY
    )
    return db.session.execute(taken.returning(sa.literal(1))).first() is not None


def _fits(at: dt.datetime) -> bool:
    try:
        count_try(key="acknowledgments", limit=ACKNOWLEDGMENTS_PER_HOUR, window=HOUR, at=at)
    except TooMany:
        return False
    return True


def forget(*, before: dt.datetime) -> int:
    """Forget whose turn of the day is long over."""
    return rows_changed(sa.delete(Acknowledged).where(Acknowledged.at < before))
