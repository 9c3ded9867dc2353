"""Signed links: what each opens, for whom, whether it was used; and closing one. No page shows the link itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from provider.accounts import link_lists, links
from provider.accounts.link_lists import Filters, Whom
from provider.accounts.models import SignedLink
from provider.accounts.rules import LinkState, Permission
from provider.affiliations import queries as affiliations
from provider.enrollments import queries as enrollments
from provider.kernel.doors import Door
from provider.kernel.forms import Form
from provider.kernel.registry import registry
from provider.kernel.web import actor, received_at
from provider.staff.answers import try_to
from provider.staff.listing import filters, key
from provider.staff.schemas_lists import FindLinks

door = Door(
    "staff_links",
    __name__,
    needs=Permission.SEE_LINKS,
    changes=Permission.REVOKE_LINKS,
    url_prefix="/staff/links",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One link as a page shows it: what it opens, whose record it is about and where that is."""

    link: SignedLink
    label: str
    state: LinkState
    whom: str
    href: str | None


@door.get("")
def index() -> ResponseReturnValue:
    form = _form()
    chosen = _chosen(form)
    page = link_lists.staff_page(
        chosen, purposes=registry().links, now=received_at(), before=key("before"), after=key("after")
    )
    kept = {name: value for name, value in form.data.items() if value}
    return render_template("staff/links/index.html", form=form, page=page, rows=_shown(page.rows), kept=kept)


def _form() -> Form:
    purposes = sorted((purpose.label, name) for name, purpose in registry().links.items())
    return filters(
        FindLinks(),
        {
            "purpose": [("", "Any"), *((name, label) for label, name in purposes)],
            "state": [("", "Any"), *((state.value, state.label) for state in LinkState)],
        },
    )


def _chosen(form: Form) -> Filters:
    """Return what the address narrows the list to; a filter that is not known narrows nothing."""
    given = form.data if form.ok else {}
    purpose, state = given.get("purpose"), given.get("state")
    return Filters(
        purpose=purpose if purpose in registry().links else None,
        state=LinkState(state) if state in set(LinkState) else None,
        subject=given.get("subject", "").upper() or None,
    )


def _shown(links: Sequence[SignedLink]) -> list[Shown]:
    subjects = {link.subject_reference for link in links}
    people, students = link_lists.people_of(subjects), enrollments.legal_names(subjects)
    sites = affiliations.at_sites(subjects)
    return [_one(link, people, students, sites) for link in links]


def _one(
    link: SignedLink,
    people: Mapping[str, Whom],
    students: Mapping[str, str],
    sites: Mapping[str, tuple[str, str]],
) -> Shown:
    subject, whom, href = link.subject_reference, people.get(link.subject_reference), None
    if subject in students:
        href = url_for("staff_enrollments.show", reference=subject)
    elif whom is not None:
        href = url_for("staff_people.show" if whom.is_staff else "staff_students.show", reference=whom.reference)
    elif subject in sites:
        href = url_for("staff_sites.show", reference=sites[subject][1])
    purpose = registry().links.get(link.purpose)
    named = students.get(subject) or (whom.name if whom else sites[subject][0] if subject in sites else None)
    return Shown(
        link=link,
        label=purpose.label if purpose else link.purpose,
        state=link.state(received_at()),
        whom=named or "Whoever runs the machine",
        href=href,
    )


@door.get("/<reference>")
def show(reference: str) -> ResponseReturnValue:
    (shown,) = _shown([link_lists.by_reference(reference)])
    return render_template("staff/links/show.html", one=shown)


@door.post("/<reference>/revoke")
def revoke(reference: str) -> ResponseReturnValue:
    return try_to(
        lambda: links.revoke(link_lists.by_reference(reference), actor=actor(), at=received_at()),
        "The link is revoked. Whoever holds it can open nothing with it.",
        url_for("staff_links.show", reference=reference),
    )
