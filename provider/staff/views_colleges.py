"""A college as credit requests name it: whether letters reach it, which requests wait, and setting it right."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.credits import colleges, queries
from provider.credits.refusals import MailboxRefused
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.staff import stories
from provider.staff.answers import attempt, done
from provider.staff.schemas_credits import CorrectCollege

door = Door(
    "staff_colleges",
    __name__,
    needs=Permission.SEE_CREDITS,
    changes=Permission.SEND_CREDITS,
    url_prefix="/staff/colleges",
)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    college = queries.any_college(reference)
    known = {"name": college.name, "registrar_email": college.registrar_email}
    return _page(reference, Form(CorrectCollege(), values=known))


@door.post("/<reference>/correction")
def correct(reference: str) -> ResponseReturnValue:
    form, right = Form(CorrectCollege()).load_form(request.form), None
    try:
        right = attempt(form, lambda: _correct(reference, form.data), telling=(MailboxRefused,))
    except MailboxRefused as refusal:
        form.add_error("registrar_email", refusal.sentence)
    if right is None:
        return _page(reference, form), 422
    return done("The college is set right. Go on with its requests below.", url_for(".show", reference=reference))


def _correct(reference: str, data: dict[str, Any]) -> str:
    college = queries.any_college(reference, lock=True)
    return colleges.correct(college=college, **data, actor=actor(), at=received_at()).reference


def _page(reference: str, form: Form) -> str:
    college = queries.any_college(reference)
    return render_template(
        "staff/credits/college.html",
        college=college,
        marks=troubled(college.mailboxes),
        requests=queries.of_college(college.id),
        story=stories.of_record(reference),
        form=form,
        can_correct=may(Permission.SEND_CREDITS) and college.replaced_by is None,
    )
