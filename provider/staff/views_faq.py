"""The questions people ask, with the answers of the public page."""

import re

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.kernel import references, text
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.programs import actions, queries
from provider.programs.models import FaqItem
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_catalog import EditFaq

door = Door(
    "staff_faq", __name__, needs=Permission.SEE_CATALOG, changes=Permission.EDIT_CATALOG, url_prefix="/staff/faq"
)
LONGEST_SLUG = 48


@door.get("")
def index() -> ResponseReturnValue:
    return render_template("staff/faq/index.html", items=queries.faq())


@door.get("/new")
def new() -> ResponseReturnValue:
    return _page(None, Form(EditFaq(), values={"position": 100}))


@door.post("/new")
def create() -> ResponseReturnValue:
    form = Form(EditFaq()).load_form(request.form)
    if form.ok:
        _save(form, _slug(form.data["question"]))
    if not form.ok:
        return _page(None, form), 422
    return done("The question is on the page.", url_for("staff_faq.index"))


@door.get("/<slug>")
def edit(slug: str) -> ResponseReturnValue:
    item = _item(slug)
    values = {"question": item.question, "answer": item.answer, "position": item.position}
    return _page(item, Form(EditFaq(), values=values))


@door.post("/<slug>")
def update(slug: str) -> ResponseReturnValue:
    item = _item(slug)
    form = Form(EditFaq()).load_form(request.form)
    if form.ok:
        _save(form, item.slug)
    if not form.ok:
        return _page(_item(slug), form), 422
    return done("The answer is saved.", url_for("staff_faq.index"))


@door.post("/<slug>/remove")
def remove(slug: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.remove_faq(item=_item(slug), actor=actor(), at=received_at()),
        "The question is off the page.",
        url_for("staff_faq.index"),
    )


def _save(form: Form, slug: str) -> None:
    data = form.data
    attempt(
        form,
        lambda: actions.save_faq(
            slug=slug,
            position=data["position"],
            question=data["question"],
            answer=data["answer"],
            actor=actor(),
            at=received_at(),
        ),
    )


def _item(slug: str) -> FaqItem:
    item = queries.faq_by_slug(slug)
    if item is None:
        raise NotFound
    return item


def _slug(question: str) -> str:
    """Name a new question in addresses: its words, and what keeps it apart from a like one."""
    plain = re.sub(r"[^a-z0-9]+", "-", " ".join(text.words(question)))[:LONGEST_SLUG].strip("-")
    return f"{plain or 'question'}-{references.new('Q')[2:6].lower()}"


def _page(item: FaqItem | None, form: Form) -> str:
    return render_template("staff/faq/edit.html", item=item, form=form)
