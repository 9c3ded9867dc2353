"""Reading tuition plans and counsel's confirmations."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from provider.kernel.database import db
from provider.kernel.errors import NotFound
from provider.kernel.paging import up_to
from provider.programs.models import Program, ProgramVersion
from provider.tuition.models import CounselConfirmation, TuitionPlan
from provider.tuition.rules import COUNSEL_ABOVE, Plan, PlanDraft

TRUTH_IN_LENDING = "truth_in_lending"


def on_sale(program_id: int) -> Sequence[TuitionPlan]:
    """Return the plans a program is sold under, those paid in fewest parts first."""
    query = sa.select(TuitionPlan).where(TuitionPlan.program_id == program_id, TuitionPlan.retired_at.is_(None))
    return db.session.scalars(query.order_by(TuitionPlan.count, TuitionPlan.id)).all()


def versions(program_id: int) -> Sequence[TuitionPlan]:
    """Return every plan a program was ever sold under, newest first."""
    query = sa.select(TuitionPlan).where(TuitionPlan.program_id == program_id)
    return db.session.scalars(query.order_by(TuitionPlan.id.desc())).all()


def by_reference(reference: str, *, lock: bool = False) -> TuitionPlan:
    """Return one plan; raises NotFound."""
    query = sa.select(TuitionPlan).where(TuitionPlan.reference == reference)
    plan = db.session.scalar(query.with_for_update() if lock else query)
    if plan is None:
        raise NotFound
    return plan


def draft(plan: TuitionPlan) -> PlanDraft:
    """Return what a plan says, as an editor would write it."""
    return PlanDraft(plan.slug, plan.title, Plan(plan.kind, plan.total_cents, plan.count), plan.sample)


def counsel(topic: str = TRUTH_IN_LENDING) -> CounselConfirmation | None:
    """Return who confirmed that counsel was asked about a topic, or None."""
    return db.session.scalar(sa.select(CounselConfirmation).where(CounselConfirmation.topic == topic))


def counsel_count(topic: str = TRUTH_IN_LENDING) -> sa.ScalarSelect[int]:
    """Return the count of confirmations about a topic: 1 or 0."""
    return up_to(sa.select(CounselConfirmation.id).where(CounselConfirmation.topic == topic))


def needing_counsel() -> Sequence[TuitionPlan]:
    """Return the plans on sale with more installments than the Truth in Lending rule lets pass."""
    query = sa.select(TuitionPlan).where(TuitionPlan.retired_at.is_(None), TuitionPlan.count > COUNSEL_ABOVE)
    return db.session.scalars(query.order_by(TuitionPlan.id)).all()


def sample_sold() -> str | None:
    """Name a sample plan that a program on sale is sold under, or return None."""
    query = sa.select(TuitionPlan.title, Program.code).join(Program, Program.id == TuitionPlan.program_id)
    sold = query.where(Program.on_sale, TuitionPlan.retired_at.is_(None), TuitionPlan.sample)
    found = db.session.execute(sold.order_by(Program.position, TuitionPlan.id).limit(1)).first()
    return None if found is None else f"“{found.title}” of {found.code}"


def programs_on_sale(*, sample: bool) -> sa.ScalarSelect[int]:
    """Return the count of programs that are on sale as samples, in their words or a price, or as the school's own.

    One without a way of paying is neither.
    """
    any_version = aliased(ProgramVersion)
    newest = sa.select(sa.func.max(any_version.number)).where(any_version.program_id == Program.id).scalar_subquery()
    here = ProgramVersion.program_id == Program.id
    version = sa.exists().where(here, ProgramVersion.number == newest, ProgramVersion.sample)
    sold = sa.and_(TuitionPlan.program_id == Program.id, TuitionPlan.retired_at.is_(None))
    price = sa.exists().where(sold, TuitionPlan.sample)
    kind = sa.or_(version, price) if sample else sa.and_(~version, ~price)
    return up_to(sa.select(Program.id).where(Program.on_sale, sa.exists().where(sold), kind))
