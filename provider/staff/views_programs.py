"""Programs and what they cost: each edit makes a new version, and agreements made before keep theirs."""

import datetime as dt
import re
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.kernel import text
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.errors import NotFound
from provider.kernel.forms import Choices, Form
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.programs import actions, queries
from provider.programs.models import Program
from provider.programs.rules import Content
from provider.staff.answers import attempt, done, try_to
from provider.staff.schemas_catalog import FIRST_INCLUSIONS, AddPlan, AddProgram, EditPlan, EditProgram, written
from provider.tuition import actions as tuition
from provider.tuition import queries as plans
from provider.tuition.models import TuitionPlan
from provider.tuition.rules import COUNSEL_SENTENCE, ImpossibleSchedule, Plan, PlanDraft, PlanKind, needs_counsel

door = Door(
    "staff_programs",
    __name__,
    needs=Permission.SEE_CATALOG,
    changes=Permission.EDIT_CATALOG,
    url_prefix="/staff/programs",
)
LONGEST_SLUG = 60


@door.get("")
def index() -> ResponseReturnValue:
    programs = queries.programs()
    return render_template(
        "staff/programs/index.html",
        programs=programs,
        plans={program.id: plans.on_sale(program.id) for program in programs},
        counsel=plans.counsel(),
        long_plans=plans.needing_counsel(),
        sentence=COUNSEL_SENTENCE,
    )


@door.get("/new")
def new() -> ResponseReturnValue:
    return _new_page(Form(AddProgram(), choices=_credentials(), values={"inclusions": written(FIRST_INCLUSIONS)}))


@door.post("/new")
def create() -> ResponseReturnValue:
    form = Form(AddProgram(), choices=_credentials()).load_form(request.form)
    reference = attempt(form, lambda: _open(form.data))
    if reference is None:
        return _new_page(form), 422
    sentence = "The program is added, and not on sale yet. Add a way of paying, then put it on sale."
    return done(sentence, url_for("staff_programs.show", reference=reference))


def _open(data: dict[str, Any]) -> str:
    program = actions.open_program(slug=data["slug"], code=data["code"], actor=actor(), at=received_at())
    _write(program, data)
    return program.reference


def _new_page(form: Form) -> str:
    return render_template("staff/programs/new.html", form=form)


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    program = queries.program(reference)
    return render_template(
        "staff/programs/show.html",
        program=program,
        version=program.versions[0],
        content=queries.content(program.versions[0]),
        sold=plans.on_sale(program.id),
        earlier=[plan for plan in plans.versions(program.id) if plan.retired_at is not None],
        needs_counsel=needs_counsel,
        counsel=plans.counsel(),
    )


@door.get("/<reference>/edit")
def edit(reference: str) -> ResponseReturnValue:
    program = queries.program(reference)
    return _program_page(program, Form(EditProgram(), choices=_credentials(), values=_values(program)))


@door.post("/<reference>/edit")
def update(reference: str) -> ResponseReturnValue:
    form = Form(EditProgram(), choices=_credentials()).load_form(request.form)
    attempt(form, lambda: _save(reference, form.data))
    if not form.ok:
        return _program_page(queries.program(reference), form), 422
    return done("The program is saved.", url_for("staff_programs.show", reference=reference))


def _save(reference: str, data: dict[str, Any]) -> None:
    program = queries.program(reference)
    tuition.check_class(program=program, class_weeks=data["class_weeks"])
    _write(program, data, based_on=data["based_on"])


def _write(program: Program, data: dict[str, Any], *, based_on: int | None = None) -> None:
    content = Content(
        summary=data["summary"],
        teaching=data["teaching"],
        outcome=data["outcome"],
        credentials=tuple(data["credentials"]),
        inclusions=data["inclusions"],
        prerequisites=data["prerequisites"],
        state_rules=data["state_rules"],
        links=data["links"],
        externship_hours=data["externship_hours"],
    )
    actions.save_program_version(
        program=program,
        title=data["title"],
        class_weeks=data["class_weeks"],
        sample=data["sample"],
        content=content,
        based_on=based_on,
        actor=actor(),
        at=received_at(),
    )


def _values(program: Program) -> dict[str, Any]:
    version = program.versions[0]
    content = queries.content(version)
    return {
        "based_on": version.number,
        "title": version.title,
        "summary": content.summary,
        "outcome": content.outcome,
        "teaching": content.teaching,
        "class_weeks": version.class_weeks,
        "externship_hours": content.externship_hours or "",
        "credentials": list(content.credentials),
        "inclusions": written(content.inclusions),
        "prerequisites": written(content.prerequisites),
        "state_rules": written(content.state_rules),
        "links": written(content.links),
        "sample": version.sample,
    }


def _credentials() -> dict[str, Choices]:
    return {"credentials": [(one.code, f"{one.name} ({one.body})") for one in queries.credentials()]}


def _program_page(program: Program, form: Form) -> str:
    return render_template("staff/programs/edit.html", program=program, form=form)


