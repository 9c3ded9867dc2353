"""Reading threads."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import up_to
from provider.threads.models import WAITING_ROWS, Thread, ThreadMessage


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


def around(about: str) -> Sequence[Thread]:
    """Return the threads beside one record, newest first."""
    query = sa.select(Thread).where(Thread.about == about).order_by(Thread.last_at.desc(), Thread.id.desc())
    return db.session.scalars(query).all()


def waiting() -> sa.ScalarSelect[int]:
    """Return the count of threads that wait for staff."""
    return up_to(sa.select(Thread.id).where(WAITING_ROWS))
