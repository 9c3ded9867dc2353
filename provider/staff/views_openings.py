"""Openings: the list of all, one of them, adding, changing, closing, and the link by which a site offers its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.accounts.sessions import may
from provider.affiliations import forms, offering, openings, queries
from provider.affiliations.forms import ChangePlaces, OfferPlaces
from provider.affiliations.models import Opening, Site, SiteContact
from provider.affiliations.openings import OpeningFacts
from provider.affiliations.rules import SiteState
from provider.externships import opening_lists
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.programs import queries as programs
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import key
from provider.staff.site_lists import Openings
from provider.staff.views_sites import RIGHTS, at_site, contacts
from provider.staff.views_sites import door as sites

door = Door("staff_openings", __name__, url_prefix="/staff/openings", **RIGHTS)


@door.get("")
def index() -> ResponseReturnValue:
    listed = Openings(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    covering = queries.covering({one.location_id for one in page.rows})
    answer = render_template(
        "staff/openings/index.html", listed=listed, page=page, covering=covering, is_covered=openings.is_covered
    )
    return answer, listed.asked.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    opening = queries.opening(reference)
    return render_template(
        "staff/openings/show.html",
        opening=opening,
        marks=troubled([opening.preceptor.email]),
        covered=queries.covered(opening, opening.period),
        takes_students=queries.takes_students(opening),
        takers=opening_lists.takers(opening.id) if may(Permission.SEE_PLACEMENTS) else None,
    )


def _choices(site: Site, present: Opening | None = None) -> dict[str, Choices]:
    open_ones = [(one.reference, f"{one.name}, {one.city}") for one in site.locations if one.state is SiteState.OPEN]
    taken = set(queries.programs_taken(site.id)) | ({present.program_id} if present else set())
    offered = [
        (one.reference, f"{one.versions[0].title} ({one.code})")
        for one in programs.programs()
        if one.id in taken and one.versions
    ]
    supervising = [(one.reference, _named(one)) for one in preceptors(site.contacts)]
    return {
        "location": forms.options("Choose a location", open_ones),
        "program": forms.options("Choose a program", offered),
        "preceptor": forms.options("Choose a preceptor", supervising),
    }


def preceptors(people: Sequence[SiteContact]) -> list[SiteContact]:
    """Return who of a site supervises students and is still there."""
    return [one for one in people if one.supervises and one.left_at is None]


def _named(contact: SiteContact) -> str:
    return f"{contact.name}, {contact.title}" if contact.title else contact.name


def _facts(data: Mapping[str, Any]) -> OpeningFacts:
    program_id = programs.program(data["program"]).id
    return forms.facts(data, program_id=program_id, preceptor_id=queries.contact(data["preceptor"]).id)


@sites.get("/<reference>/openings/new")
def new_opening(reference: str) -> ResponseReturnValue:
    site = queries.site(reference)
    values = {"weekdays": ["0", "1", "2", "3", "4"], "from_time": "08:00", "until_time": "16:30"}
    return _new_page(Form(OfferPlaces(), choices=_choices(site), values=values), site)


@sites.post("/<reference>/openings/new")
def create_opening(reference: str) -> ResponseReturnValue:
    choices = _choices(queries.site(reference))
    form = forms.only_offered(Form(OfferPlaces(), choices=choices).load_form(request.form))
    made = attempt(form, lambda: _add(form.data))
    if made is None:
        return _new_page(form, queries.site(reference)), 422
    return done("The opening is added.", url_for("staff_openings.show", reference=made))


def _add(data: Mapping[str, Any]) -> str:
    location = queries.location(data["location"], lock=True)
    return openings.add_opening(location, _facts(data), actor=actor(), at=received_at()).reference


def _new_page(form: Form, site: Site) -> str:
    return render_template("staff/openings/edit.html", form=form, site=site, opening=None, back=at_site(site.reference))


@door.get("/<reference>/edit")
def edit(reference: str) -> ResponseReturnValue:
    opening = queries.opening(reference)
    choices = _choices(queries.site(opening.location.site.reference), opening)
    return _edit_page(Form(ChangePlaces(), choices=choices, values=forms.values(opening)), opening)


@door.post("/<reference>/edit")
def update(reference: str) -> ResponseReturnValue:
    opening = queries.opening(reference)
    choices = _choices(queries.site(opening.location.site.reference), opening)
    form = forms.only_offered(Form(ChangePlaces(), choices=choices).load_form(request.form))
    attempt(form, lambda: _change(reference, form.data))
    if not form.ok:
        return _edit_page(form, queries.opening(reference)), 422
    return done("The opening is saved.", url_for("staff_openings.show", reference=reference))


def _change(reference: str, data: Mapping[str, Any]) -> None:
    opening = queries.opening(reference, lock=True)
    openings.change_opening(opening, _facts(data), actor=actor(), at=received_at())


def _edit_page(form: Form, opening: Opening) -> str:
    back = url_for("staff_openings.show", reference=opening.reference)
    return render_template(
        "staff/openings/edit.html", form=form, site=opening.location.site, opening=opening, back=back
    )


@door.post("/<reference>/closing")
def close(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: openings.close_opening(queries.opening(reference, lock=True), actor=actor(), at=received_at()),
        "The opening is closed. Nobody new is sent there; who has a place keeps it.",
        url_for("staff_openings.show", reference=reference),
    )


@door.post("/<reference>/reopening")
def reopen(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: openings.reopen_opening(queries.opening(reference, lock=True), actor=actor(), at=received_at()),
        "The opening is open again.",
        url_for("staff_openings.show", reference=reference),
    )


@contacts.post("/<reference>/openings-link")
def send_link(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: offering.send_link(queries.contact(reference, lock=True), actor=actor(), at=received_at()),
        "The link is on its way. It opens for 90 days; you can close it here at any time.",
        at_site(queries.contact(reference).site.reference, "#people"),
    )


@contacts.post("/<reference>/openings-link/close")
def close_link(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: offering.close_link(queries.contact(reference, lock=True), actor=actor(), at=received_at()),
        "The link is closed. It opens nothing any more.",
        at_site(queries.contact(reference).site.reference, "#people"),
    )
