"""Externship requests: the queue with its clocks, one request with its story, and placing by hand."""

import datetime as dt

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.affiliations import queries as sites
from provider.affiliations.rules import clock_time, named_days
from provider.clocks import queries as clocks
from provider.clocks.rules import ClockKind, ClockState, stands, time_run
from provider.externships import checks, nearby, offer_queries, offers, queries, requests
from provider.externships.models import ExternshipRequest, Offer
from provider.externships.refusals import NotPaid
from provider.externships.rules import OPEN_OFFERS, PAUSE_LABELS, ReleaseReason, RequestState
from provider.kernel.days import counted, day_of
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.settings import settings
from provider.kernel.web import actor, received_at
from provider.staff import stories
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import key, standing_of
from provider.staff.lists import Requests
from provider.staff.schemas_externships import TakeBack
from provider.staff.thread_pages import beside

door = Door(
    "staff_externships",
    __name__,
    needs=Permission.SEE_PLACEMENTS,
    changes=Permission.MANAGE_PLACEMENTS,
    url_prefix="/staff/externships",
)
STORY = "externship"


@door.get("")
def index() -> ResponseReturnValue:
    listed = Requests(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template(
        "staff/externships/index.html", listed=listed, page=page, standing_of=standing_of
    ), listed.asked.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return _page(queries.by_reference(reference))


def _page(found: ExternshipRequest, *, form: Form | None = None) -> str:
    enrollment, now = found.enrollment, received_at()
    past, unpaid = offer_queries.offers_of(found.id), checks.waits_for_payment(found)
    return render_template(
        "staff/externships/show.html",
        request_=found,
        clock=_clock(found, now),
        week=f"{named_days(found.weekdays)}, {clock_time(found.from_minute)} to {clock_time(found.until_minute)}",
        liked=[f"{one.location.site.name}, {one.location.name}" for one in found.preferences],
        needs=requests.needs_of(found, now),
        offers=past,
        placements=offer_queries.placements_of(found.id),
        open_offer=next((one for one in past if one.state in OPEN_OFFERS), None),
        form=form or Form(TakeBack()),
        can_place=may(Permission.MANAGE_PLACEMENTS) and found.state is RequestState.READY and not unpaid,
        unpaid=NotPaid.sentence if unpaid else None,
        may_manage=may(Permission.MANAGE_PLACEMENTS),
        beside=beside(found.reference, person_id=enrollment.person_id, emails={enrollment.claimed_email}),
        story=stories.read({enrollment.reference: ""}, stories.Records(), stories.Wanted(only=STORY)),
    )


def _clock(found: ExternshipRequest, now: dt.datetime) -> dict[str, object] | None:
    """Return the clock of a request's guarantee with both times: what ran, and what stood still and why."""
    clock = clocks.of(ClockKind.GUARANTEE, found.reference)
    if clock is None:
        return None
    pauses = clocks.pauses(clock)
    until = clock.ended_at or now
    paused = sum(((one.ended_at or until) - one.began_at for one in pauses), dt.timedelta())
    run = time_run(started_at=clock.started_at, now=until, paused=paused)
    today = day_of(now, settings().SCHOOL_ZONE)
    running = clock.state is ClockState.RUNNING
    return {
        "state": clock.state,
        "due_on": clock.due_on,
        "standing": stands(due_on=clock.due_on, last_on=clock.overdue_on, today=today) if running else None,
        "run": counted(run.days, "day"),
        "paused": counted(paused.days, "day"),
        "reason": next((PAUSE_LABELS.get(one.reason) for one in pauses if one.ended_at is None), None),
    }


@door.get("/<reference>/places")
def places(reference: str) -> ResponseReturnValue:
    return _places_page(queries.by_reference(reference))


def _places_page(found: ExternshipRequest) -> str:
    ready = found.state is RequestState.READY and not checks.waits_for_payment(found)
    return render_template(
        "staff/externships/places.html",
        request_=found,
        near=nearby.nearby(found, at=received_at()),
        ready=ready,
        can_place=ready and may(Permission.MANAGE_PLACEMENTS),
        most=nearby.MOST,
    )


@door.post("/<reference>/places/<opening>")
def offer(reference: str, opening: str) -> ResponseReturnValue:
    return try_to(
        lambda: offers.send(
            request=queries.by_reference(reference),
            opening=sites.opening(opening),
            actor=actor(),
            at=received_at(),
        ),
        "The place is kept and offered. The student gets a letter and has some days to answer.",
        url_for("staff_externships.show", reference=reference),
    )


@door.post("/<reference>/take-back")
def take_back(reference: str) -> ResponseReturnValue:
    form = Form(TakeBack()).load_form(request.form)
    attempt(form, lambda: _take_back(reference, form.data["words"]))
    if not form.ok:
        return _page(queries.by_reference(reference), form=form), 422
    return done(
        "The offer is taken back. Whoever was asked gets a letter, and the request is ready again.",
        url_for("staff_externships.show", reference=reference),
    )


def _take_back(reference: str, words: str) -> Offer | None:
    offer = queries.live_offer(queries.by_reference(reference, lock=True).id)
    if offer is None or offer.state not in OPEN_OFFERS:
        raise offers.NothingToTakeBack
    reason = ReleaseReason.COORDINATOR
    return offers.revoke(offer=offer, reason=reason, words=words, actor=actor(), at=received_at())
