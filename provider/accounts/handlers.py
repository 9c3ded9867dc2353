"""What the registries call by name: the links that set a password or make the first administrator."""

import datetime as dt

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import actions, devices, email_changes, letters, queries, sessions, waiting
from provider.accounts.links import token_of, use_link
from provider.accounts.models import SignedLink
from provider.accounts.passwords import SEND_LINK, hash_password, send_password_link, set_password, take_password_away
from provider.accounts.rules import CHANGE_EMAIL, FIRST_ADMIN, PASSWORD, STOP_EMAIL_CHANGE
from provider.accounts.schemas import FirstAdmin, SetPassword
from provider.accounts.session_rows import forget_sessions
from provider.accounts.signing_in import FAILED
from provider.accounts.throttles import forget_tries
from provider.history.actions import note
from provider.jobs.actions import forget_done
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, retrying, unit_of_work
from provider.kernel.forms import Form
from provider.kernel.registry import Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings
from provider.kernel.web import only
from provider.mail.actions import post


class PasswordLink:
    """Lets a person choose a password; nobody is signed in by it."""

    label = "Set a password"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        person = queries.by_reference(subject)
        return render_template("accounts/set_password.html", form=Form(SetPassword()), token=token, email=person.email)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        form = Form(SetPassword()).load_form(request.form)
        if not form.ok:
            form.values.clear()
            email = queries.by_reference(subject).email
            return render_template("accounts/set_password.html", form=form, token=token, email=email), 422
        hashed = hash_password(form.data["password"])
        with unit_of_work():
            link = use_link(token, purpose=PASSWORD, at=received_at)
            person = queries.by_reference(subject)
            person.email_proved_at = person.email_proved_at or received_at
            set_password(person=person, password_hash=hashed, actor=actor, at=received_at)
            post(letters.password_changed(person, link.reference, received_at.isoformat()), at=received_at)
        devices.remember(subject)  # the letter shows that it is theirs: strangers' tries do not stop this browser
        flash("Your password is set. Sign in with it.")
        return redirect(url_for("accounts.sign_in"), code=303)


