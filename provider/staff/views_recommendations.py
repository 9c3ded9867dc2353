"""Recommendations of credit: which number of credits holds for a credential from when until when, and who saw it."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.programs import queries, recommendations
from provider.programs.models import Recommendation
from provider.programs.recommendations import Advice
from provider.programs.rules import stretch
from provider.staff.answers import attempt, done
from provider.staff.schemas_recommendations import (
    BeginRecommendation,
    ConfirmRecommendation,
    EditRecommendation,
    EndRecommendation,
)

door = Door(
    "staff_recommendations",
    __name__,
    needs=Permission.SEE_CATALOG,
    changes=Permission.EDIT_CATALOG,
    url_prefix="/staff/recommendations",
)
SAID = ("credits", "level", "subject", "source", "valid_from", "valid_to", "sample")


@door.get("")
def index() -> ResponseReturnValue:
    today = day_of(received_at(), settings().SCHOOL_ZONE)
    rows = [(one, stretch(one.valid_from, one.valid_to, today)) for one in queries.recommendations()]
    return render_template("staff/recommendations/index.html", rows=rows)


@door.get("/new")
def new() -> ResponseReturnValue:
    today = day_of(received_at(), settings().SCHOOL_ZONE)
    values = {"credential": request.args.get("credential", ""), "valid_from": today.isoformat()}
    return _new_page(Form(BeginRecommendation(), choices=_credentials(), values=values))


@door.post("/new")
def create() -> ResponseReturnValue:
    offered = _credentials()
    form = Form(BeginRecommendation(), choices=offered).load_form(request.form)
    if form.ok and form.data["credential"] not in dict(offered["credential"]):
        form.add_error("credential", "Choose one of these.")
    attempt(form, lambda: _begin(form.data))
    if not form.ok:
        return _new_page(form), 422
    return done("The recommendation is added. It is not confirmed until somebody has seen the record.", _list())


def _begin(data: dict[str, Any]) -> None:
    credential = queries.credential_by_code(data["credential"])
    recommendations.begin(credential=credential, advice=_advice(data), actor=actor(), at=received_at())


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference)


@door.post("/<reference>/words")
def update(reference: str) -> ResponseReturnValue:
    form = Form(EditRecommendation()).load_form(request.form)
    attempt(form, lambda: _change(reference, form.data))
    if not form.ok:
        return _page(reference, edit=form), 422
    return done("The recommendation is saved.", _here(reference))


def _change(reference: str, data: dict[str, Any]) -> None:
    found = queries.recommendation(reference, lock=True)
    recommendations.change(recommendation=found, advice=_advice(data), actor=actor(), at=received_at())


@door.post("/<reference>/end")
def end(reference: str) -> ResponseReturnValue:
    form = Form(EndRecommendation()).load_form(request.form)
    attempt(form, lambda: _end(reference, form.data))
    if not form.ok:
        return _page(reference, ending=form), 422
    return done("The last day is saved. Requests that rest on it keep their number.", _here(reference))


def _end(reference: str, data: dict[str, Any]) -> None:
    found = queries.recommendation(reference, lock=True)
    recommendations.end(recommendation=found, last_on=data["last_on"], actor=actor(), at=received_at())


@door.post("/<reference>/confirmation")
def confirm(reference: str) -> ResponseReturnValue:
    form = Form(ConfirmRecommendation()).load_form(request.form)
    if form.ok and form.data["on"] > day_of(received_at(), settings().SCHOOL_ZONE):
        form.add_error("on", "This day is yet to come.")
    attempt(form, lambda: _confirm(reference, form.data))
    if not form.ok:
        return _page(reference, confirmation=form), 422
    return done("The recommendation is confirmed. The public pages say so.", _here(reference))


def _confirm(reference: str, data: dict[str, Any]) -> None:
    found = queries.recommendation(reference, lock=True)
    recommendations.confirm(recommendation=found, **data, actor=actor(), at=received_at())


def _advice(data: dict[str, Any]) -> Advice:
    return Advice(**{name: data[name] for name in SAID})


def _credentials() -> dict[str, Choices]:
    return {"credential": [(one.code, f"{one.name} ({one.code})") for one in queries.credentials()]}


def _list() -> str:
    return url_for("staff_recommendations.index")


def _here(reference: str) -> str:
    return url_for("staff_recommendations.show", reference=reference)


def _new_page(form: Form) -> str:
    return render_template("staff/recommendations/new.html", form=form)


def _page(
    reference: str, *, edit: Form | None = None, ending: Form | None = None, confirmation: Form | None = None
) -> str:
    found = queries.recommendation(reference)
    today = day_of(received_at(), settings().SCHOOL_ZONE)
    used_on = recommendations.used_on(found)
    return render_template(
        "staff/recommendations/show.html",
        recommendation=found,
        stretch=stretch(found.valid_from, found.valid_to, today),
        used_on=used_on,
        can_edit=may(Permission.EDIT_CATALOG),
        edit=edit or (Form(EditRecommendation(), values=_values(found)) if used_on is None else None),
        ending=ending or Form(EndRecommendation(), values={"last_on": _date(found)}),
        confirmation=confirmation or Form(ConfirmRecommendation(), values={"on": today.isoformat()}),
    )


def _values(found: Recommendation) -> dict[str, Any]:
    said = {name: getattr(found, name) for name in SAID}
    return said | {"valid_from": found.valid_from.isoformat(), "valid_to": _date(found)}


def _date(found: Recommendation) -> str:
    return found.valid_to.isoformat() if found.valid_to else ""
