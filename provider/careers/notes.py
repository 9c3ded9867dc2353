"""The source note behind every number of a page: each number links to its note, in the order of their writing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from provider.careers.figures import NATION, Confidence, Derived, Figure, Source, Statistic, Words
from provider.kernel.web import NO_BREAK
from provider.places.rules import STATE_NAMES

_LINK = Markup('<a href="#n{}">{}</a>')
OURS = "Our own figures"
OWN = "Length, price and refund window of our programs, as they stand today"
_UNDER = Markup('{} <span class="under">{}</span>')
_NONE = Markup('<span class="muted">No figure</span>')
WORKED_OUT = "Worked out on this page"


@dataclass(frozen=True, slots=True)
class Note:
    """What one or more numbers are: metric, statistic, period, and what else there is to say."""

    number: int
    told: str


@dataclass(slots=True)
class Read:
    """Notes that share a source, what it speaks of, and how sure we are; without a source they are our own."""

    title: str
    source: Source | None = None
    confidence: Confidence | None = None
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: the figures of a kind, one for each career; ``period`` is theirs, where they share it."""

    label: str
    figures: tuple[Figure | None, ...]
    period: str

    @classmethod
    def of(cls, label: str, figures: Iterable[Figure | None]) -> "Line":
        """Make a line of its figures."""
        found = tuple(figures)
        periods = {one.period.label for one in found if one and one.period}
        return cls(label, found, periods.pop() if len(periods) == 1 else "")


@dataclass(slots=True)
class Notes:
    """The notes of one page, numbered as they are needed."""

    reads: dict[object, Read] = field(default_factory=dict)
    numbers: dict[object, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Read]:
        """Return them by what they share; ours, which have no source, come last."""
        return iter(sorted(self.reads.values(), key=lambda read: read.source is None))

    def figure(self, figure: Figure) -> Markup:
        """Return a figure as a link to its note."""
        read = self.reads.setdefault(
            (figure.source, figure.confidence, subject(figure)),
            Read(subject(figure), figure.source, figure.confidence),
        )
        return self._link(read, told(figure), figure.written)

    def rows(self, lines: Iterable[Line]) -> list[list[Markup]]:
        """Return lines as rows of a table: what it is with its period, then a cell for each figure."""
        return [[self.labeled(line), *self.cells(line)] for line in lines]

    def labeled(self, line: Line) -> Markup:
        """Return what a line is, with the period that its figures share."""
        return _UNDER.format(line.label, line.period) if line.period else escape(line.label)

    def cells(self, line: Line) -> list[Markup]:
        """Return a cell for each figure of a line; where their periods differ, each says its own."""
        return [self._cell(figure, apart=not line.period) for figure in line.figures]

    def _cell(self, figure: Figure | None, *, apart: bool) -> Markup:
        if figure is None:
            return _NONE
        shown = self.figure(figure)
        return _UNDER.format(shown, figure.period.label) if apart and figure.period else shown

    def derived(self, derived: Derived) -> Markup:
        """Return a number that was worked out from figures, as a link to the note that says how."""
        return self._link(self.reads.setdefault(WORKED_OUT, Read(WORKED_OUT)), derived.how, derived.text)

    def own(self, text: str) -> Markup:
        """Return a number of the school itself: a price, a length, a promise."""
        return self._link(self.reads.setdefault(OURS, Read(OURS)), OWN, text)

    def words(self, words: Words) -> Markup:
        """Return a text with each of its figures as a link."""
        return Markup("").join(
            self.figure(piece)
            if isinstance(piece, Figure)
            else self.derived(piece)
            if isinstance(piece, Derived)
            else piece
            for piece in words
        )

    def _link(self, read: Read, said: str, text: str) -> Markup:
        key = (id(read), said)
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers) + 1
            read.notes.append(Note(self.numbers[key], said))
        return _LINK.format(self.numbers[key], text.replace(" ", NO_BREAK))


def subject(figure: Figure) -> str:
    """Say what a figure speaks of: an official occupation and a place, or a credential or license."""
    place = "United States" if figure.place == NATION else STATE_NAMES[figure.place]
    if figure.occupation is None:
        state, _, career = figure.owner.partition(".")
        return f"{STATE_NAMES[state]}, {career.replace('-', ' ')}" if state in STATE_NAMES and career else state
    return f"{figure.occupation.name}, official code {figure.occupation.code}, {place}"


def told(figure: Figure) -> str:
    """Say what a figure is: metric, statistic, period, and its own note."""
    plain = figure.statistic in {Statistic.COUNT, Statistic.SHARE}
    statistic = "" if plain else f", {figure.statistic.label}"
    period = figure.period.label if figure.period else "no period given"
    if figure.period and figure.period.reading and figure.period.ends == figure.source.read.ends:
        period = "in force when read"  # which stands beside the source
    note = f". {figure.note.rstrip('.')}" if figure.note else ""
    industry = " by industry" if figure.industry else ""
    return f"{figure.metric.label}{industry}{statistic}; {period}{note}"
