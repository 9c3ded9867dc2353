"""Signing in and out, setting a password, and opening signed links."""

from urllib.parse import urlsplit

from flask import Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager

from provider.accounts import devices, halfway, passwords, queries, second_step, session_rows, sessions, signing_in
from provider.accounts.links import open_link
from provider.accounts.schemas import AskPasswordLink, SignIn, SignInCode
from provider.accounts.signing_in import Attempt
from provider.accounts.throttles import count_link_letter
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import unit_of_work
from provider.kernel.doors import PUBLIC, Door
from provider.kernel.errors import TooMany
from provider.kernel.forms import Form
from provider.kernel.registry import registry
from provider.kernel.web import actor, client, only, received_at, request_id

door = Door("accounts", __name__, needs=PUBLIC)
WRONG = "The e-mail address and the password do not fit together. Check both, or ask for a link to set a new password."


def install(app: Flask, login: LoginManager) -> None:
    """Connect sessions to the application."""
    sessions.install(app, login)


def local(target: str | None) -> str | None:
    """Return a path of this site, or None for anything that could lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and target.isprintable() else None


@door.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    return _sign_in_page(Form(SignIn()), local(request.args.get("next")))


@door.post("/sign-in")
def start_session() -> ResponseReturnValue:
    target = local(request.args.get("next"))
    form = Form(SignIn()).load_form(request.form)
    if form.ok:
        account = queries.to_sign_in(form.data["email"])
        try:
            right = signing_in.check(account, form.data["password"], _attempt(form.data["email"], account))
        except TooMany as full:
            form.add_error("_schema", full.sentence)
            return _sign_in_page(form, target), 429, full.headers
        if account is not None and right and account.has_factor:
            halfway.wait(account)
            return redirect(url_for("accounts.ask_code", next=target), code=303)
        if account is not None and right:
            return _come_in(account, target)
        form.add_error("_schema", WRONG)
    return _sign_in_page(form, target), 422


def _sign_in_page(form: Form, target: str | None) -> str:
    form.values.pop("password", None)
    return render_template("accounts/sign_in.html", form=form, next=target)


def _come_in(account: queries.Account, target: str | None) -> ResponseReturnValue:
    sessions.begin(account.reference)
    return redirect(target or url_for("staff.index" if account.is_staff else "my.index"), code=303)


@door.get("/sign-in/code")
def ask_code() -> ResponseReturnValue:
    return _code_page(Form(SignInCode())) if halfway.waiting(received_at()) else _too_late()


@door.post("/sign-in/code")
def sign_in_by_code() -> ResponseReturnValue:
    account = halfway.waiting(received_at())
    form = Form(SignInCode()).load_form(request.form)
    if account is None:
        return _too_late()
    if not form.ok or not second_step.code_fits(form, "code", account.reference, _walks_in(account)):
        return _code_page(form), 422
    return _come_in(account, local(request.args.get("next")))


def _walks_in(account: queries.Account) -> Actor:
    return Actor(ActorKind.STAFF if account.is_staff else ActorKind.STUDENT, account.reference, request_id())


def _code_page(form: Form) -> str:
    form.values.clear()
    return render_template("accounts/sign_in_code.html", form=form, next=local(request.args.get("next")))


def _too_late() -> ResponseReturnValue:
    flash("Sign in with your password first. A code is asked for up to 10 minutes afterwards.", "error")
    return redirect(url_for("accounts.sign_in", next=local(request.args.get("next"))), code=303)


def _attempt(email: str, account: queries.Account | None) -> Attempt:
    return Attempt(
        email=email,
        device=devices.known(account.reference if account else None),
        client=client(),
        browser=sessions.user_agent(),
        at=received_at(),
        request_id=request_id(),
    )


@door.post("/sign-out")
def end_session() -> ResponseReturnValue:
    only()
    viewer = sessions.signed_in()
    if viewer is not None:
        with unit_of_work():
            person = queries.by_reference(viewer.reference)
            session_rows.sign_out(person=person, session=viewer.session, actor=actor(), at=received_at())
    sessions.leave()
    flash("You are signed out.")
    return redirect(url_for("accounts.sign_in"), code=303)


@door.get("/forgot-password")
def forgot_password() -> ResponseReturnValue:
    return render_template("accounts/forgot_password.html", form=Form(AskPasswordLink()))


@door.post("/forgot-password")
def send_password_link() -> ResponseReturnValue:
    form = Form(AskPasswordLink()).load_form(request.form)
    if not form.ok:
        return render_template("accounts/forgot_password.html", form=form), 422
    email = form.data["email"]
    try:
        with unit_of_work():
            count_link_letter(client=client(), at=received_at())
            passwords.ask_password_link(email=email, request=request_id(), at=received_at())
    except TooMany as full:
        form.add_error("_schema", full.sentence)
        return render_template("accounts/forgot_password.html", form=form), 429, full.headers
    return render_template("accounts/password_link_sent.html", email=email)


@door.get("/links/<token>")
def link(token: str) -> ResponseReturnValue:
    found = open_link(token, now=received_at())
    return registry().links[found.purpose].show(subject=found.subject_reference, token=token)


@door.post("/links/<token>")
def decide(token: str) -> ResponseReturnValue:
    found = open_link(token, now=received_at())
    purpose = registry().links[found.purpose]
    return purpose.decide(subject=found.subject_reference, token=token, actor=actor(), received_at=received_at())
