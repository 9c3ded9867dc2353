"""The rows behind sessions: begun with a key that only its cookie keeps, seen, ended."""

import datetime as dt
import secrets

import sqlalchemy as sa

from provider.accounts.links import hash_of
from provider.accounts.models import Person, PersonSession
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, rows_changed
from provider.kernel.errors import NotFound


def start_session(*, person: Person, browser: str, client: str, request: str, at: dt.datetime) -> str:
    """Begin a session of its own for one browser; returns the key that its cookie keeps and no table does."""
    key = secrets.token_urlsafe(32)
    session = PersonSession(
        reference=references.new("S"),
        person_id=person.id,
        key_hash=hash_of(key),
        began_at=at,
        seen_at=at,
        confirmed_at=at,
        browser=browser,
        client=client,
    )
    db.session.add(session)
    kind = ActorKind.STAFF if person.is_staff else ActorKind.STUDENT
    note(
        person,
        "person.signed_in",
        actor=Actor(kind, person.reference, request),
        at=at,
        data={"session": session.reference},
        personal={"browser": browser, "client": client},
    )
    return key


def touch_session(*, reference: str, at: dt.datetime) -> None:
    """Remember that a session was used, so that it is not taken for one left alone."""
    db.session.execute(
        sa.update(PersonSession)
        .where(PersonSession.reference == reference, PersonSession.ended_at.is_(None), PersonSession.seen_at < at)
        .values(seen_at=at)
    )


def confirm_session(*, reference: str, at: dt.datetime) -> None:
    """Remember that the person has just proved in this session who they are."""
    db.session.execute(
        sa.update(PersonSession)
        .where(PersonSession.reference == reference, PersonSession.ended_at.is_(None))
        .values(confirmed_at=at)
    )


def renew_key(*, reference: str, at: dt.datetime) -> str:
    """Give an open session another key, so that whoever copied its cookie is out; returns it."""
    key = secrets.token_urlsafe(32)
    db.session.execute(
        sa.update(PersonSession)
        .where(PersonSession.reference == reference, PersonSession.ended_at.is_(None))
        .values(key_hash=hash_of(key), seen_at=at)
    )
    return key


def end_session(*, reference: str, at: dt.datetime) -> None:
    """End one session, copied cookies too."""
    db.session.execute(_ending(at).where(PersonSession.reference == reference))


def end_sessions(*, person: Person, at: dt.datetime, but: str | None = None) -> int:
    """End every session of the person, copied cookies too, ``but`` for one; returns how many."""
    mine = _ending(at).where(PersonSession.person_id == person.id)
    return rows_changed(mine if but is None else mine.where(PersonSession.reference != but))


def sign_out(*, person: Person, session: str, actor: Actor, at: dt.datetime) -> None:
    """End the session that the person leaves, and remember it."""
    end_session(reference=session, at=at)
    note(person, "person.signed_out", actor=actor, at=at, data={"session": session})


def end_own(*, person: Person, session: str, actor: Actor, at: dt.datetime) -> None:
    """End one session of the person's own; raises NotFound when it is another's, or ended."""
    mine = _ending(at).where(PersonSession.reference == session, PersonSession.person_id == person.id)
    if rows_changed(mine) != 1:
        raise NotFound
    note(person, "person.session_ended", actor=actor, at=at, data={"session": session})


def end_every(*, person: Person, but: str | None, actor: Actor, at: dt.datetime) -> int:
    """End all sessions of a person, ``but`` for the one they go on with, and remember it; returns how many."""
    ended = end_sessions(person=person, at=at, but=but)
    note(person, "person.sessions_ended", actor=actor, at=at, data={"sessions": ended, "but": but})
    return ended


def forget_sessions(*, ended_before: dt.datetime, begun_before: dt.datetime) -> int:
    """Remove sessions that ended long ago, and those that ran out before, which nobody ended."""
    old = sa.or_(PersonSession.ended_at < ended_before, PersonSession.began_at < begun_before)
    return rows_changed(sa.delete(PersonSession).where(old))


def _ending(at: dt.datetime) -> sa.Update:
    return sa.update(PersonSession).where(PersonSession.ended_at.is_(None)).values(ended_at=at)
