"""What staff have to do: writing it down, taking it, giving it to somebody, saying that it is done."""

import datetime as dt
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.duties import can_do
from provider.accounts.rules import Permission
from provider.accounts.sessions import may, signed_in
from provider.clocks.rules import Standing, on_its_day
from provider.kernel.days import day_of
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.promises import NOBODY
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.staff import stories, subjects
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import filters, place
from provider.staff.schemas_tasks import FindTasks, FinishTask, PlanTask, WriteTask
from provider.tasks import actions, queries
from provider.tasks.models import Task
from provider.tasks.queries import Asked
from provider.tasks.rules import TaskKind, TaskState

door = Door("staff_tasks", __name__, needs=Permission.SEE_TASKS, changes=Permission.DO_TASKS, url_prefix="/staff/tasks")
MINE, OVERDUE = "mine", "overdue"


@door.get("")
def index() -> ResponseReturnValue:
    form = filters(FindTasks(), {})
    chosen = form.data if form.ok else dict.fromkeys(form.schema.fields, "")
    finished = chosen["state"] == TaskState.DONE
    page = queries.page(_asked(chosen, finished=finished), before=place("before"), after=place("after"))
    return render_template(
        "staff/tasks/index.html",
        page=page,
        form=form,
        finished=finished,
        owner=chosen["owner"],
        narrowed=bool(chosen["kind"] or chosen["due"]),
        names=_names(*page.rows),
        standing_of=standing_of,
        href=subjects.href,
        kept={name: value for name, value in form.data.items() if value},
    ), 200 if form.ok else 422


def _asked(chosen: dict[str, Any], *, finished: bool) -> Asked:
    viewer = signed_in()
    mine = viewer.reference if viewer and chosen["owner"] == MINE else ""
    overdue = chosen["due"] == OVERDUE and not finished
    return Asked(
        state=TaskState.DONE if finished else TaskState.OPEN,
        kinds=(TaskKind(chosen["kind"]),) if chosen["kind"] in set(TaskKind) else (),
        owner=mine or (NOBODY if chosen["owner"] == NOBODY else ""),
        overdue_on=_today() if overdue else None,
    )


def _today() -> dt.date:
    return day_of(received_at(), settings().SCHOOL_ZONE)


def standing_of(task: Task) -> Standing | None:
    """Say how an open task stands today; nothing when it is done or any day will do."""
    if task.due_on is None or task.state is TaskState.DONE:
        return None
    return on_its_day(task.due_on, today=_today())


def _names(*tasks: Task) -> dict[str, str]:
    known = {one for task in tasks for one in (task.owner_reference, task.done_by) if one}
    return people.names(known) if known else {}


@door.get("/new")
def new() -> ResponseReturnValue:
    viewer = signed_in()
    values = {"about": request.args.get("about", "")[:16], "owner": viewer.reference if viewer else ""}
    return _writing(Form(WriteTask(), values=values))


@door.post("/new")
def create() -> ResponseReturnValue:
    form = Form(WriteTask()).load_form(request.form)
    reference = attempt(form, lambda: _write(form.data))
    if reference is None:
        return _writing(form), 422
    return done("The task is written down.", url_for("staff_tasks.show", reference=reference))


def _write(data: dict[str, Any]) -> str:
    task = actions.write(
        sentence=data["sentence"],
        about=subjects.known(data["about"]),
        due_on=data["due_on"],
        owner=data["owner"],
        may_own=people.doers(TaskKind.FOLLOW_UP),
        actor=actor(),
        at=received_at(),
    )
    return task.reference


def _writing(form: Form) -> str:
    form.choices["owner"] = _owners(people.doers(TaskKind.FOLLOW_UP))
    return render_template("staff/tasks/new.html", form=form)


def _owners(doers: dict[str, str], present: str | None = None, name: str | None = None) -> Choices:
    """Return who may be chosen, and whoever has it at present."""
    held = [(present, name or present)] if present and present not in doers else []
    return [("", "Nobody yet"), *held, *doers.items()]


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference)


@door.post("/<reference>")
def finish(reference: str) -> ResponseReturnValue:
    form = Form(FinishTask()).load_form(request.form)
    attempt(form, lambda: _finish(reference, form.data["remark"]))
    if not form.ok:
        return _page(reference, finish_form=form), 422
    return done("The task is done.", url_for("staff_tasks.index"))


def _finish(reference: str, remark: str | None) -> None:
    actions.finish(task=queries.by_reference(reference), remark=remark, actor=actor(), at=received_at())


@door.post("/<reference>/plan")
def plan(reference: str) -> ResponseReturnValue:
    form = Form(PlanTask()).load_form(request.form)
    attempt(form, lambda: _plan(reference, form.data))
    if not form.ok:
        return _page(reference, plan_form=form), 422
    return done("The task is changed.", url_for("staff_tasks.show", reference=reference))


def _plan(reference: str, data: dict[str, Any]) -> None:
    task = queries.by_reference(reference, lock=True)
    actions.plan(
        task=task,
        owner=data["owner"],
        due_on=data["due_on"],
        may_own=people.doers(task.kind),
        actor=actor(),
        at=received_at(),
    )


@door.post("/<reference>/take")
def take(reference: str) -> ResponseReturnValue:
    def work() -> None:
        task = queries.by_reference(reference, lock=True)
        actions.take(task=task, may_own=people.doers(task.kind), actor=actor(), at=received_at())

    return try_to(work, "The task is yours.", url_for("staff_tasks.show", reference=reference))


@door.post("/<reference>/reopen")
def reopen(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: actions.reopen(task=queries.by_reference(reference, lock=True), actor=actor(), at=received_at()),
        "The task is open again.",
        url_for("staff_tasks.show", reference=reference),
    )


def _page(reference: str, *, finish_form: Form | None = None, plan_form: Form | None = None) -> str:
    task = queries.by_reference(reference)
    viewer, names = signed_in(), _names(task)
    may_do = may(Permission.DO_TASKS)
    plan_form = plan_form or Form(
        PlanTask(),
        values={"owner": task.owner_reference or "", "due_on": task.due_on.isoformat() if task.due_on else ""},
    )
    owner = task.owner_reference
    plan_form.choices["owner"] = _owners(people.doers(task.kind) if may_do else {}, owner, names.get(owner or ""))
    return render_template(
        "staff/tasks/show.html",
        task=task,
        names=names,
        standing=standing_of(task),
        href=subjects.href(task.about),
        finish_form=finish_form or Form(FinishTask()),
        plan_form=plan_form,
        story=stories.of_record(task.reference),
        can_take=viewer is not None and task.owner_reference is None and can_do(task.kind, viewer.permissions),
        can_reopen=may_do and task.done_by is not None,
    )
