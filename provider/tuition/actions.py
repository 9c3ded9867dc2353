"""Everything that changes what a program costs: an edit retires a plan and adds its next version."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from provider.history.actions import difference, note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.programs.models import Program
from provider.programs.queries import latest
from provider.tuition import queries
from provider.tuition.models import CounselConfirmation, TuitionPlan
from provider.tuition.rules import PlanDraft, check_plans


class PlansRefused(DomainError):
    """These ways of paying cannot be sold together; the sentence says why."""

    status = 422
    code = "plans_refused"


class PlanTaken(DomainError):
    """The program is sold under a plan of this name already."""

    code = "plan_taken"
    sentence = "This program has a plan of this name already. Choose another title, or edit that plan."


class LastPlan(DomainError):
    """A program on sale would be left without a way of paying."""

    code = "last_plan"
    sentence = "This is the only way of paying for a program on sale. Add another plan first, or take it off sale."


class PlanRetired(DomainError):
    """A newer version of this plan is on sale by now."""

    code = "plan_retired"
    sentence = "Somebody else changed this plan meanwhile. Reload the page and make your change again."


class SampleWithLiveKeys(DomainError):
    """An invented price was to be sold while cards are charged in earnest (R26)."""

    status = 422
    code = "sample_with_live_keys"

    def __init__(self, title: str) -> None:
        super().__init__(
            f"“{title}” is a sample, and the keys of Stripe are live: students would pay an invented price in earnest. "
            "Write the school’s own price into the plan and say that it is no sample, or have the keys taken out."
        )


class CounselConfirmed(DomainError):
    """Somebody confirmed this before."""

    code = "counsel_confirmed"
    sentence = "This was confirmed before; name and date stand on the page."


def replace_plan(*, plan: TuitionPlan, draft: PlanDraft, actor: Actor, at: dt.datetime) -> TuitionPlan:
    """Retire a plan and sell its next version; the same plan when nothing differs.

    Raises PlanRetired when a newer version is on sale by now, PlansRefused when the plan does not fit the class or the
    other plans. Enrollments made before keep the rows they froze.
    """
    current = queries.by_reference(plan.reference, lock=True)
    if current.retired_at is not None:
        raise PlanRetired
    program = db.session.get_one(Program, current.program_id)
    others = [queries.draft(other) for other in queries.on_sale(program.id) if other.id != current.id]
    _check([*others, draft], latest(program.id).class_weeks)
    return _sell(program, draft, current, actor=actor, at=at)


def add_plan(*, program: Program, draft: PlanDraft, actor: Actor, at: dt.datetime) -> TuitionPlan:
    """Sell a program under one more plan; raises PlanTaken, and PlansRefused when it does not fit the class or others.

    A plan of this name that was retired goes on with its next version.
    """
    _hold(program.id)
    present = queries.on_sale(program.id)
    if draft.slug in {plan.slug for plan in present}:
        raise PlanTaken
    _check([*map(queries.draft, present), draft], latest(program.id).class_weeks)
    return _sell(program, draft, None, actor=actor, at=at)


def retire_plan(*, plan: TuitionPlan, actor: Actor, at: dt.datetime) -> None:
    """Sell nothing under a plan any more; raises PlanRetired, and LastPlan while its program is on sale.

    Enrollments made before keep the rows they froze.
    """
    program = _hold(plan.program_id)
    current = queries.by_reference(plan.reference, lock=True)
    if current.retired_at is not None:
        raise PlanRetired
    if program.on_sale and len(queries.on_sale(program.id)) == 1:
        raise LastPlan
    _retire(current, actor=actor, at=at)


def set_plans(
    *, program: Program, drafts: Sequence[PlanDraft], actor: Actor, at: dt.datetime
) -> tuple[list[TuitionPlan], list[TuitionPlan]]:
    """Sell a program under exactly these plans; returns what was added and what was retired.

    Raises PlansRefused when they do not fit the class or each other.
    """
    _check(drafts, latest(program.id).class_weeks)
    present = {plan.slug: plan for plan in queries.on_sale(program.id)}
    wanted = {draft.slug for draft in drafts}
    retired = [plan for slug, plan in present.items() if slug not in wanted]
    for plan in retired:
        _retire(plan, actor=actor, at=at)
    sold = [_sell(program, draft, present.get(draft.slug), actor=actor, at=at) for draft in drafts]
    added = [plan for plan in sold if plan.slug not in present or plan.id != present[plan.slug].id]
    return added, retired


def check_class(*, program: Program, class_weeks: int) -> None:
    """Pass when the plans a program is sold under fit a class of this length; raises PlansRefused."""
    drafts = [queries.draft(plan) for plan in queries.on_sale(program.id)]
    if drafts:
        _check(drafts, class_weeks)


def check_sellable(*, program: Program) -> None:
    """Pass when a program may be put on sale: there is a way of paying, and all of them fit.

    Raises PlansRefused, and SampleWithLiveKeys while live cards are charged and one of the plans is a sample.
    """
    drafts = [queries.draft(plan) for plan in queries.on_sale(program.id)]
    _check(drafts, latest(program.id).class_weeks)
    check_real(drafts=drafts)


def check_real(*, drafts: Sequence[PlanDraft]) -> None:
    """Pass when plans may be sold as far as they are samples: none is, or no live card is charged.

    Raises SampleWithLiveKeys.
    """
    sample = next((draft for draft in drafts if draft.sample), None)
    if sample is not None and settings().live_cards:
        raise SampleWithLiveKeys(sample.title)


def confirm_counsel(*, topic: str, name: str, on: dt.date, actor: Actor, at: dt.datetime) -> CounselConfirmation:
    """Remember an administrator's word that counsel was asked about a topic; once per topic."""
    if queries.counsel(topic) is not None:
        raise CounselConfirmed
    if actor.reference is None:
        raise DomainError("Sign in as an administrator to confirm this.")
    confirmation = CounselConfirmation(topic=topic, name=name, confirmed_on=on, confirmed_by=actor.reference)
    db.session.add(confirmation)
    db.session.flush()
    note(confirmation, "counsel.confirmed", actor=actor, at=at, data={"topic": topic, "on": on.isoformat()})
    return confirmation


