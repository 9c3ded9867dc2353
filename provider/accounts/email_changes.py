"""Changing the e-mail address of an account: the new address is proved, the old one is told and may stop it."""

import datetime as dt

from provider.accounts import letters, queries
from provider.accounts.filing import file_person
from provider.accounts.links import LinkClosed, make_link, revoke_links
from provider.accounts.models import EmailChange, Person
from provider.accounts.rules import (
    CHANGE_EMAIL,
    EMAIL_CHANGE_LIFECYCLE,
    PASSWORD,
    STOP_EMAIL_CHANGE,
    STOP_EMAIL_CHANGE_WITHIN,
    EmailChangeState,
)
from provider.history.actions import born, move, note
from provider.jobs.actions import enqueue
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db, hold
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post

ASK_NEW_ADDRESS = "accounts.ask_new_address"
# What others keep under the address of a person: a room that does hands in a job of this kind.
EMAIL_CHANGED = "accounts.email_changed"
_S = EmailChangeState


class AddressTaken(DomainError):
    """Another account has proved this address by now."""

    code = "address_taken"
    sentence = "This e-mail address belongs to another account by now, so nothing was changed. Write to us."


def ask(*, person: Person, email: str, actor: Actor, at: dt.datetime) -> EmailChange:
    """Begin to change an address: the old one is told at once; a job writes to the new one, whoever it belongs to.

    The asking costs and answers the same whether the new address has an account or not.
    """
    end_asked(person=person, actor=actor, at=at)
    change = hold(
        EmailChange(
            reference=references.new("M"),
            person_id=person.id,
            old_email=person.email,
            new_email=email,
            state=_S.ASKED,
            asked_at=at,
        )
    )
    born(change, actor=actor, at=at, about=person.reference)
    _tell_old(person, change, letters.email_change_asked, at)
    enqueue(
        kind=ASK_NEW_ADDRESS, key=f"{ASK_NEW_ADDRESS}:{change.reference}", payload={"change": change.reference}, at=at
    )
    return change


def _tell_old(person: Person, change: EmailChange, write: letters.ToOldAddress, at: dt.datetime) -> None:
    revoke_links(purpose=STOP_EMAIL_CHANGE, subject=change.reference, at=at)
    link = make_link(purpose=STOP_EMAIL_CHANGE, subject=change.reference, at=at, lasts=STOP_EMAIL_CHANGE_WITHIN)
    post(write(person, change, link), at=at)


def ask_new_address(*, reference: str, at: dt.datetime) -> None:
    """Send the new address its link; if it has an account already, its owner hears of it and nothing else happens."""
    change = queries.email_change(reference, lock=True)
    if change.state is not _S.ASKED:
        return
    owner = queries.by_email(change.new_email)
    if owner is not None:
        post(letters.email_taken(owner, change.reference), at=at)
        return
    person = queries.by_id(change.person_id)
    revoke_links(purpose=CHANGE_EMAIL, subject=reference, at=at)
    lasts = dt.timedelta(minutes=settings().PASSWORD_LINK_MINUTES)
    link = make_link(purpose=CHANGE_EMAIL, subject=reference, at=at, lasts=lasts)
    post(letters.email_change(person, change, link), at=at)


def end_asked(*, person: Person, actor: Actor, at: dt.datetime) -> None:
    """End a change that waits for its proof: by its person, by a newer one, or by a new password."""
    change = queries.asked_email_change(person.id, lock=True)
    if change is not None:
        revoke_links(purpose=CHANGE_EMAIL, subject=change.reference, at=at)
        revoke_links(purpose=STOP_EMAIL_CHANGE, subject=change.reference, at=at)
        move(change, _S.STOPPED, EMAIL_CHANGE_LIFECYCLE, actor=actor, at=at, about=person.reference)
        db.session.flush()


def confirm(*, change: EmailChange, actor: Actor, at: dt.datetime) -> Person:
    """Let the account go by its new address, which was proved; password links sent to the old one end.

    Raises LinkClosed when it was ended, AddressTaken when somebody was faster.
    """
    person = queries.by_id(change.person_id, lock=True)
    if change.state is not _S.ASKED or person.disabled_at is not None:
        raise LinkClosed
    if queries.by_email(change.new_email) is not None:
        raise AddressTaken
    move(change, _S.CONFIRMED, EMAIL_CHANGE_LIFECYCLE, actor=actor, at=at, about=person.reference)
    change.confirmed_at = at
    _rename(person, change.new_email, actor, at)
    _tell_old(person, change, letters.email_changed, at)
    return person


def stop(*, change: EmailChange, actor: Actor, at: dt.datetime) -> Person:
    """Stop a change that the old address did not want, or take it back; raises LinkClosed, AddressTaken.

    Somebody knew the password to ask for it: the caller takes that away, too.
    """
    person = queries.by_id(change.person_id, lock=True)
    if change.state is _S.ASKED:
        end_asked(person=person, actor=actor, at=at)
        return person
    if change.state is not _S.CONFIRMED or person.email != change.new_email:
        raise LinkClosed
    if queries.by_email(change.old_email) is not None:
        raise AddressTaken
    move(change, _S.UNDONE, EMAIL_CHANGE_LIFECYCLE, actor=actor, at=at, about=person.reference)
    _rename(person, change.old_email, actor, at)
    return person


def _rename(person: Person, email: str, actor: Actor, at: dt.datetime) -> None:
    personal = {"old": person.email, "new": email}
    person.email, person.email_proved_at = email, at
    db.session.flush()
    file_person(person)
    revoke_links(purpose=PASSWORD, subject=person.reference, at=at)
    note(person, "person.email_changed", actor=actor, at=at, personal=personal)
    enqueue(
        kind=EMAIL_CHANGED,
        key=f"{EMAIL_CHANGED}:{person.reference}:{at.isoformat()}",
        payload={"person": person.reference},
        at=at,
    )
