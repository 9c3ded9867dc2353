"""Plans of placements: started by staff, solved by a job, re-run with what staff decided, dropped, or committed."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from provider.affiliations import queries as affiliations
from provider.affiliations.models import Opening
from provider.externships import offers, plan_queries, plan_reading, plan_solver, queries
from provider.externships.fitting import Weights
from provider.externships.models import ExternshipRequest, PlacementPlan, PlanRow
from provider.externships.plan_columns import Question, Row, Sums, Wanted
from provider.externships.planning import PLAN_LIFECYCLE, Decision, PlanState, RowOutcome
from provider.externships.rules import PLAN_PREFIX
from provider.history.actions import born, move, note
from provider.jobs.actions import enqueue_once
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import Busy, hold, insert_all, retrying, rows_changed, unit_of_work
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings

SOLVE, SEND = "externships.plan", "externships.plan_send"
SEED = 20_261_120  # the same for every plan: a run that is repeated on the same records gives the same plan
AT_ONCE = 100  # offers that one job sends; the next one goes on
GIVEN_UP = "The plan could not be made. Nothing was changed. Start another one, and tell your administrator."


class PlanRuns(DomainError):
    """A plan is changed or used before it is solved, or after it is over."""

    code = "plan_not_open"
    sentence = "This plan is not open for changes. Reload the page to see how it stands."


class NotInPlan(DomainError):
    """A decision was made about a row that the plan does not have, or about an opening that it does not name."""

    status = 422
    code = "not_in_plan"
    sentence = "This plan has no such row. Reload the page to see how it stands."


def start(*, actor: Actor, at: dt.datetime, decided: Mapping[str, Any] | None = None) -> PlacementPlan:
    """Ask for a plan with today's weights, and with what staff decided of students and openings before."""
    known = settings()
    plan = hold(
        PlacementPlan(
            reference=references.new(PLAN_PREFIX),
            state=PlanState.QUEUED,
            weights={
                "rank": known.PLAN_WEIGHT_RANK,
                "kind": known.PLAN_WEIGHT_KIND,
                "waiting": known.PLAN_WEIGHT_WAITING,
                "openings": known.PLAN_OPENINGS,
            },
            inputs={"decided": dict(decided or {})},
            seed=SEED,
            progress=0,
            created_at=at,
            created_by=actor.reference,
        )
    )
    born(plan, actor=actor, at=at)
    enqueue_once(kind=SOLVE, key=f"{SOLVE}:{plan.reference}", payload={"plan": plan.reference}, at=at)
    return plan


def again(*, plan: PlacementPlan, actor: Actor, at: dt.datetime) -> PlacementPlan:
    """Start another plan with the decisions made on this one; this one is dropped if it was still open."""
    decided = decisions(plan)
    if PLAN_LIFECYCLE.can(plan.state, PlanState.DROPPED):
        drop(plan=plan, actor=actor, at=at)
    return start(actor=actor, at=at, decided=decided)


def decisions(plan: PlacementPlan) -> dict[str, dict[str, str]]:
    """Return what staff decided for the next run: by request, what and about which opening."""
    return dict(plan.inputs.get("next", plan.inputs.get("decided", {})))


def decide(
    *, plan: PlacementPlan, request: str, opening: str | None, decision: Decision, actor: Actor, at: dt.datetime
) -> None:
    """Keep for the next run that a student is pinned to an opening, never gets it, or is left out; or nothing more.

    Raises PlanRuns when the plan is not solved, NotInPlan when it does not name them.
    """
    if plan.state is not PlanState.SOLVED:
        raise PlanRuns
    row = plan_queries.row(plan, request)
    named = {one.reference for one in (row.opening, row.next_opening) if one is not None}
    if decision in {Decision.PIN, Decision.BAR} and opening not in named:
        raise NotInPlan
    kept = {"decision": decision.value} | ({"opening": opening} if opening else {})
    others = {one: found for one, found in decisions(plan).items() if one != request}
    plan.inputs = {**plan.inputs, "next": others if decision is Decision.NOTHING else {**others, request: kept}}
    note(plan, "placement_plan.decided", actor=actor, at=at, data={"request": request, **kept})


def drop(*, plan: PlacementPlan, actor: Actor, at: dt.datetime) -> None:
    """End a plan of which nothing is used; a job that solves it at this moment stores nothing."""
    plan.ended_at = at
    move(plan, PlanState.DROPPED, PLAN_LIFECYCLE, actor=actor, at=at)


def send_out(*, plan: PlacementPlan, actor: Actor, at: dt.datetime) -> None:
    """Let the offers of a solved plan be sent, row by row, each checked again; who has none is left out."""
    plan.ended_at = at
    move(plan, PlanState.COMMITTED, PLAN_LIFECYCLE, actor=actor, at=at)
    empty = sa.update(PlanRow).where(PlanRow.plan_id == plan.id, PlanRow.opening_id.is_(None))
    rows_changed(empty.values(outcome=RowOutcome.LEFT_OUT))
    _go_on(plan.reference, actor, 0, at)


def _go_on(reference: str, actor: Actor, after: int, at: dt.datetime) -> None:
    payload = {"plan": reference, "actor": actor.reference, "after": after}
    enqueue_once(kind=SEND, key=f"{SEND}:{reference}:{after}", payload=payload, at=at)


