"""One's own second factor: setting up an app, moving it, recovery codes, taking it off."""

from urllib.parse import quote

import segno
from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from provider.accounts import confirming, factors, queries, sessions
from provider.accounts.confirming import confirmed
from provider.accounts.factors import NoFactor
from provider.accounts.rules import Permission, grouped
from provider.accounts.schemas import FirstCode, MoveFactor
from provider.accounts.sessions import Viewer
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.errors import NotAllowed
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at

door = Door("second_factor", __name__, needs=Permission.OWN_ACCOUNT, url_prefix="/account/second-factor")
NONCE = "factor"


@door.get("")
def index() -> ResponseReturnValue:
    viewer = _viewer()
    return render_template(
        "accounts/second_factor.html",
        layout=sessions.layout(),
        factor=queries.second_factor(viewer.person_id),
        left=queries.recovery_codes_left(viewer.person_id),
        required=sessions.requires_factor(viewer),
    )


@door.get("/new")
@confirmed
def new() -> ResponseReturnValue:
    viewer = _viewer()
    if viewer.has_factor:
        return redirect(url_for("second_factor.ask_move"), code=303)
    return _app_page(viewer, Form(FirstCode()))


@door.post("/new")
@confirmed
def create() -> ResponseReturnValue:
    viewer = _viewer()
    form = Form(FirstCode()).load_form(request.form)
    if viewer.has_factor:
        form.add_error("_schema", "There is a second factor already. Move it to another app instead.")
    if not form.ok or not _app_fits(viewer, form):
        return _app_page(viewer, form), 422
    return _set_up(viewer, form)


@door.get("/move")
def ask_move() -> ResponseReturnValue:
    viewer = _viewer()
    if not viewer.has_factor:
        raise NoFactor
    return _app_page(viewer, Form(MoveFactor()))


@door.post("/move")
def move() -> ResponseReturnValue:
    viewer = _viewer()
    form = Form(MoveFactor()).load_form(request.form)
    if not viewer.has_factor:
        form.add_error("_schema", NoFactor.sentence)
    # The new app's code first: the old one's is used up by the proof.
    if not form.ok or not _app_fits(viewer, form) or not confirming.prove(viewer, form):
        return _app_page(viewer, form), 422
    return _set_up(viewer, form)


def _app_fits(viewer: Viewer, form: Form) -> bool:
    key = factors.app_key(viewer.reference, session.get(NONCE) or factors.new_nonce())
    if factors.fitting_step(key, form.data["code"], at=received_at()) is None:
        form.add_error("code", factors.NEW_APP_WRONG)
    return form.ok


def _set_up(viewer: Viewer, form: Form) -> ResponseReturnValue:
    with unit_of_work():
        codes = factors.set_up(
            person=queries.by_reference(viewer.reference, lock=True),
            nonce=session[NONCE],
            code=form.data["code"],
            keep_session=viewer.session,
            actor=actor(),
            at=received_at(),
        )
    session.pop(NONCE)
    return _codes_page(codes)


def _app_page(viewer: Viewer, form: Form) -> str:
    """Show the key as a picture and as text; until its first code came, the nonce is kept by this browser alone."""
    key = factors.app_key(viewer.reference, session.setdefault(NONCE, factors.new_nonce()))
    address = factors.app_address(email=viewer.email, key=key)
    form.values.clear()
    return render_template(
        "accounts/second_factor_new.html",
        layout=sessions.layout(),
        form=form,
        picture=_picture(address),
        address=address,
        key=grouped(key),
        moving=viewer.has_factor,
        required=sessions.requires_factor(viewer),
    )


def _picture(address: str) -> Markup:
    drawn = segno.make(address, error="m").svg_inline(omitsize=True, dark="#000", light="#fff")
    return Markup(drawn)  # noqa: S704 - drawn here, from nothing but squares


@door.get("/recovery-codes")
def ask_codes() -> ResponseReturnValue:
    viewer = _viewer()
    if not viewer.has_factor:
        raise NoFactor
    return _proof_page("recovery_codes", viewer, confirming.empty_form(viewer))


@door.post("/recovery-codes")
def renew_codes() -> ResponseReturnValue:
    viewer = _viewer()
    form = _proof(viewer)
    if not form.ok or not confirming.prove(viewer, form):
        return _proof_page("recovery_codes", viewer, form), 422
    with unit_of_work():
        person = queries.by_reference(viewer.reference, lock=True)
        codes = factors.renew_codes(person=person, actor=actor(), at=received_at())
    return _codes_page(codes)


@door.get("/removal")
def ask_remove() -> ResponseReturnValue:
    viewer = _viewer()
    if not viewer.has_factor:
        raise NoFactor
    return _proof_page("removal", viewer, confirming.empty_form(viewer))


@door.post("/removal")
def remove() -> ResponseReturnValue:
    viewer = _viewer()
    form = _proof(viewer)
    if sessions.requires_factor(viewer):
        form.add_error("_schema", "Staff need a second factor here. You can move it to another app instead.")
    if not form.ok or not confirming.prove(viewer, form):
        return _proof_page("removal", viewer, form), 422
    with unit_of_work():
        factors.remove(person=queries.by_reference(viewer.reference, lock=True), actor=actor(), at=received_at())
    flash("The second factor is removed. You sign in with your password alone.")
    return redirect(url_for("second_factor.index"), code=303)


def _proof(viewer: Viewer) -> Form:
    form = confirming.empty_form(viewer).load_form(request.form)
    if not viewer.has_factor:
        form.add_error("_schema", NoFactor.sentence)
    return form


def _proof_page(name: str, viewer: Viewer, form: Form) -> str:
    form.values.clear()
    return render_template(
        f"accounts/second_factor_{name}.html",
        layout=sessions.layout(),
        form=form,
        required=sessions.requires_factor(viewer),
    )


def _codes_page(codes: list[str]) -> str:
    """Show recovery codes, this once; they are kept as hashes and no page can show them again."""
    lines = [grouped(code) for code in codes]
    text = f"Recovery codes of {settings().SCHOOL_NAME}\nEach works once.\n\n" + "\n".join(lines) + "\n"
    file = "data:text/plain;charset=utf-8," + quote(text)
    return render_template("accounts/recovery_codes.html", layout=sessions.layout(), codes=lines, file=file)


def _viewer() -> Viewer:
    """Return who asks; the second factor is for staff, and for whoever has one."""
    viewer = sessions.signed_in()
    if viewer is None or not (viewer.is_staff or viewer.has_factor):
        raise NotAllowed("A second factor is for the school’s staff. Your password is what protects your account.")
    return viewer
