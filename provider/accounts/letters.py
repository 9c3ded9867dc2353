"""Letters about accounts."""

import datetime as dt
from typing import Protocol

from provider.accounts.models import EmailChange, Person, SignedLink
from provider.accounts.rules import FactorEvent
from provider.kernel import references
from provider.mail.rules import Letter


def password_link(person: Person, link: SignedLink) -> Letter:
    """The link that lets a person choose a password."""
    return Letter(
        template="password_link",
        recipient=person.email,
        event=link.reference,
        about=person.reference,
        values={
            "name": person.name,
            "password_link": link.reference,
            "expires_at": link.expires_at.isoformat(),
            "zone": person.zone,
        },
    )


def password_changed(person: Person, event: str, at: str) -> Letter:
    """Word that the password was changed, so that a theft is noticed."""
    return Letter(
        template="password_changed",
        recipient=person.email,
        event=event,
        about=person.reference,
        values={"name": person.name, "changed_at": at, "zone": person.zone},
    )


class ToOldAddress(Protocol):
    """A letter to the address that an account had before; its link stops the change or takes it back."""

    def __call__(self, person: Person, change: EmailChange, link: SignedLink, /) -> Letter: ...


def email_change_asked(person: Person, change: EmailChange, link: SignedLink) -> Letter:
    """Word to the present address that somebody asked to use another one."""
    return _to_old_address("email_change_asked", person, change, link)


def email_changed(person: Person, change: EmailChange, link: SignedLink) -> Letter:
    """Word to the address of before that another one is used from now on."""
    return _to_old_address("email_changed", person, change, link)


def _to_old_address(template: str, person: Person, change: EmailChange, link: SignedLink) -> Letter:
    return Letter(
        template=template,
        recipient=change.old_email,
        event=link.reference,
        about=person.reference,
        values={
            "name": person.name,
            "new_email": change.new_email,
            "stop_link": link.reference,
            "expires_at": link.expires_at.isoformat(),
            "zone": person.zone,
        },
    )


def email_change(person: Person, change: EmailChange, link: SignedLink) -> Letter:
    """The link that proves a new address; it names nobody, since the address may have been mistyped."""
    return Letter(
        template="email_change",
        recipient=change.new_email,
        event=link.reference,
        about=person.reference,
        values={"change_link": link.reference, "expires_at": link.expires_at.isoformat(), "zone": person.zone},
    )


def email_taken(owner: Person, event: str) -> Letter:
    """Word to the owner of an address that somebody wanted it for another account."""
    return Letter(
        template="email_taken",
        recipient=owner.email,
        event=event,
        about=owner.reference,
        values={"name": owner.name},
    )


def second_factor(person: Person, event: FactorEvent, *, left: int, required: bool, at: dt.datetime) -> Letter:
    """Word of what happened to the second factor: set, moved, taken off, or a recovery code used (``left`` remain)."""
    return Letter(
        template="second_factor",
        recipient=person.email,
        event=references.new("F"),
        about=person.reference,
        values={
            "name": person.name,
            "what": event,
            "codes_left": left,
            "required": required,
            "happened_at": at.isoformat(),
            "zone": person.zone,
        },
    )


def staff_invitation(person: Person, link: SignedLink, roles: list[str]) -> Letter:
    """Welcome to the back office: what one may do there, and the link to choose a password."""
    return Letter(
        template="staff_invitation",
        recipient=person.email,
        event=link.reference,
        about=person.reference,
        values={
            "name": person.name,
            "roles": [*roles],
            "password_link": link.reference,
            "expires_at": link.expires_at.isoformat(),
            "zone": person.zone,
        },
    )
