"""Reading plans with their rows: a page at a time, one student's row, and what comes to which site."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from provider.affiliations.models import Opening, Site, SiteLocation
from provider.externships.models import ExternshipRequest, PlacementPlan, PlanRow
from provider.externships.planning import RowOutcome
from provider.kernel.database import db, table
from provider.kernel.errors import NotFound
from provider.kernel.paging import Page, keyset

_AT = joinedload(Opening.location, innerjoin=True).joinedload(SiteLocation.site, innerjoin=True)
_WHOLE = (
    joinedload(PlanRow.request, innerjoin=True).joinedload(ExternshipRequest.enrollment, innerjoin=True),
    joinedload(PlanRow.opening).options(_AT),
    joinedload(PlanRow.next_opening).options(_AT),
)


def by_reference(reference: str, *, lock: bool = False) -> PlacementPlan:
    """Return one plan, locked for changing if asked; raises NotFound."""
    query = sa.select(PlacementPlan).where(PlacementPlan.reference == reference)
    locked = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(locked if lock else query)
    if found is None:
        raise NotFound
    return found


def page(*, before: int | None = None, after: int | None = None) -> Page[PlacementPlan]:
    """Return a page of plans, the newest first."""
    return keyset(sa.select(PlacementPlan), PlacementPlan.id, before=before, after=after)


def waits() -> int:
    """Return how many students wait for a place now, as far as a hundred."""
    ready = sa.select(ExternshipRequest.id).where(ExternshipRequest.state == "ready").limit(100).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(ready)) or 0


def rows(
    plan: PlacementPlan,
    *,
    placed: bool | None = None,
    outcome: RowOutcome | None = None,
    before: int | None = None,
    after: int | None = None,
) -> Page[PlanRow]:
    """Return a page of a plan's rows, all or those with or without a place, or of one outcome."""
    query = sa.select(PlanRow).where(PlanRow.plan_id == plan.id).options(*_WHOLE)
    if placed is not None:
        query = query.where(PlanRow.opening_id.is_not(None) if placed else PlanRow.opening_id.is_(None))
    if outcome is not None:
        query = query.where(PlanRow.outcome == outcome)
    return keyset(query, PlanRow.id, before=before, after=after)


def row(plan: PlacementPlan, request: str) -> PlanRow:
    """Return the row of one student; raises NotFound."""
    query = sa.select(PlanRow).join(PlanRow.request).where(PlanRow.plan_id == plan.id)
    found = db.session.scalar(query.where(ExternshipRequest.reference == request).options(*_WHOLE))
    if found is None:
        raise NotFound
    return found


def held_row(row_id: int) -> PlanRow:
    """Return a row as it stands now, held until the end of the unit of work."""
    query = sa.select(PlanRow).where(PlanRow.id == row_id).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def waiting_rows(reference: str, *, after: int, most: int) -> Sequence[int]:
    """Return the next rows of a plan whose offers are still to be sent."""
    query = sa.select(PlanRow.id).join(PlacementPlan, PlanRow.plan_id == PlacementPlan.id)
    query = query.where(PlacementPlan.reference == reference, PlanRow.outcome == RowOutcome.WAITING, PlanRow.id > after)
    return db.session.scalars(query.order_by(PlanRow.id).limit(most)).all()


def outcomes(plan: PlacementPlan) -> dict[RowOutcome, int]:
    """Return how many rows came to what."""
    query = sa.select(PlanRow.outcome, sa.func.count()).where(PlanRow.plan_id == plan.id).group_by(PlanRow.outcome)
    return {outcome: number for outcome, number in db.session.execute(query)}  # noqa: C416 - rows are no pairs


def ids(
    reference: InstrumentedAttribute[str], key: InstrumentedAttribute[int], wanted: Collection[str]
) -> dict[str, int]:
    """Return ids by reference, of those that are there."""
    if not wanted:
        return {}
    found = db.session.execute(sa.select(reference, key).where(reference.in_(wanted)))
    return {one: number for one, number in found}  # noqa: C416 - rows are no pairs


def openings(wanted: Collection[int]) -> Mapping[int, Opening]:
    """Return openings by id, each with its location and site; one statement."""
    if not wanted:
        return {}
    found = db.session.scalars(sa.select(Opening).where(Opening.id.in_(wanted)).options(_AT))
    return {one.id: one for one in found}


def openings_by_reference(wanted: Collection[str]) -> dict[str, Opening]:
    """Return openings by reference, each with its location and site; one statement, and none for none."""
    if not wanted:
        return {}
    found = db.session.scalars(sa.select(Opening).where(Opening.reference.in_(wanted)).options(_AT))
    return {one.reference: one for one in found}


@dataclass(frozen=True, slots=True)
class Spot:
    """A location in a plan: how many go there, from how far, by rings (`RINGS`)."""

    site: str
    location: str
    city: str
    latitude: float
    longitude: float
    counts: tuple[int, ...]

    @property
    def students(self) -> int:
        """How many go there."""
        return sum(self.counts)


RINGS = (100, 250, 500)  # tenths of a mile: within, within, within, and farther


def spots(plan: PlacementPlan) -> list[Spot]:
    """Return where a plan sends students, the busiest location first; one statement."""
    row_, opening, place, site = table(PlanRow).c, table(Opening).c, table(SiteLocation).c, table(Site).c
    ring = sa.case(*((row_.tenths <= far, n) for n, far in enumerate(RINGS)), else_=len(RINGS))
    joined = (
        table(PlanRow)
        .join(table(Opening), row_.opening_id == opening.id)
        .join(table(SiteLocation), opening.location_id == place.id)
        .join(table(Site), place.site_id == site.id)
    )
    columns = (place.id, site.name, place.name, place.city, place.latitude, place.longitude)
    query = sa.select(*columns, ring, sa.func.count()).select_from(joined).where(row_.plan_id == plan.id)
    found: dict[int, tuple[Sequence[Any], list[int]]] = {}
    for number, *where, n, students in db.session.execute(query.group_by(*columns, ring)):
        found.setdefault(number, (where, [0] * (len(RINGS) + 1)))[1][n] = students
    known = [
        Spot(site_, at, city, north, east, tuple(counts))
        for (site_, at, city, north, east), counts in found.values()
        if north is not None and east is not None
    ]
    return sorted(known, key=lambda spot: (-spot.students, spot.site, spot.location))
