"""Opening threads, adding what comes in, and believing who writes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from provider.accounts.models import Person
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, hold
from provider.mail.rules import Mailbox
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import (
    LIFECYCLE,
    LONGEST_NAME,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    MESSAGE_PREFIX,
    NO_SUBJECT,
    THREAD_PREFIX,
    Direction,
    Standing,
    ThreadState,
    first_state,
    state_after,
)


@dataclass(frozen=True, slots=True)
class Writer:
    """Whoever writes to the school: the address, the name given with it, and who that is believed to be.

    ``person`` is somebody only when the standing is ``proved`` or ``claimed``.
    """

    email: str
    name: str
    standing: Standing
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What came in: its text as it is shown, and what is known of the mail that brought it, if a mail did."""

    text: str
    message_id: str | None = None
    incoming: str | None = None
    automatic: bool = False
    attachments: Sequence[dict[str, Any]] = ()


def open_thread(
    *,
    mailbox: Mailbox,
    subject: str,
    writer: Writer,
    written: Written,
    at: dt.datetime,
    about: str | None = None,
    actor: Actor = SYSTEM,
) -> Thread:
    """Begin a thread with its first message; ``at`` is when the message came in."""
    state = first_state(writer.standing, automatic=written.automatic)
    thread = hold(
        Thread(
            reference=references.new(THREAD_PREFIX),
            mailbox=mailbox,
            subject=" ".join(subject.split())[:LONGEST_SUBJECT] or NO_SUBJECT,
            correspondent=writer.email,
            correspondent_name=writer.name[:LONGEST_NAME],
            person_id=writer.person.id if writer.person else None,
            standing=writer.standing,
            about=about,
            state=state,
            opened_at=at,
            last_at=at,
            waiting_since=at if state is ThreadState.WAITING else None,
        )
    )
    db.session.flush()
    history.born(thread, actor=actor, at=at, about=about)
    _keep(thread, writer, written, at)
    return thread


def add_incoming(
    thread: Thread, *, writer: Writer, written: Written, at: dt.datetime, actor: Actor = SYSTEM
) -> ThreadMessage:
    """Add a message to a thread that is locked; it waits for staff again, unless nobody wrote it."""
    to = state_after(thread.state, writer.standing, automatic=written.automatic)
    if to is not thread.state:
        history.move(thread, to, LIFECYCLE, actor=actor, at=at, about=thread.about)
    if to is not ThreadState.WAITING:
        thread.waiting_since = None
    elif thread.waiting_since is None:
        thread.waiting_since = at
    thread.last_at = max(thread.last_at, at)
    return _keep(thread, writer, written, at)


def _keep(thread: Thread, writer: Writer, written: Written, at: dt.datetime) -> ThreadMessage:
    return hold(
        ThreadMessage(
            reference=references.new(MESSAGE_PREFIX),
            thread_id=thread.id,
            direction=Direction.IN,
            at=at,
            sender=writer.email,
            sender_name=writer.name[:LONGEST_NAME],
            standing=writer.standing,
            automatic=written.automatic,
            text=written.text[:LONGEST_TEXT],
            message_id=written.message_id,
            incoming=written.incoming,
            attachments=list(written.attachments),
        )
    )


def prove(thread: Thread, *, actor: Actor, at: dt.datetime, about: str | None = None) -> Thread:
    """Believe that a thread's correspondent is the person it claims to be, who pressed the button of a signed link.

    Does nothing to a thread that is proved, or that claims nobody.
    """
    if thread.standing is not Standing.CLAIMED or thread.person_id is None:
        return thread
    thread.standing, thread.about = Standing.PROVED, thread.about or about
    history.note(thread, "thread.proved", actor=actor, at=at, about=thread.about)
    return thread
