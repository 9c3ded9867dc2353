"""A student's exams: what was reported and how it stands, reporting one, the evidence, and the day of renewal."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.accounts.sessions import Viewer
from provider.exams import actions, queries
from provider.exams.models import ExamResult
from provider.exams.rules import FAILS_BEFORE_PAUSE, RETAKE_DAYS, RETAKE_MONTHS
from provider.exams.schemas import Renewal, ReportResult, facts
from provider.files.downloads import given_out
from provider.kernel.database import Busy, retrying, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.programs import queries as programs
from provider.programs.models import Credential

door = Door("exams", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/exams")


@door.get("")
def index() -> ResponseReturnValue:
    viewer = sessions.viewer()
    return render_template(
        "exams/index.html",
        exams=queries.exams_of(viewer.person_id),
        today=day_of(received_at(), settings().SCHOOL_ZONE),
        retake=(RETAKE_DAYS, FAILS_BEFORE_PAUSE, RETAKE_MONTHS),
    )


@door.get("/report")
def new() -> ResponseReturnValue:
    sessions.viewer()
    return _page(_form(values={"credential": request.args.get("exam", "")}))


def _form(*, values: dict[str, str] | None = None) -> Form:
    choices = [("", "Choose one"), *((one.slug, f"{one.code}, {one.name}") for one in programs.credentials())]
    return Form(ReportResult(), choices={"credential": choices}, values=values)


def _page(form: Form) -> str:
    return render_template("exams/report.html", form=form)


@door.post("")
def create() -> ResponseReturnValue:
    viewer = sessions.viewer()
    form = _form().load_form(request.form, request.files)
    credential = _chosen(form)
    if form.ok and credential is not None:
        _report(viewer, credential, form)
    if not form.ok:
        return _page(form), 422
    flash("Thank you. We have your result and check it. You see here how it stands, and you get a letter.")
    return redirect(f"{url_for('exams.index')}#said", code=303)


def _chosen(form: Form) -> Credential | None:
    slug = form.data.get("credential")
    found = next((one for one in programs.credentials() if one.slug == slug), None)
    if slug is not None and found is None:
        form.add_error("credential", "Choose one of these.")
    return found


def _report(viewer: Viewer, credential: Credential, form: Form) -> None:
    def work() -> None:
        actions.report(
            person=people.by_id(viewer.person_id),
            credential=credential,
            facts=facts(form.data),
            data=form.data["evidence"],
            actor=actor(),
            at=received_at(),
        )

    try:
        retrying(work)
    except Busy:
        raise
    except DomainError as refusal:
        of_day = isinstance(refusal, (actions.DayRefused, actions.ReportedAlready))
        form.add_error("taken_on" if of_day else "evidence", refusal.sentence)


@door.get("/<reference>/evidence")
def evidence(reference: str) -> Response:
    viewer = sessions.owner()
    with unit_of_work():
        return given_out(queries.own(viewer.person_id, reference).file, reference)


@door.get("/<reference>/renewal")
def renewal(reference: str) -> ResponseReturnValue:
    viewer = sessions.owner()
    return _renewal_page(_renewable(viewer, reference), Form(Renewal()))


def _renewable(viewer: Viewer, reference: str) -> ExamResult:
    result = queries.own(viewer.person_id, reference)
    if result.renew_by is None:
        raise NotFound
    return result


def _renewal_page(result: ExamResult, form: Form) -> str:
    return render_template("exams/renewal.html", result=result, form=form)


@door.post("/<reference>/renewal")
def renew(reference: str) -> ResponseReturnValue:
    viewer = sessions.owner()
    _renewable(viewer, reference)
    form = Form(Renewal()).load_form(request.form)
    if form.ok:
        _renew(viewer, reference, form)
    if not form.ok:
        return _renewal_page(_renewable(viewer, reference), form), 422
    flash("Thank you. We remind you again before the new day.")
    return redirect(f"{url_for('exams.index')}#said", code=303)


def _renew(viewer: Viewer, reference: str, form: Form) -> None:
    def work() -> None:
        result = queries.own(viewer.person_id, reference, lock=True)
        actions.renew(result=result, renew_on=form.data["renew_by"], actor=actor(), at=received_at())

    try:
        retrying(work)
    except (actions.DayRefused, actions.NothingToRenew) as refusal:
        form.add_error("renew_by", refusal.sentence)
