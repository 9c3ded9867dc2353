"""Everything the public front knows, as plain values that cannot be changed: read once at start from data files."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from provider.careers.figures import Confidence, Figure, Metric, Occupation, Period, Source, Statistic, Words
from provider.careers.rules import MOST
from provider.kernel.errors import DomainError
from provider.kernel.text import listed


@dataclass(frozen=True, slots=True)
class Told:
    """What is said in words, and where it was read."""

    words: tuple[Words, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Duties:
    """Things a person in a career does, under a heading."""

    heading: str
    told: Told


@dataclass(frozen=True, slots=True)
class Entry:
    """What the Bureau of Labor Statistics calls typical for starting in an occupation."""

    education: str
    experience: str
    training: str
    period: Period
    source: Source


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder."""

    name: str
    how: Words


@dataclass(frozen=True, slots=True)
class Move:
    """A way from one career to another: ``to`` is a career's slug or, where we describe none, ``name`` alone."""

    to: str
    name: str
    how: Words
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Career:
    """One career with its figures; a figure that may not be shown stands in ``history``."""

    slug: str
    name: str
    plural: str
    updated_on: dt.date
    summary: Words
    role: str
    hours_in_short: str
    occupation: Occupation
    figures: tuple[Figure, ...]
    history: tuple[Figure, ...]
    entry: Entry | None
    duties: tuple[Duties, ...]
    skills: Told
    training: Told
    credentials: tuple[str, ...]
    leads_here: tuple[str, ...]
    program_note: Words
    licensing: Told
    places: Told
    hours: Told
    specialties: Told | None
    ladder: tuple[Step, ...]
    ladder_sources: tuple[Source, ...]
    moves: tuple[Move, ...]
    challenges: Told
    fit: Mapping[str, str]

    def sources(self) -> list[Source]:
        """Return where what is said in words was read."""
        told = [self.skills, self.training, self.licensing, self.places, self.hours, self.challenges]
        told += [duties.told for duties in self.duties] + ([self.specialties] if self.specialties else [])
        found = [self.occupation.source, *(source for one in told for source in one.sources), *self.ladder_sources]
        found += [source for move in self.moves for source in move.sources]
        return found + ([self.entry.source] if self.entry else [])

    def figure(self, metric: Metric, statistic: Statistic, industry: str = "") -> Figure | None:
        """Return the national figure that may be shown, or None."""
        return next(iter(self.figures_of(metric, statistic, industry)), None)

    def first(self, metric: Metric) -> Figure | None:
        """Return the newest figure of a metric, whatever its statistic, or None."""
        return next((one for one in self.figures if one.metric is metric), None)

    def figures_of(self, metric: Metric, statistic: Statistic, industry: str | None = None) -> list[Figure]:
        """Return the figures of a metric and statistic; of every industry unless told."""
        return [
            one
            for one in self.figures
            if one.metric == metric and one.statistic == statistic and industry in {None, one.industry}
        ]


