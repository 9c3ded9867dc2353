"""Calls to the payment service that must happen once: each has a key that is stored before the first attempt.

Before a call is repeated the service is looked through for what came of it. It remembers a key for 24 hours: within 23
the call is repeated with the same key and happens once, later it gets a new key.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Collection
from typing import TypeVar

import sqlalchemy as sa

from provider.kernel.database import db, insert, rows_changed, unit_of_work
from provider.payments.gateway import Gateway, Refused, ServiceError
from provider.payments.models import ServiceCall
from provider.payments.rules import CallKind, CallState, key_serves
from provider.payments.service import ask

T = TypeVar("T")


class CallEnded(ServiceError):
    """The call was answered or refused meanwhile; whoever did it knows what came of it."""


def store(*, kind: CallKind, subject: str, at: dt.datetime) -> None:
    """Store a call with its key, in the transaction that decides it; a second open one of a subject is refused."""
    used = sa.select(sa.func.coalesce(sa.func.max(ServiceCall.number), 0))
    number = db.session.scalars(used.where(ServiceCall.subject == subject, ServiceCall.kind == kind)).one() + 1
    insert(ServiceCall, key=secrets.token_urlsafe(32), kind=kind, subject=subject, number=number, created_at=at)


def is_open(*, kind: CallKind, subject: str) -> bool:
    """Say whether a call waits for its answer."""
    return _open(kind, subject) is not None


def abandon(*, kind: CallKind, subject: str, why: str, at: dt.datetime) -> None:
    """Give up an open call: nothing came of it, or a second object of its kind does no harm; nothing when none is."""
    _end(
        sa.and_(ServiceCall.kind == kind, ServiceCall.subject == subject),
        CallState.REFUSED,
        at,
        error=why,
    )


def attempts(kind: CallKind, subjects: Collection[str]) -> dict[str, dt.datetime | None]:
    """Return, by subject, when its open call was first attempted: None for never, so that nothing can have come of it.

    A subject without an open call is left out.
    """
    query = sa.select(ServiceCall.subject, ServiceCall.tried_at).where(
        ServiceCall.kind == kind, ServiceCall.subject.in_(subjects), ServiceCall.state == CallState.OPEN
    )
    return {subject: tried_at for subject, tried_at in db.session.execute(query)}  # noqa: C416 - plain pairs are wanted


def give_up_untried(*, kind: CallKind, subject: str, why: str, at: dt.datetime) -> bool:
    """Give up a call that was never attempted, and say whether that was so; nobody attempts it after this."""
    never = sa.and_(ServiceCall.kind == kind, ServiceCall.subject == subject, ServiceCall.tried_at.is_(None))
    return bool(_end(never, CallState.REFUSED, at, error=why))


def through(
    *,
    kind: CallKind,
    subject: str,
    send: Callable[[Gateway, str], T],
    find: Callable[[Gateway], T | None],
    now: dt.datetime,
) -> T:
    """Make a stored call, or make it again, outside of any transaction; it happens once.

    ``send`` gets the key; ``find`` looks for what an earlier attempt brought about, and sees it at once. Raises
    Unreachable when the outcome is not known: call again. Raises Refused when the service will not, CallEnded when
    somebody else ended it. The answer is kept by `answered`, in the transaction that applies it.
    """
    call = _open(kind, subject)
    if call is None:
        raise CallEnded(f"the {kind.value} of {subject} has ended")
    key, tried_at = call.key, call.tried_at
    if tried_at is not None:
        found = ask(find)  # the service keeps a failure of its own as the answer to a key, whatever came of it
        if found is not None:
            return found
        if not key_serves(tried_at, now):
            key = _renewed(kind, subject, now)
    _note_attempt(key, now)
    try:
        return ask(lambda gateway: send(gateway, key))
    except Refused as refusal:
        with unit_of_work():
            _end(ServiceCall.key == key, CallState.REFUSED, now, error=str(refusal))
        raise


def answered(*, kind: CallKind, subject: str, object_id: str, at: dt.datetime) -> None:
    """Keep that the service answered a call, and what the answer is called there; nothing when it has ended."""
    _end(sa.and_(ServiceCall.kind == kind, ServiceCall.subject == subject), CallState.ANSWERED, at, object_id=object_id)


def _open(kind: CallKind, subject: str) -> ServiceCall | None:
    query = sa.select(ServiceCall).where(
        ServiceCall.kind == kind, ServiceCall.subject == subject, ServiceCall.state == CallState.OPEN
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def _note_attempt(key: str, now: dt.datetime) -> None:
    """Keep the instant of the first attempt before it is made: from it the service counts the key's hours.

    A call that ended since it was read is not made any more; raises CallEnded.
    """
    with unit_of_work():
        first = sa.func.coalesce(ServiceCall.tried_at, sa.literal(now, ServiceCall.tried_at.type))
        still = sa.update(ServiceCall).where(ServiceCall.key == key, ServiceCall.state == CallState.OPEN)
        if not rows_changed(still.values(tried_at=first)):
            raise CallEnded("the call ended before it was made")


def _renewed(kind: CallKind, subject: str, now: dt.datetime) -> str:
    """Give a call a new key, because its old one is forgotten and nothing had come of it; return the one to use."""
    with unit_of_work():
        call = _open(kind, subject)
        if call is not None and call.tried_at is not None and not key_serves(call.tried_at, now):
            _end(ServiceCall.key == call.key, CallState.EXPIRED, now, looked_up_at=now)
            store(kind=kind, subject=subject, at=now)
            call = _open(kind, subject)
        if call is None:
            raise CallEnded(f"the {kind.value} of {subject} has ended")
        return call.key


def _end(which: sa.ColumnElement[bool], state: CallState, at: dt.datetime, **values: object) -> int:
    still = sa.update(ServiceCall).where(which, ServiceCall.state == CallState.OPEN)
    return rows_changed(still.values(state=state, ended_at=at, **values).execution_options(synchronize_session=False))
