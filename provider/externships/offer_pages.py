"""The pages on which an offer is answered: the student's, signed in or by the link, and the site's."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import render_template, url_for

from provider.affiliations.rules import clock_time, named_days
from provider.externships import checks, place_letters
from provider.externships.models import Offer
from provider.externships.offer_words import fell_through, to_site, what_became
from provider.externships.papers import local_time
from provider.externships.place_schemas import DeclineOffer, DeclineStudent, ProposeDays
from provider.externships.refusals import NotPaid, OfferOver
from provider.externships.rules import OfferState
from provider.kernel.database import retrying
from provider.kernel.days import written
from provider.kernel.forms import Form

Words = Callable[[Offer], str]


@dataclass(frozen=True, slots=True)
class Shown:
    """An offer as a page shows it: ready words, and where its buttons post to."""

    reference: str
    program: str
    site: str
    location: str
    address: str
    days: str
    times: str
    far: str | None
    bring: str | None
    waits: bool
    unpaid: str | None
    site_agreed: bool
    sentence: str
    until: dt.datetime | None
    zone: str
    accept_to: str
    decline_to: str
    by_link: bool


def shown(offer: Offer, *, token: str | None = None) -> Shown:
    """Return an offer as its student reads it."""
    opening, enrollment = offer.opening, offer.request.enrollment
    pattern = place_letters.attended(offer)
    location = opening.location
    link = None if token is None else url_for("accounts.decide", token=token)
    times = f"{clock_time(pattern.from_minute)} to {clock_time(pattern.until_minute)}"
    return Shown(
        reference=offer.reference,
        program=enrollment.agreement.program_title,
        site=location.site.name,
        location=location.name,
        address=f"{location.street}, {location.city}, {location.state_code} {location.zip}",
        days=f"{written(offer.first_on)} to {written(offer.last_on)}",
        times=f"{named_days(pattern.weekdays)}, {times}, {local_time(location.zone)}",
        far=place_letters.how_far(offer.tenths),
        bring=opening.bring,
        waits=offer.state is OfferState.SENT,
        unpaid=NotPaid.sentence if checks.waits_for_payment(offer.request) else None,
        site_agreed=offer.site_agreed,
        sentence=what_became(offer),
        until=offer.expires_at,
        zone=enrollment.zone,
        accept_to=link or url_for("externship_offers.accept", reference=offer.reference),
        decline_to=link or url_for("externship_offers.decline", reference=offer.reference),
        by_link=token is not None,
    )


def offer_page(offer: Offer, *, now: dt.datetime, token: str | None = None, form: Form | None = None) -> str:
    """Return the page of one offer: its two buttons, or what became of it."""
    return render_template(
        "externships/offer.html",
        offered=shown(offer, token=token),
        home=None if token else home(offer),
        declining=form or Form(DeclineOffer()),
        now=now,
    )


def home(offer: Offer) -> str:
    """Return the address of the student's own page of the externship."""
    return url_for("externships.show", reference=offer.request.enrollment.reference)


@dataclass(frozen=True, slots=True)
class Answers:
    """The forms of the site's page, and which of its three parts is open."""

    decline: Form = field(default_factory=lambda: Form(DeclineStudent()))
    propose: Form = field(default_factory=lambda: Form(ProposeDays()))


def site_page(offer: Offer, *, token: str, answers: Answers | None = None) -> str:
    """Return the page on which a site answers: yes, no, or other days; afterwards what it answered."""
    return render_template(
        "externships/answer.html",
        offered=shown(offer, token=token),
        student=offer.request.enrollment.legal_name,
        contact=offer.opening.preceptor.name,
        asked=offer.state is OfferState.ACCEPTED,
        sentence=to_site(offer),
        answers=answers or Answers(),
        action=url_for("accounts.decide", token=token),
    )


def answered(work: Callable[[], Offer], words: Words = fell_through) -> None:
    """Take an answer; what fell through meanwhile is kept, and told in one sentence. Raises OfferOver."""

    def in_unit() -> tuple[OfferState, str]:
        offer = work()
        over = offer.state is OfferState.REVOKED
        return offer.state, words(offer) if over else ""

    state, sentence = retrying(in_unit)
    if sentence:
        raise OfferOver(sentence, state)
