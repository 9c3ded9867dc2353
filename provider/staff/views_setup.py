"""The first hour of a new school: each step with its page, what is missing, and what the operator has set."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.confirming import confirmed
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.enrollments import queries as enrollments
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.forms import Form, Schema
from provider.kernel.registry import registry
from provider.kernel.settings import settings
from provider.kernel.web import actor, only, received_at
from provider.mail import actions as mail_actions
from provider.mail import queries as mail
from provider.mail.rules import Mailbox
from provider.payments import trying
from provider.payments.trying import Answer
from provider.programs import queries as programs
from provider.school import accent, actions
from provider.school import queries as school
from provider.school.rules import Key, written
from provider.school.steps import progress
from provider.staff import setup
from provider.staff.answers import attempt, done, told_at, try_to
from provider.staff.schemas_setup import EditColor, EditMailboxes, EditPayment, EditSchool
from provider.tuition import queries as plans

door = Door(
    "staff_setup",
    __name__,
    needs=Permission.SEE_SETUP,
    changes=Permission.SET_UP_SCHOOL,
    url_prefix="/staff/setup",
)
# Where each step is taken.
PAGES: Mapping[str, str] = {
    "name": "staff_setup.edit_school",
    "zone": "staff_setup.edit_school",
    "mailboxes": "staff_setup.edit_mailboxes",
    "letter": "staff_setup.edit_mailboxes",
    "color": "staff_setup.edit_color",
    "payment": "staff_setup.edit_payment",
    "cards": "staff_setup.cards",
    "program": "staff_setup.offer",
    "counsel": "staff_policies.counsel",
    "second-factor": "second_factor.index",
    "staff": "staff_people.index",
}


@door.get("")
def index() -> ResponseReturnValue:
    steps = setup.read(sessions.viewer())
    left, needed = progress(steps)
    return render_template(
        "staff/setup/index.html",
        steps=[(step, url_for(PAGES[step.name])) for step in steps],
        left=left,
        needed=needed,
        production=settings().production,
    )


def _set_by_operator(**names: Key) -> dict[str, Key]:
    """Return those fields of a form that the environment sets, each with its setting."""
    return {field: key for field, key in names.items() if key in school.operators().given}


def _keep(form: Form, values: Mapping[Key, str]) -> None:
    """Set something for the school, in this process at once; a refusal stands on the form."""
    saved = attempt(
        form,
        lambda: actions.save(values=values, zone_fixed=enrollments.any_ever(), actor=actor(), at=received_at()),
    )
    if saved is not None:
        school.refresh()


def _form(schema: Callable[..., Schema], left_out: Mapping[str, Key] | set[str], values: Mapping[str, Any]) -> Form:
    return Form(schema(exclude=tuple(left_out)), values=values)


@door.get("/school")
def edit_school() -> ResponseReturnValue:
    known = settings()
    values = {"name": known.SCHOOL_NAME, "zone": str(known.SCHOOL_ZONE)}
    left_out = set(_fixed()) | ({"zone"} if enrollments.any_ever() else set())
    return _school_page(_form(EditSchool, left_out, values))


@door.post("/school")
def update_school() -> ResponseReturnValue:
    # A page that was open when the first student enrolled still sends the zone, and is told why it stays.
    stays = {"zone"} if enrollments.any_ever() and "zone" not in request.form else set()
    form = _form(EditSchool, set(_fixed()) | stays, {}).load_form(request.form)
    if form.ok:
        names = {"name": Key.NAME, "zone": Key.ZONE}
        _keep(form, {key: form.data[name] for name, key in names.items() if name in form.data})
    if not form.ok:
        return _school_page(form), 422
    return done("The school’s profile is saved.", url_for("staff_setup.index"))


def _fixed() -> dict[str, Key]:
    return _set_by_operator(name=Key.NAME, zone=Key.ZONE)


def _school_page(form: Form) -> str:
    return render_template(
        "staff/setup/school.html",
        form=form,
        operators=_fixed(),
        zone_fixed=enrollments.any_ever(),
        why=actions.ZoneFixed.sentence,
    )


@door.get("/mailboxes")
def edit_mailboxes() -> ResponseReturnValue:
    return _mailboxes_page(_form(EditMailboxes, _domain(), {"domain": settings().MAIL_DOMAIN}))


@door.post("/mailboxes")
def update_mailboxes() -> ResponseReturnValue:
    form = _form(EditMailboxes, _domain(), {}).load_form(request.form)
    if form.ok and form.data:
        _keep(form, {Key.DOMAIN: form.data["domain"]})
    if not form.ok:
        return _mailboxes_page(form), 422
    return done("The mailboxes are saved. Send a test letter next.", url_for("staff_setup.edit_mailboxes"))


def _domain() -> dict[str, Key]:
    return _set_by_operator(domain=Key.DOMAIN)


def _mailboxes_page(form: Form) -> str:
    letter = mail.last_test()
    return render_template(
        "staff/setup/mailboxes.html",
        form=form,
        operators=_domain(),
        addresses=[settings().mailbox(mailbox) for mailbox in Mailbox],
        way_out=mail.way_out(settings().MAIL_URL),
        letter=letter,
        marks=mail.troubled([letter.recipient] if letter else []),
        trial=setup.trial(letter, received_at()),
        step=next(step for step in setup.read(sessions.viewer()) if step.name == "letter"),
        recipient=sessions.viewer().email,
    )


@door.post("/test-letter")
def send_test() -> ResponseReturnValue:
    viewer = sessions.viewer()
    return try_to(
        lambda: mail_actions.post_test(recipient=viewer.email, name=viewer.name, actor=actor(), at=received_at()),
        f"A test letter to {viewer.email} is in the outbox.",
        url_for("staff_setup.edit_mailboxes"),
    )


@door.get("/color")
def edit_color() -> ResponseReturnValue:
    known = settings().ACCENT_COLOR or accent.DEFAULT.light.accent
    return _color_page(_form(EditColor, _color(), {"color": known}))


@door.post("/color")
def update_color() -> ResponseReturnValue:
    form = _form(EditColor, _color(), {}).load_form(request.form)
    if form.ok and form.data:
        _keep(form, {Key.ACCENT: form.data["color"]})
    if not form.ok:
        return _color_page(form), 422
    return done("Pages and letters wear the color from now on.", url_for("staff_setup.edit_color"))


@door.post("/color/default")
def wear_default() -> ResponseReturnValue:
    def work() -> None:
        actions.save(values={Key.ACCENT: ""}, zone_fixed=False, actor=actor(), at=received_at())

    answer = try_to(
        work, "Pages and letters wear the color that comes with the software.", url_for("staff_setup.edit_color")
    )
    school.refresh()
    return answer


def _color() -> dict[str, Key]:
    return _set_by_operator(color=Key.ACCENT)


def _color_page(form: Form) -> str:
    asked = form.data.get("color")
    known = settings().ACCENT_COLOR
    return render_template(
        "staff/setup/color.html",
        form=form,
        operators=_color(),
        known=known,
        worn=accent.shades(known) if known else accent.DEFAULT,
        dark_paper=accent.DARK[1],
        asked=asked if form.errors else None,
        nearest=accent.nearest(asked) if asked and form.errors else None,
    )


@door.get("/payment")
def edit_payment() -> ResponseReturnValue:
    return _payment_page(_form(EditPayment, _payment(), {"lines": "\n".join(settings().payment_lines)}))


@door.post("/payment")
@confirmed
def update_payment() -> ResponseReturnValue:
    form = _form(EditPayment, _payment(), {}).load_form(request.form)
    if form.ok and form.data:
        _keep(form, {Key.PAYMENT: written(form.data["lines"])})
    if not form.ok:
        return _payment_page(form), 422
    return done("Students read this from now on.", url_for("staff_setup.index"))


def _payment() -> dict[str, Key]:
    return _set_by_operator(lines=Key.PAYMENT)


def _payment_page(form: Form) -> str:
    return render_template("staff/setup/payment.html", form=form, operators=_payment())


@door.get("/cards")
def cards() -> ResponseReturnValue:
    return render_template(
        "staff/setup/cards.html",
        known=settings(),
        address=f"{settings().BASE_URL}/hooks/stripe",
        events=sorted(registry().payment_events),
        step=next(step for step in setup.read(sessions.viewer()) if step.name == "cards"),
    )


@door.post("/cards/question")
def ask_service() -> ResponseReturnValue:
    only()
    trial = trying.ask_service(now=received_at())  # outside of any transaction
    retrying(lambda: trying.keep(trial, actor=actor(), at=received_at()))
    flash(trial.sentence, "message" if trial.answer is Answer.WORKS else "error")
    return redirect(told_at(url_for("staff_setup.cards")), code=303)


@door.get("/offer")
def offer() -> ResponseReturnValue:
    sold = [program for program in programs.programs() if program.on_sale]
    return render_template(
        "staff/setup/offer.html",
        offers=[(program, program.versions[0], plans.on_sale(program.id)) for program in sold if program.versions],
        step=next(step for step in setup.read(sessions.viewer()) if step.name == "program"),
        can_edit=may(Permission.EDIT_CATALOG),
    )
