"""Sites with their locations and contacts: looking, adding, changing, closing, opening again."""

from collections.abc import Mapping
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from provider.accounts.rules import Permission
from provider.affiliations import openings, queries, sites
from provider.affiliations.forms import only_offered
from provider.affiliations.models import Site, SiteContact, SiteLocation
from provider.affiliations.rules import SiteKind
from provider.affiliations.sites import ContactFacts, LocationFacts, SiteFacts
from provider.externships import releasing
from provider.fieldwork import evaluation_queries as evaluations
from provider.kernel.database import db
from provider.kernel.doors import Door
from provider.kernel.forms import Choices, Form
from provider.kernel.web import actor, received_at
from provider.mail.queries import troubled
from provider.places import queries as places
from provider.programs import queries as programs
from provider.staff.answers import attempt, done, try_to
from provider.staff.listing import key
from provider.staff.schemas_sites import Close, EditContact, EditLocation, EditSite
from provider.staff.site_lists import Sites
from provider.staff.thread_pages import beside
from provider.tasks import queries as tasks

RIGHTS: Mapping[str, Any] = {"needs": Permission.SEE_SITES, "changes": Permission.MANAGE_SITES}
door = Door("staff_sites", __name__, url_prefix="/staff/sites", **RIGHTS)
locations = Door("staff_locations", __name__, url_prefix="/staff/locations", **RIGHTS)
contacts = Door("staff_contacts", __name__, url_prefix="/staff/contacts", **RIGHTS)
MOST_OPENINGS = 20


def at_site(reference: str, part: str = "") -> str:
    """Return the address of a site, or of a part of its page."""
    return url_for("staff_sites.show", reference=reference) + part


def _program_choices() -> tuple[Choices, dict[str, int]]:
    every = programs.programs()
    pairs = [(one.reference, f"{one.versions[0].title} ({one.code})") for one in every if one.versions]
    return pairs, {one.reference: one.id for one in every}


def titles() -> dict[int, str]:
    """Return the title of every program by its id."""
    return {one.id: one.versions[0].title for one in programs.programs() if one.versions}


def _form_page(form: Form, *, title: str, lead: str, back: str, trail: list[tuple[str, str]], label: str) -> str:
    crumbs = [("Sites", url_for("staff_sites.index")), *trail, (title, None)]
    return render_template(
        "staff/sites/form.html", form=form, title=title, lead=lead, back=back, crumbs=crumbs, label=label
    )


@door.get("")
def index() -> ResponseReturnValue:
    listed = Sites(request.args)
    page = listed.page(before=key("before"), after=key("after"))
    return render_template("staff/sites/index.html", listed=listed, page=page), listed.asked.status


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    site = queries.site(reference)
    known = places.places({location.zip for location in site.locations})
    emails = {contact.email for contact in site.contacts}
    return render_template(
        "staff/sites/show.html",
        site=site,
        titles=titles(),
        taken=queries.programs_taken(site.id),
        known=known,
        agreements=queries.agreements_of(site.id),
        openings=queries.openings_of(site.id, most=MOST_OPENINGS + 1),
        most=MOST_OPENINGS,
        covering=queries.covering([location.id for location in site.locations]),
        is_covered=openings.is_covered,
        tasks=tasks.about_any([site.reference]),
        marks=troubled(emails),
        beside=beside(site.reference, emails=emails),
        ratings=[(one.label, one.written) for one in evaluations.of_site(site.id) if one.count],
        links=queries.open_links([contact.reference for contact in site.contacts], now=received_at()),
    )


@door.get("/new")
def new() -> ResponseReturnValue:
    return _site_page(Form(EditSite(), choices={"programs": _program_choices()[0]}), None)


@door.post("/new")
def create() -> ResponseReturnValue:
    choices, ids = _program_choices()
    form = only_offered(Form(EditSite(), choices={"programs": choices}).load_form(request.form))
    made = attempt(form, lambda: sites.add_site(_site_facts(form, ids), **_now()).reference)
    if made is None:
        return _site_page(form, None), 422
    return done("The site is added. Add where it works and who is there.", at_site(made))


def _now() -> dict[str, Any]:
    return {"actor": actor(), "at": received_at()}


def _site_facts(form: Form, ids: Mapping[str, int]) -> SiteFacts:
    taken = tuple(sorted(ids[reference] for reference in form.data["programs"]))
    return SiteFacts(form.data["name"], SiteKind(form.data["kind"]), taken, form.data["notes"])