def _check(drafts: Sequence[PlanDraft], class_weeks: int) -> None:
    problems = check_plans([draft.plan for draft in drafts], class_weeks)
    if problems:
        raise PlansRefused(" ".join(dict.fromkeys(problems)))


def _hold(program_id: int) -> Program:
    """Let only one transaction at a time change how a program is sold; enrolling in it goes on meanwhile."""
    return db.session.get_one(Program, program_id, with_for_update={"key_share": True})


def _retire(plan: TuitionPlan, *, actor: Actor, at: dt.datetime) -> None:
    plan.retired_at = at
    note(plan, "tuition_plan.retired", actor=actor, at=at, data=difference(_written(plan), {}))


def _sell(
    program: Program, draft: PlanDraft, current: TuitionPlan | None, *, actor: Actor, at: dt.datetime
) -> TuitionPlan:
    if current is not None and queries.draft(current) == draft:
        return current
    if program.on_sale:
        check_real(drafts=[draft])
    if current is not None:
        _retire(current, actor=actor, at=at)
        db.session.flush()
    last = sa.select(sa.func.max(TuitionPlan.version)).where(
        TuitionPlan.program_id == program.id, TuitionPlan.slug == draft.slug
    )
    plan = TuitionPlan(
        reference=references.new("TP"),
        program_id=program.id,
        slug=draft.slug,
        version=(db.session.scalar(last) or 0) + 1,
        kind=draft.plan.kind,
        title=draft.title,
        total_cents=draft.plan.total_cents,
        count=draft.plan.count,
        sample=draft.sample,
        created_at=at,
        created_by=actor.reference,
    )
    db.session.add(plan)
    db.session.flush()
    data = {"version": plan.version, "total_cents": plan.total_cents, "count": plan.count}
    changed = difference(_written(current) if current is not None else {}, _written(plan))
    note(plan, "tuition_plan.added", actor=actor, at=at, data=data | changed)
    return plan


def _written(plan: TuitionPlan) -> dict[str, object]:
    return {
        "plan": plan.slug,
        "version": plan.version,
        "title": plan.title,
        "kind": plan.kind.value,
        "total_cents": plan.total_cents,
        "count": plan.count,
        "sample": plan.sample,
    }
