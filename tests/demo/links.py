"""The signed links of the demonstration's letters: whoever holds one acts by it, and the guide shows some."""

import sqlalchemy as sa

from provider.accounts.links import token_of
from provider.accounts.models import SignedLink
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db


def newest(purpose: str, subject: str) -> SignedLink:
    """Return the last link that was sent for something."""
    query = sa.select(SignedLink).where(SignedLink.purpose == purpose, SignedLink.subject_reference == subject)
    return db.session.scalars(query.order_by(SignedLink.id.desc()).limit(1)).one()


def holder(purpose: str, subject: str) -> Actor:
    """Return whoever holds the last link that was sent for something."""
    return Actor(ActorKind.LINK, newest(purpose, subject).reference)


def path(purpose: str, subject: str) -> str:
    """Return where the last link that was sent for something leads."""
    return f"/links/{token_of(newest(purpose, subject))}"