def _site_page(form: Form, site: Site | None) -> str:
    return _form_page(
        form,
        title="Edit the site" if site else "Add a site",
        lead="Its locations, people and agreements stand on its own page.",
        back=at_site(site.reference) if site else url_for("staff_sites.index"),
        trail=[(site.name, at_site(site.reference))] if site else [],
        label="Save",
    )


@door.get("/<reference>/edit")
def edit(reference: str) -> ResponseReturnValue:
    site = queries.site(reference)
    choices, ids = _program_choices()
    taken = set(queries.programs_taken(site.id))
    values = {
        "name": site.name,
        "kind": site.kind.value,
        "programs": [one for one, number in ids.items() if number in taken],
        "notes": site.notes or "",
    }
    return _site_page(Form(EditSite(), choices={"programs": choices}, values=values), site)


@door.post("/<reference>/edit")
def update(reference: str) -> ResponseReturnValue:
    choices, ids = _program_choices()
    form = only_offered(Form(EditSite(), choices={"programs": choices}).load_form(request.form))
    site = queries.site(reference)
    attempt(form, lambda: sites.change_site(queries.site(reference, lock=True), _site_facts(form, ids), **_now()))
    if not form.ok:
        return _site_page(form, queries.site(reference)), 422
    return done("The site is saved.", at_site(site.reference))


@door.get("/<reference>/closing")
def ask_close(reference: str) -> ResponseReturnValue:
    return _closing_page(queries.site(reference), None, Form(Close()))


@door.post("/<reference>/closing")
def close(reference: str) -> ResponseReturnValue:
    form = Form(Close()).load_form(request.form)
    attempt(form, lambda: releasing.close_site(reference, **_now()))
    if not form.ok:
        return _closing_page(queries.site(reference), None, form), 422
    return done("The site is closed. Nobody new is sent there.", at_site(reference))


def _closing_page(site: Site, location: SiteLocation | None, form: Form) -> str:
    here = [location] if location else site.locations
    leaving = releasing.leaving([one.id for one in here], received_at())
    return render_template("staff/sites/close.html", site=site, location=location, form=form, leaving=leaving)


@door.post("/<reference>/reopening")
def reopen(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: sites.reopen_site(queries.site(reference, lock=True), **_now()),
        "The site is open again. Its locations and openings stay closed until you open each of them.",
        at_site(reference),
    )


@door.get("/<reference>/locations/new")
def new_location(reference: str) -> ResponseReturnValue:
    return _location_page(Form(EditLocation()), queries.site(reference), None)


@door.post("/<reference>/locations/new")
def create_location(reference: str) -> ResponseReturnValue:
    form = Form(EditLocation()).load_form(request.form)
    attempt(form, lambda: sites.add_location(queries.site(reference, lock=True), _location_facts(form), **_now()))
    if not form.ok:
        return _location_page(form, queries.site(reference), None), 422
    return done("The location is added.", at_site(reference, "#locations"))


def _location_facts(form: Form) -> LocationFacts:
    data = form.data
    return LocationFacts(
        data["name"], data["street"], data["city"], data["state"], data["zip"], data["zone"], data["notes"]
    )


def _location_page(form: Form, site: Site, location: SiteLocation | None) -> str:
    return _form_page(
        form,
        title="Edit the location" if location else "Add a location",
        lead="Distances are reckoned from the middle of its ZIP code, and its days are those of its own clock.",
        back=at_site(site.reference),
        trail=[(site.name, at_site(site.reference))],
        label="Save",
    )


@locations.get("/<reference>/edit")
def edit_location(reference: str) -> ResponseReturnValue:
    location = queries.location(reference)
    values = {name: getattr(location, name) or "" for name in ("name", "street", "city", "zip", "zone", "notes")}
    if places.place(location.zip) is not None:
        values["zone"] = ""
    form = Form(EditLocation(), values=values | {"state": location.state_code})
    return _location_page(form, location.site, location)


@locations.post("/<reference>/edit")
def update_location(reference: str) -> ResponseReturnValue:
    form = Form(EditLocation()).load_form(request.form)
    site = queries.location(reference).site.reference
    attempt(
        form,
        lambda: sites.change_location(queries.location(reference, lock=True), _location_facts(form), **_now()),
    )
    if not form.ok:
        location = queries.location(reference)
        return _location_page(form, location.site, location), 422
    return done("The location is saved.", at_site(site, "#locations"))


