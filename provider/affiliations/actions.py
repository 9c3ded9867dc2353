"""What rooms above call: taking and giving back places, and the endings that release those who stand there."""

import datetime as dt
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm.util import identity_key

from provider.affiliations import queries
from provider.affiliations.models import AffiliationAgreement, Opening, Site, SiteLocation
from provider.affiliations.rules import (
    AGREEMENT_LIFECYCLE,
    OPENING_LIFECYCLE,
    REMINDED,
    SITE_LIFECYCLE,
    AgreementState,
    OpeningState,
    SiteState,
    earliest_end,
)
from provider.history.actions import move, note
from provider.kernel.actors import Actor
from provider.kernel.database import db, rows_changed
from provider.kernel.days import counted, day_of, written
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.tasks.actions import finish_by_key


class OpeningFull(DomainError):
    """The last place went to somebody else."""

    code = "opening_full"
    sentence = "All places of this opening are taken by now. Nothing was changed. Choose another opening."


class OpeningClosed(DomainError):
    """New students are not sent to this opening any more."""

    code = "opening_closed"
    sentence = "This opening is closed by now and takes nobody new. Nothing was changed. Choose another opening."


class NothingTaken(DomainError):
    """A place was to be given back that nobody had."""

    code = "nothing_taken"
    sentence = "No place of this opening is taken. Reload the page to see how it stands."


class NoticeTooShort(DomainError):
    """An agreement was to end before its notice period is over, and not both agreed to it."""

    status = 422
    code = "notice_too_short"


class EndOutOfReach(DomainError):
    """An agreement was to end on a day that it does not have."""

    status = 422
    code = "end_out_of_reach"


def take_place(opening_id: int) -> None:
    """Take one place of an opening, of several at once exactly as many as are free.

    Raises OpeningClosed and OpeningFull. The opening's row is held until the end of the unit of work.
    """
    one_more = (
        sa.update(Opening)
        .where(Opening.id == opening_id, Opening.state == OpeningState.OPEN, Opening.taken < Opening.capacity)
        .values(taken=Opening.taken + 1)
        .execution_options(synchronize_session=False)
    )
    taken = rows_changed(one_more) == 1
    _read_again(opening_id)
    if taken:
        return
    state = db.session.scalar(sa.select(Opening.state).where(Opening.id == opening_id))
    raise OpeningFull if state is OpeningState.OPEN else OpeningClosed


def free_place(opening_id: int) -> None:
    """Give one place of an opening back, be it open or closed; raises NothingTaken."""
    one_less = (
        sa.update(Opening)
        .where(Opening.id == opening_id, Opening.taken > 0)
        .values(taken=Opening.taken - 1)
        .execution_options(synchronize_session=False)
    )
    if rows_changed(one_less) != 1:
        raise NothingTaken
    _read_again(opening_id)


def _read_again(opening_id: int) -> None:
    """Let an opening that the session holds be read anew where its number is next asked for."""
    held = db.session.identity_map.get(identity_key(Opening, opening_id))
    if held is not None:
        db.session.expire(held, ["taken"])


def close_site(site: Site, *, actor: Actor, at: dt.datetime) -> Site:
    """Close a site with its locations and openings: nobody new is sent there. Its agreements stay as they are.

    Whoever stands or is about to stand there is not touched here: a higher room releases them around this call.
    ``site`` is locked and has its locations (`queries.site(..., lock=True)`).
    """
    move(site, SiteState.CLOSED, SITE_LIFECYCLE, actor=actor, at=at)
    site.closed_at = at
    for location in site.locations:
        if location.state is SiteState.OPEN:
            move(location, SiteState.CLOSED, SITE_LIFECYCLE, actor=actor, at=at, about=site.reference)
    _close_openings([location.id for location in site.locations], site.reference, actor, at)
    return site


def close_location(location: SiteLocation, *, actor: Actor, at: dt.datetime) -> SiteLocation:
    """Close one location with its openings; a higher room releases around this call who stands there.

    ``location`` is locked and has its site (`queries.location(..., lock=True)`).
    """
    move(location, SiteState.CLOSED, SITE_LIFECYCLE, actor=actor, at=at, about=location.site.reference)
    _close_openings([location.id], location.site.reference, actor, at)
    return location


def _close_openings(location_ids: list[int], about: str, actor: Actor, at: dt.datetime) -> None:
    for opening in queries.open_at(location_ids):
        move(opening, OpeningState.CLOSED, OPENING_LIFECYCLE, actor=actor, at=at, about=about)


def end_agreement(
    agreement: AffiliationAgreement,
    on: dt.date,
    reason: str,
    actor: Actor,
    at: dt.datetime,
    *,
    both_agree: bool = False,
) -> AffiliationAgreement:
    """Let an agreement be in force until a day (the last one counts whole), or drop one that never was in force.

    Notice is kept, counted from today, unless both agree: raises NoticeTooShort, EndOutOfReach. A job ends it when
    that day is over. ``agreement`` is locked and has its site (`queries.agreement(..., lock=True)`). Placements beyond
    the day are not touched here: a higher room releases them around this call.
    """
    about = agreement.site.reference
    if agreement.state is not AgreementState.IN_FORCE:
        AGREEMENT_LIFECYCLE.check(agreement.state, AgreementState.ENDED)
        agreement.end_reason = reason
        return finish_agreement(agreement, actor=actor, at=at)
    _check_end(agreement, on, today_of(agreement, at), both_agree=both_agree)
    agreement.terminated_on, agreement.end_reason = on, reason
    data = {"on": on.isoformat(), "both_agree": both_agree}
    note(agreement, "affiliation_agreement.notice", actor=actor, at=at, about=about, data=data)
    return agreement


def finish_agreement(agreement: AffiliationAgreement, *, actor: Actor, at: dt.datetime) -> AffiliationAgreement:
    """End an agreement whose last day is over, or that never came into force, and close what staff were asked."""
    agreement.ended_at = at
    about = agreement.site.reference
    move(agreement, AgreementState.ENDED, AGREEMENT_LIFECYCLE, actor=actor, at=at, about=about)
    for days in REMINDED:
        finish_by_key(key=ends_key(agreement.reference, days), at=at)
    finish_by_key(key=countersign_key(agreement.reference), at=at)
    return agreement


def _check_end(agreement: AffiliationAgreement, on: dt.date, today: dt.date, *, both_agree: bool) -> None:
    if not today <= on < agreement.last_on:
        raise EndOutOfReach(
            f"This agreement ends on {written(agreement.last_on)} by itself. Choose an earlier day, from today on."
        )
    allowed = earliest_end(today=today, notice_days=agreement.notice_days)
    if on < allowed and not both_agree:
        raise NoticeTooShort(
            f"{counted(agreement.notice_days, 'day')} of notice were agreed: given today, the agreement can end on "
            f"{written(allowed)} at the earliest. Choose that day or a later one, or say that both agreed to this one."
        )


def today_of(agreement: AffiliationAgreement, at: dt.datetime) -> dt.date:
    """Return the day that it is where an agreement is for; the earliest one, where its locations differ."""
    zones = {ZoneInfo(one.zone) for one in queries.scope_locations(agreement)} or {settings().SCHOOL_ZONE}
    return min(day_of(at, zone) for zone in zones)


def ends_key(reference: str, days: int) -> str:
    """Name the task about an agreement that ends in so many days."""
    return f"agreement_ends:{reference}:{days}"


def countersign_key(reference: str) -> str:
    """Name the task about an agreement that the site signed."""
    return f"countersign:{reference}"
