"""What became of an offer, in one sentence for whoever still holds its letter."""

import datetime as dt
from enum import StrEnum
from zoneinfo import ZoneInfo

from provider.externships.models import Offer
from provider.externships.rules import OfferState, ReleaseReason
from provider.kernel.days import day_of, written


class Fate(StrEnum):
    """What became of an offer, finer than its state."""

    WAITS = "waits"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    DECLINED = "declined"
    SITE_DECLINED = "site_declined"
    OTHER_DATES = "other_dates"
    TAKEN_BACK = "taken_back"


_F, _S = Fate, OfferState
_BY_STATE = {
    _S.PROPOSED: _F.WAITS,
    _S.SENT: _F.WAITS,
    _S.ACCEPTED: _F.ACCEPTED,
    _S.CONFIRMED: _F.CONFIRMED,
    _S.EXPIRED: _F.EXPIRED,
    _S.REVOKED: _F.TAKEN_BACK,
}
_TO_STUDENT = {
    _F.WAITS: "This place waits for your answer.",
    _F.ACCEPTED: "You accepted this place on {answered}. The site has been asked and will answer; nothing to do.",
    _F.CONFIRMED: "This place is yours: you and the site have both said yes. Our letter has all you need.",
    _F.EXPIRED: "You could answer until {until}, so this place went back. Nothing to do: we look for another one.",
    _F.DECLINED: "You declined this place on {answered}, so it went back. Nothing to do: we look for another one.",
    _F.SITE_DECLINED: "The site could not take you, and the place went back on {ended}. Nothing to do: we look on.",
    _F.OTHER_DATES: "The site proposed other days for this place. Our newest letter has them, and its link to answer.",
    _F.TAKEN_BACK: "This place went back on {ended}. {reason} Nothing to do for you here.",
}
_OVER = "This place went back on {ended}, and no student comes. Nothing to do."
_TO_SITE = {
    _F.WAITS: "The student has not answered yet, so there is nothing to do for you.",
    _F.ACCEPTED: "The school asks you for a place, and your answer is awaited.",
    _F.CONFIRMED: "You accepted this student on {site_answered}. Our confirmation has all you need; nothing to do.",
    _F.EXPIRED: _OVER,
    _F.DECLINED: _OVER,
    _F.SITE_DECLINED: "You declined this student on {site_answered}. The school has read why; nothing to do.",
    _F.OTHER_DATES: "You proposed other days on {site_answered}. We write to you when the student has answered.",
    _F.TAKEN_BACK: _OVER,
}


def too_late(offer: Offer, now: dt.datetime) -> bool:
    """Say whether an offer that waits can be answered no more: the job that lets it go may not have run yet."""
    return offer.state is OfferState.SENT and offer.expires_at is not None and now > offer.expires_at


def fate(offer: Offer) -> Fate:
    """Say what became of an offer."""
    if offer.state is OfferState.DECLINED:
        return Fate.DECLINED if offer.site_answered_at is None else Fate.SITE_DECLINED
    if offer.end_reason is ReleaseReason.OTHER_DATES:
        return Fate.OTHER_DATES
    return _BY_STATE[offer.state]


def what_became(offer: Offer, *, now: dt.datetime | None = None) -> str:
    """Say to the student what became of an offer, by now if it matters, and whether there is anything to do."""
    became = Fate.EXPIRED if now is not None and too_late(offer, now) else fate(offer)
    return _told(_TO_STUDENT[became], offer, offer.request.enrollment.zone)


def to_site(offer: Offer) -> str:
    """Say to the site what became of the student it was asked for, without the name: a letter may be passed on."""
    return _told(_TO_SITE[fate(offer)], offer, offer.opening.location.zone)


def fell_through(offer: Offer) -> str:
    """Say to whoever said yes that the place does not hold any more, and why."""
    return f"This place does not hold any more. {offer.words or ''} The school looks for another one; nothing to do."


def _told(sentence: str, offer: Offer, zone: str) -> str:
    return sentence.format(
        answered=_day(offer.answered_at, zone),
        site_answered=_day(offer.site_answered_at, zone),
        ended=_day(offer.ended_at, zone),
        until=_day(offer.expires_at, zone),
        reason=offer.end_reason.sentence if offer.end_reason is not None else "",
    )


def _day(at: dt.datetime | None, zone: str) -> str:
    return "an earlier day" if at is None else written(day_of(at, ZoneInfo(zone)))
