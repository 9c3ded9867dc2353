"""The list of enrollments, one enrollment whole, and what is done to it that is not money."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.enrollments import actions, queries, terms
from provider.enrollments.rules import CancelReason
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.payments import reminders
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import key
from provider.staff.lists import Enrollments
from provider.staff.schemas import Cancel
from provider.staff.views_bulk import ENROLLMENTS
from provider.staff.views_students import blank, enrollment_page

door = Door(
    "staff_enrollments",
    __name__,
    needs=Permission.SEE_ENROLLMENTS,
    changes=Permission.CHANGE_ENROLLMENTS,
    url_prefix="/staff/enrollments",
)


@door.get("")
def index() -> ResponseReturnValue:
    listed = Enrollments(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template(
        "staff/enrollments/index.html",
        listed=listed,
        page=page,
        marks=troubled(one.claimed_email for one in page.rows),
        deeds=ENROLLMENTS.choices,
    ), listed.asked.status


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
