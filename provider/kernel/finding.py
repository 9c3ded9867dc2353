"""What the one search box finds: each room hands in a source by name, and knows nothing of the others."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Typed:
    """The beginning of a word as somebody typed it; ``common`` when very many records have such a word."""

    beginning: str
    common: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One record that was found; ``around`` is what letters and tasks about it name, its own reference unless given.

    ``address`` is the e-mail address that ``text`` names, if it names one.
    """

    reference: str
    title: str
    href: str
    text: str = ""
    address: str = ""
    state: StrEnum | None = None
    at: dt.datetime | None = None
    around: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The references under which others tell about it."""
        return self.around or (self.reference,)


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of record: who may find it (``needs``) and how; each way costs a constant number of statements.

    ``hint`` says by what it is found. ``named`` opens the record of a whole reference that begins with one of
    ``prefixes``. ``worded`` finds by the words typed, counted among the records that are filed under ``kind``;
    ``told`` finds by the references of what other sources found. Both return at most as many hits as they are asked
    for, newest first. ``whole_list`` is the address of the list that shows all of them.
    """

    label: str
    hint: str
    needs: StrEnum
    rank: int
    prefixes: tuple[str, ...] = ()
    kind: str = ""
    named: Callable[[str], Hit | None] | None = None
    worded: Callable[[Sequence[Typed], int], list[Hit]] | None = None
    told: Callable[[Sequence[str], int], list[Hit]] | None = None
    whole_list: Callable[[str], str] | None = None
