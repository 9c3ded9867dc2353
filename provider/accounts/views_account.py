"""The pages of one's own account: password, e-mail address, and where one is signed in."""

import datetime as dt

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import email_changes, passwords, queries, session_rows, sessions
from provider.accounts.browser_names import in_words
from provider.accounts.rules import EMAIL_CHANGES_PER_HOUR, Permission
from provider.accounts.schemas import ChangeEmail, ChangePassword
from provider.accounts.sessions import Viewer
from provider.accounts.throttles import count_try, forget_key
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.errors import TooMany
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import HOUR, actor, only, received_at

door = Door("account", __name__, needs=Permission.OWN_ACCOUNT, url_prefix="/account")
QUARTER = dt.timedelta(minutes=15)
NO_PASSWORD = "You have not chosen a password yet. Ask for a link to set one."  # noqa: S105 - a sentence
WRONG_PASSWORD = "This is not the password of your account."  # noqa: S105 - a sentence


@door.get("")
def index() -> ResponseReturnValue:
    viewer = sessions.viewer()
    return render_template(
        "accounts/account.html",
        layout=sessions.layout(),
        viewer=viewer,
        has_password=queries.by_reference(viewer.reference).password_hash is not None,
        change=queries.asked_email_change(viewer.person_id),
        sessions=len(sessions.lasting(viewer.person_id, staff=viewer.is_staff)),
    )


@door.get("/password")
def password() -> ResponseReturnValue:
    return _password_page(Form(ChangePassword()))


@door.post("/password")
def change_password() -> ResponseReturnValue:
    viewer, form = sessions.viewer(), Form(ChangePassword()).load_form(request.form)
    if not form.ok or not _is_theirs(viewer, form):
        form.values.clear()
        return _password_page(form), 422
    hashed = passwords.hash_password(form.data["password"])
    with unit_of_work():
        person = queries.by_reference(viewer.reference, lock=True)
        passwords.change_password(
            person=person, password_hash=hashed, session=viewer.session, actor=actor(), at=received_at()
        )
        key = session_rows.renew_key(reference=viewer.session, at=received_at())
    sessions.renew(key)
    flash("Your password is changed. Every other browser is signed out.")
    return redirect(url_for("account.index"), code=303)


def _password_page(form: Form) -> str:
    viewer, layout = sessions.viewer(), sessions.layout()
    return render_template("accounts/change_password.html", layout=layout, form=form, viewer=viewer)


def _is_theirs(viewer: Viewer, form: Form) -> bool:
    """Say whether the password of a form is the viewer's; else the form tells what to do."""
    key = f"own-password:{viewer.reference}"
    try:
        with unit_of_work():
            count_try(key=key, limit=settings().SIGN_IN_TRIES, window=QUARTER, at=received_at())
    except TooMany as refusal:
        form.add_error("_schema", refusal.sentence)
        return False
    known = queries.by_reference(viewer.reference).password_hash
    if not passwords.password_fits(known, form.data["current"]):
        form.add_error("current", NO_PASSWORD if known is None else WRONG_PASSWORD)
        return False
    with unit_of_work():
        forget_key(key)
    return True


@door.get("/email")
def email() -> ResponseReturnValue:
    return _email_page(Form(ChangeEmail()))


@door.post("/email")
def ask_email() -> ResponseReturnValue:
    viewer, form = sessions.viewer(), Form(ChangeEmail()).load_form(request.form)
    if form.ok and form.data["email"] == viewer.email:
        form.add_error("email", "This is your address already.")
    if not form.ok or not _is_theirs(viewer, form) or not _asked(viewer, form):
        form.values.pop("current", None)
        return _email_page(form), 422
    flash(f"We sent a link to {form.data['email']}. Open it and press the button; until then nothing changes.")
    return redirect(url_for("account.index"), code=303)


def _asked(viewer: Viewer, form: Form) -> bool:
    """Ask for the change, a few times an hour for an account and for a new address; else the form says to wait."""
    new = form.data["email"]
    try:
        with unit_of_work():
            for key in (f"email-change:{viewer.reference}", f"email-change-to:{new}"):
                count_try(key=key, limit=EMAIL_CHANGES_PER_HOUR, window=HOUR, at=received_at())
            person = queries.by_reference(viewer.reference, lock=True)
            email_changes.ask(person=person, email=new, actor=actor(), at=received_at())
    except TooMany as refusal:
        form.add_error("_schema", refusal.sentence)
        return False
    return True


def _email_page(form: Form) -> str:
    viewer, layout = sessions.viewer(), sessions.layout()
    return render_template("accounts/change_email.html", layout=layout, form=form, viewer=viewer)


@door.post("/email/cancel")
def cancel_email() -> ResponseReturnValue:
    only()
    with unit_of_work():
        person = queries.by_reference(sessions.viewer().reference, lock=True)
        email_changes.end_asked(person=person, actor=actor(), at=received_at())
    flash("Your address stays as it is.")
    return redirect(url_for("account.index"), code=303)


@door.get("/sessions")
def open_sessions() -> ResponseReturnValue:
    viewer = sessions.viewer()
    found = sessions.lasting(viewer.person_id, staff=viewer.is_staff)
    shown = [(each, in_words(each.browser), each.reference == viewer.session) for each in found]
    return render_template("accounts/sessions.html", layout=sessions.layout(), viewer=viewer, sessions=shown)


@door.post("/sessions/end")
def end_session() -> ResponseReturnValue:
    only("session")
    viewer, reference = sessions.viewer(), request.form.get("session", "")
    with unit_of_work():
        person = queries.by_reference(viewer.reference)
        session_rows.end_own(person=person, session=reference, actor=actor(), at=received_at())
    if reference == viewer.session:
        sessions.leave()
        flash("You are signed out.")
        return redirect(url_for("accounts.sign_in"), code=303)
    flash("That browser is signed out.")
    return redirect(url_for("account.open_sessions"), code=303)


@door.post("/sessions/end-others")
def end_others() -> ResponseReturnValue:
    only()
    ended = _end_sessions(but=sessions.viewer().session)
    flash(
        {0: "No other browser was signed in.", 1: "One other browser is signed out."}.get(
            ended, f"{ended} other browsers are signed out."
        )
    )
    return redirect(url_for("account.open_sessions"), code=303)


@door.post("/sessions/end-all")
def sign_out_everywhere() -> ResponseReturnValue:
    only()
    _end_sessions()
    sessions.leave()
    flash("You are signed out everywhere.")
    return redirect(url_for("accounts.sign_in"), code=303)


def _end_sessions(but: str | None = None) -> int:
    with unit_of_work():
        person = queries.by_reference(sessions.viewer().reference, lock=True)
        return session_rows.end_every(person=person, but=but, actor=actor(), at=received_at())