@door.post("/<reference>/sale")
def sell(reference: str) -> ResponseReturnValue:
    return _put_on_sale(reference, on_sale=True)


@door.post("/<reference>/sale-end")
def stop_selling(reference: str) -> ResponseReturnValue:
    return _put_on_sale(reference, on_sale=False)


def _put_on_sale(reference: str, *, on_sale: bool) -> ResponseReturnValue:
    def work() -> None:
        program = queries.program(reference, lock=True)
        if on_sale:
            tuition.check_sellable(program=program)
        actions.set_on_sale(program=program, on_sale=on_sale, actor=actor(), at=received_at())

    return try_to(
        work,
        "The program is on sale." if on_sale else "The program is off sale. Enrollments stay as they are.",
        url_for("staff_programs.show", reference=reference),
    )


@door.get("/<reference>/plans/new")
def new_plan(reference: str) -> ResponseReturnValue:
    return _new_plan_page(reference, Form(AddPlan(), values={"count": 1}))


@door.post("/<reference>/plans/new")
def create_plan(reference: str) -> ResponseReturnValue:
    form = Form(AddPlan()).load_form(request.form)
    attempt(form, lambda: _add_plan(reference, form.data))
    if not form.ok:
        return _new_plan_page(reference, form), 422
    return done("The plan is added.", url_for("staff_programs.show", reference=reference))


def _add_plan(reference: str, data: dict[str, Any]) -> None:
    kind = PlanKind(data["kind"])
    count = data["count"] if kind is PlanKind.INSTALLMENTS else 1
    draft = PlanDraft(_slug(data["title"], kind), data["title"], Plan(kind, data["total"], count), data["sample"])
    tuition.add_plan(program=queries.program(reference), draft=draft, actor=actor(), at=received_at())


def _slug(title: str, kind: PlanKind) -> str:
    """Name a plan in addresses by the words of its title, or by its kind where they have no Latin letters."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(text.words(title)))[:LONGEST_SLUG].strip("-") or kind.value


def _new_plan_page(reference: str, form: Form) -> str:
    program = queries.program(reference)
    return render_template(
        "staff/programs/new_plan.html",
        program=program,
        form=form,
        sold=plans.on_sale(program.id),
        counsel_sentence=COUNSEL_SENTENCE,
        counsel=plans.counsel(),
    )


@door.post("/<reference>/plans/<plan>/retirement")
def retire_plan(reference: str, plan: str) -> ResponseReturnValue:
    return try_to(
        lambda: tuition.retire_plan(plan=_plan(reference, plan), actor=actor(), at=received_at()),
        "The plan is off sale. Students who enrolled under it keep their dates and amounts.",
        url_for("staff_programs.show", reference=reference),
    )


def _plan(reference: str, plan: str) -> TuitionPlan:
    found = plans.by_reference(plan)
    if found.program_id != queries.program(reference).id:
        raise NotFound
    return found


@door.get("/<reference>/plans/<plan>")
def edit_plan(reference: str, plan: str) -> ResponseReturnValue:
    found = _plan(reference, plan)
    values = {
        "title": found.title,
        "total": dollars(found.total_cents),
        "count": found.count,
        "sample": found.sample,
    }
    return _plan_page(reference, found, Form(EditPlan(), values=values))


@door.post("/<reference>/plans/<plan>")
def update_plan(reference: str, plan: str) -> ResponseReturnValue:
    form = Form(EditPlan()).load_form(request.form)
    attempt(form, lambda: _save_plan(_plan(reference, plan), form.data))
    if not form.ok:
        return _plan_page(reference, _plan(reference, plan), form), 422
    return done("The plan is saved.", url_for("staff_programs.show", reference=reference))


def _save_plan(plan: TuitionPlan, data: dict[str, Any]) -> None:
    draft = PlanDraft(plan.slug, data["title"], Plan(plan.kind, data["total"], data["count"]), data["sample"])
    tuition.replace_plan(plan=plan, draft=draft, actor=actor(), at=received_at())


def _plan_page(reference: str, plan: TuitionPlan, form: Form) -> str:
    program = queries.program(reference)
    return render_template(
        "staff/programs/plan.html",
        program=program,
        plan=plan,
        form=form,
        shown=[field for field in form.fields if field.name != "count" or plan.kind is PlanKind.INSTALLMENTS],
        rows=_preview(plan, program.versions[0].class_weeks),
        counsel_sentence=COUNSEL_SENTENCE if needs_counsel(plan.count) else None,
        counsel=plans.counsel(),
    )


def _preview(plan: TuitionPlan, class_weeks: int) -> list[tuple[dt.date, int]]:
    today = day_of(received_at(), settings().SCHOOL_ZONE)
    try:
        rows = Plan(plan.kind, plan.total_cents, plan.count).schedule(today, class_weeks)
    except ImpossibleSchedule:
        return []
    return [(row.due_on, row.amount_cents) for row in rows]
