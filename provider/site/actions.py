"""Taking a visitor's message: a thread of the mailbox that its topic belongs to."""

import datetime as dt
import hashlib

from provider.accounts import queries as people
from provider.accounts.throttles import count_try
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.settings import settings
from provider.mailroom import drafting
from provider.mailroom import queries as mailroom
from provider.mailroom.trust import standing
from provider.site.rules import Topic
from provider.threads import queries as threads
from provider.threads.actions import Writer, Written, open_thread
from provider.threads.models import Thread
from provider.threads.rules import Standing

HOUR = dt.timedelta(hours=1)


def send_message(
    *,
    name: str,
    email: str,
    topic: Topic,
    message: str,
    client: str,
    at: dt.datetime,
    asker: str | None = None,
    actor: Actor = SYSTEM,
) -> Thread:
    """Put a message before the school; the same words sent again on the same day are one message.

    One that asks for the money back becomes a draft of a refund as a mail does: it counts from ``at``.
    ``asker`` is the reference of who is signed in: only their own address is believed, since the answer goes there.
    Raises TooMany when this client has sent as many in this hour as the settings allow.
    """
    count_try(key=f"message:{client}", limit=settings().MESSAGES_PER_HOUR, window=HOUR, at=at)
    said = "\n".join((f"{at:%Y-%m-%d}", name, email, topic, message))
    key = hashlib.sha256(said.encode()).hexdigest()
    known = threads.by_submission(key)
    if known is not None:
        return known
    writer = _writer(name, email, asker)
    own = writer.person if writer.standing is Standing.PROVED else None
    thread = open_thread(
        mailbox=topic.mailbox,
        subject=topic.label,
        writer=writer,
        written=Written(message, key=key),
        about=mailroom.about(topic.mailbox, own) if own is not None else None,
        at=at,
        actor=actor,
    )
    drafting.draft(thread, writer, subject=topic.label, text=message, at=at)
    return thread


def _writer(name: str, email: str, asker: str | None) -> Writer:
    """Return who is believed to write: a form proves nothing about an address, being signed in with it does."""
    person = people.by_email(email)
    if person is None:
        return Writer(email, name, Standing.UNKNOWN)
    believed = standing(proved=person.reference == asker, known=True, staff=person.is_staff)
    return Writer(email, name, believed, None if believed is Standing.STAFF_UNPROVED else person)
