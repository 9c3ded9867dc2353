"""The rows behind sessions: begun with a key that only its cookie keeps, seen, ended."""

import datetime as dt
import secrets

import sqlalchemy as sa

from provider.accounts.links import hash_of
from provider.accounts.models import Person, PersonSession
from provider.accounts.rules import LONGEST_BROWSER
from provider.kernel import references
from provider.kernel.database import db


def start_session(*, person: Person, browser: str, client: str, at: dt.datetime) -> str:
    """Begin a session of its own for one browser; returns the key that its cookie keeps and no table does."""
    key = secrets.token_urlsafe(32)
    session = PersonSession(
        reference=references.new("S"),
        person_id=person.id,
        key_hash=hash_of(key),
        began_at=at,
        seen_at=at,
        confirmed_at=at,
        browser=browser[:LONGEST_BROWSER],
        client=client,
    )
    db.session.add(session)
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


def end_session(*, reference: str, at: dt.datetime) -> None:
    """End one session, copied cookies too."""
    db.session.execute(_ending(at).where(PersonSession.reference == reference))


def end_sessions(*, person: Person, at: dt.datetime) -> None:
    """End every session of the person, copied cookies too."""
    db.session.execute(_ending(at).where(PersonSession.person_id == person.id))


def _ending(at: dt.datetime) -> sa.Update:
    return sa.update(PersonSession).where(PersonSession.ended_at.is_(None)).values(ended_at=at)
