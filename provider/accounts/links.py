"""Signed links: made for a letter, opened by whoever holds them, used once."""

import datetime as dt
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

import sqlalchemy as sa

from provider.accounts import queries
from provider.accounts.models import SignedLink
from provider.accounts.rules import LinkState
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold, rows_changed
from provider.kernel.errors import DomainError
from provider.kernel.registry import TellsWhenOver, registry
from provider.kernel.settings import settings


class LinkClosed(DomainError):
    """A signed link that was used, revoked, has run out, or never was."""

    status = 410
    code = "link_closed"
    sentence = "This link does not work any more. Ask for a new one on the sign-in page, or write to us."


class NotOpen(DomainError):
    """A link that cannot be closed because it is."""

    code = "link_not_open"
    sentence = "This link does not open anything any more, so there is nothing to revoke."


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


def open_link(token: str, *, now: dt.datetime) -> SignedLink:
    """Return the link of a token while it opens; raises LinkClosed."""
    link = queries.link_by_hash(hash_of(token))
    if link is None:
        raise LinkClosed
    if link.state(now) is not LinkState.OPEN:
        raise LinkClosed(_what_became(link))
    return link


def _what_became(link: SignedLink) -> str | None:
    """Return the sentence of a closed link's purpose; most have none of their own."""
    purpose = registry().links.get(link.purpose)
    return purpose.over(link.subject_reference, link.created_at) if isinstance(purpose, TellsWhenOver) else None


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


def revoke(link: SignedLink, *, actor: Actor, at: dt.datetime) -> None:
    """Close one link before it runs out, by somebody's decision; raises NotOpen when it opens nothing any more."""
    closed = rows_changed(
        sa.update(SignedLink)
        .where(
            SignedLink.id == link.id,
            SignedLink.used_at.is_(None),
            SignedLink.revoked_at.is_(None),
            SignedLink.expires_at >= at,
        )
        .values(revoked_at=at)
    )
    if closed != 1:
        raise NotOpen
    note(link, "signed_link.revoked", actor=actor, at=at, about=link.subject_reference, data={"purpose": link.purpose})
