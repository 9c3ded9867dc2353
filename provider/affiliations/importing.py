"""Importing sites with locations and contacts from a list: what would become of each line, and doing exactly that.

The dry run does what the import does and takes all of it back, so that both say the same.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from provider.affiliations import queries, sites
from provider.affiliations.models import Site, SiteContact, SiteLocation
from provider.affiliations.rules import SiteKind, SiteState
from provider.affiliations.sites import ContactFacts, LocationFacts, SiteFacts
from provider.kernel.actors import Actor
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import DomainError
from provider.kernel.lifecycles import State, Tone
from provider.kernel.sheets import harmless
from provider.kernel.text import email_address, listed, refused_characters
from provider.places.rules import STATE_NAMES, is_zip
from provider.programs import queries as programs

MOST_ROWS = 200
LONGEST_CELL = 200
NEEDED = ("site", "location", "street", "city", "state", "zip")
OF_CONTACT = ("contact", "title", "email", "phone", "supervises", "signs")
COLUMNS = ("site", "kind", "programs", *NEEDED[1:], *OF_CONTACT)
_YES, _NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"no", "n", "false", "0"})
_PHONE = re.compile(r"[0-9+() ./x-]{5,40}")
_LENGTHS = {"city": 64, "phone": 40}


class Fate(State):
    """What becomes of a line."""

    NEW = "new"
    CHANGES = "changes"
    SAME = "same"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """Say it as the list of the dry run does."""
        return {"same": "Stays as it is", "changes": "Changes"}.get(self.value) or super().label

    @property
    def tone(self) -> Tone:
        """How it is colored."""
        tones: dict[str, Tone] = {"new": "good", "changes": "warn", "refused": "bad"}
        return tones.get(self.value, "neutral")


class NothingToImport(DomainError):
    """Not one line of a list would change anything."""

    code = "nothing_to_import"
    sentence = "Nothing of this list would change anything, so nothing was done."


class ListChanged(DomainError):
    """What a list would do is not what was shown, because somebody changed a site meanwhile."""

    code = "list_changed"
    sentence = (
        "Somebody changed a site meanwhile, so this list would do something else than you were shown. Nothing was "
        "imported. Check the file again."
    )


class RowRefused(DomainError):
    """A line that cannot be imported; the sentence says why."""

    status = 422
    code = "row_refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: its number there, and its cells by the names of their columns; blank ones are left out."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A line, what becomes of it, and a sentence that says what is done or why not."""

    row: Row
    fate: Fate
    sentence: str

    @property
    def shown(self) -> tuple[int, str, str]:
        """What a person is shown of it, and what the import has to find again."""
        return self.row.number, self.fate.value, self.sentence


def dry_run(rows: Sequence[Row], *, actor: Actor, at: dt.datetime) -> list[Judged]:
    """Say of each line what would become of it, as things stand now; opens a unit of work and takes it back."""
    with unit_of_work():
        whole = db.session.begin_nested()
        judged = _all(rows, actor, at)
        whole.rollback()
    return judged


def import_all(
    rows: Sequence[Row], *, shown: Sequence[tuple[int, str, str]], actor: Actor, at: dt.datetime
) -> list[Judged]:
    """Import the lines that were shown as new or changing, and leave the refused ones out.

    Raises ListChanged when anything would be done that was not shown, and NothingToImport.
    """
    judged = _all(rows, actor, at)
    if [one.shown for one in judged] != list(shown):
        raise ListChanged
    if not any(one.fate in {Fate.NEW, Fate.CHANGES} for one in judged):
        raise NothingToImport
    return judged


def _all(rows: Sequence[Row], actor: Actor, at: dt.datetime) -> list[Judged]:
    codes = {code.lower(): number for number, code in programs.codes().items()}
    return [_one(row, codes, actor, at) for row in rows]


def _one(row: Row, codes: Mapping[str, int], actor: Actor, at: dt.datetime) -> Judged:
    """Do what a line says, whole or not at all."""
    try:
        with db.session.begin_nested():
            return _Line(row.cells, codes, actor, at).do(row)
    except DomainError as refusal:
        return Judged(row, Fate.REFUSED, refusal.sentence)


class _Line:
    """One line being imported, with what it has added and changed so far."""

    def __init__(self, cells: Mapping[str, str], codes: Mapping[str, int], actor: Actor, at: dt.datetime) -> None:
        self.cells, self.codes = cells, codes
        self.who: dict[str, Any] = {"actor": actor, "at": at}
        self.added: list[str] = []
        self.changed: list[str] = []

    def do(self, row: Row) -> Judged:
        _check_cells(self.cells)
        site = self._site()
        location = self._location(site)
        if "email" in self.cells or "contact" in self.cells:
            self._contact(site, location)
        parts = [f"adds {listed(self.added)}"] if self.added else []
        parts += [f"changes {listed(self.changed)}"] if self.changed else []
        fate = Fate.NEW if self.added else Fate.CHANGES if self.changed else Fate.SAME
        sentence = f"{_sentence(parts)}." if parts else "It is there already."
        return Judged(row, fate, sentence)

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
        if len(value) > _LENGTHS.get(name, LONGEST_CELL):
            raise RowRefused(f"Shorten {name} to {_LENGTHS.get(name, LONGEST_CELL)} characters or fewer.")
        if refused_characters(value, lines=False):
            raise RowRefused(f"Remove the characters that cannot be printed from {name}.")
        if name == "phone":
            if not _PHONE.fullmatch(value):
                raise RowRefused("Write the telephone number with digits.")
        elif harmless(value) != value:
            raise RowRefused(f"What stands under {name} begins like a formula. Write it as plain text.")
    if not is_zip(cells["zip"]):
        raise RowRefused("Write the five digits of the ZIP code. A spreadsheet may have dropped zeros in front.")
    if cells["state"].upper() not in STATE_NAMES:
        raise RowRefused("Write the state by its two letters, like NY.")
