"""What a site answers by its link: yes, no with a reason, or other days."""

import datetime as dt

from provider.affiliations.rules import Period
from provider.externships import checks, guarantee, offer_queries, offers, place_letters, placements
from provider.externships.fitting import Hindrance
from provider.externships.models import Offer
from provider.externships.offer_ends import end, ready_again, silent_key
from provider.externships.offer_words import to_site
from provider.externships.refusals import DaysImpossible, NotPaid, NotYet, OfferOver
from provider.externships.rules import OfferState, ReleaseReason
from provider.kernel.actors import Actor
from provider.kernel.errors import DomainError
from provider.mail.actions import post
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind

LONGEST_DAYS = dt.timedelta(days=366)
_WHY_NOT = {
    Hindrance.CLOSED: "The school sends nobody to this site now. Write to us if this is an error.",
    Hindrance.DAYS: "The first day must be tomorrow or later, and not before the student can start.",
    Hindrance.AGREEMENT: "Our agreement with your site does not cover each of these days.",
    Hindrance.HOURS: "These days do not give the hours that the program asks for. Choose a longer time.",
}


def accept(*, offer: Offer, actor: Actor, at: dt.datetime) -> Offer:
    """Take a site's yes: the placement is confirmed, and both get its letter. Raises OfferOver.

    Agreement and days are checked again; an offer that does not hold by now comes back revoked, and `to_site` says so.
    While the student's enrollment waits for a payment again, it stays as it is: raises NotYet.
    """
    offer = _asked(offer)
    offer.site_answered_at = at
    try:
        checks.check_student(offer.request)
        checks.days_left(offer, at, with_documents=False)
    except NotPaid as unpaid:
        raise NotYet from unpaid
    except DomainError as refusal:
        return offers.fall_through(offer, refusal, at=at)
    placements.confirm(offer=offer, actor=actor, at=at)
    finish_by_key(key=silent_key(offer), at=at)
    return offer


def decline(*, offer: Offer, reason: str, actor: Actor, at: dt.datetime) -> Offer:
    """Take a site's no: the student is told kindly, staff read why, the request is ready again. Raises OfferOver."""
    offer = _asked(offer)
    offer.site_answered_at = at
    end(offer, OfferState.DECLINED, words=reason, actor=actor, at=at, asked_link_open=True)
    enrollment, site = offer.request.enrollment, offer.opening.location.site
    raise_task(
        kind=TaskKind.SITE_DECLINED,
        key=f"site_declined:{offer.reference}",
        about=enrollment.reference,
        sentence=f"{site.name} declined {enrollment.legal_name} ({offer.reference}): “{reason}” Find another place.",
        at=at,
    )
    sentence = f"{site.name} cannot take a student on these days."
    post(place_letters.offer_over(offer, why="site_declined", sentence=sentence), at=at)
    ready_again(offer.request, actor=actor, at=at)
    return offer


def propose(
    *, offer: Offer, first_on: dt.date, last_on: dt.date, words: str | None, actor: Actor, at: dt.datetime
) -> Offer:
    """Take other days from a site: they are offered to the student, whose yes confirms them; returns that new offer.

    The place stays kept all the time. Raises OfferOver, and DaysImpossible with what speaks against the days.
    """
    offer = _asked(offer)
    days = _possible(offer, first_on, last_on, at)
    offer.site_answered_at = at
    reason = ReleaseReason.OTHER_DATES
    end(
        offer, OfferState.REVOKED, reason=reason, words=words, actor=actor, at=at, keeps_place=True,
        asked_link_open=True,
    )  # fmt: skip
    made = offers.send_other_days(instead_of=offer, days=days, actor=actor, at=at)
    guarantee.keep(made.request, at=at)
    return made


def _possible(offer: Offer, first_on: dt.date, last_on: dt.date, at: dt.datetime) -> Period:
    if not first_on <= last_on <= first_on + LONGEST_DAYS:
        raise DaysImpossible("The last day must come after the first one, within a year.")
    if Period(first_on, last_on) == offer.period:
        raise DaysImpossible("These are the days we asked for. Choose others, or accept the student for these.")
    if first_on <= checks.today_at(offer.opening, at) or first_on < offer.request.earliest_on:
        raise DaysImpossible(_WHY_NOT[Hindrance.DAYS])
    found = checks.why_not_days(offer, Period(first_on, last_on), at)
    if found:
        raise DaysImpossible(_WHY_NOT.get(found[0].why, found[0].sentence))
    return Period(first_on, last_on)


def _asked(offer: Offer) -> Offer:
    """Return an offer that waits for its site, held for the answer."""
    offer = offer_queries.held(offer.id)
    if offer.state is not OfferState.ACCEPTED:
        raise OfferOver(to_site(offer), offer.state)
    return offer
