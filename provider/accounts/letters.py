"""Letters about accounts."""

from provider.accounts.models import Person, SignedLink
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
