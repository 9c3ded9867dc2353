"""Changing what a program costs: the old plan stays for who signed it, and what cannot be sold is refused."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.history.models import History
from provider.kernel.actors import SYSTEM, Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import DomainError
from provider.programs.models import Program
from provider.tuition import actions, queries
from provider.tuition.models import TuitionPlan
from provider.tuition.rules import Plan, PlanDraft, PlanKind

NOON = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
BURSAR = Actor(ActorKind.STAFF, "P-BURSAR22")


def ccma() -> Program:
    return db.session.scalars(sa.select(Program).where(Program.code == "CCMA")).one()


def plan(slug: str = "installments") -> TuitionPlan:
    return next(one for one in queries.on_sale(ccma().id) if one.slug == slug)


def replace(slug: str, kind: PlanKind, cents: int, count: int, title: str = "New") -> TuitionPlan:
    with unit_of_work():
        draft = PlanDraft(slug, title, Plan(kind, cents, count), sample=False)
        return actions.replace_plan(plan=plan(slug), draft=draft, actor=BURSAR, at=NOON)


def events() -> list[str]:
    return list(db.session.scalars(sa.select(History.event).where(History.at == NOON).order_by(History.id)))


def test_an_edit_retires_the_plan_and_sells_its_next_version(context: AppContext) -> None:
    old = plan().reference
    replace("installments", PlanKind.INSTALLMENTS, 2_200_00, 5)
    new, kept = plan(), queries.by_reference(old)
    assert (new.version, new.total_cents, new.count, new.sample) == (2, 2_200_00, 5, False)
    assert (kept.version, kept.total_cents, kept.retired_at) == (1, 2_100_00, NOON)
    assert events() == ["tuition_plan.retired", "tuition_plan.added"]


def test_the_same_plan_again_changes_nothing(context: AppContext) -> None:
    with unit_of_work():
        same = actions.replace_plan(plan=plan(), draft=queries.draft(plan()), actor=BURSAR, at=NOON)
    assert same.version == 1
    assert events() == []


@pytest.mark.parametrize(
    "slug, kind, cents, count, sentence",
    [
        (
            "upfront", PlanKind.UPFRONT, 2_100_00, 1,
            "Paying all at once ($2,100.00) must cost less than the sum of the installments ($2,100.00).",
        ),
        (
            "installments", PlanKind.INSTALLMENTS, 1_899_00, 4,
            "Paying all at once ($1,899.00) must cost less than the sum of the installments ($1,899.00).",
        ),
        ("installments", PlanKind.INSTALLMENTS, 2_100_00, 25, "Choose 1 to 24 installments, not 25."),
    ],
    ids=["upfront-too-dear", "installments-too-cheap", "too-many"],
)  # fmt: skip
def test_plans_that_do_not_fit_are_refused(
    context: AppContext, slug: str, kind: PlanKind, cents: int, count: int, sentence: str
) -> None:
    with pytest.raises(actions.PlansRefused) as refused:
        replace(slug, kind, cents, count)
    assert refused.value.sentence == sentence
    assert [one.version for one in queries.on_sale(ccma().id)] == [1, 1]


def test_a_plan_that_was_replaced_meanwhile_is_not_replaced_again(context: AppContext) -> None:
    seen = plan()
    replace("installments", PlanKind.INSTALLMENTS, 2_200_00, 4)
    draft = PlanDraft("installments", "Late", Plan(PlanKind.INSTALLMENTS, 2_300_00, 4), sample=False)
    with pytest.raises(actions.PlanRetired), unit_of_work():
        actions.replace_plan(plan=seen, draft=draft, actor=BURSAR, at=NOON)
    assert plan().total_cents == 2_200_00


def test_a_class_too_short_for_its_plans_is_refused(context: AppContext) -> None:
    replace("installments", PlanKind.INSTALLMENTS, 2_400_00, 24)
    actions.check_class(program=ccma(), class_weeks=4)
    with pytest.raises(actions.PlansRefused) as refused:
        actions.check_class(program=ccma(), class_weeks=3)
    assert refused.value.sentence == "A class of 3 weeks has no room for 24 installments on days of their own."


def test_a_plan_with_many_installments_asks_for_counsel(context: AppContext) -> None:
    assert [one.slug for one in queries.needing_counsel()] == []
    replace("installments", PlanKind.INSTALLMENTS, 2_200_00, 5)
    assert [one.slug for one in queries.needing_counsel()] == ["installments"]
    on = dt.date(2026, 11, 20)
    with unit_of_work():
        actions.confirm_counsel(topic=queries.TRUTH_IN_LENDING, name="Ana Admin", on=on, actor=BURSAR, at=NOON)
    found = queries.counsel()
    assert found is not None
    assert (found.name, found.confirmed_on, found.confirmed_by) == ("Ana Admin", on, "P-BURSAR22")
    with pytest.raises(actions.CounselConfirmed), unit_of_work():
        actions.confirm_counsel(topic=queries.TRUTH_IN_LENDING, name="Bo", on=on, actor=BURSAR, at=NOON)


def test_counsel_is_confirmed_by_a_person(context: AppContext) -> None:
    with pytest.raises(DomainError), unit_of_work():
        actions.confirm_counsel(topic="other", name="Nobody", on=dt.date(2026, 1, 1), actor=SYSTEM, at=NOON)
    assert queries.counsel("other") is None
