"""Accounts, sessions, signed links and throttles: everything that changes them."""

import datetime as dt
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from functools import cache

import argon2
import sqlalchemy as sa

from provider.accounts import letters, queries
from provider.accounts.models import Person, PersonSession, RoleGrant, SignedLink, Throttle
from provider.accounts.rules import (
    FIRST_ADMIN,
    FIRST_ADMIN_SUBJECT,
    LINK_HOURS_FIRST_ADMIN,
    LONGEST_BROWSER,
    LONGEST_THROTTLE_KEY,
    PASSWORD,
    PASSWORD_LETTERS_PER_HOUR,
    LinkState,
    Role,
    link_state,
)
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold, insert_unless, rows_changed, table
from provider.kernel.errors import DomainError, TooMany
from provider.kernel.settings import settings
from provider.mail.actions import post


class LinkClosed(DomainError):
    """A signed link that was used, revoked, has run out, or never was."""

    status = 410
    code = "link_closed"
    sentence = "This link does not work any more. Ask for a new one on the sign-in page, or write to us."


class EmailTaken(DomainError):
    """Somebody else has proved this address."""

    code = "email_taken"
    sentence = "This e-mail address belongs to another account."


class LastAdmin(DomainError):
    """Nobody would be left who may let others in."""

    code = "last_admin"
    sentence = "This is the last administrator who can sign in. Make another one first."


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


def add_person(
    *, name: str, email: str, zone: str, proved_at: dt.datetime | None, actor: Actor, at: dt.datetime
) -> Person:
    """Create a person with a normalized address."""
    person = Person(
        reference=references.new("P"), name=name, email=email, zone=zone, email_proved_at=proved_at, created_at=at
    )
    db.session.add(person)
    db.session.flush()
    note(person, "person.created", actor=actor, at=at)
    return person


def grant(*, person: Person, role: Role, actor: Actor, at: dt.datetime) -> None:
    """Give a role; sessions end, so that the next request starts with it."""
    if role in person.roles:
        return
    db.session.add(RoleGrant(person_id=person.id, role=role, granted_at=at, granted_by=actor.reference))
    end_sessions(person=person, at=at)
    note(person, "person.role_granted", actor=actor, at=at, data={"role": role})


def revoke_role(*, person: Person, role: Role, actor: Actor, at: dt.datetime) -> None:
    """Take a role away, at once in every session; raises LastAdmin."""
    held = next((given for given in person.grants if given.role is role), None)
    if held is None:
        return
    if role is Role.ADMIN:
        _check_another_admin(person)
    person.grants.remove(held)
    db.session.delete(held)
    end_sessions(person=person, at=at)
    note(person, "person.role_revoked", actor=actor, at=at, data={"role": role})


def set_roles(*, person: Person, roles: frozenset[Role], actor: Actor, at: dt.datetime) -> None:
    """Let a person hold exactly these roles; raises LastAdmin."""
    held = person.roles
    for role in sorted(held - roles):
        revoke_role(person=person, role=role, actor=actor, at=at)
    for role in sorted(roles - held):
        grant(person=person, role=role, actor=actor, at=at)


