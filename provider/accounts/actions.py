"""Accounts and roles: everything that changes them."""

import datetime as dt

from provider.accounts import letters, queries
from provider.accounts.duties import kinds_for
from provider.accounts.filing import file_person
from provider.accounts.links import LinkClosed, make_link, revoke_links, token_of
from provider.accounts.models import Person, RoleGrant
from provider.accounts.passwords import set_password
from provider.accounts.rules import (
    FIRST_ADMIN,
    FIRST_ADMIN_SUBJECT,
    LINK_HOURS_FIRST_ADMIN,
    PASSWORD,
    Permission,
    Role,
    permissions,
)
from provider.accounts.session_rows import end_sessions
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import free as free_tasks


class EmailTaken(DomainError):
    """Somebody else has proved this address."""

    code = "email_taken"
    sentence = "This e-mail address belongs to another account."


class NotInvited(DomainError):
    """Nobody whose invitation is open: they chose a password, are locked, or hold no role."""

    code = "not_invited"
    sentence = "There is no open invitation. Who has a password asks for a new link on the sign-in page."


class LastAdmin(DomainError):
    """Nobody would be left who may let others in."""

    code = "last_admin"
    sentence = "This is the last administrator who can sign in. Make another one first."


def add_person(
    *,
    name: str,
    email: str,
    zone: str,
    proved_at: dt.datetime | None,
    actor: Actor,
    at: dt.datetime,
    phone: str | None = None,
) -> Person:
    """Create a person with a normalized address, who can be searched for."""
    person = Person(
        reference=references.new("P"),
        name=name,
        email=email,
        phone=phone,
        zone=zone,
        email_proved_at=proved_at,
        created_at=at,
    )
    db.session.add(person)
    db.session.flush()
    file_person(person)
    note(person, "person.created", actor=actor, at=at, personal={"name": name, "email": email})
    return person


def grant(*, person: Person, role: Role, actor: Actor, at: dt.datetime) -> None:
    """Give a role; sessions end, so that the next request starts with it."""
    if role in person.roles:
        return
    db.session.add(RoleGrant(person_id=person.id, role=role, granted_at=at, granted_by=actor.reference))
    end_sessions(person=person, at=at)
    note(person, "person.role_granted", actor=actor, at=at, data={"role": role})


def revoke_role(*, person: Person, role: Role, actor: Actor, at: dt.datetime) -> None:
    """Take a role away, at once in every session, with what is theirs by it alone; raises LastAdmin."""
    held = next((given for given in person.grants if given.role is role), None)
    if held is None:
        return
    if role is Role.ADMIN:
        _check_another_admin(person)
    person.grants.remove(held)
    db.session.delete(held)
    end_sessions(person=person, at=at)
    note(person, "person.role_revoked", actor=actor, at=at, data={"role": role})
    _give_back(person, permissions(person.roles), actor, at)


def _give_back(person: Person, held: frozenset[Permission], actor: Actor, at: dt.datetime) -> None:
    """Let nobody be the owner of what they may not do any more: tasks, and the records of rooms above."""
    free_tasks(owner=person.reference, keeping=kinds_for(held), actor=actor, at=at)
    for hears in registry().rights_lost:
        hears(person.reference, held, actor, at)


def set_roles(*, person: Person, roles: frozenset[Role], actor: Actor, at: dt.datetime) -> None:
    """Let a person hold exactly these roles; raises LastAdmin."""
    held = person.roles
    for role in sorted(roles - held):  # first, so that tasks which the new roles permit stay
        grant(person=person, role=role, actor=actor, at=at)
    db.session.refresh(person, ["grants"])
    for role in sorted(held - roles):
        revoke_role(person=person, role=role, actor=actor, at=at)


def disable(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Lock an account, end its sessions and links, give back what is theirs to do; their past deeds keep their name.

    Raises LastAdmin.
    """
    if person.disabled_at is not None:
        return
    if Role.ADMIN in person.roles:
        _check_another_admin(person)
    person.disabled_at = at
    end_sessions(person=person, at=at)
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    _give_back(person, frozenset(), actor, at)
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
    _send_invitation(person, roles, at)
    return person


def invite_again(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Send an invitation once more, with a link that replaces the one before; raises NotInvited."""
    _check_invited(person)
    _send_invitation(person, person.roles, at)
    note(person, "person.invited_again", actor=actor, at=at)


def withdraw_invitation(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """Take an invitation back: its link opens nothing and the roles are gone; raises NotInvited.

    Without the roles: whoever reads that mailbox could ask for another link on the sign-in page.
    """
    _check_invited(person)
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    set_roles(person=person, roles=frozenset(), actor=actor, at=at)
    note(person, "person.invitation_withdrawn", actor=actor, at=at)


def _check_invited(person: Person) -> None:
    if person.password_hash is not None or person.disabled_at is not None or not person.roles:
        raise NotInvited


def _send_invitation(person: Person, roles: frozenset[Role], at: dt.datetime) -> None:
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    lasts = dt.timedelta(hours=settings().EMAIL_LINK_HOURS)
    link = make_link(purpose=PASSWORD, subject=person.reference, at=at, lasts=lasts)
    post(letters.staff_invitation(person, link, sorted(role.label for role in roles)), at=at)


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
