"""Reads the data files into a library, and names file, line, key and reason of everything that does not fit."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from provider.careers.contract import CITED, DataFile
from provider.careers.figures import Figure, Measures, Occupation, Source, Statistic, Words
from provider.careers.library import (
    Body,
    Career,
    Choice,
    Comparison,
    Credential,
    Duties,
    Entry,
    Library,
    License,
    Move,
    Question,
    Step,
    Told,
)
from provider.careers.rules import FEWEST, MOST
from provider.kernel import datafiles, entries
from provider.kernel.datafiles import BrokenFile, Where
from provider.kernel.errors import DomainError

DATA = Path(__file__).parent / "data"


class BrokenFiles(DomainError):
    """Data files that are refused; nothing of the library can be shown."""

    status = 500
    code = "broken_files"

    def __init__(self, broken: list[BrokenFile]) -> None:
        self.broken = broken
        super().__init__("\n".join(one.sentence for one in broken))


@dataclass(slots=True)
class Part:
    """A piece of a file that is being read: what it says, where it stands, and what was found wrong in the file."""

    file: datafiles.Source
    where: Where
    data: Any
    problems: list[tuple[Where, str]]

    def at(self, *steps: str | int) -> "Part":
        """Return a piece of it."""
        data = self.data
        for step in steps:
            data = data[step]
        return Part(self.file, (*self.where, *steps), data, self.problems)

    def each(self, name: str) -> list["Part"]:
        """Return the pieces of one of its lists."""
        return [self.at(name, number) for number in range(len(self.data[name]))]

    def wrong(self, sentence: str, *steps: str | int) -> None:
        """Note something that does not fit."""
        where = (*self.where, *steps)
        label = ".".join(str(step) for step in where if isinstance(step, str))
        self.problems.append((where, f"{label}: {sentence}"))


def load(*folders: Path) -> Library:
    """Read every data file of the folders; a career or comparison of a later folder takes the place of an earlier one.

    Raises BrokenFiles with everything that is wrong in any of them.
    """
    files: list[Part] = []
    broken: list[BrokenFile] = []
    for folder in folders:
        found: list[Part] = []
        for path in sorted(folder.rglob("*.yaml")):
            try:
                read = datafiles.read(path)
                found.append(Part(read, (), entries.load(DataFile(), read), []))
            except BrokenFile as error:
                broken.append(error)
        _replace(files, found)
        files += found
    if broken:
        raise BrokenFiles(broken)
    library = _Reader(files).library()
    broken = [part.file.broken(part.problems) for part in files if part.problems]
    if broken:
        raise BrokenFiles(broken)
    return library


def _replace(earlier: list[Part], later: list[Part]) -> None:
    """Take out of earlier files what later ones say themselves."""
    slugs = {file.data["career"]["slug"] for file in later if file.data["career"]}
    compared = [set(file.data["comparison"]["careers"]) for file in later if file.data["comparison"]]
    for file in earlier:
        if file.data["career"] and file.data["career"]["slug"] in slugs:
            file.data["career"] = None
        if file.data["comparison"] and set(file.data["comparison"]["careers"]) in compared:
            file.data["comparison"] = None


@dataclass(slots=True)
class _Reader:
    """Puts the files together; what one names and another holds is found here."""

    files: list[Part]
    sources: dict[str, Source] = field(default_factory=dict)
    bodies: dict[str, Body] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    history: dict[str, list[Figure]] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    careers: set[str] = field(default_factory=set)
    credentials: set[str] = field(default_factory=set)

    def library(self) -> Library:
        """Return what all files say together; what does not fit is noted in them."""
        for part in self._all("sources"):
            self._once(part, self.sources, part.data["id"], Source(**part.data))
        for part in self._all("bodies"):
            self._once(part, self.bodies, part.data["id"], Body(**part.data))
        for part in self._all("questions"):
            answers = tuple((one["id"], one["label"]) for one in part.data["answers"])
            self._once(part, self.questions, part.data["id"], Question(part.data["id"], part.data["ask"], answers))
        careers = [file.at("career") for file in self.files if file.data["career"]]
        self.careers = {part.data["slug"] for part in careers}
        credentials, licenses = list(self._all("credentials")), list(self._all("licensing"))
        self.credentials = {part.data["code"] for part in credentials}
        owners = [(part.data["slug"], part) for part in careers]
        owners += [(part.data["code"], part) for part in credentials]
        owners += [(_owner(part.data), part) for part in licenses]
        for owner, part in owners:
            self._figures(owner, part)
        for owner, part in owners:
            self._history(owner, part)
        self._own_codes(careers)
        made: dict[str, Career] = {}
        for part in sorted(careers, key=lambda one: one.data["slug"]):
            self._once(part, made, part.data["slug"], self._career(part))
        held: dict[str, Credential] = {}
        for part in credentials:
            self._once(part, held, part.data["code"], self._credential(part))
        return Library(
            careers=MappingProxyType(made),
            credentials=MappingProxyType(held),
            licenses=tuple(sorted(map(self._license, licenses), key=lambda one: (one.state, one.careers))),
            questions=tuple(self.questions.values()),
            comparisons=MappingProxyType(dict(self._comparisons())),
            sources=MappingProxyType(self.sources),
        )

    def _own_codes(self, careers: list[Part]) -> None:
        """Refuse a second career that claims an occupation's figures as its own."""
        owners: dict[str, str] = {}
        for part in careers:
            occupation, slug = part.data["occupation"], part.data["slug"]
            if occupation["measures"] is Measures.OWN and owners.setdefault(occupation["code"], slug) != slug:
                sentence = f"Another career has the figures of {occupation['code']} as its own; borrow them."
                part.wrong(sentence, "occupation", "measures")

    def _all(self, name: str) -> Iterator[Part]:
        for file in self.files:
            yield from file.each(name)

    def _once(self, part: Part, known: dict[str, Any], name: str, made: object) -> None:
        if name in known:
            part.wrong(f"“{name}” is given twice; keep one of them.")
        known[name] = made

    def _source(self, part: Part, name: str) -> Source | None:
        if name not in self.sources:
            part.wrong(f"“{name}” is no source of these files.")
        return self.sources.get(name)

    def _sources(self, part: Part, names: list[str]) -> tuple[Source, ...]:
        return tuple(found for name in names if (found := self._source(part, name)))

    def _figures(self, owner: str, part: Part) -> None:
        for entry in part.each("figures"):
            figure = self._figure(owner, part, entry)
            if figure is None:
                continue
            if figure.statistic is Statistic.UNSPECIFIED:
                entry.wrong("Say which statistic it is, or move the figure into the history.", "statistic")
            self._once(entry, self.figures, figure.key, figure)

    def _history(self, owner: str, part: Part) -> None:
        found = self.history.setdefault(owner, [])
        for entry in part.each("history") if "history" in part.data else []:
            figure = self._figure(owner, part, entry)
            if figure is None:
                continue
            if figure.key in self.figures or any(figure.id == other.id for other in found):
                entry.wrong(f"“{figure.id}” is given twice; keep one of them.", "id")
            found.append(figure)

    def _figure(self, owner: str, part: Part, entry: Part) -> Figure | None:
        data = dict(entry.data)
        value, low, high = (data.pop(name) for name in ("value", "low", "high"))
        if (value is None) == (low is None) or (high is not None and (low is None or high <= low)):
            entry.wrong("Give one value, or low and high (leave high out where the top is open).")
            return None
        source = self._source(entry, data.pop("source"))
        if source is None:
            return None
        occupation = self._occupation(part) if "occupation" in part.data else None
        if "reason" in data:
            data["reason"] = self._words(entry.at("reason"), owner)
        lowest: Decimal = value if low is None else low
        return Figure(
            owner=owner,
            low=lowest,
            high=value if low is None else high,
            occupation=occupation,
            source=source,
            **data,
        )

    def _occupation(self, part: Part) -> Occupation | None:
        data = dict(part.data["occupation"])
        source = self._source(part.at("occupation"), data.pop("source"))
        if data["measures"] is not Measures.OWN and not data["note"]:
            part.wrong("Say in a note what the figures measure.", "occupation", "note")
        return None if source is None else Occupation(source=source, **data)

    def _words(self, part: Part, owner: str) -> Words:
        """Return a text with its figures; those of history cannot be cited."""
        pieces: list[str | Figure] = []
        end = 0
        for match in CITED.finditer(part.data):
            key = match[1] if match[1] in self.figures else f"{owner}.{match[1]}"
            if key not in self.figures:
                part.wrong(f"“{match[1]}” is no figure that may be shown.")
                continue
            pieces += [part.data[end : match.start()], self.figures[key]]
            end = match.end()
        return tuple(piece for piece in [*pieces, part.data[end:]] if piece != "")

    def _texts(self, part: Part, owner: str, name: str) -> tuple[Words, ...]:
        return tuple(self._words(one, owner) for one in part.each(name))

    def _told(self, part: Part, owner: str) -> Told:
        return Told(self._texts(part, owner, "items"), self._sources(part, part.data["sources"]))

    def _of(self, owner: str) -> tuple[Figure, ...]:
        mine = [figure for figure in self.figures.values() if figure.owner == owner]
        return tuple(sorted(mine, key=lambda one: one.period.base if one.period else dt.date.min, reverse=True))

    def _career(self, part: Part) -> Career:
        data, slug = part.data, part.data["slug"]
        if "-vs-" in slug:
            part.wrong("“-vs-” joins two careers in an address; choose another name.", "slug")
        occupation = self._occupation(part)
        for name in ("credentials", "leads_here"):
            for number, code in enumerate(data[name]):
                if code not in self.credentials:
                    part.wrong(f"“{code}” is no credential of these files.", name, number)
        for question, answer in data["fit"].items():
            known = self.questions.get(question)
            if known is None or answer not in dict(known.answers):
                part.wrong(f"“{question}: {answer}” is no answer of these files.", "fit", question)
        told = ("skills", "training", "licensing", "places", "hours", "challenges")
        plain = ("slug", "name", "plural", "updated_on", "role", "hours_in_short")
        rest: dict[str, Any] = {name: self._told(part.at(name), slug) for name in told}
        rest |= {name: data[name] for name in plain}
        return Career(
            occupation=occupation,  # type: ignore[arg-type] # None is noted as a problem, and the library is not used
            summary=self._words(part.at("summary"), slug),
            figures=self._of(slug),
            history=tuple(self.history[slug]),
            entry=self._entry(part),
            duties=tuple(Duties(one.data["heading"], self._told(one, slug)) for one in part.each("duties")),
            program_note=self._words(part.at("program_note"), slug),
            specialties=self._told(part.at("specialties"), slug) if data["specialties"] else None,
            ladder=tuple(
                Step(one.data["name"], self._words(one.at("how"), slug)) for one in part.at("ladder").each("steps")
            ),
            ladder_sources=self._sources(part.at("ladder"), data["ladder"]["sources"]),
            moves=tuple(self._move(one, slug) for one in part.each("moves")),
            credentials=tuple(data["credentials"]),
            leads_here=tuple(data["leads_here"]),
            fit=MappingProxyType(data["fit"]),
            **rest,
        )

    def _entry(self, part: Part) -> Entry | None:
        if not part.data["entry"]:
            return None
        source = self._source(part.at("entry"), part.data["entry"]["source"])
        return None if source is None else Entry(**part.data["entry"] | {"source": source})

    def _move(self, part: Part, slug: str) -> Move:
        data = part.data
        if bool(data["to"]) == bool(data["name"]) or (data["to"] and data["to"] not in self.careers):
            part.wrong("Name a career of these files in “to”, or any other in “name”.", "to")
        return Move(data["to"], data["name"], self._words(part.at("how"), slug), self._sources(part, data["sources"]))

    def _credential(self, part: Part) -> Credential:
        code, body = part.data["code"], part.data["body"]
        if body not in self.bodies:
            part.wrong(f"“{body}” is no issuing body of these files.", "body")
        asks = self._told(part.at("asks"), code)
        known = self.bodies.get(body, Body(body, body, body))
        return Credential(code, part.data["name"], known, asks, self._of(code), tuple(self.history[code]))

    def _license(self, part: Part) -> License:
        data, owner = part.data, _owner(part.data)
        for number, career in enumerate(data["careers"]):
            if career not in self.careers:
                part.wrong(f"“{career}” is no career of these files.", "careers", number)
        named = {figure["id"] for figure in data["figures"]}
        return License(
            told=self._told(part, owner),
            figures=tuple(figure for figure in self._of(owner) if figure.id in named),
            careers=tuple(data["careers"]),
            **{name: data[name] for name in ("state", "name", "kind", "disputed", "as_of", "confidence")},
        )

    def _comparisons(self) -> Iterator[tuple[frozenset[str], Comparison]]:
        seen = set()
        for part in (file.at("comparison") for file in self.files if file.data["comparison"]):
            data, careers = part.data, tuple(part.data["careers"])
            named = frozenset(careers)
            if not named <= self.careers or not FEWEST <= len(careers) <= MOST or len(named) < len(careers):
                part.wrong("Name two to four different careers of these files.", "careers")
            if named in seen:
                part.wrong("These careers are compared in another file; keep one of them.", "careers")
            if {choice["career"] for choice in data["choose"]} != named:
                part.wrong("Say for each of the careers when it is the better choice.", "choose")
            seen.add(named)
            yield (
                named,
                Comparison(
                    careers=careers,
                    title=data["title"],
                    updated_on=data["updated_on"],
                    intro=self._texts(part, "", "intro"),
                    choose=tuple(
                        Choice(one.data["career"], self._texts(one, "", "when")) for one in part.each("choose")
                    ),
                    faq=tuple((one.data["question"], self._words(one.at("answer"), "")) for one in part.each("faq")),
                ),
            )


def _owner(row: Mapping[str, Any]) -> str:
    return f"{row['state']}.{row['careers'][0]}"
