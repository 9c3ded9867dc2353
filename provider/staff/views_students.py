"""One student with all enrollments, and the notes that staff write about enrollments and students."""

from collections.abc import Callable

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments import queries as enrollments
from provider.fieldwork.record_queries import placements_of
from provider.history.actions import write_note
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.staff import dossier, students
from provider.staff.answers import attempt, done
from provider.staff.schemas_tasks import WriteNote

door = Door("staff_students", __name__, needs=Permission.SEE_ENROLLMENTS, url_prefix="/staff/students")
notes = Door(
    "staff_notes", __name__, needs=Permission.SEE_ENROLLMENTS, changes=Permission.WRITE_NOTES, url_prefix="/staff"
)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _student(reference, blank())


def _student(reference: str, form: Form | None) -> str:
    return render_template("staff/students/show.html", s=students.read(reference), note_form=form)


def blank() -> Form | None:
    """Return an empty form of a note, for whoever may write one."""
    return Form(WriteNote()) if may(Permission.WRITE_NOTES) else None


def enrollment_page(reference: str, form: Form | None) -> str:
    """Draw the page of an enrollment with the form of a note."""
    enrollment = enrollments.by_reference(reference)
    placements = placements_of(enrollment.id) if may(Permission.SEE_PLACEMENTS) else []
    found = dossier.read(enrollment)
    return render_template("staff/enrollments/show.html", d=found, note_form=form, placements=placements)


@notes.post("/students/<reference>/notes")
def of_student(reference: str) -> ResponseReturnValue:
    known = enrollments.of_student(reference)[0].reference
    return _written(known, _student, url_for("staff_students.show", reference=known))


@notes.post("/enrollments/<reference>/notes")
def of_enrollment(reference: str) -> ResponseReturnValue:
    known = enrollments.by_reference(reference).reference
    return _written(known, enrollment_page, url_for("staff_enrollments.show", reference=known))


def _written(about: str, page: Callable[[str, Form | None], str], target: str) -> ResponseReturnValue:
    form = Form(WriteNote()).load_form(request.form)
    attempt(form, lambda: write_note(about=about, text=form.data["text"], actor=actor(), at=received_at()))
    if not form.ok:
        return page(about, form), 422
    return done("The note is kept.", target)
