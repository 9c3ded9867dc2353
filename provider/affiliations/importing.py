"""Importing sites with locations and contacts from a list: what a line of it does."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from provider.affiliations import queries, sites
from provider.affiliations.models import Site, SiteContact, SiteLocation
from provider.affiliations.rules import SiteKind, SiteState
from provider.affiliations.sites import ContactFacts, LocationFacts, SiteFacts
from provider.kernel.actors import Actor
from provider.kernel.importing import Do, Fate, RowRefused, check_cell
from provider.kernel.text import email_address, listed
from provider.places.rules import STATE_NAMES, is_zip
from provider.programs import queries as programs

MOST_ROWS = 200
LONGEST_CELL = 200
NEEDED = ("site", "location", "street", "city", "state", "zip")
OF_CONTACT = ("contact", "title", "email", "phone", "supervises", "signs")
COLUMNS = ("site", "kind", "programs", *NEEDED[1:], *OF_CONTACT)
_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"no", "n", "false", "0"})
_PHONE = re.compile(r"[0-9+() ./x-]{5,40}")
_LENGTHS = {"city": 64}


def doing(*, actor: Actor, at: dt.datetime) -> Do:
    """Return what does a line of a list of sites; the codes of programs are read once."""
    codes = {code.lower(): number for number, code in programs.codes().items()}
    return lambda row: _Line(row.cells, codes, actor, at).do()


class _Line:
    """One line being imported, with what it has added and changed so far."""

    def __init__(self, cells: Mapping[str, str], codes: Mapping[str, int], actor: Actor, at: dt.datetime) -> None:
        self.cells, self.codes = cells, codes
        self.who: dict[str, Any] = {"actor": actor, "at": at}
        self.added: list[str] = []
        self.changed: list[str] = []

    def do(self) -> tuple[Fate, str]:
        _check_cells(self.cells)
        site = self._site()
        location = self._location(site)
        if "email" in self.cells or "contact" in self.cells:
            self._contact(site, location)
        parts = [f"adds {listed(self.added)}"] if self.added else []
        parts += [f"changes {listed(self.changed)}"] if self.changed else []
        fate = Fate.NEW if self.added else Fate.CHANGES if self.changed else Fate.SAME
        sentence = f"{_sentence(parts)}." if parts else "It is there already."
        return fate, sentence

    def _site(self) -> Site:
        found = queries.site_named(self.cells["site"])
        if found is not None and found.state is not SiteState.OPEN:
            raise RowRefused("This site is closed. Open it again first, or leave the line out.")
        kind = self._kind()
        taken = self._programs()
        if found is None:
            if kind is None:
                kinds = listed([one.value for one in SiteKind], "or")
                raise RowRefused(f"A new site needs its kind: {kinds}.")
            self.added.append("the site")
            return sites.add_site(SiteFacts(self.cells["site"], kind, taken or ()), **self.who)
        old = SiteFacts(found.name, found.kind, queries.programs_taken(found.id), found.notes)
        new = replace(old, kind=kind or old.kind, programs=taken if taken is not None else old.programs)
        self._note("the site", old, new)
        return sites.change_site(found, new, **self.who)

    def _kind(self) -> SiteKind | None:
        given = self.cells.get("kind", "").lower()
        if given and given not in set(SiteKind):
            raise RowRefused(f"Write one of these kinds: {listed([one.value for one in SiteKind], 'or')}.")
        return SiteKind(given) if given else None

    def _programs(self) -> tuple[int, ...] | None:
        if "programs" not in self.cells:
            return None
        codes = [code for code in re.split(r"[\s,;]+", self.cells["programs"].lower()) if code]
        unknown = [code for code in codes if code not in self.codes]
        if unknown:
            raise RowRefused(f"There is no program {listed(unknown)}. Write the codes, with a blank between them.")
        return tuple(sorted(self.codes[code] for code in codes))

    def _location(self, site: Site) -> SiteLocation:
        found = next((one for one in site.locations if one.name.lower() == self.cells["location"].lower()), None)
        facts = LocationFacts(
            found.name if found else self.cells["location"],
            self.cells["street"],
            self.cells["city"],
            self.cells["state"].upper(),
            self.cells["zip"],
            found.zone if found else None,
            found.notes if found else None,
        )
        if found is None:
            self.added.append("the location")
            return sites.add_location(site, facts, **self.who)
        old = LocationFacts(found.name, found.street, found.city, found.state_code, found.zip, found.zone, found.notes)
        self._note("the location", old, facts)
        return sites.change_location(queries.location(found.reference), facts, **self.who)

    def _contact(self, site: Site, location: SiteLocation) -> None:
        email = email_address(self.cells.get("email", ""))
        if email is None:
            raise RowRefused("Write the e-mail address of the contact, like name@example.org.")
        found = next((one for one in site.contacts if one.email == email), None)
        if found is None and "contact" not in self.cells:
            raise RowRefused("A new contact needs a name.")
        old = _of_contact(found) if found else ContactFacts(self.cells["contact"], email, location_id=location.id)
        new = replace(
            old,
            name=self.cells.get("contact", old.name),
            title=self.cells.get("title", old.title),
            phone=self.cells.get("phone", old.phone),
            supervises=_said(self.cells.get("supervises"), otherwise=old.supervises),
            signs=_said(self.cells.get("signs"), otherwise=old.signs),
        )
        if found is None:
            self.added.append("the contact")
            sites.add_contact(site, new, **self.who)
            return
        self._note("the contact", old, new)
        sites.change_contact(queries.contact(found.reference), new, **self.who)

    def _note(self, what: str, old: Any, new: Any) -> None:  # noqa: ANN401 - facts of any of the three
        names = {"state_code": "state", "zip": "ZIP code"}
        fields = [names.get(name, name) for name in old.__slots__ if getattr(old, name) != getattr(new, name)]
        if fields:
            self.changed.append(f"{what} ({', '.join(fields)})")


def _of_contact(contact: SiteContact) -> ContactFacts:
    return ContactFacts(
        contact.name,
        contact.email,
        contact.title,
        contact.phone,
        contact.location_id,
        supervises=contact.supervises,
        signs=contact.signs,
    )


def _said(given: str | None, *, otherwise: bool) -> bool:
    if given is None:
        return otherwise
    if given.lower() not in _YES | _NO:
        raise RowRefused("Write yes or no under “supervises” and “signs”.")
    return given.lower() in _YES


def _sentence(parts: Sequence[str]) -> str:
    whole = listed(parts)
    return whole[:1].upper() + whole[1:]


def _check_cells(cells: Mapping[str, str]) -> None:
    """Refuse what no form would take, with RowRefused: blanks, formulas, characters that deceive, texts too long."""
    missing = [name for name in NEEDED if name not in cells]
    if missing:
        raise RowRefused(f"Fill in {listed(missing)}.")
    for name, value in cells.items():
        if name == "phone":
            _check_phone(value)
        else:
            check_cell(name, value, longest=_LENGTHS.get(name, LONGEST_CELL))
    if not is_zip(cells["zip"]):
        raise RowRefused("Write the five digits of the ZIP code. A spreadsheet may have dropped zeros in front.")
    if cells["state"].upper() not in STATE_NAMES:
        raise RowRefused("Write the state by its two letters, like NY.")


def _check_phone(value: str) -> None:
    """Refuse what is no telephone number, with RowRefused; one may begin with a plus."""
    if not _PHONE.fullmatch(value):
        raise RowRefused("Write the telephone number with digits.")