@dataclass(frozen=True, slots=True)
class Body:
    """An organization that issues credentials."""

    id: str
    name: str
    short: str


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate of an issuing body; never a license."""

    code: str
    name: str
    body: Body
    asks: Told
    figures: tuple[Figure, ...]
    history: tuple[Figure, ...]

    def figure(self, metric: Metric) -> Figure | None:
        """Return the figure of a metric that may be shown, or None."""
        return next((one for one in self.figures if one.metric == metric), None)


@dataclass(frozen=True, slots=True)
class License:
    """What one state asks of people in some careers, as it was read; a pointer, never legal advice."""

    state: str
    careers: tuple[str, ...]
    name: str
    kind: str
    disputed: bool
    told: Told
    as_of: dt.date
    confidence: Confidence
    figures: tuple[Figure, ...]

    def figure(self, metric: Metric) -> Figure | None:
        """Return the figure of a metric, or None."""
        return next((one for one in self.figures if one.metric == metric), None)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that helps to choose, with its answers (id, label)."""

    id: str
    ask: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """When one of the careers is the better one."""

    career: str
    when: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An edited comparison: the order in which its careers are told, and what is said beside the figures."""

    careers: tuple[str, ...]
    title: str
    updated_on: dt.date
    intro: tuple[Words, ...]
    choose: tuple[Choice, ...]
    faq: tuple[tuple[str, Words], ...]


def lowered(names: Sequence[str], last: str = "and") -> str:
    """Write names that begin a sentence: ``Medical assistant and phlebotomist``."""
    return listed([names[0], *(name[0].lower() + name[1:] for name in names[1:])], last)


class UnknownCareer(DomainError):
    """An address names a career that we do not describe, one twice, or too many; ``near`` are careers it may mean."""

    status = 404
    code = "unknown_career"

    def __init__(self, title: str, sentence: str, near: tuple[Career, ...]) -> None:
        super().__init__(sentence)
        self.title = title
        self.near = near


@dataclass(frozen=True, slots=True)
class Library:
    """All careers, credentials, licenses, questions, comparisons and sources."""

    careers: Mapping[str, Career]
    credentials: Mapping[str, Credential]
    licenses: tuple[License, ...]
    questions: tuple[Question, ...]
    comparisons: Mapping[frozenset[str], Comparison]
    sources: Mapping[str, Source]

    def career(self, slug: str) -> Career:
        """Return a career; raises UnknownCareer with those of a similar name."""
        return self.several((slug,))[0]

    def several(self, slugs: tuple[str, ...]) -> tuple[Career, ...]:
        """Return careers in the order given; raises UnknownCareer."""
        unknown = [slug for slug in slugs if slug not in self.careers]
        if unknown:
            near = dict.fromkeys(name for slug in slugs for name in self._near(slug))
            raise UnknownCareer(
                "Career not found", "We do not describe this career.", tuple(self.careers[name] for name in near)
            )
        found = tuple(self.careers[slug] for slug in slugs)
        if len(set(slugs)) < len(slugs):
            raise UnknownCareer(
                "The same career twice",
                "A career cannot be compared with itself.",
                tuple({career.slug: career for career in found}.values()),
            )
        if len(found) > MOST:
            raise UnknownCareer("Too many careers", "Two to four careers can be compared at a time.", found)
        return found

    def ordered(self, careers: Iterable[Career]) -> tuple[tuple[Career, ...], Comparison | None]:
        """Return careers as their edited comparison tells them, and that comparison; else as given."""
        known = {career.slug: career for career in careers}
        edited = self.comparisons.get(frozenset(known))
        order = edited.careers if edited else tuple(known)
        return tuple(known[slug] for slug in order), edited

    def title(self, careers: Sequence[Career]) -> str:
        """Name a page: the title of the edited comparison, or the careers."""
        edited = self.comparisons.get(frozenset(career.slug for career in careers))
        names = [career.name for career in careers]
        return edited.title if edited else names[0] if len(names) == 1 else f"{lowered(names)} compared"

    def led_to_by(self, codes: Iterable[str]) -> list[Career]:
        """Return the careers that a program for these credentials leads to."""
        given = set(codes)
        return [career for career in self.careers.values() if given & set(career.leads_here)]

    def licenses_of(self, career: str, state: str | None = None) -> list[License]:
        """Return what states ask in a career."""
        return [one for one in self.licenses if career in one.careers and state in {None, one.state}]

    def figures(self) -> list[Figure]:
        """Return every figure that may be shown."""
        owners: list[Career | Credential | License] = [
            *self.careers.values(),
            *self.credentials.values(),
            *self.licenses,
        ]
        return [figure for owner in owners for figure in owner.figures]

    def _near(self, slug: str) -> list[str]:
        plain = slug.casefold()
        if plain in self.careers:
            return [plain]
        inside = [name for name in self.careers if len(plain) > 2 and (plain in name or name in plain)]
        return inside or get_close_matches(plain, self.careers, n=3, cutoff=0.5)
