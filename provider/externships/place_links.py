"""What the links in letters about a place open: an offer for its student, and the same for the site that is asked."""

import datetime as dt

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from provider.accounts.links import open_link
from provider.externships import offer_queries, offers, site_answers
from provider.externships.offer_pages import Answers, answered, offer_page, site_page
from provider.externships.offer_words import to_site, too_late, what_became
from provider.externships.place_schemas import DeclineOffer, DeclineStudent, ProposeDays
from provider.externships.refusals import DaysImpossible
from provider.externships.rules import OfferState
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import retrying
from provider.kernel.errors import NotFound
from provider.kernel.forms import Form
from provider.kernel.web import only
from provider.kernel.web import received_at as request_received_at

STUDENT_MAY_STILL_ANSWER = (
    "This link does not work any more, but the place still waits for your answer. Sign in and answer on the page of "
    "your externship, or answer our letter."
)
SITE_MAY_STILL_ANSWER = (
    "This link does not work any more, but your answer is still awaited. Answer our letter, and we send you a new link."
)


class OfferLink:
    """Opens an offer for whoever holds its letter; only a button accepts or declines. It tells how the offer stands."""

    label = "Accept or decline an externship place"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return offer_page(offer_queries.offer(subject), now=request_received_at(), token=token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        holder, offer = _holder(token, actor, received_at), offer_queries.offer(subject)
        step, typed = _step()
        if step == "accept":
            only("step")
            answered(lambda: offers.accept(offer=offer, actor=holder, at=received_at))
        elif step == "decline":
            form = Form(DeclineOffer()).load_form(typed)
            if not form.ok:
                return offer_page(offer, now=received_at, token=token, form=form), 422
            words = form.data["words"]
            retrying(lambda: offers.decline(offer=offer, words=words, actor=holder, at=received_at))
        else:
            raise NotFound
        return redirect(f"/links/{token}", code=303)

    def over(self, subject: str, _made_at: dt.datetime) -> str | None:
        offer, now = offer_queries.offer(subject), request_received_at()
        waits = offer.state is OfferState.SENT and not too_late(offer, now)
        return STUDENT_MAY_STILL_ANSWER if waits else what_became(offer, now=now)


class AnswerLink:
    """Opens what a site is asked about a student; only its buttons answer. Afterwards it tells what was answered."""

    label = "Answer for a site whether a student may come"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        return site_page(offer_queries.offer(subject), token=token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        holder = _holder(token, actor, received_at)
        step, typed = _step()
        if step == "accept":
            only("step")
            offer = offer_queries.offer(subject)
            answered(lambda: site_answers.accept(offer=offer, actor=holder, at=received_at), to_site)
            return redirect(f"/links/{token}", code=303)
        if step == "decline":
            return _decline(subject, token, typed, holder, received_at)
        if step == "propose":
            return _propose(subject, token, typed, holder, received_at)
        raise NotFound

    def over(self, subject: str, _made_at: dt.datetime) -> str | None:
        offer = offer_queries.offer(subject)
        return SITE_MAY_STILL_ANSWER if offer.state is OfferState.ACCEPTED else to_site(offer)


def _decline(
    subject: str, token: str, typed: "MultiDict[str, str]", holder: Actor, at: dt.datetime
) -> ResponseReturnValue:
    offer, form = offer_queries.offer(subject), Form(DeclineStudent()).load_form(typed)
    if not form.ok:
        return site_page(offer, token=token, answers=Answers(decline=form)), 422
    reason = form.data["reason"]
    retrying(lambda: site_answers.decline(offer=offer, reason=reason, actor=holder, at=at))
    return redirect(f"/links/{token}", code=303)


def _propose(
    subject: str, token: str, typed: "MultiDict[str, str]", holder: Actor, at: dt.datetime
) -> ResponseReturnValue:
    offer, form = offer_queries.offer(subject), Form(ProposeDays()).load_form(typed)
    if form.ok:
        days = form.data
        try:
            retrying(lambda: site_answers.propose(offer=offer, actor=holder, at=at, **days))
        except DaysImpossible as refusal:
            form.add_error("_schema", refusal.sentence)
            offer = offer_queries.offer(subject)
    if not form.ok:
        return site_page(offer, token=token, answers=Answers(propose=form)), 422
    return redirect(f"/links/{token}", code=303)


def _holder(token: str, actor: Actor, at: dt.datetime) -> Actor:
    return Actor(ActorKind.LINK, open_link(token, now=at).reference, actor.request_id)


def _step() -> tuple[str, "MultiDict[str, str]"]:
    """Return which button was pressed, and what was sent besides."""
    typed = MultiDict((name, value) for name, value in request.form.items(multi=True) if name != "step")
    return request.form.get("step", ""), typed
