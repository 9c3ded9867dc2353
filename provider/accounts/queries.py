"""Reading people and links."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from provider.accounts.models import Person, RoleGrant, SignedLink
from provider.accounts.rules import Role
from provider.kernel.database import db, table
from provider.kernel.errors import NotFound


def by_email(email: str, *, lock: bool = False) -> Person | None:
    """Return the person of a normalized address, proven or not."""
    query = sa.select(Person).where(Person.email == email).options(selectinload(Person.grants))
    return db.session.scalar(query.with_for_update(of=Person) if lock else query)


def by_reference(reference: str, *, lock: bool = False) -> Person:
    """Return one person; raises NotFound."""
    query = sa.select(Person).where(Person.reference == reference)
    person = db.session.scalar(query.with_for_update(of=Person) if lock else query)
    if person is None:
        raise NotFound
    return person


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person as every request of a session needs them."""

    id: int
    reference: str
    name: str
    email: str
    zone: str
    session_epoch: int
    roles: frozenset[Role]


_PEOPLE, _GRANTS = table(Person).c, table(RoleGrant).c
_OF_SESSION = (
    sa.select(
        _PEOPLE.id, _PEOPLE.reference, _PEOPLE.name, _PEOPLE.email, _PEOPLE.zone, _PEOPLE.session_epoch, _GRANTS.role
    )
    .outerjoin_from(table(Person), table(RoleGrant))
    .where(
        _PEOPLE.reference == sa.bindparam("wanted"),
        _PEOPLE.session_epoch == sa.bindparam("epoch"),
        _PEOPLE.disabled_at.is_(None),
    )
)


def of_session(reference: str, epoch: int) -> Bearer | None:
    """Return who a session cookie stands for; nobody once the epoch moved on or the account was disabled."""
    rows = db.session.execute(_OF_SESSION, {"wanted": reference, "epoch": epoch}).all()
    if not rows:
        return None
    return Bearer(*rows[0][:6], roles=frozenset(row.role for row in rows if row.role is not None))


def has_admin() -> bool:
    """Say whether at least one administrator can sign in."""
    query = (
        sa.select(RoleGrant.person_id)
        .join(Person)
        .where(RoleGrant.role == Role.ADMIN, Person.disabled_at.is_(None), Person.password_hash.is_not(None))
    )
    return db.session.scalar(query.limit(1)) is not None


def admins(*, lock: bool = False) -> list[Person]:
    """Return the administrators who can sign in, always in the same order."""
    query = (
        sa.select(Person)
        .join(RoleGrant)
        .where(RoleGrant.role == Role.ADMIN, Person.disabled_at.is_(None), Person.password_hash.is_not(None))
        .order_by(Person.id)
    )
    return list(db.session.scalars(query.with_for_update(of=Person) if lock else query))


def staff() -> list[Person]:
    """Return everybody with a role, by name."""
    query = sa.select(Person).where(Person.grants.any()).order_by(Person.name).options(selectinload(Person.grants))
    return list(db.session.scalars(query))


def names(references: set[str]) -> dict[str, str]:
    """Return the names of these people, for timelines."""
    rows = db.session.execute(sa.select(Person.reference, Person.name).where(Person.reference.in_(references)))
    return {reference: name for reference, name in rows}  # noqa: C416 - rows are Row objects, plain pairs are wanted


def link_by_hash(token_hash: str) -> SignedLink | None:
    """Return the link of a token's hash."""
    return db.session.scalar(sa.select(SignedLink).where(SignedLink.token_hash == token_hash))


def links_made(purpose: str, subject: str, since: dt.datetime) -> int:
    """Count the links of one purpose and subject that were made after an instant, whatever became of them."""
    query = sa.select(sa.func.count()).where(
        SignedLink.purpose == purpose, SignedLink.subject_reference == subject, SignedLink.created_at > since
    )
    return db.session.scalar(query) or 0


def links_for(purpose: str, subject: str, now: dt.datetime) -> list[SignedLink]:
    """Return the links of one purpose and subject that still open."""
    query = sa.select(SignedLink).where(
        SignedLink.purpose == purpose,
        SignedLink.subject_reference == subject,
        SignedLink.used_at.is_(None),
        SignedLink.revoked_at.is_(None),
        SignedLink.expires_at >= now,
    )
    return list(db.session.scalars(query))
