"""Erasing what is held about a person: what would go and what stays, the act itself, and the list of those done."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.oversight import actions, personal, personal_erasure
from provider.oversight.rules import ErasureBasis
from provider.staff.answers import attempt, done
from provider.staff.listing import filters, key
from provider.staff.schemas import ErasePerson, FindPerson
from provider.tasks.rules import TaskState

door = Door(
    "staff_erasures",
    __name__,
    needs=Permission.SEE_PERSONAL_DATA,
    changes=Permission.ERASE_PEOPLE,
    url_prefix="/staff/erasures",
)
NOBODY = "Nobody has this e-mail address or reference. Write it whole."
OTHER = "This is not the reference of the person on this page. Copy it from the top."


@door.get("")
def index() -> ResponseReturnValue:
    form = filters(FindPerson(), {})
    who = form.data.get("who", "")
    meant = personal.found(who) if who else None
    if meant is not None:
        return redirect(url_for("staff_erasures.show", reference=meant.reference), code=303)
    if who:
        form.add_error("who", NOBODY)
    page = personal_erasure.page(before=key("before"), after=key("after"))
    actors = {row.actor_reference for row in page.rows if row.actor_reference}
    return render_template(
        "staff/erasures/index.html", form=form, page=page, names=people.names(actors) if actors else {}
    ), (200 if form.ok else 422)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference, Form(ErasePerson()))


@door.post("/<reference>")
@confirmed
def erase(reference: str) -> ResponseReturnValue:
    form = Form(ErasePerson()).load_form(request.form)
    subject = personal.to_erase(reference)
    if form.ok and form.data["reference"].upper() != subject.reference:
        form.add_error("reference", OTHER)
    attempt(
        form,
        lambda: personal_erasure.erase(reference, basis=ErasureBasis.ASKED, actor=actor(), at=received_at()),
    )
    if not form.ok:
        return _page(reference, form), 422
    sentence = "What was held is erased. A last letter tells the person what stays, and why."
    return done(sentence, url_for("staff_erasures.show", reference=subject.reference))


def _page(reference: str, form: Form) -> str:
    subject = personal.to_erase(reference)
    erasure = personal_erasure.erasure_of(subject.reference)
    asked = [task for task in actions.asked_erasures(subject.reference) if task.state is TaskState.OPEN]
    return render_template(
        "staff/erasures/show.html",
        subject=subject,
        erasure=erasure,
        preview=None if erasure else personal_erasure.preview(subject, now=received_at()),
        marks=troubled([subject.email]),
        asked=asked[-1] if asked else None,
        form=form,
        can_erase=may(Permission.ERASE_PEOPLE),
    )