def disable(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Lock an account and end its sessions and links; its past deeds keep their name. Raises LastAdmin."""
    if person.disabled_at is not None:
        return
    if Role.ADMIN in person.roles:
        _check_another_admin(person)
    person.disabled_at = at
    end_sessions(person=person, at=at)
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    note(person, "person.disabled", actor=actor, at=at)


def enable(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Unlock an account; its password still fits."""
    if person.disabled_at is None:
        return
    person.disabled_at = None
    note(person, "person.enabled", actor=actor, at=at)


def _check_another_admin(person: Person) -> None:
    # All administrators in one order, so that two who lock each other out at once cannot both pass.
    if not [other for other in queries.admins(lock=True) if other.id != person.id]:
        raise LastAdmin


def invite(*, name: str, email: str, roles: frozenset[Role], actor: Actor, at: dt.datetime) -> Person:
    """Let somebody work here: roles, and a letter with a link to choose a password.

    Somebody with an account of that address keeps it and their name; a locked account is refused by EmailTaken.
    """
    zone = str(settings().SCHOOL_ZONE)
    person = queries.by_email(email) or add_person(
        name=name, email=email, zone=zone, proved_at=None, actor=actor, at=at
    )
    if person.disabled_at is not None:
        raise EmailTaken("This address belongs to a locked account. Unlock that account instead.")
    for role in sorted(roles):
        grant(person=person, role=role, actor=actor, at=at)
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    lasts = dt.timedelta(hours=settings().EMAIL_LINK_HOURS)
    link = make_link(purpose=PASSWORD, subject=person.reference, at=at, lasts=lasts)
    post(letters.staff_invitation(person, link, sorted(role.label for role in roles)), at=at)
    return person


def send_password_link(*, email: str, at: dt.datetime) -> None:
    """Send a link to set a password, if the address is known and had fewer than three such letters in an hour.

    Nobody is told which it was. The newest link alone opens.
    """
    person = queries.by_email(email, lock=True)
    if person is None or person.disabled_at is not None:
        return
    if queries.links_made(PASSWORD, person.reference, at - dt.timedelta(hours=1)) >= PASSWORD_LETTERS_PER_HOUR:
        return
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    lasts = dt.timedelta(minutes=settings().PASSWORD_LINK_MINUTES)
    link = make_link(purpose=PASSWORD, subject=person.reference, at=at, lasts=lasts)
    post(letters.password_link(person, link), at=at)


def first_admin(*, name: str, email: str, password_hash: str, actor: Actor, at: dt.datetime) -> Person:
    """Make the first administrator; raises LinkClosed when there is one, and joins a person of that address."""
    if queries.has_admin():
        raise LinkClosed
    person = queries.by_email(email) or add_person(
        name=name, email=email, zone=str(settings().SCHOOL_ZONE), proved_at=None, actor=actor, at=at
    )
    set_password(person=person, password_hash=password_hash, actor=actor, at=at)
    grant(person=person, role=Role.ADMIN, actor=actor, at=at)
    db.session.flush()
    return person


def first_admin_link(*, at: dt.datetime) -> str | None:
    """Return the address of a fresh single-use link as long as there is no administrator; older ones stop working."""
    if queries.has_admin():
        return None
    revoke_links(purpose=FIRST_ADMIN, subject=FIRST_ADMIN_SUBJECT, at=at)
    lasts = dt.timedelta(hours=LINK_HOURS_FIRST_ADMIN)
    link = make_link(purpose=FIRST_ADMIN, subject=FIRST_ADMIN_SUBJECT, at=at, lasts=lasts)
    return f"{settings().BASE_URL}/links/{token_of(link)}"


def set_password(*, person: Person, password_hash: str, actor: Actor, at: dt.datetime) -> None:
    """Set a password; every session and every older password link of the person ends."""
    person.password_hash = password_hash
    end_sessions(person=person, at=at)
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    note(person, "person.password_set", actor=actor, at=at)


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


def end_session(*, reference: str, at: dt.datetime) -> None:
    """End one session, copied cookies too."""
    db.session.execute(_ending(at).where(PersonSession.reference == reference))


def end_sessions(*, person: Person, at: dt.datetime) -> None:
    """End every session of the person, copied cookies too."""
    db.session.execute(_ending(at).where(PersonSession.person_id == person.id))


def _ending(at: dt.datetime) -> sa.Update:
    return sa.update(PersonSession).where(PersonSession.ended_at.is_(None)).values(ended_at=at)


def token_of(link: SignedLink) -> str:
    """Return the token of a link: derived from the school's key, so that the table alone opens nothing."""
    return _token(link.reference, link.nonce)


def _token(reference: str, nonce: str) -> str:
    key = hashlib.sha256(f"signed links:{settings().SECRET_KEY}".encode()).digest()
    digest = hmac.new(key, f"{reference}.{nonce}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    """Return what the table keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_link(*, purpose: str, subject: str, at: dt.datetime, lasts: dt.timedelta) -> SignedLink:
    """Make a link that opens one thing; raises nothing and shows nothing until it is written into a letter."""
    reference, nonce = references.new("K"), secrets.token_urlsafe(32)
    return hold(
        SignedLink(
            reference=reference,
            purpose=purpose,
            subject_reference=subject,
            nonce=nonce,
            token_hash=hash_of(_token(reference, nonce)),
            created_at=at,
            expires_at=at + lasts,
        )
    )


def open_link(token: str, *, now: dt.datetime) -> SignedLink:
    """Return the link of a token while it opens; raises LinkClosed."""
    link = queries.link_by_hash(hash_of(token))
    if link is None:
        raise LinkClosed
    state = link_state(now=now, expires_at=link.expires_at, used_at=link.used_at, revoked_at=link.revoked_at)
    if state is not LinkState.OPEN:
        raise LinkClosed
    return link


def use_link(token: str, *, purpose: str, at: dt.datetime) -> SignedLink:
    """Use a single-use link, once; of two at the same time one wins and the other gets LinkClosed."""
    link = open_link(token, now=at)
    used = rows_changed(
        sa.update(SignedLink)
        .where(
            SignedLink.id == link.id,
            SignedLink.purpose == purpose,
            SignedLink.used_at.is_(None),
            SignedLink.revoked_at.is_(None),
        )
        .values(used_at=at)
    )
    if used != 1:
        raise LinkClosed
    return link


def revoke_links(*, purpose: str, subject: str, at: dt.datetime) -> None:
    """Close every open link of one purpose and subject."""
    db.session.execute(
        sa.update(SignedLink)
        .where(
            SignedLink.purpose == purpose,
            SignedLink.subject_reference == subject,
            SignedLink.used_at.is_(None),
            SignedLink.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )


def count_try(*, key: str, limit: int, window: dt.timedelta, at: dt.datetime) -> None:
    """Count one try of a key in its window of time; raises TooMany above the limit.

    It shares the transaction of what is tried, so a refused try counts only where the caller commits it.
    """
    start = at - dt.timedelta(seconds=at.timestamp() % window.total_seconds())
    tried = {"key": _throttle_key(key), "window_start": start, "tries": 1}
    if db.session.execute(_counting(db.engine.dialect.name), tried).scalar_one() > limit:
        raise TooMany


@cache
def _counting(_dialect: str) -> sa.Executable:
    tries = table(Throttle).c.tries
    again = insert_unless(Throttle).on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"tries": tries + 1}
    )
    return again.returning(tries)


def forget_key(key: str) -> None:
    """Forget the tries of a key, because one of them was right."""
    db.session.execute(sa.delete(Throttle).where(Throttle.key == _throttle_key(key)))


def _throttle_key(key: str) -> str:
    """Return a key that fits into its column: a long one by its hash, never cut, so that no two share one count."""
    return key if len(key) <= LONGEST_THROTTLE_KEY else hash_of(key)


def forget_tries(*, before: dt.datetime) -> int:
    """Remove throttle rows of windows long past."""
    return rows_changed(sa.delete(Throttle).where(Throttle.window_start < before))