class ChangeEmailLink:
    """Proves the new address of an account; the button changes it, and nobody is signed in by it."""

    label = "Confirm a new e-mail address"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return render_template("accounts/confirm_email.html", change=queries.email_change(subject), token=token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        only()

        def confirm() -> str:
            use_link(token, purpose=CHANGE_EMAIL, at=received_at)
            change = queries.email_change(subject, lock=True)
            return email_changes.confirm(change=change, actor=actor, at=received_at).email

        email = retrying(confirm)
        flash(f"Your e-mail address is now {email}. Sign in with it from now on, and look for our letters there.")
        return redirect(url_for("account.index" if sessions.signed_in() else "accounts.sign_in"), code=303)


class StopEmailChangeLink:
    """Lets the old address stop a change of address or take it back; whoever asked for it knew the password."""

    label = "Stop a change of e-mail address"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return render_template("accounts/stop_email.html", change=queries.email_change(subject), token=token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        only()
        with unit_of_work():
            use_link(token, purpose=STOP_EMAIL_CHANGE, at=received_at)
            change = queries.email_change(subject, lock=True)
            person = email_changes.stop(change=change, actor=actor, at=received_at)
            take_password_away(person=person, actor=actor, at=received_at)
            email = person.email
        sessions.leave()
        flash(
            f"Your address stays {email}, and everybody is signed out. We sent a link there to choose a new password."
        )
        return redirect(url_for("accounts.sign_in"), code=303)


class FirstAdminLink:
    """Makes the first administrator, once, as long as there is none."""

    label = "Make the first administrator"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:  # noqa: ARG002 - every purpose's signature
        return render_template("accounts/first_admin.html", form=Form(FirstAdmin()), token=token)

    def decide(
        self,
        *,
        subject: str,  # noqa: ARG002 - every purpose's signature
        token: str,
        actor: Actor,
        received_at: dt.datetime,
    ) -> ResponseReturnValue:
        form = Form(FirstAdmin()).load_form(request.form)
        if not form.ok:
            form.values.pop("password", None)
            return render_template("accounts/first_admin.html", form=form, token=token), 422
        hashed = hash_password(form.data["password"])
        with unit_of_work():
            use_link(token, purpose=FIRST_ADMIN, at=received_at)
            person = actions.first_admin(
                name=form.data["name"], email=form.data["email"], password_hash=hashed, actor=actor, at=received_at
            )
            reference, has_factor = person.reference, queries.second_factor(person.id) is not None
        if has_factor:
            flash("You are the administrator now. Sign in with your new password and a code of your app.")
            return redirect(url_for("accounts.sign_in"), code=303)
        sessions.begin(reference)
        return redirect(url_for("staff_setup.index"), code=303)


def letter_link(reference: str) -> str:
    """Return the address that a letter writes for a link: the school's own base, never the request's."""
    link = db.session.scalar(sa.select(SignedLink).where(SignedLink.reference == reference))
    return f"{settings().BASE_URL}/links/{token_of(link)}" if link else settings().BASE_URL


TIDY = "accounts.tidy"
KEEP_TRIES = dt.timedelta(days=2)
KEEP_TYPED = dt.timedelta(days=1)
KEEP_SESSIONS = dt.timedelta(days=30)


def tidy(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Remove counts of tries and typed addresses that are past, and sessions that ended more than 30 days ago."""
    removed = 1
    while removed:
        with unit_of_work():
            removed = forget_done(before=now - KEEP_TYPED, kinds=(SEND_LINK, FAILED))
    ended = now - KEEP_SESSIONS
    longest = max(settings().session_length(staff=staff) for staff in (False, True))
    with unit_of_work():
        forget_tries(before=now - KEEP_TRIES)
        forget_sessions(ended_before=ended, begun_before=ended - longest)


def send_link(payload: Payload, *, now: dt.datetime) -> None:
    """Send the password link that somebody asked for."""
    with unit_of_work():
        send_password_link(email=str(payload["email"]), at=now)


def ask_new_address(payload: Payload, *, now: dt.datetime) -> None:
    """Write to the address that an account is to have."""
    with unit_of_work():
        email_changes.ask_new_address(reference=str(payload["change"]), at=now)


def note_failure(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - it happened when it was tried
    """Remember a refused try to sign in with the account that was meant, if there is one."""
    with unit_of_work():
        person = queries.by_email(str(payload["email"]))
        if person is not None:
            note(
                person,
                "person.sign_in_failed",
                actor=Actor(ActorKind.VISITOR, None, str(payload["request_id"])),
                at=dt.datetime.fromisoformat(str(payload["at"])),
                personal={"browser": payload["browser"], "client": payload["client"]},
            )


STORY = Strand(
    "account",
    "Account",
    frozenset({"person"}),
    {
        "person.created": ("Account made", "person"),
        "person.password_set": ("Password set", "person"),
        "person.role_granted": ("Role given: {role}", "person"),
        "person.role_revoked": ("Role taken away: {role}", "person"),
        "person.disabled": ("Account locked", "warn"),
        "person.enabled": ("Account opened again", "person"),
    },
    of_people=True,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.jobs[TIDY] = tidy
    registry.jobs[SEND_LINK] = send_link
    registry.jobs[FAILED] = note_failure
    registry.jobs[email_changes.ASK_NEW_ADDRESS] = ask_new_address
    registry.periodic.append(Periodic(TIDY, lambda now: f"{now:%Y-%m-%d}"))
    registry.links[PASSWORD] = PasswordLink()
    registry.links[CHANGE_EMAIL] = ChangeEmailLink()
    registry.links[STOP_EMAIL_CHANGE] = StopEmailChangeLink()
    registry.links[FIRST_ADMIN] = FirstAdminLink()
    registry.letter_links = letter_link
    registry.may = sessions.may
    registry.detour = sessions.detour
    registry.actor = sessions.actor
    registry.strands.append(STORY)
    registry.queues["tasks"] = waiting.QUEUE
