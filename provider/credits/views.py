"""A student's credit requests: what may be asked for, asking, how one stands, setting it right, taking it back."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.accounts.sessions import Viewer
from provider.credits import asking, ending, pages, queries
from provider.credits.models import CreditRequest
from provider.credits.queries import Chance
from provider.credits.refusals import AskedAlready, MailboxRefused, RequestFixed, UnknownCollege
from provider.credits.rules import CONSENT, CreditState, recommended
from provider.credits.schemas import AnswerCredit, AskCredit, ToldCollege, wanted
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, only, received_at

door = Door("credits", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/credit-requests")


@door.get("")
def index() -> ResponseReturnValue:
    return _index_page(sessions.viewer())


def _index_page(viewer: Viewer, problem: str = "") -> str:
    mine = queries.of_person(viewer.person_id)
    chances = queries.chances(viewer.person_id)
    return render_template("credits/index.html", requests=mine, chances=chances, problem=problem)


@door.get("/ask")
def new() -> ResponseReturnValue:
    viewer = sessions.viewer()
    chance = queries.chance(viewer.person_id, request.args.get("certificate", ""))
    if chance is None:
        return redirect(url_for("credits.index"), code=303)
    if not chance.open and chance.active is not None:
        return redirect(url_for("credits.show", reference=chance.active.reference), code=303)
    first = {"legal_name": people.by_id(viewer.person_id).name, "certificate": chance.credential.slug}
    return _ask_page(chance, Form(AskCredit(), choices=pages.college_choices(), values=first))


def _ask_page(chance: Chance, form: Form) -> str:
    advice = chance.recommendation
    return render_template(
        "credits/ask.html",
        chance=chance,
        form=form,
        consent=CONSENT.format(credential=chance.credential.code),
        stated=recommended(advice.credits, confirmed=advice.confirmed_on is not None) if advice else "",
    )


@door.post("")
def create() -> ResponseReturnValue:
    viewer = sessions.viewer()
    chance = queries.chance(viewer.person_id, request.form.get("certificate", ""))
    if chance is None:
        return _index_page(viewer, "Choose one of these certificates."), 422
    form = Form(AskCredit(), choices=pages.college_choices()).load_form(request.form)
    reference = ""
    if form.ok:
        try:
            reference = retrying(lambda: _ask(viewer, form.data))
        except AskedAlready as refusal:
            flash(refusal.sentence, "info")
            return redirect(url_for("credits.show", reference=refusal.reference), code=303)
        except (MailboxRefused, UnknownCollege) as refusal:
            form.add_error(_field(refusal), refusal.sentence)
    if not form.ok:
        return _ask_page(queries.chance(viewer.person_id, form.values["certificate"]) or chance, form), 422
    flash("Your request is in. We check it, and you see here how it stands.")
    return redirect(url_for("credits.show", reference=reference), code=303)


def _ask(viewer: Viewer, data: dict[str, Any]) -> str:
    person, slug = people.by_id(viewer.person_id), data["certificate"]
    return asking.ask(person=person, slug=slug, wanted=wanted(data), actor=actor(), at=received_at()).reference


def _field(refusal: MailboxRefused | UnknownCollege) -> str:
    return "registrar_email" if isinstance(refusal, MailboxRefused) else "college"


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    found = queries.own(sessions.owner().person_id, reference)
    owner = people.names({found.assigned_to}).get(found.assigned_to) if found.assigned_to else None
    shown = pages.shown(found, now=received_at())
    return render_template("credits/show.html", shown=shown, owner=owner, now=received_at())


@door.get("/<reference>/change")
def edit(reference: str) -> ResponseReturnValue:
    found = _changeable(reference)
    return _edit_page(found, _form(found, values=pages.filled_in(found)))


def _changeable(reference: str) -> CreditRequest:
    found = queries.own(sessions.owner().person_id, reference)
    if found.state not in pages.CHANGEABLE:
        raise RequestFixed
    return found


def _form(found: CreditRequest, *, values: dict[str, str] | None = None) -> Form:
    asked = found.state is CreditState.NEEDS_INFORMATION
    schema = AnswerCredit() if asked else ToldCollege()
    return Form(schema, choices=pages.college_choices(found), values=values)


def _edit_page(found: CreditRequest, form: Form) -> str:
    consent = CONSENT.format(credential=found.credential.code)
    return render_template("credits/change.html", credit=found, form=form, consent=consent)


@door.post("/<reference>/change")
def update(reference: str) -> ResponseReturnValue:
    viewer = sessions.owner()
    form = _form(_changeable(reference)).load_form(request.form)
    if form.ok:
        try:
            retrying(lambda: _change(viewer, reference, form.data))
        except (MailboxRefused, UnknownCollege) as refusal:
            form.add_error(_field(refusal), refusal.sentence)
    if not form.ok:
        return _edit_page(_changeable(reference), form), 422
    flash("Thank you. Your request stands as you wrote it now, and we check it.")
    return redirect(url_for("credits.show", reference=reference), code=303)


def _change(viewer: Viewer, reference: str, data: dict[str, Any]) -> None:
    found = queries.own(viewer.person_id, reference, lock=True)
    answer = data.get("answer")
    asking.change(request=found, wanted=wanted(data), answer=answer, actor=actor(), at=received_at())


@door.get("/<reference>/withdrawal")
def ask_withdraw(reference: str) -> ResponseReturnValue:
    found = queries.own(sessions.owner().person_id, reference)
    return render_template("credits/withdraw.html", shown=pages.shown(found, now=received_at()))


@door.post("/<reference>/withdrawal")
def withdraw(reference: str) -> ResponseReturnValue:
    viewer = sessions.owner()
    only()
    retrying(lambda: _withdraw(viewer, reference))
    flash("Your request is taken back. Nothing was sent to the college.")
    return redirect(url_for("credits.show", reference=reference), code=303)


def _withdraw(viewer: Viewer, reference: str) -> None:
    ending.withdraw(request=queries.own(viewer.person_id, reference, lock=True), actor=actor(), at=received_at())
