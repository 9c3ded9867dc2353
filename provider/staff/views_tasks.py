"""What staff have to do, and saying that it is done."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, received_at
from provider.staff.answers import attempt, done
from provider.staff.listing import key
from provider.staff.schemas import FinishTask
from provider.tasks import actions, queries
from provider.tasks.rules import TaskKind, TaskState

door = Door("staff_tasks", __name__, needs=Permission.SEE_TASKS, changes=Permission.DO_TASKS, url_prefix="/staff/tasks")


@door.get("")
def index() -> ResponseReturnValue:
    finished = request.args.get("state") == TaskState.DONE
    asked = request.args.get("kind", "")
    kind = TaskKind(asked) if asked in set(TaskKind) else None
    state = TaskState.DONE if finished else TaskState.OPEN
    page = queries.page(state=state, kind=kind, before=key("before"), after=key("after"))
    return render_template(
        "staff/tasks/index.html",
        page=page,
        counts={} if finished else queries.counts(),
        kind=kind,
        finished=finished,
        names=people.names({task.done_by for task in page.rows if task.done_by}) if finished else {},
        kept={name: value for name, value in (("kind", asked), ("state", state if finished else "")) if value},
    )


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(reference, Form(FinishTask()))


@door.post("/<reference>")
def finish(reference: str) -> ResponseReturnValue:
    form = Form(FinishTask()).load_form(request.form)
    if form.ok:
        attempt(
            form,
            lambda: actions.finish(
                task=queries.by_reference(reference), remark=form.data["remark"], actor=actor(), at=received_at()
            ),
        )
    if not form.ok:
        return _page(reference, form), 422
    return done("The task is done.", url_for("staff_tasks.index"))


def _page(reference: str, form: Form) -> str:
    task = queries.by_reference(reference)
    names = people.names({task.done_by}) if task.done_by else {}
    return render_template("staff/tasks/show.html", task=task, form=form, done_by=names.get(task.done_by or ""))
