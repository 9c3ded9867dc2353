"""Reading people and links."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from provider.accounts.duties import can_do
from provider.accounts.models import (
    OPEN_ROWS,
    EmailChange,
    Person,
    PersonSession,
    RecoveryCode,
    RoleGrant,
    SecondFactor,
    SignedLink,
)
from provider.accounts.rules import PASSWORD, EmailChangeState, Permission, Role, permissions
from provider.kernel.database import db, table
from provider.kernel.errors import NotFound
from provider.kernel.paging import up_to
from provider.tasks.rules import TaskKind


def by_email(email: str, *, lock: bool = False) -> Person | None:
    """Return the person of a normalized address, proven or not."""
    query = sa.select(Person).where(Person.email == email).options(selectinload(Person.grants))
    return db.session.scalar(query.with_for_update(of=Person) if lock else query)


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know of an account."""

    reference: str
    email: str
    password_hash: str | None
    disabled_at: dt.datetime | None
    is_staff: bool
    has_factor: bool


_TO_SIGN_IN = sa.select(
    Person.reference,
    Person.email,
    Person.password_hash,
    Person.disabled_at,
    Person.grants.any().label("is_staff"),
    sa.exists().where(SecondFactor.person_id == Person.id).label("has_factor"),
).where(Person.email == sa.bindparam("wanted"))


def to_sign_in(email: str) -> Account | None:
    """Return the account of a normalized address; one statement, whether there is one or not."""
    row = db.session.execute(_TO_SIGN_IN, {"wanted": email}).one_or_none()
    return None if row is None else Account(*row[:4], is_staff=bool(row.is_staff), has_factor=bool(row.has_factor))


def by_reference(reference: str, *, lock: bool = False) -> Person:
    """Return one person; raises NotFound."""
    query = sa.select(Person).where(Person.reference == reference)
    person = db.session.scalar(query.with_for_update(of=Person) if lock else query)
    if person is None:
        raise NotFound
    return person


def by_id(person_id: int, *, lock: bool = False) -> Person:
    """Return one person of whom there is a record."""
    query = sa.select(Person).where(Person.id == person_id)
    return db.session.scalars(query.with_for_update(of=Person) if lock else query).one()


def email_change(reference: str, *, lock: bool = False) -> EmailChange:
    """Return one change of an address; raises NotFound."""
    query = sa.select(EmailChange).where(EmailChange.reference == reference)
    found = db.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


def asked_email_change(person_id: int, *, lock: bool = False) -> EmailChange | None:
    """Return the change of a person's address that waits for its proof."""
    query = sa.select(EmailChange).where(
        EmailChange.person_id == person_id, EmailChange.state == EmailChangeState.ASKED
    )
    return db.session.scalar(query.with_for_update() if lock else query)


def open_sessions(person_id: int) -> Sequence[PersonSession]:
    """Return the sessions of a person that nobody ended, the last used first; some may have run out."""
    query = sa.select(PersonSession).where(PersonSession.person_id == person_id, OPEN_ROWS)
    return db.session.scalars(query.order_by(PersonSession.seen_at.desc(), PersonSession.id.desc())).all()


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person as every request of a session needs them."""

    id: int
    reference: str
    name: str
    email: str
    zone: str
    session: str
    began_at: dt.datetime
    seen_at: dt.datetime
    confirmed_at: dt.datetime
    has_factor: bool
    roles: frozenset[Role]


_PEOPLE, _GRANTS, _SESSIONS = table(Person).c, table(RoleGrant).c, table(PersonSession).c
_FACTORS = table(SecondFactor).c
_OF_SESSION = (
    sa.select(
        _PEOPLE.id,
        _PEOPLE.reference,
        _PEOPLE.name,
        _PEOPLE.email,
        _PEOPLE.zone,
        _SESSIONS.reference.label("session"),
        _SESSIONS.began_at,
        _SESSIONS.seen_at,
        _SESSIONS.confirmed_at,
        _FACTORS.person_id.is_not(None).label("has_factor"),
        _GRANTS.role,
    )
    .join_from(table(PersonSession), table(Person))
    .outerjoin(table(RoleGrant))
    .outerjoin(table(SecondFactor), _FACTORS.person_id == _PEOPLE.id)
    .where(
        _SESSIONS.key_hash == sa.bindparam("wanted"),
        _SESSIONS.ended_at.is_(None),
        _PEOPLE.disabled_at.is_(None),
    )
)


def of_session(key_hash: str) -> Bearer | None:
    """Return who a session's key stands for; nobody once the session was ended or the account was disabled."""
    rows = db.session.execute(_OF_SESSION, {"wanted": key_hash}).all()
    if not rows:
        return None
    roles = frozenset(row.role for row in rows if row.role is not None)
    known = rows[0]._asdict()
    del known["role"]
    return Bearer(roles=roles, **known)


def second_factor(person_id: int) -> SecondFactor | None:
    """Return the app that a person set up as second factor."""
    return db.session.scalar(sa.select(SecondFactor).where(SecondFactor.person_id == person_id))


def with_factor(people: Collection[int]) -> set[int]:
    """Return which of these people set up a second factor."""
    return set(db.session.scalars(sa.select(SecondFactor.person_id).where(SecondFactor.person_id.in_(people))))


def recovery_codes_left(person_id: int) -> int:
    """Count the recovery codes that a person has not used."""
    query = sa.select(sa.func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(query) or 0


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
    # By the few grants there are: asked one by one, a million students would have to say that they have none.
    with_role = sa.select(RoleGrant.person_id)
    query = sa.select(Person).where(Person.id.in_(with_role)).options(selectinload(Person.grants))
    return list(db.session.scalars(query.order_by(Person.name)))


def staff_count() -> sa.ScalarSelect[int]:
    """Return the count of people with a role who are not locked out."""
    query = sa.select(RoleGrant.person_id).join(Person).where(Person.disabled_at.is_(None)).distinct()
    return up_to(query)


def doers(kind: TaskKind) -> dict[str, str]:
    """Return who may do a task of a kind, name by reference in the order of names; nobody who is locked out."""
    return {
        person.reference: person.name
        for person in staff()
        if person.disabled_at is None and can_do(kind, permissions(person.roles))
    }


def holders(*asked: Permission) -> dict[str, str]:
    """Return who has all of these permissions, name by reference in the order of names; nobody who is locked out."""
    return {
        person.reference: person.name
        for person in staff()
        if person.disabled_at is None and permissions(person.roles).issuperset(asked)
    }


def reference_and_email(person_id: int) -> tuple[str, str]:
    """Return a person's reference and the address that they use now."""
    reference, email = db.session.execute(sa.select(Person.reference, Person.email).where(Person.id == person_id)).one()
    return reference, email


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


def invitations(people: Collection[str]) -> dict[str, SignedLink]:
    """Return the newest link that lets each of these people choose a password."""
    query = sa.select(SignedLink).where(SignedLink.purpose == PASSWORD, SignedLink.subject_reference.in_(people))
    return {link.subject_reference: link for link in db.session.scalars(query.order_by(SignedLink.id))}
