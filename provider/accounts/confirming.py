"""Asked again who one is: before money leaves, rights change, or what is known about people leaves the house.

A view that should ask says so beneath its route::

    @door.post("/payouts/<reference>")
    @confirmed
    def send_payout(reference: str) -> ResponseReturnValue: ...

As long as the person proved who they are in this session within the last ``CONFIRM_MINUTES`` (signing in counts), the
view is simply called. Later than that

- a GET leads to ``/account/confirm`` and comes back to the same address: use it on the page of a long form, and on a
  page that shows what others must not see;
- a POST is answered by a page that asks for the password (and the code of the second factor, where one is set), holds
  everything that was typed as hidden fields, and sends it to the same address again. Nothing typed is kept by the
  server or written into an address. The view sees its own fields only.

It comes after the door's permission, and has to stand directly above the view. A form with a file cannot be sent twice
like this: let it ask on its GET, and act on the file in a later step.
"""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from provider.accounts import passwords, queries, second_step, session_rows, sessions
from provider.accounts.rules import needs_confirming
from provider.accounts.schemas import ConfirmWithCode, ConfirmYourself
from provider.accounts.sessions import Viewer
from provider.accounts.throttles import count_try, forget_key
from provider.kernel.database import unit_of_work
from provider.kernel.errors import TooMany
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import READING, client, received_at

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
PROOF = ("confirm_password", "confirm_code")
QUARTER = dt.timedelta(minutes=15)


def confirmed(view: View) -> View:
    """Call a view only for somebody who has just proved who they are; the module's first lines say how it asks."""

    @wraps(view)
    def ask_first(**values: str) -> ResponseReturnValue:
        viewer, proof = sessions.signed_in(), _take_proof()
        if viewer is None:
            return redirect(url_for("accounts.sign_in"), code=303)
        if not _asks(viewer):
            return view(**values)
        here = request.full_path.rstrip("?")
        if request.method in READING:
            return redirect(url_for("confirm.ask", next=here), code=303)
        form = empty_form(viewer)
        if proof and prove(viewer, form.load_form(proof)):
            return view(**values)
        typed = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
        return page(form, target=here, kept=typed)

    ask_first.asks_again = True  # type: ignore[attr-defined]
    return ask_first  # type: ignore[return-value]


def _asks(viewer: Viewer) -> bool:
    lasts = dt.timedelta(minutes=settings().CONFIRM_MINUTES)
    return needs_confirming(now=received_at(), confirmed_at=viewer.confirmed_at, lasts=lasts)


def _take_proof() -> ImmutableMultiDict[str, str] | None:
    """Take the answers of the asking page out of the form, so that the view sees its own fields only."""
    sent = request.form
    proof = ImmutableMultiDict([pair for pair in sent.items(multi=True) if pair[0] in PROOF])
    if not proof:
        return None
    request.form = ImmutableMultiDict([pair for pair in sent.items(multi=True) if pair[0] not in PROOF])
    return proof


def empty_form(viewer: Viewer) -> Form:
    """Return the form of a proof: the password, and a code of whoever has a second factor."""
    return Form(ConfirmWithCode() if viewer.has_factor else ConfirmYourself())


def prove(viewer: Viewer, form: Form) -> bool:
    """Check password and code of a loaded form and remember in the session that they were right.

    Else it says on the form what is wrong, and what was typed into it is forgotten.
    """
    if form.ok and _password_fits(viewer, form) and (not viewer.has_factor or _code_fits(viewer, form)):
        with unit_of_work():
            session_rows.confirm_session(reference=viewer.session, at=received_at())
    form.values.clear()
    return form.ok


def _code_fits(viewer: Viewer, form: Form) -> bool:
    return second_step.code_fits(form, "confirm_code", viewer.reference, sessions.actor())


def _password_fits(viewer: Viewer, form: Form) -> bool:
    key = f"confirm:{viewer.reference}:{client()}"
    try:
        with unit_of_work():
            count_try(key=key, limit=settings().SIGN_IN_TRIES, window=QUARTER, at=received_at())
    except TooMany as refusal:
        form.add_error("_schema", refusal.sentence)
        return False
    person = queries.by_reference(viewer.reference)
    if not passwords.password_fits(person.password_hash, form.data["confirm_password"]):
        form.add_error("confirm_password", "This is not the password of your account.")
        return False
    with unit_of_work():
        forget_key(key)
    return True


def page(form: Form, *, target: str, kept: list[tuple[str, str]]) -> ResponseReturnValue:
    """Ask; ``kept`` is what was typed before and is sent on to ``target`` together with the proof."""
    layout = sessions.layout()
    return render_template("accounts/confirm.html", form=form, target=target, kept=kept, layout=layout), 422
