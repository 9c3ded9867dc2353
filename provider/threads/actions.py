"""Opening threads, adding what comes in, believing who writes, and moving a thread on."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, hold
from provider.mail.rules import Mailbox
from provider.search.actions import file_under
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import (
    LIFECYCLE,
    LONGEST_NAME,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    MESSAGE_PREFIX,
    NO_SUBJECT,
    SEARCH_KIND,
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
    """What came in: its text as it is shown, and what is known of the mail that brought it, if a mail did.

    ``key`` is of the form that brought it otherwise: sent twice, it is one message.
    """

    text: str
    message_id: str | None = None
    incoming: str | None = None
    automatic: bool = False
    attachments: Sequence[dict[str, Any]] = ()
    key: str | None = None


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
    found_by = (thread.reference, writer.email, thread.correspondent_name, thread.subject)
    file_under(kind=SEARCH_KIND, subject_id=thread.id, texts=found_by)
    history.born(thread, actor=actor, at=at, about=told_under(thread))
    _keep(thread, writer, written, at)
    return thread


def add_incoming(
    thread: Thread, *, writer: Writer, written: Written, at: dt.datetime, actor: Actor = SYSTEM
) -> ThreadMessage:
    """Add a message to a thread that is locked; it waits for staff again, unless nobody wrote it."""
    to = state_after(thread.state, writer.standing, automatic=written.automatic)
    if to is not thread.state:
        go(thread, to, actor=actor, at=at)
    thread.last_at = max(thread.last_at, at)
    return _keep(thread, writer, written, at)


def go(thread: Thread, to: ThreadState, *, actor: Actor, at: dt.datetime, since: dt.datetime | None = None) -> None:
    """Move a thread that is locked to another state; one that waits does so ``since`` an instant, or from now on."""
    history.move(thread, to, LIFECYCLE, actor=actor, at=at, about=told_under(thread))
    thread.waiting_since = (since or at) if to is ThreadState.WAITING else None


def told_under(thread: Thread) -> str:
    """Return in whose story a thread is told: its student's, else that of what it is beside, else its own."""
    person = db.session.get(Person, thread.person_id) if thread.person_id is not None else None
    return person.reference if person is not None else thread.about or thread.reference


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
            submission_key=written.key,
        )
    )


def prove(thread: Thread, *, actor: Actor, at: dt.datetime, about: str | None = None) -> Thread:
    """Believe that a thread's correspondent is the person it claims to be, who pressed the button of a signed link.

    It proves the message that opened the thread: the page of the link names that one alone. Does nothing to a thread
    that is proved, or that claims nobody.
    """
    if thread.standing is not Standing.CLAIMED or thread.person_id is None:
        return thread
    thread.standing, thread.about = Standing.PROVED, thread.about or about
    now_in = {one for one in (thread.id, thread.merged_into_id) if one is not None}
    first = sa.update(ThreadMessage).where(
        ThreadMessage.thread_id.in_(now_in),
        ThreadMessage.standing == Standing.CLAIMED,
        ThreadMessage.sender == thread.correspondent,
        ThreadMessage.at == thread.opened_at,
    )
    db.session.execute(first.values(standing=Standing.PROVED))
    history.note(thread, "thread.proved", actor=actor, at=at, about=told_under(thread))
    return thread