@locations.get("/<reference>/closing")
def ask_close_location(reference: str) -> ResponseReturnValue:
    location = queries.location(reference)
    return _closing_page(location.site, location, Form(Close()))


@locations.post("/<reference>/closing")
def close_location(reference: str) -> ResponseReturnValue:
    form = Form(Close()).load_form(request.form)
    site = queries.location(reference).site.reference
    attempt(form, lambda: releasing.close_location(reference, **_now()))
    if not form.ok:
        location = queries.location(reference)
        return _closing_page(location.site, location, form), 422
    return done("The location is closed. Nobody new is sent there.", at_site(site, "#locations"))


@locations.post("/<reference>/reopening")
def reopen_location(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: sites.reopen_location(queries.location(reference, lock=True), **_now()),
        "The location is open again. Its openings stay closed until you open each of them.",
        at_site(queries.location(reference).site.reference),
    )


def _where(site: Site) -> tuple[Choices, dict[str, int]]:
    pairs = [(one.reference, one.name) for one in site.locations]
    return [("", "The whole site"), *pairs], {one.reference: one.id for one in site.locations}


@door.get("/<reference>/contacts/new")
def new_contact(reference: str) -> ResponseReturnValue:
    site = queries.site(reference)
    return _contact_page(Form(EditContact(), choices={"location": _where(site)[0]}), site, None)


@door.post("/<reference>/contacts/new")
def create_contact(reference: str) -> ResponseReturnValue:
    choices, ids = _where(queries.site(reference))
    form = only_offered(Form(EditContact(), choices={"location": choices}).load_form(request.form))
    if form.ok:
        facts = _contact_facts(form, ids)
        attempt(form, lambda: sites.add_contact(queries.site(reference, lock=True), facts, **_now()))
    if not form.ok:
        return _contact_page(form, queries.site(reference), None), 422
    return done("The contact is added.", at_site(reference, "#people"))


def _contact_facts(form: Form, ids: Mapping[str, int]) -> ContactFacts:
    data = form.data
    return ContactFacts(
        data["name"],
        data["email"],
        data["title"],
        data["phone"],
        ids.get(data["location"] or ""),
        supervises=data["supervises"],
        signs=data["signs"],
    )


def _contact_page(form: Form, site: Site, contact: SiteContact | None) -> str:
    return _form_page(
        form,
        title="Edit the contact" if contact else "Add a contact",
        lead="People at a site need no account: whatever they decide, they decide by links in our letters.",
        back=at_site(site.reference),
        trail=[(site.name, at_site(site.reference))],
        label="Save",
    )


@contacts.get("/<reference>/edit")
def edit_contact(reference: str) -> ResponseReturnValue:
    contact = queries.contact(reference)
    site = queries.site(contact.site.reference)
    where = next((one.reference for one in site.locations if one.id == contact.location_id), "")
    values = {name: getattr(contact, name) or "" for name in ("name", "title", "email", "phone")}
    values |= {"location": where, "supervises": contact.supervises, "signs": contact.signs}
    form = Form(EditContact(), choices={"location": _where(site)[0]}, values=values)
    return _contact_page(form, site, contact)


@contacts.post("/<reference>/edit")
def update_contact(reference: str) -> ResponseReturnValue:
    site = queries.contact(reference).site.reference
    choices, ids = _where(queries.site(site))
    form = only_offered(Form(EditContact(), choices={"location": choices}).load_form(request.form))
    if form.ok:
        facts = _contact_facts(form, ids)
        attempt(form, lambda: sites.change_contact(queries.contact(reference, lock=True), facts, **_now()))
    if not form.ok:
        db.session.rollback()
        return _contact_page(form, queries.site(site), queries.contact(reference)), 422
    return done("The contact is saved.", at_site(site, "#people"))


@contacts.post("/<reference>/leaving")
def leave(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: sites.let_contact_go(queries.contact(reference, lock=True), **_now()),
        "Kept: they have left. No letter goes to them any more, and their links are closed.",
        at_site(queries.contact(reference).site.reference),
    )


@contacts.post("/<reference>/coming-back")
def come_back(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: sites.take_contact_back(queries.contact(reference, lock=True), **_now()),
        "Kept: they are there again.",
        at_site(queries.contact(reference).site.reference),
    )
