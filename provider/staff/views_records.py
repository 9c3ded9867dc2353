"""The end of a placement in the back office: evaluations, visits, completion, and the record with its revocation."""

from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments.rules import EnrollmentState
from provider.externships import offer_queries
from provider.externships.rules import PlacementState
from provider.fieldwork import evaluation_queries, evaluations, record_queries, records
from provider.fieldwork.evaluating import OVERALL, POINTS, rated
from provider.fieldwork.models import Evaluation, ExternshipRecord
from provider.fieldwork.recording import sheet
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, as_pdf, only, received_at
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_records import CompletePlacement, NoteVisit, RevokeRecord, SignRecord
from provider.verification.rules import written_code

door = Door(
    "staff_records",
    __name__,
    needs=Permission.SEE_PLACEMENTS,
    changes=Permission.MANAGE_PLACEMENTS,
    url_prefix="/staff/placements",
)


@dataclass(slots=True)
class Forms:
    """The forms of the page, one of them as it was sent."""

    visit: Form = field(default_factory=lambda: Form(NoteVisit(), values={"visited_on": _today()}))
    completion: Form = field(default_factory=lambda: Form(CompletePlacement()))
    revocation: Form = field(default_factory=lambda: Form(RevokeRecord()))
    again: Form = field(default_factory=lambda: Form(SignRecord()))


def _today() -> str:
    return day_of(received_at(), settings().SCHOOL_ZONE).isoformat()


@door.get("/<reference>/record")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference, Forms())


@door.get("/<reference>/record.pdf")
def show_pdf(reference: str) -> ResponseReturnValue:
    record = _record(reference)
    return as_pdf(record_queries.pdf(record), f"externship-record-{record.reference}.pdf")


@door.post("/<reference>/evaluations/<kind>")
def ask(reference: str, kind: str) -> ResponseReturnValue:
    only()
    wanted = next((one for one in EvaluationKind if one.value == kind), None)
    if wanted is None:
        raise NotFound

    def work() -> None:
        placement = offer_queries.held_placement(offer_queries.placement(reference).id)
        evaluations.ask(placement=placement, kind=wanted, actor=actor(), at=received_at())

    return try_to(work, f"{wanted.label}: the letter with the link is on its way.", _here(reference))


@door.post("/<reference>/visits")
def note_visit(reference: str) -> ResponseReturnValue:
    form = Form(NoteVisit()).load_form(request.form)
    if form.ok and form.data["visited_on"].isoformat() > _today():
        form.add_error("visited_on", "This day is yet to come.")
    attempt(form, lambda: _note_visit(reference, form.data))
    if not form.ok:
        return _page(reference, Forms(visit=form)), 422
    return done("The visit is noted.", _here(reference))


def _note_visit(reference: str, data: dict[str, Any]) -> None:
    records.note_visit(placement=offer_queries.placement(reference), **data, actor=actor(), at=received_at())


@door.post("/<reference>/completion")
def complete(reference: str) -> ResponseReturnValue:
    form = Form(CompletePlacement()).load_form(request.form)
    attempt(form, lambda: _complete(reference, form.data))
    if not form.ok:
        return _page(reference, Forms(completion=form)), 422
    return done("The externship is completed. The student gets the record by letter.", _here(reference))


def _complete(reference: str, data: dict[str, Any]) -> None:
    records.complete(placement=offer_queries.placement(reference), **data, actor=actor(), at=received_at())


@door.post("/<reference>/record")
def issue(reference: str) -> ResponseReturnValue:
    form = Form(SignRecord()).load_form(request.form)
    attempt(form, lambda: _issue(reference, form.data))
    if not form.ok:
        return _page(reference, Forms(again=form)), 422
    return done("The new record is made. The student gets it by letter.", _here(reference))


def _issue(reference: str, data: dict[str, Any]) -> None:
    records.issue_anew(placement=offer_queries.placement(reference), **data, actor=actor(), at=received_at())


@door.post("/<reference>/record/revocation")
@confirmed
def revoke(reference: str) -> ResponseReturnValue:
    form = Form(RevokeRecord()).load_form(request.form)
    attempt(form, lambda: _revoke(reference, form.data))
    if not form.ok:
        return _page(reference, Forms(revocation=form)), 422
    return done("The record is revoked. The page of its code says so from now on.", _here(reference))


def _revoke(reference: str, data: dict[str, Any]) -> None:
    records.revoke(record=_record(reference), **data, actor=actor(), at=received_at())


def _record(reference: str) -> ExternshipRecord:
    for newest in record_queries.of_placement(offer_queries.placement(reference).id):
        return newest
    raise NotFound


def _here(reference: str) -> str:
    return url_for("staff_records.show", reference=reference)


def _lines(evaluation: Evaluation) -> list[tuple[str, str]]:
    points = [(point.key, point.label) for point in POINTS[evaluation.kind]] + [(OVERALL, "Overall")]
    return [(label, rated(evaluation.kind, int(evaluation.answers.get(key, 0)))) for key, label in points]


def _page(reference: str, forms: Forms) -> str:
    placement = offer_queries.placement(reference)
    made, visits = record_queries.of_placement(placement.id), record_queries.visits(placement.id)
    record = made[0] if made else None
    asked = {one.kind: one for one in evaluation_queries.of_placement(placement.id)}
    named = {one.noted_by for one in visits} | ({record.made_by} if record else set())
    return render_template(
        "staff/records/show.html",
        placement=placement,
        runs=placement.state is PlacementState.RUNNING,
        reached=record_queries.reached(placement),
        asked=asked,
        kinds=EvaluationKind,
        lines=_lines,
        visits=visits,
        record=record,
        older=made[1:],
        written_code=written_code,
        can_issue=placement.enrollment.state is not EnrollmentState.REFUNDED,
        outgrown=record is not None and record_queries.approved_since(record),
        paper=sheet(record.content, record_queries.stamp(record)) if record else None,
        names=people.names({one for one in named if one}),
        forms=forms,
        can_manage=may(Permission.MANAGE_PLACEMENTS),
    )
