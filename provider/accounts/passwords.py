"""Passwords: hashed, compared, set, and the letter that lets somebody set a new one."""

import datetime as dt

import argon2

from provider.accounts import letters, queries
from provider.accounts.email_changes import end_asked
from provider.accounts.links import make_link, revoke_links
from provider.accounts.models import Person
from provider.accounts.rules import PASSWORD, PASSWORD_LETTERS_PER_HOUR
from provider.accounts.session_rows import end_sessions
from provider.history.actions import note
from provider.jobs.actions import enqueue
from provider.kernel.actors import Actor
from provider.kernel.settings import settings
from provider.mail.actions import post

SEND_LINK = "accounts.password_link"


def _hasher() -> argon2.PasswordHasher:
    known = settings()
    return argon2.PasswordHasher(time_cost=known.PASSWORD_ROUNDS, memory_cost=known.PASSWORD_MEMORY_KIB, parallelism=1)


def hash_password(password: str) -> str:
    """Return the argon2id hash; slow on purpose, so call it outside of a unit of work."""
    return _hasher().hash(password)


def password_fits(password_hash: str | None, password: str) -> bool:
    """Compare a password; an account without one takes as long as one with it."""
    hasher = _hasher()
    if password_hash is None:
        hasher.hash(password)
        return False
    try:
        return hasher.verify(password_hash, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Say whether a hash was made with other settings than those of today; it takes another time to compare."""
    return _hasher().check_needs_rehash(password_hash)


def set_password(*, person: Person, password_hash: str, actor: Actor, at: dt.datetime, but: str | None = None) -> None:
    """Set a password; every session, ``but`` for one, and every older password link of the person ends."""
    person.password_hash = password_hash
    end_sessions(person=person, at=at, but=but)
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    end_asked(person=person, actor=actor, at=at)
    note(person, "person.password_set", actor=actor, at=at)


def change_password(*, person: Person, password_hash: str, session: str, actor: Actor, at: dt.datetime) -> None:
    """Set a password that its person chose; all sessions but this one end, and a letter tells of it."""
    set_password(person=person, password_hash=password_hash, actor=actor, at=at, but=session)
    post(letters.password_changed(person, f"{person.reference}:{at.isoformat()}", at.isoformat()), at=at)


def take_password_away(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Let nobody in by a password that somebody else knows; a letter with a link lets its person choose another."""
    person.password_hash = None
    end_sessions(person=person, at=at)
    note(person, "person.password_taken_away", actor=actor, at=at)
    _send_link(person, at)


def ask_password_link(*, email: str, request: str, at: dt.datetime) -> None:
    """Ask for a link to set a password; a job finds out whether the address is known, so that time does not tell."""
    enqueue(kind=SEND_LINK, key=f"{SEND_LINK}:{request}", payload={"email": email}, at=at)


def send_password_link(*, email: str, at: dt.datetime) -> None:
    """Send a link to set a password, if the address is known and had fewer than three such letters in an hour.

    Nobody is told which it was. The newest link alone opens.
    """
    person = queries.by_email(email, lock=True)
    if person is None or person.disabled_at is not None:
        return
    if queries.links_made(PASSWORD, person.reference, at - dt.timedelta(hours=1)) >= PASSWORD_LETTERS_PER_HOUR:
        return
    _send_link(person, at)


def _send_link(person: Person, at: dt.datetime) -> None:
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    lasts = dt.timedelta(minutes=settings().PASSWORD_LINK_MINUTES)
    link = make_link(purpose=PASSWORD, subject=person.reference, at=at, lasts=lasts)
    post(letters.password_link(person, link), at=at)
