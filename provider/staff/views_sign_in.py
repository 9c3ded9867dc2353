"""What lets a member of staff in, or keeps them out: the invitation, open sessions, the second factor."""

import datetime as dt
from dataclasses import dataclass

from flask import request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import actions, factors, queries, session_rows, sessions
from provider.accounts.browser_names import in_words
from provider.accounts.confirming import confirmed
from provider.accounts.models import Person, PersonSession, SecondFactor, SignedLink
from provider.accounts.rules import Permission
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.errors import DomainError
from provider.kernel.web import actor, only, received_at
from provider.staff.answers import done, try_to

door = Door(
    "staff_sign_in",
    __name__,
    needs=Permission.SEE_PEOPLE,
    changes=Permission.MANAGE_PEOPLE,
    url_prefix="/staff/people",
)


class OwnFactor(DomainError):
    """An administrator's own second factor takes their password and a code."""

    code = "own_factor"
    sentence = "This is your own second factor. Move or remove it on the page of your account, with a code of it."


@dataclass(frozen=True, slots=True)
class SignIn:
    """How somebody signs in: open sessions with their browsers in words, second factor, newest invitation."""

    sessions: list[tuple[PersonSession, str]]
    factor: SecondFactor | None
    codes_left: int
    invitation: SignedLink | None
    now: dt.datetime


def of(person: Person) -> SignIn:
    """Return how a person signs in."""
    found = sessions.lasting(person.id, staff=person.is_staff)
    return SignIn(
        sessions=[(each, in_words(each.browser)) for each in found],
        factor=queries.second_factor(person.id),
        codes_left=queries.recovery_codes_left(person.id),
        invitation=None if person.password_hash else queries.invitations([person.reference]).get(person.reference),
        now=received_at(),
    )


@door.post("/<reference>/sessions/end")
@confirmed
def end_session(reference: str) -> ResponseReturnValue:
    only("session")
    with unit_of_work():
        person, session = queries.by_reference(reference), request.form.get("session", "")
        session_rows.end_own(person=person, session=session, actor=actor(), at=received_at())
    return done("That browser is signed out.", url_for("staff_people.show", reference=reference))


@door.post("/<reference>/sessions/end-all")
@confirmed
def end_sessions(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: session_rows.end_every(
            person=queries.by_reference(reference, lock=True), but=None, actor=actor(), at=received_at()
        ),
        "They are signed out everywhere.",
        url_for("staff_people.show", reference=reference),
    )


@door.post("/<reference>/second-factor-reset")
@confirmed
def reset_factor(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: _reset(reference),
        "The second factor is reset and every session ended. A letter tells them.",
        url_for("staff_people.show", reference=reference),
    )


def _reset(reference: str) -> None:
    who = actor()
    if who.reference == reference:
        raise OwnFactor
    factors.reset(person=queries.by_reference(reference, lock=True), actor=who, at=received_at())


@door.post("/<reference>/invitation")
@confirmed
def invite_again(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.invite_again(
            person=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()
        ),
        "A new letter is on its way. The link of the letter before works no more.",
        url_for("staff_people.show", reference=reference),
    )


@door.post("/<reference>/invitation/withdrawal")
@confirmed
def withdraw_invitation(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.withdraw_invitation(
            person=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()
        ),
        "The invitation is withdrawn: its link opens nothing, and the roles are taken back.",
        url_for("staff_people.index"),
    )
