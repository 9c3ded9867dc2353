"""Documents of students: the queue of those to check, one of them with its file, accepting and refusing."""

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.documents import actions, queries
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentState, explained
from provider.files.downloads import given_out
from provider.kernel.database import unit_of_work
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.inputs import GoodUntil
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.staff import stories
from provider.staff.answers import attempt, done
from provider.staff.listing import key, tab
from provider.staff.schemas import NotAccepted

door = Door(
    "staff_documents",
    __name__,
    needs=Permission.SEE_DOCUMENTS,
    changes=Permission.CHECK_DOCUMENTS,
    url_prefix="/staff/documents",
)


@door.get("")
def index() -> ResponseReturnValue:
    chosen = tab(DocumentState.UPLOADED)
    page = queries.page(chosen.state, before=key("before"), after=key("after"))
    states = list(DocumentState)
    return render_template(
        "staff/documents/index.html", page=page, chosen=chosen.state, states=states, kept=chosen.kept
    ), chosen.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference)


@door.get("/<reference>/file")
def file(reference: str) -> Response:
    with unit_of_work():
        return given_out(queries.by_reference(reference).file, reference)


@door.post("/<reference>/accept")
def accept(reference: str) -> ResponseReturnValue:
    form = Form(GoodUntil()).load_form(request.form)
    attempt(form, lambda: _accept(reference, form.data))
    if not form.ok:
        return _page(reference, accept_form=form), 422
    return done("The document is accepted.", url_for("staff_documents.index"))


def _accept(reference: str, data: dict[str, Any]) -> None:
    document = queries.by_reference(reference, lock=True)
    actions.accept(document=document, expires_on=data["expires_on"], actor=actor(), at=received_at())


@door.post("/<reference>/refuse")
def refuse(reference: str) -> ResponseReturnValue:
    form = Form(NotAccepted()).load_form(request.form)
    attempt(form, lambda: _refuse(reference, form.data["reason"]))
    if not form.ok:
        return _page(reference, refuse_form=form), 422
    return done("The document is refused. The student gets a letter.", url_for("staff_documents.index"))


def _refuse(reference: str, reason: str) -> None:
    document = queries.by_reference(reference, lock=True)
    actions.refuse(document=document, reason=reason, actor=actor(), at=received_at())


def _page(reference: str, *, accept_form: Form | None = None, refuse_form: Form | None = None) -> str:
    document = queries.by_reference(reference)
    today = day_of(received_at(), settings().SCHOOL_ZONE)
    needs = queries.needs(document.person_id, queries.wanted(document.person_id), today=today)
    checked_by = document.checked_by or ""
    return render_template(
        "staff/documents/show.html",
        document=document,
        explained=explained(document.kind),
        need=next((need for need in needs if need.kind is document.kind), None),
        reasons=[one.reason for one in queries.wanted(document.person_id)],
        others=[one for one in queries.of_person(document.person_id) if one.reference != reference],
        checked_by=people.names({checked_by}).get(checked_by) if checked_by else None,
        story=stories.of_record(reference),
        accept_form=accept_form or Form(GoodUntil(), values=_stated(document)),
        refuse_form=refuse_form or Form(NotAccepted()),
    )


def _stated(document: StudentDocument) -> dict[str, Any]:
    """Return what the student stated, for staff to set right."""
    if document.expires_on is None:
        return {"no_expiry": "on"}
    return {"expires_on": document.expires_on.isoformat()}
