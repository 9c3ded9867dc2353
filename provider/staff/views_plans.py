"""Plans of placements: what the planner proposes for everybody who waits, and what staff do with it."""

from collections.abc import Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import queries as people
from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.affiliations.models import Opening
from provider.externships import plan_queries, plan_words, plans, rings
from provider.externships.models import PlacementPlan, PlanRow
from provider.externships.planning import Decision, PlanState, RowOutcome
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.web import actor, only, received_at
from provider.staff.answers import done, try_to
from provider.staff.listing import key

door = Door(
    "staff_plans",
    __name__,
    needs=Permission.SEE_PLACEMENTS,
    changes=Permission.MANAGE_PLACEMENTS,
    url_prefix="/staff/plans",
)
VIEWS = {"placed": "With a place", "unplaced": "Without", "refused": "No longer held"}
SECONDS = "3"  # after which a page that waits for the worker is read again


@door.get("")
def index() -> ResponseReturnValue:
    page = plan_queries.page(before=key("before"), after=key("after"))
    return render_template(
        "staff/plans/index.html",
        page=page,
        names=people.names({plan.created_by for plan in page.rows if plan.created_by}),
        waits=plan_queries.waits(),
        can_change=may(Permission.MANAGE_PLACEMENTS),
    )


@door.post("")
def create() -> ResponseReturnValue:
    only()
    reference = retrying(lambda: plans.start(actor=actor(), at=received_at()).reference)
    return done("The plan is being made.", url_for("staff_plans.show", reference=reference))


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    plan = plan_queries.by_reference(reference)
    view = request.args.get("view", "")
    page = plan_queries.rows(
        plan,
        placed={"placed": True, "unplaced": False}.get(view),
        outcome=RowOutcome.REFUSED if view == "refused" else None,
        before=key("before"),
        after=key("after"),
    )
    outcomes = plan_queries.outcomes(plan)
    busy = plan.state in {PlanState.QUEUED, PlanState.SOLVING}
    busy = busy or (plan.state is PlanState.COMMITTED and RowOutcome.WAITING in outcomes)
    body = render_template(
        "staff/plans/show.html",
        plan=plan,
        page=page,
        view=view if view in VIEWS else "",
        views=VIEWS,
        said=_said(page.rows),
        place_name=plan_words.place_name,
        outcomes=outcomes,
        busy=busy,
        map=rings.drawn(plan_queries.spots(plan)) if plan.placed else None,
        rings=rings,
        decided=_decided(plan),
        can_change=may(Permission.MANAGE_PLACEMENTS),
    )
    return (body, {"Refresh": SECONDS}) if busy else body


@door.get("/<reference>/students/<student>")
def row(reference: str, student: str) -> ResponseReturnValue:
    plan = plan_queries.by_reference(reference)
    found = plan_queries.row(plan, student)
    return render_template(
        "staff/plans/row.html",
        plan=plan,
        row=found,
        said=_said([found])[found.id],
        place_name=plan_words.place_name,
        decided=_decided(plan).get(student),
        can_change=may(Permission.MANAGE_PLACEMENTS) and plan.state is PlanState.SOLVED,
    )


@door.post("/<reference>/again")
def again(reference: str) -> ResponseReturnValue:
    only()
    found = retrying(lambda: plans.again(plan=_held(reference), actor=actor(), at=received_at()).reference)
    return done("Another plan is being made.", url_for("staff_plans.show", reference=found))


@door.post("/<reference>/drop")
def drop(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: plans.drop(plan=_held(reference), actor=actor(), at=received_at()),
        "The plan is dropped. Nothing was sent.",
        url_for("staff_plans.show", reference=reference),
    )


@door.post("/<reference>/commit")
def commit(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: plans.send_out(plan=_held(reference), actor=actor(), at=received_at()),
        "The offers are being sent, each after it was checked again.",
        url_for("staff_plans.show", reference=reference),
    )


@door.post("/<reference>/students/<student>/pin/<opening>")
def pin(reference: str, student: str, opening: str) -> ResponseReturnValue:
    return _decide(reference, student, Decision.PIN, "The next run keeps this opening for the student.", opening)


@door.post("/<reference>/students/<student>/bar/<opening>")
def bar(reference: str, student: str, opening: str) -> ResponseReturnValue:
    return _decide(reference, student, Decision.BAR, "The next run does not use this opening for the student.", opening)


@door.post("/<reference>/students/<student>/leave-out")
def leave_out(reference: str, student: str) -> ResponseReturnValue:
    return _decide(reference, student, Decision.LEAVE_OUT, "The next run leaves this student out.")


@door.post("/<reference>/students/<student>/undo")
def undo(reference: str, student: str) -> ResponseReturnValue:
    return _decide(reference, student, Decision.NOTHING, "The next run is free to place this student.")


def _decide(
    reference: str, student: str, decision: Decision, told: str, opening: str | None = None
) -> ResponseReturnValue:
    return try_to(
        lambda: plans.decide(
            plan=_held(reference), request=student, opening=opening, decision=decision, actor=actor(), at=received_at()
        ),
        told,
        url_for("staff_plans.row", reference=reference, student=student),
    )


def _held(reference: str) -> PlacementPlan:
    return plan_queries.by_reference(reference, lock=True)


def _said(rows: Sequence[PlanRow]) -> dict[int, plan_words.Said]:
    openings = plan_queries.openings(plan_words.named(rows))
    return {one.id: plan_words.said(one, openings) for one in rows}


def _decided(plan: PlacementPlan) -> dict[str, str]:
    """Return what was decided for the next run, in words, by request."""
    found = plans.decisions(plan)
    at = plan_queries.openings_by_reference({one["opening"] for one in found.values() if "opening" in one})
    return {request: _decision(one, at) for request, one in found.items()}


def _decision(one: dict[str, str], at: dict[str, Opening]) -> str:
    opening = at.get(one.get("opening", ""))
    where = plan_words.place_name(opening) if opening else "an opening that is gone"
    return {"pin": f"Pinned to {where}", "bar": f"Never to {where}"}.get(one["decision"], "Left out")
