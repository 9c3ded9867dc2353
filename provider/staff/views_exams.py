"""Exam results of students: the queue of those to check, one of them with its evidence, verifying and rejecting."""

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.exams import actions, queries
from provider.exams.models import ExamResult
from provider.exams.rules import ExamState, too_early
from provider.exams.schemas import FAILED, PASSED, ExamFacts, facts
from provider.files.downloads import given_out
from provider.kernel.database import unit_of_work
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.staff import stories
from provider.staff.answers import attempt, done
from provider.staff.listing import key, tab
from provider.staff.schemas import NotAccepted

RIGHTS = {"needs": Permission.SEE_EXAMS, "changes": Permission.CHECK_EXAMS}
door = Door("staff_exams", __name__, url_prefix="/staff/exams", **RIGHTS)


@door.get("")
def index() -> ResponseReturnValue:
    chosen = tab(ExamState.REPORTED)
    page = queries.page(chosen.state, before=key("before"), after=key("after"))
    states = list(ExamState)
    return render_template(
        "staff/exams/index.html", page=page, chosen=chosen.state, states=states, kept=chosen.kept
    ), chosen.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference)


@door.get("/<reference>/evidence")
def evidence(reference: str) -> Response:
    with unit_of_work():
        return given_out(queries.by_reference(reference).file, reference)


@door.post("/<reference>/verify")
def verify(reference: str) -> ResponseReturnValue:
    form = Form(ExamFacts()).load_form(request.form)
    attempt(form, lambda: _verify(reference, form.data))
    if not form.ok:
        return _page(reference, verify_form=form), 422
    return done("The result is verified. The student gets a letter.", url_for("staff_exams.index"))


def _verify(reference: str, data: dict[str, Any]) -> None:
    result = queries.by_reference(reference, lock=True)
    actions.verify(result=result, facts=facts(data), actor=actor(), at=received_at())


@door.post("/<reference>/reject")
def reject(reference: str) -> ResponseReturnValue:
    form = Form(NotAccepted()).load_form(request.form)
    attempt(form, lambda: _reject(reference, form.data["reason"]))
    if not form.ok:
        return _page(reference, reject_form=form), 422
    return done("The result is not accepted. The student gets a letter.", url_for("staff_exams.index"))


def _reject(reference: str, reason: str) -> None:
    result = queries.by_reference(reference, lock=True)
    actions.reject(result=result, reason=reason, actor=actor(), at=received_at())


def _page(reference: str, *, verify_form: Form | None = None, reject_form: Form | None = None) -> str:
    result = queries.by_reference(reference)
    decided_by = result.decided_by or ""
    return render_template(
        "staff/exams/show.html",
        result=result,
        allowed_from=too_early(result.taken_on, queries.other_attempts(result)),
        others=[one for one in queries.of_person(result.person_id) if one.reference != reference],
        decided_by=people.names({decided_by}).get(decided_by) if decided_by else None,
        story=stories.of_record(reference),
        verify_form=verify_form or Form(ExamFacts(), values=_reported(result)),
        reject_form=reject_form or Form(NotAccepted()),
    )


def _reported(result: ExamResult) -> dict[str, Any]:
    """Return what the student reported, for staff to set right."""
    values = {
        "taken_on": result.taken_on.isoformat(),
        "result": PASSED if result.passed else FAILED,
        "score": result.score,
        "certificate_number": result.certificate_number,
    }
    return {name: value for name, value in values.items() if value is not None}
