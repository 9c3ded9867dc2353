"""The pages of hours and procedures: which placement and which week they show, and what stands on them."""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.documents import queries as documents
from provider.documents.queries import Need
from provider.externships.models import Placement
from provider.externships.rules import PlacementState
from provider.fieldwork import entries
from provider.fieldwork.clocking import Held, NotRunning
from provider.fieldwork.counters import standings
from provider.fieldwork.days import Oddity, spoken, week_at, week_days, week_of
from provider.fieldwork.entry_schemas import FIRST_YEAR, LAST_YEAR, ClockIn, ClockOut, EnterDay, EnterProcedure
from provider.fieldwork.models import HoursEntry, ProcedureEntry
from provider.kernel.days import day_of
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form, Schema
from provider.kernel.web import received_at, widened_policy

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a page is about: a placement of the student's, a week, and why nothing can be entered, if so."""

    placement: Placement
    others: Sequence[Placement]
    week_on: dt.date
    today: dt.date
    closed: str | None
    missing: tuple[Need, ...]

    @property
    def zone(self) -> str:
        """The zone of the place."""
        return self.placement.opening.location.zone

    @property
    def clock_zone(self) -> ZoneInfo:
        """The zone whose clock hangs on the wall there."""
        return ZoneInfo(self.zone)

    @property
    def before(self) -> dt.date | None:
        """The week before, while the placement had begun."""
        earlier = self.week_on - WEEK
        return earlier if week_days(earlier)[1] >= self.placement.first_on else None

    @property
    def after(self) -> dt.date | None:
        """The week after, up to this one."""
        later = self.week_on + WEEK
        return later if later <= self.today else None

    @property
    def last_on(self) -> dt.date:
        """The Sunday of the week."""
        return week_days(self.week_on)[1]


def chosen() -> Chosen | None:
    """Return what the address asks for: a placement by name, or the one that runs; None for who has none."""
    person_id = sessions.asker().person_id
    mine = entries.placements_of(person_id) if person_id is not None else ()
    asked = request.values.get("placement")
    if not mine:
        if asked:
            raise NotFound
        return None
    placement = next((one for one in mine if asked in {None, one.reference}), None)
    if placement is None:
        raise NotFound
    zone = entries.agreed(placement).zone
    today = day_of(received_at(), zone)
    over = placement.state not in {PlacementState.RUNNING, PlacementState.PLANNED}
    usual = week_of(min(placement.last_on, today)) if over else week_at(received_at(), zone)
    closed = _closed(placement, today)
    missing = _missing(placement, today) if placement.held_on and not over else ()
    return Chosen(placement, mine, _week(usual), today, closed, missing)


def _week(usual: dt.date) -> dt.date:
    try:
        asked = dt.date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        return usual
    return week_of(asked) if FIRST_YEAR <= asked.year <= LAST_YEAR else usual


def _closed(placement: Placement, today: dt.date) -> str | None:
    if placement.state is not PlacementState.RUNNING:
        return NotRunning(placement).sentence
    if placement.held_on is not None and placement.held_on <= today:
        return Held(placement.held_on).sentence
    return None


def _missing(placement: Placement, today: dt.date) -> tuple[Need, ...]:
    """Return the documents that a held placement waits for."""
    person_id, opening = placement.enrollment.person_id, placement.opening
    if person_id is None:
        return ()
    needs = documents.standings(
        person_id, opening.program_id, opening.location.site_id, through=placement.last_on, today=today
    )
    return tuple(need for need in needs if need.standing is not need.standing.HOLDS)


def fresh(schema: Schema, found: Chosen) -> Form:
    """Return an empty form of a page, with the placement and a key of its own."""
    form = Form(schema, values={"placement": found.placement.reference, "client_key": secrets.token_urlsafe(16)})
    if "day_on" in schema.fields:
        form.values["day_on"] = min(found.today, found.last_on).isoformat()
    return form


def hours_page(
    *, day: Form | None = None, out: Form | None = None, told: Form | None = None, status: int = 200
) -> ResponseReturnValue:
    """Return the page of hours; ``told`` is the form whose errors stand above."""
    found = chosen()
    if found is None:
        return _page("fieldwork/none.html", status, what="hours")
    rows = entries.of_week(found.placement.id, HoursEntry, found.week_on)
    running = entries.running(found.placement.id)
    leaving = out or fresh(ClockOut(), found)
    if running is not None:
        leaving.values["client_key"] = running.client_key
    return _page(
        "fieldwork/hours.html",
        status,
        found=found,
        rows=rows,
        running=running,
        coming=fresh(ClockIn(), found),
        leaving=leaving,
        day=day or fresh(EnterDay(), found),
        told=told or day or out or leaving,
        week=entries.minutes(rows),
        all=entries.minutes_of(found.placement.id),
        sent_back=entries.sent_back(found.placement.id, HoursEntry),
        **_sending(found),
    )


def procedures_page(*, form: Form | None = None, status: int = 200) -> ResponseReturnValue:
    """Return the page of procedures with the counters toward credentials."""
    found = chosen()
    if found is None:
        return _page("fieldwork/none.html", status, what="procedures")
    numbers = entries.numbers_of(one.id for one in found.others)
    return _page(
        "fieldwork/procedures.html",
        status,
        found=found,
        rows=entries.of_week(found.placement.id, ProcedureEntry, found.week_on),
        form=form or fresh(EnterProcedure(), found),
        numbers=numbers,
        counters=standings({kind: number.approved for kind, number in numbers.items()}),
        sent_back=entries.sent_back(found.placement.id, ProcedureEntry),
        **_sending(found),
    )


def _sending(found: Chosen) -> dict[str, object]:
    placement_id, week_on = found.placement.id, found.week_on
    unsent = [
        *entries.to_send(placement_id, HoursEntry, week_on),
        *entries.to_send(placement_id, ProcedureEntry, week_on),
    ]
    return {
        "unsent": len(unsent) if found.placement.state is PlacementState.RUNNING else 0,
        "waiting": [one for one in entries.waiting_batches(placement_id) if one.week_on == week_on],
    }


def entry_page(
    template: str, form: Form, placement: Placement, entry: HoursEntry | ProcedureEntry, *, status: int = 200
) -> Response:
    """Return the page on which one entry is corrected."""
    return _page(template, status, form=form, entry=entry, placement=placement, zone=placement.opening.location.zone)


def _page(template: str, status: int, **given: object) -> Response:
    """Answer with a page whose script may ask us again, once the line is back."""
    page = render_template(template, spoken=spoken, oddity=Oddity, now=received_at(), **given)
    answer = make_response(page, status)
    answer.headers["Content-Security-Policy"] = widened_policy(connect_src=[])
    return answer
