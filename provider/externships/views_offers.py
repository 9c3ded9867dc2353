"""Where a signed-in student answers an offer, and takes the confirmation of a placement along."""

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from provider.accounts import sessions
from provider.accounts.rules import Permission
from provider.externships import offer_queries, offers, papers, place_letters
from provider.externships.models import Offer
from provider.externships.offer_pages import answered, home, offer_page
from provider.externships.place_schemas import DeclineOffer
from provider.kernel.database import retrying
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.web import actor, as_file, as_pdf, only, received_at

door = Door("externship_offers", __name__, needs=Permission.OWN_RECORDS, url_prefix="/my/externship")


def _own(reference: str) -> Offer:
    return offer_queries.own_offer(sessions.asker().person_id, reference)


@door.get("/offers/<reference>")
def show(reference: str) -> ResponseReturnValue:
    return offer_page(_own(reference), now=received_at())


@door.post("/offers/<reference>/accept")
def accept(reference: str) -> ResponseReturnValue:
    offer = _own(reference)
    only()
    target = home(offer)
    answered(lambda: offers.accept(offer=offer, actor=actor(), at=received_at()))
    flash("You accepted the place. You get a letter as soon as it is confirmed.")
    return redirect(target, code=303)


@door.post("/offers/<reference>/decline")
def decline(reference: str) -> ResponseReturnValue:
    offer, form = _own(reference), Form(DeclineOffer()).load_form(request.form)
    if not form.ok:
        return offer_page(offer, now=received_at(), form=form), 422
    target = home(offer)
    retrying(lambda: offers.decline(offer=offer, words=form.data["words"], actor=actor(), at=received_at()))
    flash("You declined the place. It costs you nothing, and we look for another one.")
    return redirect(target, code=303)


@door.get("/placements/<reference>.pdf")
def confirmation(reference: str) -> ResponseReturnValue:
    values = _confirmed(reference)
    return as_pdf(papers.confirmation(values), f"externship-{values['placement']}.pdf")


@door.get("/placements/<reference>.ics")
def calendar(reference: str) -> ResponseReturnValue:
    values = _confirmed(reference)
    return as_file(papers.calendar(values), papers.CALENDAR, f"externship-{values['placement']}.ics")


def _confirmed(reference: str) -> place_letters.Values:
    """Return what confirms a placement, made of what stands now."""
    return place_letters.confirmation(offer_queries.own_placement(sessions.asker().person_id, reference))
