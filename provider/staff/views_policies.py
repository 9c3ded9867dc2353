"""The refund policy's versions, the floors that state law puts under them, and counsel's confirmation."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.policies import actions, queries
from provider.policies.rules import in_force
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_catalog import AddPolicy, ConfirmCounsel
from provider.tuition import actions as tuition
from provider.tuition import queries as plans
from provider.tuition.rules import COUNSEL_SENTENCE

door = Door(
    "staff_policies",
    __name__,
    needs=Permission.SEE_CATALOG,
    changes=Permission.EDIT_POLICIES,
    url_prefix="/staff/policies",
)


@door.get("")
def index() -> ResponseReturnValue:
    versions = queries.versions()
    floors = [(row, queries.floor(row)) for row in queries.floor_rows()]
    return render_template(
        "staff/policies/index.html",
        versions=versions[::-1],
        current=in_force(versions, received_at()),
        usable=[(row, floor) for row, floor in floors if floor.can_be_enabled],
        for_counsel=[(row, floor) for row, floor in floors if not floor.can_be_enabled],
        counsel=plans.counsel(),
    )


@door.get("/new")
def new() -> ResponseReturnValue:
    return _version_page(Form(AddPolicy(settings().SCHOOL_ZONE)))


@door.post("/new")
def create() -> ResponseReturnValue:
    form = Form(AddPolicy(settings().SCHOOL_ZONE)).load_form(request.form)
    attempt(
        form,
        lambda: actions.add_version(
            hours=form.data["hours"],
            summary=form.data["summary"],
            effective_from=form.data["effective_from"],
            actor=actor(),
            at=received_at(),
        ),
    )
    if not form.ok:
        return _version_page(form), 422
    return done("The version is added.", url_for("staff_policies.index"))


def _version_page(form: Form) -> str:
    return render_template("staff/policies/new.html", form=form, versions=queries.versions()[::-1])


@door.post("/floors/<reference>/on")
def enable(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.enable_floor(row=queries.floor_row(reference, lock=True), actor=actor(), at=received_at()),
        "The row is turned on. It counts for every request from now on.",
        url_for("staff_policies.index"),
    )


@door.post("/floors/<reference>/off")
def disable(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.disable_floor(row=queries.floor_row(reference, lock=True), actor=actor(), at=received_at()),
        "The row is turned off. What was decided with it stays decided.",
        url_for("staff_policies.index"),
    )


@door.get("/counsel")
def counsel() -> ResponseReturnValue:
    return _counsel_page(Form(ConfirmCounsel()))


@door.post("/counsel")
def confirm_counsel() -> ResponseReturnValue:
    form = Form(ConfirmCounsel()).load_form(request.form)
    if form.ok and form.data["on"] > day_of(received_at(), settings().SCHOOL_ZONE):
        form.add_error("on", "This day is still to come. Write the day on which counsel was asked.")
    attempt(
        form,
        lambda: tuition.confirm_counsel(
            topic=plans.TRUTH_IN_LENDING,
            name=form.data["name"],
            on=form.data["on"],
            actor=actor(),
            at=received_at(),
        ),
    )
    if not form.ok:
        return _counsel_page(form), 422
    return done("Your confirmation is kept.", url_for("staff_policies.index"))


def _counsel_page(form: Form) -> str:
    return render_template(
        "staff/policies/counsel.html",
        form=form,
        counsel=plans.counsel(),
        long_plans=plans.needing_counsel(),
        sentence=COUNSEL_SENTENCE,
    )
