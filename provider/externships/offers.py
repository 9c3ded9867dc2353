"""Offering a place to a student, who accepts or declines it; each yes is checked again in its own transaction."""

import datetime as dt
from zoneinfo import ZoneInfo

from provider.accounts.links import make_link
from provider.affiliations.actions import OpeningClosed, OpeningFull, take_place
from provider.affiliations.models import Opening
from provider.affiliations.rules import Period
from provider.externships import checks, guarantee, offer_queries, place_letters, placements, queries
from provider.externships.disclosing import WHO_COMES, disclose
from provider.externships.models import ExternshipRequest, Offer
from provider.externships.offer_ends import ANSWER_LINK, OFFER_LINK, end, ready_again, silent_key
from provider.externships.offer_words import what_became
from provider.externships.refusals import (
    AgreementDoesNotCover,
    DocumentsDoNotHold,
    LastPlaceTaken,
    NotPaid,
    OfferOver,
    OfferTooLate,
    RequestNotReady,
)
from provider.externships.rules import (
    CALL_SITE_AFTER,
    ENDING,
    OFFER_LIFECYCLE,
    OFFER_PREFIX,
    OPEN_OFFERS,
    REMIND_SITE_AFTER,
    REQUEST_LIFECYCLE,
    OfferState,
    ReleaseReason,
    RequestState,
)
from provider.history.actions import born, move, note
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, hold
from provider.kernel.days import counted, day_of, end_of
from provider.kernel.errors import DomainError
from provider.kernel.settings import settings
from provider.mail.actions import post
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind


class NothingToTakeBack(DomainError):
    """Nothing is offered any more, or it is confirmed by now."""

    code = "nothing_to_take_back"
    sentence = "No offer waits here any more. Reload the page to see how it stands."


def send(
    *, request: ExternshipRequest, opening: Opening, plan_id: int | None = None, actor: Actor, at: dt.datetime
) -> Offer:
    """Keep a place for a student and offer it; of several who want the last place, one gets it.

    Raises RequestNotReady, NotAStudent, AgreementDoesNotCover, DocumentsDoNotHold, OpeningClosed, LastPlaceTaken, and
    DoesNotFit for every other hard rule.
    """
    request = queries.by_id(request.id, lock=True)
    if request.state is not RequestState.READY:
        raise RequestNotReady(request.state)
    checks.check_student(request)
    days = checks.new_days(request, opening, at)
    try:
        take_place(opening.id)
    except OpeningFull as full:
        raise LastPlaceTaken from full
    offer = _write(request, opening, days, actor, at, plan_id=plan_id)
    move(request, RequestState.OFFERED, REQUEST_LIFECYCLE, actor=actor, at=at, about=request.enrollment.reference)
    return _tell(offer, actor, at)


def send_other_days(*, instead_of: Offer, days: Period, actor: Actor, at: dt.datetime) -> Offer:
    """Offer a student the days that the site proposed, with the place that was kept; their yes confirms it at once."""
    offer = _write(instead_of.request, instead_of.opening, days, actor, at, instead_of=instead_of)
    return _tell(offer, actor, at)


def _write(
    request: ExternshipRequest,
    opening: Opening,
    days: Period,
    actor: Actor,
    at: dt.datetime,
    *,
    plan_id: int | None = None,
    instead_of: Offer | None = None,
) -> Offer:
    offer = hold(
        Offer(
            reference=references.new(OFFER_PREFIX),
            request_id=request.id,
            opening_id=opening.id,
            replaces_id=instead_of.id if instead_of else None,
            plan_id=instead_of.plan_id if instead_of else plan_id,
            state=OfferState.PROPOSED,
            first_on=days.first_on,
            last_on=days.last_on,
            tenths=instead_of.tenths if instead_of else checks.tenths_between(request, opening),
            site_agreed=instead_of is not None,
            created_at=at,
            created_by=actor.reference,
        )
    )
    born(offer, actor=actor, at=at, about=request.enrollment.reference)
    return offer


