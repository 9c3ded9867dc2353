"""The student's documents: what is needed and how it stands, uploading one, and having it back."""

import datetime as dt

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.accounts.sessions import Viewer
from provider.documents import actions, queries
from provider.documents.rules import DocumentKind, explained, next_step
from provider.documents.schemas import UploadDocument
from provider.enrollments import queries as enrollments
from provider.files.downloads import given_out
from provider.kernel.database import Busy, retrying, unit_of_work
from provider.kernel.days import day_of, written
from provider.kernel.doors import Door
from provider.kernel.errors import DomainError
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at

door = Door("documents", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/externship/documents")


def _today() -> dt.date:
    return day_of(received_at(), settings().SCHOOL_ZONE)


@door.get("")
def index() -> ResponseReturnValue:
    viewer = sessions.viewer()
    wanted = queries.wanted(viewer.person_id)
    last = max((one.through for one in wanted if one.through is not None), default=None)
    through = written(last) if last else "it is needed"
    needs = queries.needs(viewer.person_id, wanted, today=_today())
    return render_template(
        "documents/index.html",
        needs=needs,
        askers=sorted({ask.who for need in needs for ask in need.asks}),
        reasons=list(dict.fromkeys(one.reason for one in wanted)),
        asked=any(one.asked for one in wanted),
        through=last,
        explained=explained,
        next_step=lambda need: next_step(need.standing, through=through),
        documents=queries.of_person(viewer.person_id),
        months=settings().RETENTION_DOCUMENT_MONTHS,
        sample=any(one.agreement.sample for one in enrollments.of_person(viewer.person_id)),
    )


@door.get("/upload")
def new() -> ResponseReturnValue:
    viewer = sessions.viewer()
    return _page(viewer, Form(UploadDocument(), values={"kind": request.args.get("kind", "")}))


@door.post("")
def create() -> ResponseReturnValue:
    viewer = sessions.viewer()
    form = Form(UploadDocument()).load_form(request.form, request.files)
    if form.ok:
        _upload(viewer, form)
    if not form.ok:
        return _page(viewer, form), 422
    flash(f"Thank you. We have your document: {form.data['kind'].label}. We check it, and you see here how it stands.")
    return redirect(f"{url_for('documents.index')}#said", code=303)


def _upload(viewer: Viewer, form: Form) -> None:
    def work() -> None:
        actions.upload(
            person=people.by_id(viewer.person_id),
            kind=form.data["kind"],
            data=form.data["file"],
            expires_on=form.data["expires_on"],
            actor=actor(),
            at=received_at(),
        )

    try:
        retrying(work)
    except Busy:
        raise
    except DomainError as refusal:
        form.add_error("expires_on" if isinstance(refusal, actions.NotGood) else "file", refusal.sentence)


def _page(viewer: Viewer, form: Form) -> str:
    chosen = form.values.get("kind", "")
    kind = DocumentKind(chosen) if chosen in set(DocumentKind) else None
    needs = queries.needs(viewer.person_id, queries.wanted(viewer.person_id), today=_today())
    return render_template(
        "documents/upload.html",
        kind=kind,
        form=form,
        explained=explained(kind) if kind else None,
        need=next((need for need in needs if need.kind is kind), None),
    )


@door.get("/<reference>/file")
def file(reference: str) -> Response:
    viewer = sessions.owner()
    with unit_of_work():
        return given_out(queries.own(viewer.person_id, reference).file, reference)
