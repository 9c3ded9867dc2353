"""Offering places and changing them: by staff, or by the site itself through its link."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from provider.affiliations import queries
from provider.affiliations.models import Opening, SiteContact, SiteLocation
from provider.affiliations.rules import (
    OPENING_LIFECYCLE,
    OPENING_PREFIX,
    OpeningState,
    Pattern,
    Period,
    SiteState,
    covers,
)
from provider.history.actions import born, difference, move, note
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, rows_changed
from provider.kernel.days import counted, day_of, written
from provider.kernel.errors import DomainError


class OpeningRefused(DomainError):
    """What was written of an opening cannot be; the sentence says why."""

    status = 422
    code = "opening_refused"


class CapacityBelowTaken(DomainError):
    """Fewer places were asked for than students have."""

    code = "capacity_below_taken"


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """What is kept of an opening."""

    program_id: int
    preceptor_id: int
    period: Period
    pattern: Pattern
    capacity: int
    bring: str | None = None


def add_opening(location: SiteLocation, facts: OpeningFacts, *, actor: Actor, at: dt.datetime) -> Opening:
    """Offer places at a location; raises OpeningRefused and says why. ``location`` has its site.

    It may stand before its agreement is signed; nobody is placed before that (R17).
    """
    _check(location, facts, at)
    opening = Opening(
        reference=references.new(OPENING_PREFIX),
        location_id=location.id,
        state=OpeningState.OPEN,
        taken=0,
        created_at=at,
        created_by=actor.reference,
        **_columns(facts),
    )
    db.session.add(opening)
    db.session.flush()
    data = {"capacity": facts.capacity, "program": facts.program_id}
    born(opening, actor=actor, at=at, about=location.site.reference, data=data)
    return queries.opening(opening.reference)


def change_opening(opening: Opening, facts: OpeningFacts, *, actor: Actor, at: dt.datetime) -> Opening:
    """Change an opening that is open; raises OpeningRefused and CapacityBelowTaken. ``opening`` is locked and whole.

    Days, hours and program stay as they are while students have places: they were told these.
    """
    old, new = _columns(facts_of(opening)), _columns(facts)
    if old == new:
        return opening
    if opening.state is not OpeningState.OPEN:
        raise OpeningRefused("This opening is closed. Open it again first.")
    promised = ("program_id", "first_on", "last_on", "weekdays", "from_minute", "until_minute")
    if opening.taken and any(old[name] != new[name] for name in promised):
        raise OpeningRefused(
            f"{counted(opening.taken, 'place')} of this opening {'is' if opening.taken == 1 else 'are'} taken, and the "
            "students were told its days and hours. Add another opening for other days, and close this one."
        )
    _check(opening.location, facts, at)
    _set_capacity(opening, facts.capacity)
    for name, value in _columns(facts).items():
        setattr(opening, name, value)
    data = difference(old, new)
    note(opening, "opening.changed", actor=actor, at=at, about=opening.location.site.reference, data=data)
    db.session.flush()
    return queries.opening(opening.reference)


def _set_capacity(opening: Opening, capacity: int) -> None:
    fits = (
        sa.update(Opening)
        .where(Opening.id == opening.id, Opening.taken <= capacity)
        .values(capacity=capacity)
        .execution_options(synchronize_session=False)
    )
    if rows_changed(fits) != 1:
        db.session.refresh(opening, ["taken", "capacity"])
        raise CapacityBelowTaken(
            f"{counted(opening.taken, 'student')} {'has' if opening.taken == 1 else 'have'} a place here already, so "
            f"there must be {opening.taken} places or more. To take nobody new, close the opening."
        )
    db.session.refresh(opening, ["taken", "capacity"])


def close_opening(opening: Opening, *, actor: Actor, at: dt.datetime) -> Opening:
    """Take nobody new at an opening; who has a place keeps it. ``opening`` is locked and whole."""
    about = opening.location.site.reference
    move(opening, OpeningState.CLOSED, OPENING_LIFECYCLE, actor=actor, at=at, about=about)
    return opening


def reopen_opening(opening: Opening, *, actor: Actor, at: dt.datetime) -> Opening:
    """Take students again at an opening that is not over; raises OpeningRefused. ``opening`` is locked and whole."""
    OPENING_LIFECYCLE.check(opening.state, OpeningState.OPEN)
    _check(opening.location, facts_of(opening), at)
    about = opening.location.site.reference
    move(opening, OpeningState.OPEN, OPENING_LIFECYCLE, actor=actor, at=at, about=about)
    return opening


def close_past(*, at: dt.datetime) -> int:
    """Close the openings whose last day is over where they are; return how many."""
    closed = 0
    for opening in queries.possibly_past(on=at.date()):
        if opening.last_on < day_of(at, ZoneInfo(opening.location.zone)):
            close_opening(opening, actor=SYSTEM, at=at)
            closed += 1
    return closed


def is_covered(opening: Opening, covering: Any) -> bool:  # noqa: ANN401 - the mapping of queries.covering
    """Say whether agreements are in force on each day of an opening, by what `queries.covering` returned."""
    return covers(covering.get((opening.location_id, opening.program_id), ()), opening.period)


def _check(location: SiteLocation, facts: OpeningFacts, at: dt.datetime) -> None:
    if location.site.state is not SiteState.OPEN or location.state is not SiteState.OPEN:
        raise OpeningRefused("This location is closed. Open it again first, or choose another one.")
    today = day_of(at, ZoneInfo(location.zone))
    if facts.period.last_on < today:
        raise OpeningRefused(f"The last day, {written(facts.period.last_on)}, is over. Choose today or a later day.")
    if facts.program_id not in queries.programs_taken(location.site_id):
        raise OpeningRefused("This site does not take students of this program. Change that on the site first.")
    preceptor = db.session.get(SiteContact, facts.preceptor_id)
    if preceptor is None or preceptor.site_id != location.site_id or preceptor.left_at is not None:
        raise OpeningRefused("Choose a preceptor among the people of this site who are still there.")
    if not preceptor.supervises:
        raise OpeningRefused(f"{preceptor.name} does not supervise students. Choose another preceptor, or change that.")


def facts_of(opening: Opening) -> OpeningFacts:
    """Return what is kept of an opening."""
    return OpeningFacts(
        opening.program_id, opening.preceptor_id, opening.period, opening.pattern, opening.capacity, opening.bring
    )


def _columns(facts: OpeningFacts) -> dict[str, Any]:
    return {
        "program_id": facts.program_id,
        "preceptor_id": facts.preceptor_id,
        **asdict(facts.period),
        **asdict(facts.pattern),
        "capacity": facts.capacity,
        "bring": facts.bring,
    }
