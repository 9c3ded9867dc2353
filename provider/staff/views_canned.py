"""Texts for answers: writing, changing and taking them away."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_threads import WriteCanned
from provider.staff.views_threads import RIGHTS
from provider.threads import canned, queries
from provider.threads.rules import Placeholder

door = Door("staff_texts", __name__, url_prefix="/staff/messages/texts", **RIGHTS)


@door.get("")
def index() -> ResponseReturnValue:
    return render_template("staff/threads/texts.html", texts=queries.in_use())


@door.get("/new")
def new() -> ResponseReturnValue:
    return _writing(Form(WriteCanned()))


@door.post("/new")
def create() -> ResponseReturnValue:
    form = Form(WriteCanned()).load_form(request.form)
    attempt(form, lambda: canned.write(**form.data, actor=actor(), at=received_at()))
    if not form.ok:
        return _writing(form), 422
    return done("The text is kept.", url_for("staff_texts.index"))


@door.get("/<reference>")
def edit(reference: str) -> ResponseReturnValue:
    kept = queries.canned(reference)
    values = {"title": kept.title, "mailbox": kept.mailbox or "", "text": kept.text}
    return _writing(Form(WriteCanned(), values=values), reference)


@door.post("/<reference>")
def update(reference: str) -> ResponseReturnValue:
    form = Form(WriteCanned()).load_form(request.form)
    attempt(form, lambda: _change(reference, form.data))
    if not form.ok:
        return _writing(form, reference), 422
    return done("The text is changed.", url_for("staff_texts.index"))


def _change(reference: str, data: dict[str, Any]) -> None:
    canned.change(queries.canned(reference, lock=True), **data, actor=actor(), at=received_at())


@door.post("/<reference>/retire")
def retire(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: canned.retire(queries.canned(reference, lock=True), actor=actor(), at=received_at()),
        "The text is taken away. Answers that were sent keep it.",
        url_for("staff_texts.index"),
    )


def _writing(form: Form, reference: str = "") -> str:
    kept = queries.canned(reference) if reference else None
    return render_template("staff/threads/text.html", form=form, kept=kept, placeholders=list(Placeholder))