def _tell(offer: Offer, actor: Actor, at: dt.datetime) -> Offer:
    """Send an offer to the student with a link of its own, and let the clock wait for the answer."""
    offer = offer_queries.held(offer.id)
    enrollment = offer.request.enrollment
    offer.sent_at, offer.expires_at = at, answer_by(at, enrollment.zone)
    move(offer, OfferState.SENT, OFFER_LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
    link = make_link(purpose=OFFER_LINK, subject=offer.reference, at=at, lasts=_through(offer, at))
    db.session.flush()
    post(place_letters.offer(offer, link), at=at, actor=actor)
    guarantee.keep(offer.request, at=at)
    return offer


def answer_by(at: dt.datetime, zone: str) -> dt.datetime:
    """Return the last instant for an answer: the end of the last of its days where the student lives."""
    own = ZoneInfo(zone)
    return end_of(day_of(at, own) + dt.timedelta(days=settings().OFFER_DAYS), own)


def _through(offer: Offer, at: dt.datetime) -> dt.timedelta:
    """Return how long a link lives: through the last day of the offer, and for an answer in any case."""
    last = end_of(offer.last_on, ZoneInfo(offer.opening.location.zone))
    return max(last, offer.expires_at or last) - at


def accept(*, offer: Offer, actor: Actor, at: dt.datetime) -> Offer:
    """Take a student's yes: the site is asked, or, where it named these days itself, the placement is confirmed.

    Everything is checked again. What cannot be mended ends the offer: it comes back revoked, and `what_became` says
    why. Raises OfferOver, OfferTooLate, and what the student can still mend: NotPaid, DocumentsDoNotHold.
    """
    offer = _waiting(offer, at)
    try:
        checks.check_student(offer.request)
        checks.days_left(offer, at)
    except (NotPaid, DocumentsDoNotHold):
        raise
    except DomainError as refusal:
        return fall_through(offer, refusal, at=at)
    about = offer.request.enrollment.reference
    offer.answered_at = at
    move(offer, OfferState.ACCEPTED, OFFER_LIFECYCLE, actor=actor, at=at, about=about)
    db.session.flush()
    if offer.site_agreed:
        placements.confirm(offer=offer, actor=actor, at=at)
        return offer
    guarantee.keep(offer.request, at=at)
    _ask_site(offer, actor, at)
    disclose(offer.request, to=offer.opening.location.site.name, what=WHO_COMES, actor=actor, at=at)
    return offer


def _ask_site(offer: Offer, actor: Actor, at: dt.datetime, *, reminder: bool = False) -> None:
    link = make_link(purpose=ANSWER_LINK, subject=offer.reference, at=at, lasts=_through(offer, at))
    post(place_letters.ask_site(offer, link, reminder=reminder), at=at, actor=actor)


def remind_site(offer_id: int, *, now: dt.datetime) -> None:
    """Remind a site that has not answered for three days, and put it before staff after seven; once each.

    Once the days are over a site is not reminded of them: it is for staff to end what it let go by.
    """
    offer = offer_queries.held(offer_id)
    if offer.state is not OfferState.ACCEPTED or offer.answered_at is None:
        return
    ahead = checks.today_at(offer.opening, now) <= offer.last_on
    due = ahead and now >= offer.answered_at + REMIND_SITE_AFTER
    if due and not offer_queries.site_was_reminded(offer.reference):
        about = offer.request.enrollment.reference
        note(offer, "offer.site_reminded", actor=SYSTEM, at=now, about=about)
        _ask_site(offer, SYSTEM, now, reminder=True)
    if now >= offer.answered_at + CALL_SITE_AFTER:
        _tell_silent(offer, (now - offer.answered_at).days, now)


def _tell_silent(offer: Offer, days: int, at: dt.datetime) -> None:
    enrollment, location = offer.request.enrollment, offer.opening.location
    raise_task(
        kind=TaskKind.PLACE_STUDENT,
        key=silent_key(offer),
        about=enrollment.reference,
        sentence=f"{location.site.name} was asked for {enrollment.legal_name} ({offer.reference}) "
        f"{counted(days, 'day')} ago and has not answered. Call {offer.opening.preceptor.name}, or take the offer back "
        f"on the page of request {offer.request.reference} and find another place.",
        at=at,
    )


def decline(*, offer: Offer, words: str | None, actor: Actor, at: dt.datetime) -> Offer:
    """Take a student's no, which costs nothing; this site is not offered again. Raises OfferOver, OfferTooLate."""
    offer = _waiting(offer, at)
    offer.answered_at = at
    end(offer, OfferState.DECLINED, words=words, actor=actor, at=at)
    if offer.site_agreed:
        post(place_letters.site_not_needed(offer, sentence="The student cannot come on the days you proposed."), at=at)
    ready_again(offer.request, actor=actor, at=at)
    return offer


def _waiting(offer: Offer, at: dt.datetime) -> Offer:
    """Return an offer that waits for its student, held for the answer."""
    offer = offer_queries.held(offer.id)
    if offer.state is not OfferState.SENT or offer.expires_at is None:
        raise OfferOver(what_became(offer), offer.state)
    if at > offer.expires_at:
        raise OfferTooLate(day_of(offer.expires_at, ZoneInfo(offer.request.enrollment.zone)))
    return offer


def expire(offer_id: int, *, now: dt.datetime) -> bool:
    """Let an offer go that was not answered in time; False when it was answered meanwhile. Safe to repeat."""
    offer = offer_queries.held(offer_id)
    if offer.state is not OfferState.SENT or offer.expires_at is None or now <= offer.expires_at:
        return False
    end(offer, OfferState.EXPIRED, actor=SYSTEM, at=now)
    post(place_letters.offer_over(offer, why="expired", sentence=what_became(offer)), at=now)
    if offer.site_agreed:
        post(place_letters.site_not_needed(offer, sentence="The student did not answer in time."), at=now)
    ready_again(offer.request, actor=SYSTEM, at=now)
    return True


def revoke(*, offer: Offer, reason: ReleaseReason, words: str | None = None, actor: Actor, at: dt.datetime) -> Offer:
    """Take an offer back that is not confirmed yet; whoever was asked is told, once. Raises OfferOver.

    The request is ready again, unless it ends with this reason: then whoever calls ends it.
    """
    offer = offer_queries.held(offer.id)
    if offer.state not in OPEN_OFFERS:
        raise OfferOver(what_became(offer), offer.state)
    site_waits = offer.state is OfferState.ACCEPTED or offer.site_agreed
    end(offer, OfferState.REVOKED, reason=reason, words=words, actor=actor, at=at)
    if site_waits:
        post(place_letters.site_not_needed(offer, sentence=place_letters.site_sentence(reason)), at=at, actor=actor)
    if reason not in ENDING:
        post(place_letters.offer_over(offer, why="revoked", sentence=reason.sentence), at=at, actor=actor)
        ready_again(offer.request, actor=actor, at=at)
    return offer


def fall_through(offer: Offer, refusal: DomainError, *, at: dt.datetime) -> Offer:
    """End an offer that does not hold any more when somebody says yes to it, and put the student before staff."""
    reasons: dict[type[DomainError], ReleaseReason] = {
        AgreementDoesNotCover: ReleaseReason.AGREEMENT_ENDED,
        OpeningClosed: ReleaseReason.SITE_CLOSED,
    }
    reason = reasons.get(type(refusal), ReleaseReason.COORDINATOR)
    end(offer, OfferState.REVOKED, reason=reason, words=refusal.sentence, actor=SYSTEM, at=at)
    enrollment = offer.request.enrollment
    raise_task(
        kind=TaskKind.PLACE_STUDENT,
        key=f"offer_fell_through:{offer.reference}",
        about=enrollment.reference,
        sentence=f"The place at {offer.opening.location.site.name} that {enrollment.legal_name} was offered does not "
        f"hold any more. {refusal.sentence} Find another one.",
        at=at,
    )
    post(place_letters.offer_over(offer, why="revoked", sentence=refusal.sentence), at=at)
    ready_again(offer.request, actor=SYSTEM, at=at)
    return offer
