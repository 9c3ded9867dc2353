"""Sorting threads: whose they are, what they are beside, what needs no answer, what belongs together or apart."""

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from provider.accounts.models import Person
from provider.history import actions as history
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold
from provider.kernel.errors import DomainError
from provider.mail.rules import Mailbox
from provider.search.actions import file_under
from provider.threads.actions import go, told_under
from provider.threads.models import Thread, ThreadMessage
from provider.threads.rules import (
    LONGEST_NAME,
    LONGEST_SUBJECT,
    MERGEABLE,
    NO_SUBJECT,
    SEARCH_KIND,
    THREAD_PREFIX,
    Direction,
    Standing,
    ThreadState,
    one_of_theirs,
)


class CannotHave(DomainError):
    """Whoever is chosen may not answer the mail of this mailbox."""

    code = "cannot_have_thread"
    sentence = "Choose somebody who may answer the mail of this mailbox."


class ThreadTaken(DomainError):
    """Somebody else took it first."""

    code = "thread_taken"
    sentence = "A colleague has taken these messages. Ask them, or give the messages to somebody below."


class SameThread(DomainError):
    """A thread cannot be put together with itself."""

    code = "same_thread"
    sentence = "These are the same messages. Write the reference of the others."


class NotMergeable(DomainError):
    """A thread that is held, spam, or part of another is not put together with anything."""

    code = "thread_not_mergeable"
    sentence = (
        "Messages that are held, marked as spam or part of others cannot be put together with others. Open both and "
        "look how they stand."
    )


class OfTwoPeople(DomainError):
    """Mail of two people in one thread would sooner or later tell one about the other."""

    code = "of_two_people"
    sentence = (
        "These messages come from two addresses. If both are one student's, put that student beside each of them first."
    )


class ProvedOther(DomainError):
    """Whoever proved who they are is not somebody else by a click."""

    code = "proved_other"
    sentence = "The writer proved who they are. Put the messages beside a record of that student."


class OnlyMessage(DomainError):
    """A thread keeps at least one message that came in."""

    code = "only_message"
    sentence = "This is the only message that came in here, so there is nothing to take it apart from."


class NotIncoming(DomainError):
    """Only what came in can have a thread of its own."""

    code = "not_incoming"
    sentence = "Only a message that came in can be taken apart."


def assign(thread: Thread, to: str | None, *, may_have: Collection[str], actor: Actor, at: dt.datetime) -> Thread:
    """Give a thread to somebody who may answer it, or back to nobody; raises CannotHave."""
    if to == thread.assigned_to:
        return thread
    if to is not None and to not in may_have:
        raise CannotHave
    data = {name: value for name, value in {"old": thread.assigned_to, "new": to}.items() if value}
    thread.assigned_to = to
    history.note(
        thread, "thread.assigned" if to else "thread.freed", actor=actor, at=at, about=told_under(thread), data=data
    )
    return thread


def take(thread: Thread, *, may_have: Collection[str], actor: Actor, at: dt.datetime) -> Thread:
    """Let somebody answer a thread, locked, that is nobody's; raises ThreadTaken, CannotHave."""
    if thread.assigned_to not in {None, actor.reference}:
        raise ThreadTaken
    return assign(thread, actor.reference, may_have=may_have, actor=actor, at=at)


def free(*, owner: str, keeping: Collection[Mailbox], actor: Actor, at: dt.datetime) -> None:
    """Give the threads of somebody who cannot answer them any more back to nobody, but for these mailboxes."""
    theirs = sa.select(Thread).where(Thread.assigned_to == owner, Thread.state != ThreadState.MERGED)
    theirs = theirs.where(Thread.mailbox.not_in(keeping)).order_by(Thread.id)
    for thread in db.session.scalars(theirs.with_for_update()).all():
        assign(thread, None, may_have=(), actor=actor, at=at)


def close(thread: Thread, *, actor: Actor, at: dt.datetime) -> None:
    """Say that a thread needs no answer; raises IllegalTransition."""
    go(thread, ThreadState.CLOSED, actor=actor, at=at)


def mark_as_spam(thread: Thread, *, actor: Actor, at: dt.datetime) -> None:
    """Put a thread among the spam; what comes to it later stays there. Raises IllegalTransition."""
    go(thread, ThreadState.SPAM, actor=actor, at=at)


