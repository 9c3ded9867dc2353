"""Coordinators ask for an externship with a student who is still in the program, for a written reason (R13)."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.affiliations.rules import mask
from provider.enrollments import queries as enrollments
from provider.externships import requests
from provider.externships.wishes import Wishes
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.staff.answers import attempt, done
from provider.staff.schemas import AskEarly

WORKDAYS = mask(range(5))
FROM, UNTIL = 8 * 60, 17 * 60

door = Door(
    "staff_early",
    __name__,
    needs=Permission.SEE_PLACEMENTS,
    changes=Permission.MANAGE_PLACEMENTS,
    url_prefix="/staff/enrollments",
)


@door.get("/<reference>/externship")
def new(reference: str) -> ResponseReturnValue:
    enrollment = enrollments.by_reference(reference)
    return _page(reference, Form(AskEarly(), values={"zip": enrollment.zip, "miles": settings().GUARANTEE_MILES}))


@door.post("/<reference>/externship")
def create(reference: str) -> ResponseReturnValue:
    form = Form(AskEarly()).load_form(request.form)
    attempt(form, lambda: _ask(reference, form.data))
    if not form.ok:
        return _page(reference, form), 422
    sentence = "The request is in, and its clock runs. The student gets a letter and can change the wishes."
    return done(sentence, url_for("staff_enrollments.show", reference=reference))


def _ask(reference: str, data: dict[str, Any]) -> None:
    wanted = Wishes(data["zip"], data["miles"], WORKDAYS, FROM, UNTIL, data["earliest_on"])
    requests.ask(
        enrollment=enrollments.by_reference(reference),
        wanted=wanted,
        early_reason=data["reason"],
        actor=actor(),
        at=received_at(),
    )


def _page(reference: str, form: Form) -> str:
    enrollment = enrollments.by_reference(reference)
    return render_template("staff/enrollments/externship.html", enrollment=enrollment, form=form)
