"""A plan of placements of a season, ready to be sent: one student has a place, another one none."""

import datetime as dt

import sqlalchemy as sa

from provider.affiliations.rules import EVERY_DAY, Pattern, Period
from provider.externships import plans
from provider.externships.models import ExternshipRequest, PlacementPlan, PlanRow
from provider.kernel.database import db, unit_of_work
from tests.harness import externs, papers
from tests.harness.placed import graduated
from tests.harness.sites import COORDINATOR, supply

DAY = dt.timedelta(days=1)
ALWAYS = Pattern(EVERY_DAY, 6 * 60, 22 * 60)


def tell(now: dt.datetime) -> None:
    """Let two graduates wait for the one place there is, and make a plan of it."""
    first = now.date() + 21 * DAY
    for zip_code, capacity in (("10001", 1), ("11597", 0)):
        supply(days=Period(first, first + 90 * DAY), pattern=ALWAYS, zip_code=zip_code, capacity=capacity, at=now - DAY)
    for number, miles in ((1, 50), (2, 10)):
        mine = graduated(email := f"waits{number}@student.example")
        papers.give(email, at=now - (number + 1) * DAY)
        externs.ask(mine, at=now - number * DAY, zip="10001", miles=miles, earliest_on=first, weekdays=EVERY_DAY)
    with unit_of_work():
        plan = plans.start(actor=COORDINATOR, at=now).reference
    plans.solve(plan, now=now)


def parts() -> dict[str, str]:
    """Return what addresses name of the plan: itself, the student who has a place, and the opening of it."""
    query = sa.select(PlanRow).where(PlanRow.opening_id.is_not(None)).order_by(PlanRow.id.desc()).limit(1)
    row = db.session.scalars(query).one()
    request = db.session.get_one(ExternshipRequest, row.request_id)
    plan = db.session.get_one(PlacementPlan, row.plan_id)
    db.session.refresh(row, ["opening"])
    assert row.opening is not None
    return {"reference": plan.reference, "student": request.reference, "opening": row.opening.reference}


def without() -> str:
    """Return the student of the plan who has no place."""
    query = sa.select(ExternshipRequest.reference).join(PlanRow, PlanRow.request_id == ExternshipRequest.id)
    found: str = db.session.scalars(query.where(PlanRow.opening_id.is_(None)).limit(1)).one()
    return found
