"""Marking completions many at a time: by ticking, or by a CSV file with a dry run."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from provider.accounts.rules import Permission
from provider.enrollments.completions import MOST_ROWS, Fate, Judged, Row, complete_all, dry_run
from provider.kernel.database import retrying
from provider.kernel.days import counted
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, only, received_at
from provider.staff import csv_files
from provider.staff.answers import done
from provider.staff.listing import key
from provider.staff.lists import Active
from provider.staff.schemas import CompletionsFile

door = Door(
    "staff_completions",
    __name__,
    needs=Permission.SEE_ENROLLMENTS,
    changes=Permission.CHANGE_ENROLLMENTS,
    url_prefix="/staff/completions",
)


@door.get("")
def index() -> ResponseReturnValue:
    return _list(Form(CompletionsFile()))


def _list(upload: Form, status: int = 200) -> ResponseReturnValue:
    listed = Active(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    answer = render_template("staff/completions/index.html", listed=listed, upload=upload, page=page)
    return answer, status if listed.asked.form.ok else 422


@door.post("")
def create() -> ResponseReturnValue:
    only("row")
    rows = _rows(request.form)
    if not rows:
        form = Form(CompletionsFile())
        form.add_error("_schema", "Tick at least one enrollment.")
        return _list(form, 422)
    judged: list[Judged] = retrying(lambda: complete_all(rows=rows, actor=actor(), at=received_at()))
    completed = sum(one.fate is Fate.COMPLETES for one in judged)
    left = len(judged) - completed
    sentence = f"{counted(completed, 'enrollment')} marked as completed."
    if left:
        sentence += f" {counted(left, 'row')} left as it was." if left == 1 else f" {left} rows left as they were."
    return done(sentence, url_for("staff_completions.index"))


@door.post("/check")
def check() -> ResponseReturnValue:
    form = Form(CompletionsFile()).load_form(request.form, request.files)
    if not form.ok:
        return _list(form, 422)
    try:
        rows = csv_files.completed(form.data["csv"])
    except csv_files.Unreadable as refusal:
        form.add_error("csv", refusal.sentence)
        return _list(form, 422)
    judged = dry_run(rows, now=received_at())
    ready = [one for one in judged if one.fate is Fate.COMPLETES]
    return render_template("staff/completions/check.html", judged=judged, ready=ready)


def _rows(posted: MultiDict[str, str]) -> list[Row]:
    """Read the ticked rows: a reference, and after a blank the day of its completion if one was given."""
    parts = [value.partition(" ") for value in posted.getlist("row")[:MOST_ROWS]]
    return [Row(reference[:16], day[:10]) for reference, _, day in parts]
