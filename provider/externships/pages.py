"""What the student's pages of an externship show, ready for their templates."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from provider.affiliations.rules import clock_time, mask, named_days
from provider.documents.queries import Need
from provider.documents.rules import Standing
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CLASSROOM_STATES, EnrollmentState
from provider.externships import checks, offer_queries, progress, queries, requests, wishes
from provider.externships.models import ExternshipRequest, Offer, Placement
from provider.externships.next_steps import Facts, steps
from provider.externships.rules import (
    ENDED_REQUESTS,
    TENTHS,
    UNPLACED_REQUESTS,
    RequestState,
    lapses_at,
    why_not_eligible,
)
from provider.externships.schemas import PLACES, filled_in
from provider.externships.wishes import Wishes
from provider.kernel.days import day_of
from provider.kernel.forms import Choices
from provider.kernel.settings import settings
from provider.kernel.web import when
from provider.places.rules import is_zip

_R = RequestState
WEEK_DAYS = range(5)
FROM, UNTIL = 8 * 60, 17 * 60


@dataclass(frozen=True, slots=True)
class Shown:
    """One enrollment's externship: what there is of it, and what may be done.

    ``request`` is the last one, an ended one too. ``refusal`` says why nobody may ask now.
    """

    enrollment: Enrollment
    request: ExternshipRequest | None
    refusal: str | None
    needs: tuple[Need, ...]
    progress: progress.Progress | None
    offer: Offer | None
    placement: Placement | None
    steps: tuple[str, ...]
    lapses_at: dt.datetime | None

    @property
    def open(self) -> bool:
        """Say whether a request is open."""
        return self.request is not None and self.request.state not in ENDED_REQUESTS

    @property
    def unpaid(self) -> bool:
        """Say whether the request waits until the enrollment is paid again."""
        return self.request is not None and checks.waits_for_payment(self.request)

    @property
    def may_change(self) -> bool:
        """Say whether the wishes may be changed now."""
        return self.request is not None and may_change(self.request)

    @property
    def missing(self) -> list[str]:
        """Name the documents that it is the student's turn to bring."""
        return requests.missing(self.needs)

    @property
    def checking(self) -> list[str]:
        """Name the documents that the school has yet to check."""
        return [need.kind.label for need in self.needs if need.standing is Standing.BEING_CHECKED]


def may_change(request: ExternshipRequest) -> bool:
    """Say whether the wishes of a request may be changed: nothing is offered, and nobody is placed."""
    return request.state in UNPLACED_REQUESTS


def shown(enrollment: Enrollment, *, now: dt.datetime) -> Shown:
    """Return an enrollment's externship as it stands."""
    request = queries.newest_of(enrollment.id)
    if request is None:
        return Shown(enrollment, None, _refusal(enrollment, None), (), None, None, None, (), None)
    open_now = request.state not in ENDED_REQUESTS
    needs = requests.needs_of(request, now) if request.state in UNPLACED_REQUESTS else ()
    offer = offer_queries.live_offer(request.id) if request.state is _R.OFFERED else None
    placement = queries.last_placement(request.id) if request.state in {_R.PLACED, _R.RUNNING, _R.COMPLETED} else None
    runs = progress.of(request.reference, now=now)
    lapses = (
        lapses_at(request.missing_since, settings().DOCUMENTS_LAPSE_DAYS)
        if request.missing_since is not None and request.state is _R.DOCUMENTS
        else None
    )
    facts = Facts(
        state=request.state,
        unpaid=checks.waits_for_payment(request),
        offer=offer.state if offer else None,
        lacking=bool(requests.missing(needs)),
        lapses=when(lapses, enrollment.zone) if lapses else None,
        answer_by=when(offer.expires_at, enrollment.zone) if offer and offer.expires_at else None,
        due_on=runs.due_on if runs else None,
        overdue=runs is not None and runs.state == "overdue",
        begins_on=placement.first_on if placement else None,
        ends_on=placement.last_on if placement else None,
    )
    refusal = None if open_now else _refusal(enrollment, request)
    return Shown(enrollment, request, refusal, needs, runs, offer, placement, steps(facts), lapses)


def _refusal(enrollment: Enrollment, last: ExternshipRequest | None) -> str | None:
    if last is not None and last.state is _R.COMPLETED:
        return "You have completed your externship in this program."
    return why_not_eligible(enrollment.state)


def worth_showing(enrollment: Enrollment) -> bool:
    """Say whether the desk leads to an externship: it is open to whoever is in a program or done with it."""
    return enrollment.state in CLASSROOM_STATES


def invites(enrollment: Enrollment) -> bool:
    """Say whether a student may ask by themselves."""
    return enrollment.state is EnrollmentState.COMPLETED


def first_answers(enrollment: Enrollment, *, now: dt.datetime) -> dict[str, Any]:
    """Return what the form says before anything was typed."""
    usual = Wishes(
        zip=enrollment.zip,
        miles=settings().GUARANTEE_MILES,
        weekdays=mask(WEEK_DAYS),
        from_minute=FROM,
        until_minute=UNTIL,
        earliest_on=day_of(now, ZoneInfo(enrollment.zone)) + dt.timedelta(days=1),
    )
    return filled_in(as_mapping(usual))


def as_mapping(wanted: Wishes) -> Mapping[str, Any]:
    """Return wishes by their names."""
    return {name: getattr(wanted, name) for name in Wishes.__slots__}


def wanted(data: Mapping[str, Any]) -> Wishes:
    """Return the wishes of a form that was filled in."""
    plain = {name: data[name] for name in Wishes.__slots__ if name not in {"weekdays", "locations"}}
    locations = tuple(data[name] for name in PLACES if data[name])
    return Wishes(**plain, weekdays=mask(data["weekdays"]), locations=locations)


def place_choices(enrollment: Enrollment, zip_code: str) -> dict[str, Choices]:
    """Return the locations that may be ranked, the nearest to a ZIP code first, for each of the ranks."""
    point = wishes.point_of(zip_code) if is_zip(zip_code) else None
    found = wishes.choices(enrollment.program_id, point)
    listed = [("", "No wish"), *((one.reference, _named(one.site.name, one.name, tenths)) for one, tenths in found)]
    return dict.fromkeys(PLACES, listed)


def _named(site: str, location: str, tenths: int | None) -> str:
    return f"{site}, {location}" + (f" ({tenths / TENTHS:.1f} miles)" if tenths is not None else "")


def told_wishes(request: ExternshipRequest) -> list[tuple[str, str]]:
    """Return what was wished, in words."""
    ranked = [f"{one.location.site.name}, {one.location.name}" for one in request.preferences]
    hours = f"{clock_time(request.from_minute)} to {_end(request.until_minute)}"
    return [
        ("Around", f"{request.zip}, within {request.miles} miles"),
        ("Days", named_days(request.weekdays)),
        ("Hours", hours),
        ("From", f"{request.earliest_on:%B} {request.earliest_on.day}, {request.earliest_on.year}"),
        ("Kind of site", request.site_kind.label if request.site_kind else "Any kind"),
        ("Locations", "; ".join(ranked) or "No wish"),
        ("How you get there", request.transport_note or ""),
    ]


def _end(minute: int) -> str:
    return "midnight" if minute % (24 * 60) == 0 else clock_time(minute)
