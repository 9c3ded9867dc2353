"""Who works here: inviting, roles, locking an account."""

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import actions, queries
from provider.accounts.confirming import confirmed
from provider.accounts.models import Person
from provider.accounts.rules import Permission, Role
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.staff import views_sign_in
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas import ChangeRoles, InviteStaff

door = Door(
    "staff_people",
    __name__,
    needs=Permission.SEE_PEOPLE,
    changes=Permission.MANAGE_PEOPLE,
    url_prefix="/staff/people",
)
ROLE_CHOICES: Any = [(role.value, role.label, role.duty) for role in Role]  # the third part is a hint


@door.get("")
def index() -> ResponseReturnValue:
    people = queries.staff()
    invited = queries.invitations([person.reference for person in people if person.password_hash is None])
    with_factor = queries.with_factor([person.id for person in people])
    return render_template(
        "staff/people/index.html",
        people=people,
        invited=invited,
        with_factor=with_factor,
        marks=troubled(person.email for person in people),
        now=received_at(),
    )


@door.get("/new")
def new() -> ResponseReturnValue:
    return _invitation(Form(InviteStaff(), choices={"roles": ROLE_CHOICES}))


@door.post("/new")
@confirmed
def invite() -> ResponseReturnValue:
    form = Form(InviteStaff(), choices={"roles": ROLE_CHOICES}).load_form(request.form)
    if form.ok:
        roles = frozenset(Role(role) for role in form.data["roles"])
        attempt(
            form,
            lambda: actions.invite(
                name=form.data["name"], email=form.data["email"], roles=roles, actor=actor(), at=received_at()
            ),
        )
    if not form.ok:
        return _invitation(form), 422
    return done(f"A letter with a link is on its way to {form.data['email']}.", url_for("staff_people.index"))


def _invitation(form: Form) -> str:
    return render_template("staff/people/new.html", form=form)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    person = queries.by_reference(reference)
    roles = [role.value for role in person.roles]
    return _person(person, Form(ChangeRoles(), choices={"roles": ROLE_CHOICES}, values={"roles": roles}))


@door.post("/<reference>")
@confirmed
def change_roles(reference: str) -> ResponseReturnValue:
    form = Form(ChangeRoles(), choices={"roles": ROLE_CHOICES}).load_form(request.form)
    if form.ok:
        wanted = frozenset(Role(role) for role in form.data["roles"])
        attempt(
            form,
            lambda: actions.set_roles(
                person=queries.by_reference(reference, lock=True), roles=wanted, actor=actor(), at=received_at()
            ),
        )
    if not form.ok:
        return _person(queries.by_reference(reference), form), 422
    return done("The roles are changed. The person signs in again.", url_for("staff_people.index"))


@door.post("/<reference>/disable")
@confirmed
def disable(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.disable(person=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()),
        "The account is locked and signed out everywhere.",
        url_for("staff_people.show", reference=reference),
    )


@door.post("/<reference>/enable")
@confirmed
def enable(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.enable(person=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()),
        "The account is open again.",
        url_for("staff_people.show", reference=reference),
    )


def _person(person: Person, form: Form) -> str:
    return render_template(
        "staff/people/show.html",
        member=person,
        form=form,
        sign_in=views_sign_in.of(person),
        marks=troubled([person.email]),
    )