def bring_back(thread: Thread, *, actor: Actor, at: dt.datetime) -> None:
    """Let a thread wait for an answer that was held, marked as spam or closed; raises IllegalTransition."""
    go(thread, ThreadState.WAITING, actor=actor, at=at, since=thread.last_at)


def merge(one: Thread, other: Thread, *, actor: Actor, at: dt.datetime) -> Thread:
    """Put two threads together, both locked: the messages of the later one move to the older one, which stays.

    Raises SameThread, NotMergeable, OfTwoPeople. That a thread only ever goes into an older one is a CHECK, so no two
    can go into each other.
    """
    if one.id == other.id:
        raise SameThread
    older, newer = sorted((one, other), key=lambda thread: thread.id)
    if older.state not in MERGEABLE or newer.state not in MERGEABLE:
        raise NotMergeable
    same = older.correspondent == newer.correspondent
    if not one_of_theirs(same_address=same, person=older.person_id, other=newer.person_id):
        raise OfTwoPeople
    if same and _believed(newer) > _believed(older):
        older.person_id, older.standing = newer.person_id, newer.standing
    since = min((thread.waiting_since for thread in (older, newer) if thread.waiting_since), default=None)
    older.about, older.assigned_to = older.about or newer.about, older.assigned_to or newer.assigned_to
    older.last_at = max(older.last_at, newer.last_at)
    with db.session.no_autoflush:  # the CHECK wants the state and the place at once, and history reads the student
        newer.merged_into_id = older.id
        go(newer, ThreadState.MERGED, actor=actor, at=at)
    move = sa.update(ThreadMessage).where(ThreadMessage.thread_id == newer.id)
    db.session.execute(move.values(thread_id=older.id))
    history.note(older, "thread.grew", actor=actor, at=at, about=told_under(older), data={"new": newer.reference})
    if since is not None and older.state is not ThreadState.WAITING:
        go(older, ThreadState.WAITING, actor=actor, at=at)
    older.waiting_since = since
    return older


def _believed(thread: Thread) -> int:
    return (Standing.UNKNOWN, Standing.CLAIMED, Standing.PROVED).index(thread.standing)


def split(
    thread: Thread, message: ThreadMessage, *, others: int, subject: str, actor: Actor, at: dt.datetime
) -> Thread:
    """Take a message that came in out of a thread that is locked, into one of its own that waits for an answer.

    ``others`` is how many other messages came in to the thread. Raises NotIncoming, OnlyMessage.
    """
    if message.direction is not Direction.IN or message.standing is None or message.sender is None:
        raise NotIncoming
    if not others:
        raise OnlyMessage
    theirs = message.sender == thread.correspondent
    person = thread.person_id if theirs and message.standing is not Standing.UNKNOWN else None
    standing = message.standing if person or message.standing is not Standing.PROVED else Standing.UNKNOWN
    own = hold(
        Thread(
            reference=references.new(THREAD_PREFIX),
            mailbox=thread.mailbox,
            subject=subject[:LONGEST_SUBJECT] or NO_SUBJECT,
            correspondent=message.sender,
            correspondent_name=(message.sender_name or "")[:LONGEST_NAME],
            person_id=person,
            standing=standing,
            state=ThreadState.WAITING,
            opened_at=message.at,
            last_at=message.at,
            waiting_since=message.at,
        )
    )
    texts = (own.reference, own.correspondent, own.correspondent_name, own.subject)
    file_under(kind=SEARCH_KIND, subject_id=own.id, texts=texts)
    history.born(own, actor=actor, at=at, about=told_under(own), data={"old": thread.reference})
    message.thread_id = own.id
    history.note(thread, "thread.split", actor=actor, at=at, about=told_under(thread), data={"new": own.reference})
    return own


def put_beside(thread: Thread, *, person: Person | None, about: str | None, actor: Actor, at: dt.datetime) -> Thread:
    """Put a thread beside a record and its student, by hand; nobody is proved by that. Raises ProvedOther.

    Without either it stands beside nothing again, though somebody who proved who they are stays so.
    """
    if thread.standing is Standing.PROVED:
        if person is not None and person.id != thread.person_id:
            raise ProvedOther
    else:
        thread.person_id = person.id if person else None
        if thread.standing is not Standing.STAFF_UNPROVED:
            thread.standing = Standing.CLAIMED if person else Standing.UNKNOWN
    data = {name: value for name, value in {"old": thread.about, "new": about}.items() if value}
    thread.about = about
    history.note(thread, "thread.beside", actor=actor, at=at, about=told_under(thread), data=data)
    return thread
