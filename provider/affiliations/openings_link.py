"""The link by which a site looks after its openings: adds one, changes its places, closes it; made for a phone."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from provider.accounts.links import open_link
from provider.affiliations import forms, offering, openings, queries
from provider.affiliations.forms import OfferPlaces
from provider.affiliations.models import Site, SiteContact, SiteLocation
from provider.affiliations.rules import OpeningState, SiteState
from provider.affiliations.schemas import ChangePlacesCount, NewPreceptor
from provider.affiliations.sites import ContactFacts
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import retrying
from provider.kernel.errors import DomainError, NotFound
from provider.kernel.forms import Choices, Form
from provider.kernel.web import only
from provider.programs import queries as programs

SOMEBODY_NEW = "new"


class OfferByLink(OfferPlaces, NewPreceptor):
    """Places at a site, filled in by the site; the preceptor may be somebody the school does not know yet."""


class OpeningsLink:
    """Opens what a site offers, for one of its people."""

    label = "Offer places at a site"

    def show(self, *, subject: str, token: str) -> ResponseReturnValue:
        contact = queries.contact(subject)
        if request.args.get("page") == "new":
            values = {"weekdays": ["0", "1", "2", "3", "4"], "from_time": "08:00", "until_time": "16:30"}
            return _new_page(contact, token, Form(OfferByLink(), choices=_choices(contact), values=values))
        return _list_page(contact, token)

    def decide(self, *, subject: str, token: str, actor: Actor, received_at: dt.datetime) -> ResponseReturnValue:
        holder = Actor(ActorKind.LINK, open_link(token, now=received_at).reference, actor.request_id)
        step = request.form.get("step", "")
        contact = queries.contact(subject)
        if contact.left_at is not None or contact.site.state is not SiteState.OPEN:
            raise offering.NobodyThere(
                "This site is closed here, or you are noted as having left. Nothing was changed."
            )
        if step == "add":
            return _add(contact, token, holder, received_at)
        if step == "places":
            return _set_places(contact, token, holder, received_at)
        if step == "close":
            return _close(contact, token, holder, received_at)
        raise NotFound


def _sent() -> MultiDict[str, str]:
    """Return what was sent without the step, which says what of it is meant."""
    return MultiDict((name, value) for name, value in request.form.items(multi=True) if name != "step")


def _back(token: str, sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(url_for("accounts.link", token=token) + "#said", code=303)


def _add(contact: SiteContact, token: str, holder: Actor, at: dt.datetime) -> ResponseReturnValue:
    choices = _choices(contact)
    form = forms.only_offered(Form(OfferByLink(), choices=choices).load_form(_sent()))
    new = form.data.get("preceptor") == SOMEBODY_NEW
    if form.ok and new and not form.data["new_name"]:
        form.add_error("new_name", "Write who supervises, or choose somebody from the list.")
    if form.ok and _tried(form, lambda: _add_one(contact.reference, form.data, holder, at)):
        return _back(token, "Thank you. Your places are stored, and our coordinators know of them.")
    return _new_page(queries.contact(contact.reference), token, form), 422


def _add_one(reference: str, data: Mapping[str, Any], holder: Actor, at: dt.datetime) -> None:
    contact = queries.contact(reference)
    location = queries.location(data["location"], lock=True)
    new = _new_preceptor(data, location) if data["preceptor"] == SOMEBODY_NEW else None
    preceptor_id = contact.id if new else queries.contact(data["preceptor"]).id
    facts = forms.facts(data, program_id=programs.program(data["program"]).id, preceptor_id=preceptor_id)
    offering.add(contact, location, facts, preceptor=new, actor=holder, at=at)


def _new_preceptor(data: Mapping[str, Any], location: SiteLocation) -> ContactFacts:
    return ContactFacts(
        data["new_name"], data["new_email"], data["new_title"], location_id=location.id, supervises=True
    )


def _set_places(contact: SiteContact, token: str, holder: Actor, at: dt.datetime) -> ResponseReturnValue:
    form = Form(ChangePlacesCount()).load_form(_sent())

    def change() -> None:
        opening = offering.opening_of(queries.contact(contact.reference), form.data["opening"], lock=True)
        offering.set_places(opening, form.data["places"], actor=holder, at=at)

    if form.ok and _tried(form, change):
        return _back(token, "The number of places is stored.")
    return _list_page(queries.contact(contact.reference), token, form), 422


def _close(contact: SiteContact, token: str, holder: Actor, at: dt.datetime) -> ResponseReturnValue:
    only("step", "opening")
    form = Form(ChangePlacesCount())

    def close() -> None:
        wanted = request.form.get("opening", "")
        opening = offering.opening_of(queries.contact(contact.reference), wanted, lock=True)
        openings.close_opening(opening, actor=holder, at=at)

    if _tried(form, close):
        return _back(token, "This opening is closed. Nobody new is sent there; who has a place keeps it.")
    return _list_page(queries.contact(contact.reference), token, form), 422


def _tried(form: Form, work: Callable[[], object]) -> bool:
    """Do the work in one unit; a refusal is told on the form."""
    try:
        retrying(work)
    except NotFound:
        raise
    except DomainError as refusal:
        form.add_error("_schema", refusal.sentence)
    return form.ok


def _choices(contact: SiteContact) -> dict[str, Choices]:
    site = queries.site(contact.site.reference)
    here = [one for one in _open_locations(site) if contact.location_id in {None, one.id}]
    taken = set(queries.programs_taken(site.id))
    offered = [
        (one.reference, one.versions[0].title) for one in programs.programs() if one.id in taken and one.versions
    ]
    people = [one for one in site.contacts if one.supervises and one.left_at is None]
    named = [(one.reference, f"{one.name}, {one.title}" if one.title else one.name) for one in people]
    return {
        "location": forms.options("Choose a location", [(one.reference, f"{one.name}, {one.city}") for one in here]),
        "program": forms.options("Choose a program", offered),
        "preceptor": [("", "Choose who supervises"), *named, (SOMEBODY_NEW, "Somebody else, named below")],
    }


def _open_locations(site: Site) -> list[SiteLocation]:
    return [one for one in site.locations if one.state is SiteState.OPEN]


def _list_page(contact: SiteContact, token: str, form: Form | None = None) -> str:
    site = queries.site(contact.site.reference)
    found = offering.reachable(list(queries.openings_of(site.id)), contact)
    covering = queries.covering([one.id for one in site.locations])
    return render_template(
        "affiliations/openings.html",
        contact=contact,
        site=site,
        open_ones=[one for one in found if one.state is OpeningState.OPEN],
        closed=[one for one in found if one.state is OpeningState.CLOSED][:20],
        covering=covering,
        is_covered=openings.is_covered,
        form=form,
        token=token,
    )


def _new_page(contact: SiteContact, token: str, form: Form) -> str:
    return render_template("affiliations/offer.html", contact=contact, site=contact.site, form=form, token=token)