def send_some(reference: str, *, by: str | None, after: int, now: dt.datetime) -> None:
    """Send the next offers of a committed plan; safe to repeat, since each row is sent once."""
    actor = Actor(ActorKind.STAFF, by)
    waiting = plan_queries.waiting_rows(reference, after=after, most=AT_ONCE)
    for row_id in waiting:
        _send(row_id, actor, now)
    if len(waiting) == AT_ONCE:
        with unit_of_work():
            _go_on(reference, actor, waiting[-1], now)


def _send(row_id: int, actor: Actor, now: dt.datetime) -> None:
    """Send one offer in a unit of its own, or keep in words what no longer holds."""
    try:
        retrying(lambda: _offer(row_id, actor, now))
    except Busy:
        raise
    except DomainError as refusal:
        sentence = refusal.sentence
        retrying(lambda: _refused(row_id, sentence))


def _offer(row_id: int, actor: Actor, now: dt.datetime) -> None:
    row = plan_queries.held_row(row_id)
    if row.outcome is not RowOutcome.WAITING or row.opening_id is None:
        return
    request = queries.by_id(row.request_id, lock=True)
    opening = affiliations.openings_by_id([row.opening_id])[row.opening_id]
    offers.send(request=request, opening=opening, plan_id=row.plan_id, actor=actor, at=now)
    row.outcome = RowOutcome.OFFERED


def _refused(row_id: int, sentence: str) -> None:
    row = plan_queries.held_row(row_id)
    if row.outcome is RowOutcome.WAITING:
        row.outcome, row.remark = RowOutcome.REFUSED, sentence


def solve(reference: str, *, now: dt.datetime) -> None:
    """Solve a plan outside of any transaction and store its rows in one; one that was dropped meanwhile stays so.

    A worker that takes over from one that died starts from the beginning; of two at once, the first stores its rows.
    The solver works in a process of its own (`plan_solver`), which loads its libraries while the cohort is read.
    Raises SolverEnded, with nothing stored, when it did not come to its end.
    """
    if not _begin(reference, now):
        return
    plan = plan_queries.by_reference(reference)
    known = plan.weights
    weights = Weights(known["rank"], known["kind"], known["waiting"])
    decided, seed, most = plan.inputs.get("decided", {}), plan.seed, known["openings"]
    left_out = [request for request, one in decided.items() if one["decision"] == Decision.LEAVE_OUT]
    with plan_solver.started() as solver:
        cohort = plan_reading.read(now=now, left_out=left_out)
        wanted = Wanted(*_named(decided))
        _tell(reference, 20)
        solver.ask(Question(cohort, wanted, weights, most, seed))
        while isinstance(told := solver.told(), int):
            if not _tell(reference, told):
                return  # it was dropped
        with unit_of_work():
            _store(reference, told, iter(solver.told, []), now)


def _begin(reference: str, now: dt.datetime) -> bool:
    with unit_of_work():
        plan = plan_queries.by_reference(reference, lock=True)
        if plan.state is PlanState.QUEUED:
            move(plan, PlanState.SOLVING, PLAN_LIFECYCLE, actor=SYSTEM, at=now)
        return plan.state is PlanState.SOLVING


def _tell(reference: str, percent: int) -> bool:
    """Keep how far a plan is; False when it is not being solved any more."""
    with unit_of_work():
        running = sa.update(PlacementPlan).where(
            PlacementPlan.reference == reference, PlacementPlan.state == PlanState.SOLVING
        )
        return rows_changed(running.values(progress=percent)) == 1


def _named(decided: Mapping[str, Mapping[str, str]]) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """Return pins and barred pairs by id; what is not there any more is left away."""
    pairs = {
        request: (one["opening"], one["decision"])
        for request, one in decided.items()
        if one["decision"] in {Decision.PIN, Decision.BAR}
    }
    requests = plan_queries.ids(ExternshipRequest.reference, ExternshipRequest.id, pairs)
    openings = plan_queries.ids(Opening.reference, Opening.id, {opening for opening, _ in pairs.values()})
    known = [
        (requests[request], openings[opening], decision)
        for request, (opening, decision) in pairs.items()
        if request in requests and opening in openings
    ]
    pins = {request: opening for request, opening, decision in known if decision == Decision.PIN}
    return pins, {(request, opening) for request, opening, decision in known if decision == Decision.BAR}


def _store(reference: str, sums: Sums, rows: Iterator[list[Row]], now: dt.datetime) -> None:
    plan = plan_queries.by_reference(reference, lock=True)
    if plan.state is not PlanState.SOLVING:
        return
    shared = {"plan_id": plan.id, "outcome": RowOutcome.WAITING, "remark": None}
    for some in rows:
        insert_all(PlanRow, [row | shared for row in some])
    plan.inputs = {**plan.inputs, "openings": sums.openings}
    plan.students, plan.placed, plan.tenths = sums.students, sums.placed, sums.tenths
    plan.progress, plan.solved_at = 100, now
    move(
        plan,
        PlanState.SOLVED,
        PLAN_LIFECYCLE,
        actor=SYSTEM,
        at=now,
        data={"students": sums.students, "placed": sums.placed},
    )


def give_up(reference: str, *, now: dt.datetime) -> None:
    """Say on its page that a plan failed; the worker's log has the reason."""
    plan = plan_queries.by_reference(reference, lock=True)
    if PLAN_LIFECYCLE.can(plan.state, PlanState.FAILED):
        plan.trouble, plan.ended_at = GIVEN_UP, now
        move(plan, PlanState.FAILED, PLAN_LIFECYCLE, actor=SYSTEM, at=now)
