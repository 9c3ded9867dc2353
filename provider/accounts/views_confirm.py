"""The page that asks again who one is, for addresses that are opened rather than sent to."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import confirming, sessions
from provider.accounts.rules import Permission
from provider.accounts.views import local
from provider.kernel.doors import Door
from provider.kernel.forms import Form

door = Door("confirm", __name__, needs=Permission.OWN_ACCOUNT, url_prefix="/account")


@door.get("/confirm")
def ask() -> ResponseReturnValue:
    return _page(confirming.empty_form(sessions.viewer()))


@door.post("/confirm")
def prove() -> ResponseReturnValue:
    viewer = sessions.viewer()
    form = confirming.empty_form(viewer).load_form(request.form)
    if not confirming.prove(viewer, form):
        return _page(form), 422
    home = url_for("staff.index" if viewer.is_staff else "my.index")
    return redirect(local(request.args.get("next")) or home, code=303)


def _page(form: Form) -> str:
    here = url_for("confirm.prove", next=local(request.args.get("next")))
    return render_template("accounts/confirm.html", form=form, target=here, kept=[], layout=sessions.layout())
