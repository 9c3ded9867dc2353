"""The list of enrollments, one enrollment whole, and what is done to it that is not money."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.enrollments import actions, queries, terms
from provider.enrollments.lists import Filters, staff_page
from provider.enrollments.rules import UNPAID_STATES, CancelReason, EnrollmentState
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.web import actor, received_at
from provider.payments import reminders
from provider.programs import queries as programs
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import filters, key
from provider.staff.schemas import Cancel, FindEnrollments
from provider.staff.views_students import blank, enrollment_page

door = Door(
    "staff_enrollments",
    __name__,
    needs=Permission.SEE_ENROLLMENTS,
    changes=Permission.CHANGE_ENROLLMENTS,
    url_prefix="/staff/enrollments",
)
UNPAID, LATE = "unpaid", "late"
STATES: Choices = (
    ("", "All states"),
    (UNPAID, "Waiting for payment"),
    *((state.value, state.label) for state in EnrollmentState),
    (LATE, "Late with an installment, or on hold"),
)


@door.get("")
def index() -> ResponseReturnValue:
    codes = programs.codes()
    choices: dict[str, Choices] = {
        "state": STATES,
        "program": (("", "All programs"), *((code, code) for code in codes.values())),
    }
    form = filters(FindEnrollments(), choices)
    chosen = _filters(form, codes) if form.ok else Filters()
    page = staff_page(chosen, before=key("before"), after=key("after"))
    kept = {name: value for name, value in form.data.items() if value}
    status = 200 if form.ok else 422
    return render_template("staff/enrollments/index.html", form=form, page=page, kept=kept), status


def _filters(form: Form, codes: dict[int, str]) -> Filters:
    ids = {code: program_id for program_id, code in codes.items()}
    state = form.data["state"]
    return Filters(
        typed=form.data["q"],
        states=_states(state),
        program_id=ids.get(form.data["program"]),
        late=state == LATE,
    )


def _states(chosen: str) -> tuple[EnrollmentState, ...]:
    if chosen == UNPAID:
        return tuple(sorted(UNPAID_STATES))
    return (EnrollmentState(chosen),) if chosen in set(EnrollmentState) else ()


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return enrollment_page(reference, blank())


@door.get("/<reference>/agreement")
def agreement(reference: str) -> ResponseReturnValue:
    enrollment = queries.by_reference(reference)
    sections = terms.sections(enrollment.agreement.terms)
    return render_template("staff/enrollments/agreement.html", enrollment=enrollment, sections=sections)


@door.get("/<reference>/cancel")
def ask_cancel(reference: str) -> ResponseReturnValue:
    return _cancel_page(reference, Form(Cancel()))


@door.post("/<reference>/cancel")
def cancel(reference: str) -> ResponseReturnValue:
    form = Form(Cancel()).load_form(request.form)
    if form.ok:
        attempt(form, lambda: _cancel(reference))
    if not form.ok:
        return _cancel_page(reference, form), 422
    return done("The enrollment is canceled. The student gets a letter.", _page(reference))


def _cancel(reference: str) -> None:
    enrollment = queries.by_reference(reference, lock=True)
    actions.cancel(enrollment=enrollment, reason=CancelReason.STAFF, actor=actor(), at=received_at())


def _cancel_page(reference: str, form: Form) -> str:
    return render_template("staff/enrollments/cancel.html", enrollment=queries.by_reference(reference), form=form)


@door.post("/<reference>/completion")
def complete(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.complete(
            enrollment=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()
        ),
        "The program is marked as completed. The student gets a letter.",
        _page(reference),
    )


@door.post("/<reference>/hold-release")
def release_hold(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: reminders.release_hold(
            enrollment=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()
        ),
        "The hold is released.",
        _page(reference),
    )


def _page(reference: str) -> str:
    return url_for("staff_enrollments.show", reference=reference)
