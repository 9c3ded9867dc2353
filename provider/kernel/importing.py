"""Importing a list line by line: a dry run that says what would become of each line, and then exactly that.

The dry run does what the import does and takes all of it back, so that both say the same.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import DomainError
from provider.kernel.lifecycles import State, Tone
from provider.kernel.sheets import harmless
from provider.kernel.text import refused_characters


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


DOES_SOMETHING = frozenset({Fate.NEW, Fate.CHANGES})


class NothingToImport(DomainError):
    """Not one line of a list would change anything."""

    code = "nothing_to_import"
    sentence = "Nothing of this list would change anything, so nothing was done."


class ListChanged(DomainError):
    """What a list would do is not what was shown, because somebody changed a record meanwhile."""

    code = "list_changed"
    sentence = (
        "Somebody changed a record meanwhile, so this list would do something else than you were shown. Nothing was "
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
    def shown(self) -> "Shown":
        """What a person is shown of it, and what the import has to find again."""
        return self.row.number, self.fate.value, self.sentence


Shown = tuple[int, str, str]
Do = Callable[[Row], tuple[Fate, str]]


def dry_run(rows: Sequence[Row], do: Do) -> list[Judged]:
    """Say of each line what would become of it, as things stand now; opens a unit of work and takes it back.

    ``do`` does what a line says and returns what that came to; it refuses a line by raising a DomainError.
    """
    with unit_of_work():
        whole = db.session.begin_nested()
        judged = [_one(row, do) for row in rows]
        whole.rollback()
    return judged


def import_all(rows: Sequence[Row], do: Do, *, shown: Sequence[Shown]) -> list[Judged]:
    """Import the lines that were shown as new or changing, and leave the refused ones out.

    Raises ListChanged when anything would be done that was not shown, and NothingToImport.
    """
    judged = [_one(row, do) for row in rows]
    if [one.shown for one in judged] != list(shown):
        raise ListChanged
    if not any(one.fate in DOES_SOMETHING for one in judged):
        raise NothingToImport
    return judged


def _one(row: Row, do: Do) -> Judged:
    """Do what a line says, whole or not at all."""
    try:
        with db.session.begin_nested():
            fate, sentence = do(row)
            return Judged(row, fate, sentence)
    except DomainError as refusal:
        return Judged(row, Fate.REFUSED, refusal.sentence)


def number_done(judged: Sequence[Judged]) -> int:
    """Return how many lines do something."""
    return sum(one.fate in DOES_SOMETHING for one in judged)


def check_cell(name: str, value: str, *, longest: int) -> None:
    """Refuse, with RowRefused, a cell that no form would take: too long, deceiving characters, or a formula."""
    if len(value) > longest:
        raise RowRefused(f"Shorten {name} to {longest} characters or fewer.")
    if refused_characters(value, lines=False):
        raise RowRefused(f"Remove the characters that cannot be printed from {name}.")
    if harmless(value) != value:
        raise RowRefused(f"What stands under {name} begins like a formula. Write it as plain text.")


def carried(judged: Sequence[Judged]) -> str:
    """Write what was shown, for the button that imports it."""
    return json.dumps([[*one.shown, dict(one.row.cells)] for one in judged], separators=(",", ":"))


def read(given: str) -> tuple[list[Row], list[Shown]]:
    """Read what the button carries; anything that is not what `carried` writes was never shown: raises ListChanged."""
    try:
        lines: list[Any] = json.loads(given)
        rows = [Row(int(line[0]), {str(name): str(value) for name, value in line[3].items()}) for line in lines]
        return rows, [(int(line[0]), str(line[1]), str(line[2])) for line in lines]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise ListChanged from None
