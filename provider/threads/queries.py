"""Reading threads."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.mail.rules import Mailbox
from provider.threads.models import CannedText, Thread, ThreadMessage
from provider.threads.rules import Direction, ThreadState


def find(reference: str, *, lock: bool = False) -> Thread | None:
    """Return one thread with its person, locked if asked for; None when it is not there."""
    query = sa.select(Thread).where(Thread.reference == reference).options(joinedload(Thread.person))
    return db.session.scalar(query.with_for_update(of=Thread) if lock else query)


def by_reference(reference: str, *, lock: bool = False) -> Thread:
    """Return one thread with its person; raises NotFound."""
    thread = find(reference, lock=lock)
    if thread is None:
        raise NotFound
    return thread


def of_letter(letter_id: int) -> Thread | None:
    """Return the thread that a letter answered in; of a merged thread the one that took it in."""
    query = sa.select(Thread).join(ThreadMessage).where(ThreadMessage.letter_id == letter_id)
    return _living(db.session.scalar(query.options(joinedload(Thread.person))))


def _living(thread: Thread | None) -> Thread | None:
    while thread is not None and thread.merged_into_id is not None:
        thread = db.session.get(Thread, thread.merged_into_id, options=[joinedload(Thread.person)])
    return thread


def of_incoming(incoming: str) -> ThreadMessage | None:
    """Return the message that a stored mail became, with its thread, or None."""
    query = sa.select(ThreadMessage).where(ThreadMessage.incoming == incoming)
    return db.session.scalar(query.options(joinedload(ThreadMessage.thread)))


def messages(thread: Thread) -> Sequence[ThreadMessage]:
    """Return a thread's messages as they came and went, each with the letter that took it out."""
    query = sa.select(ThreadMessage).where(ThreadMessage.thread_id == thread.id).order_by(ThreadMessage.id)
    return db.session.scalars(query.options(joinedload(ThreadMessage.letter))).all()


def newest_message(thread: Thread) -> ThreadMessage | None:
    """Return the message that was added last to a thread."""
    query = sa.select(ThreadMessage).where(ThreadMessage.thread_id == thread.id)
    return db.session.scalars(query.order_by(ThreadMessage.id.desc()).limit(1)).first()


def of_submission(thread: Thread, key: str) -> ThreadMessage | None:
    """Return what a form wrote into a thread, by the form's own key; None when it was not sent before."""
    query = sa.select(ThreadMessage).where(ThreadMessage.submission_key == key, ThreadMessage.thread_id == thread.id)
    return db.session.scalar(query)


def by_submission(key: str) -> Thread | None:
    """Return the thread with the message that a form brought, wherever staff have put it since; None without one."""
    query = sa.select(Thread).join(ThreadMessage).where(ThreadMessage.submission_key == key)
    return db.session.scalar(query)


def message(reference: str) -> ThreadMessage:
    """Return one message with its thread; raises NotFound."""
    query = sa.select(ThreadMessage).where(ThreadMessage.reference == reference)
    found = db.session.scalar(query.options(joinedload(ThreadMessage.thread)))
    if found is None:
        raise NotFound
    return found


def came_in(thread: Thread) -> int:
    """Return how many messages of a thread came in."""
    query = sa.select(sa.func.count()).where(ThreadMessage.thread_id == thread.id)
    return db.session.scalar(query.where(ThreadMessage.direction == Direction.IN)) or 0


def pair(one: str, other: str) -> tuple[Thread, Thread]:
    """Return two threads, locked in the order of their age, so that nobody waits for each other; raises NotFound."""
    query = sa.select(Thread).where(Thread.reference.in_({one, other})).order_by(Thread.id).with_for_update()
    found = {thread.reference: thread for thread in db.session.scalars(query)}
    if one not in found or other not in found:
        raise NotFound
    return found[one], found[other]


def living(thread: Thread) -> Thread:
    """Return the thread itself, or the one that took it in."""
    return _living(thread) or thread


def in_use(mailbox: Mailbox | None = None) -> Sequence[CannedText]:
    """Return the texts for answers of a mailbox, or all of them, by title."""
    query = sa.select(CannedText).where(CannedText.retired_at.is_(None)).order_by(CannedText.title, CannedText.id)
    if mailbox is not None:
        query = query.where(sa.or_(CannedText.mailbox.is_(None), CannedText.mailbox == mailbox))
    return db.session.scalars(query).all()


def canned(reference: str, *, lock: bool = False) -> CannedText:
    """Return one text for answers; raises NotFound."""
    query = sa.select(CannedText).where(CannedText.reference == reference)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


def beside(
    *, person_id: int | None, emails: Collection[str], abouts: Collection[str], mailboxes: Sequence[Mailbox], most: int
) -> Sequence[Thread]:
    """Return the last threads around a student (by who wrote, and by addresses) or records, newest first."""
    ways = []
    if person_id is not None:
        ways.append(Thread.person_id == person_id)
    if emails:
        ways.append(Thread.correspondent.in_(emails))
    if abouts:
        ways.append(Thread.about.in_(abouts))
    query = sa.select(Thread).where(sa.or_(sa.false(), *ways), Thread.mailbox.in_(mailboxes))
    query = query.where(Thread.state.not_in((ThreadState.MERGED, ThreadState.SPAM)))
    return db.session.scalars(query.order_by(Thread.last_at.desc(), Thread.id.desc()).limit(most)).all()


def around(about: str) -> Sequence[Thread]:
    """Return the threads beside one record, newest first."""
    query = sa.select(Thread).where(Thread.about == about).order_by(Thread.last_at.desc(), Thread.id.desc())
    return db.session.scalars(query).all()
