"""The page that asks again who one is, for addresses that are opened rather than sent to."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import confirming, sessions
from provider.accounts.rules import Permission
from provider.accounts.schemas import ConfirmYourself
from provider.accounts.views import local
from provider.kernel.doors import Door
from provider.kernel.errors import NotAllowed
from provider.kernel.forms import Form

door = Door("confirm", __name__, needs=Permission.OWN_ACCOUNT, url_prefix="/account")


@door.get("/confirm")
def ask() -> ResponseReturnValue:
    return _page(Form(ConfirmYourself()))


@door.post("/confirm")
def prove() -> ResponseReturnValue:
    viewer = sessions.signed_in()
    if viewer is None:
        raise NotAllowed
    form = Form(ConfirmYourself())
    if not confirming.prove(viewer, form, request.form):
        return _page(form), 422
    return redirect(_target(), code=303)


def _target() -> str:
    viewer = sessions.signed_in()
    home = url_for("staff.index" if viewer and viewer.is_staff else "my.index")
    return local(request.args.get("next")) or home


def _page(form: Form) -> str:
    here = url_for("confirm.prove", next=local(request.args.get("next")))
    return render_template("accounts/confirm.html", form=form, target=here, kept=[], layout="_layouts/my.html")
