"""What the numbers of a page of the public front may be, and a walk from each of them to what stands behind it."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from provider.careers import charts, exports, rules
from provider.careers.charts import Chart
from provider.careers.figures import Figure, Metric, Source, Statistic, Unit
from provider.careers.library import Career, Library
from provider.careers.notes import OURS, OWN, WORKED_OUT, subject, told
from provider.catalog.offers import ProgramOffer
from provider.kernel.money import dollars
from provider.kernel.web import day

WEEKS = "The price of a plan, divided by a week of the pay that one in ten earns less or more than, rounded up"
UNSEEN = ("aria-label", "alt", "title", "placeholder")
Element = Any  # justhtml's nodes are of several kinds
Note = tuple[str, str]
Explains = Callable[[str, Element], bool]


def flat(text: str) -> str:
    """Text with single blanks, where a page may have some that do not break."""
    return " ".join(text.split())


def words(element: Element) -> str:
    return flat(element.to_text(separator="", strip=False))


def digits(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def without(text: str, known: Iterable[str]) -> str:
    """Take out what is known, the longest first."""
    for one in sorted(known, key=len, reverse=True):
        text = text.replace(one, "")
    return text


def heading(figure: Figure) -> str:
    """What stands above a figure's note: where it was read, what of, and how sure we are."""
    return f"{titled(figure.source)}; read in {figure.source.read_on}. {subject(figure)} ({figure.confidence.label}):"


def titled(source: Source) -> str:
    return f"{source.title}, {source.vintage}" if source.vintage else source.title


@dataclass
class Ledger:
    """What the numbers of one page may be: for each note the numbers that it stands behind, with their periods."""

    behind: dict[Note, dict[str, set[str]]] = field(default_factory=dict)
    charts: dict[str, Chart] = field(default_factory=dict)
    rows: set[tuple[str, ...]] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    sources: dict[str, Source] = field(default_factory=dict)
    days: set[dt.date] = field(default_factory=set)

    def enter(self, note: Note, text: str, period: str = "") -> None:
        self.behind.setdefault(note, {}).setdefault(text, set()).add(period)

    def figure(self, figure: Figure) -> None:
        label = figure.period.label if figure.period else ""
        self.enter((heading(figure), told(figure)), figure.written, label)


def shown(library: Library, careers: Sequence[Career], programs: Iterable[ProgramOffer], hours: int | None) -> Ledger:
    """A page's ledger: the figures that may be shown, what follows from them, and our own."""
    ledger = Ledger(sources=dict(library.sources), charts={one.key: one for one in charts.of(careers)})
    for figure in library.figures():
        if figure.period is not None and figure.why is None:
            ledger.figure(figure)
    for one, other in combinations(careers, 2):
        for mine, theirs in ((mine, theirs) for mine in one.figures for theirs in other.figures):
            if rules.apart(mine, theirs) is None and mine.low != theirs.low:
                more, less = sorted((mine, theirs), key=lambda figure: figure.low, reverse=True)
                note = (f"{WORKED_OUT}:", f"{more.written} less {less.written}")
                ledger.enter(note, gap(more, less))
    for career in careers:
        for program in programs:
            if any(one.code in career.leads_here for one in program.credentials):
                enter_program(ledger, program, career, hours)
    ledger.days |= {career.updated_on for career in library.careers.values()}
    ledger.days |= {edited.updated_on for edited in library.comparisons.values()}
    ledger.days |= {one.as_of for one in library.licenses}
    return ledger


def gap(more: Figure, less: Figure) -> str:
    left = more.low - less.low
    if more.metric.unit is Unit.PERCENT:
        return f"{left:g} percentage point{'' if left == 1 else 's'}"
    return f"${left:,.2f}" if more.metric.unit is Unit.CENTS else f"${left:,}"


def enter_program(ledger: Ledger, program: ProgramOffer, career: Career, hours: int | None) -> None:
    ours = [f"{program.class_weeks} weeks", *(dollars(plan.total_cents) for plan in program.plans)]
    for text in [*ours, f"{hours} hours"]:
        ledger.enter((f"{OURS}:", OWN), text)
    for statistic in (Statistic.P10, Statistic.P90):
        pay = career.figure(Metric.ANNUAL_WAGE, statistic)
        for plan in program.plans if pay else ():
            tenths = math.ceil(plan.total_cents * 52 * 10 / (int(pay.low) * 100)) if pay else 0
            ledger.enter((f"{WORKED_OUT}:", WEEKS), f"{tenths // 10}.{tenths % 10} weeks")


def enter_history(ledger: Ledger, career: Career) -> None:
    """Add what may stand on the history page of a career and nowhere else."""
    for figure in (*career.figures, *career.history):
        ledger.figure(figure)
        place = "" if figure.place == "US" else f", {figure.place}"
        what = f"{figure.statistic.label[0].upper()}{figure.statistic.label[1:]}"
        what += f"{f', {figure.industry}' if figure.industry else ''}{place}"
        why = f"{figure.why.label}. {exports.plain(figure.reason)}" if figure.why else ""
        period = figure.period.label if figure.period else "No period given"
        last = flat(why) or "Shown. This is the figure on the page."
        ledger.rows.add((figure.written, period, what, figure.source.title, last))
    growth = [one for one in (*career.figures, *career.history) if one.metric is Metric.EMPLOYMENT_GROWTH]
    windows = {one.period for one in growth if one.period and one.period.is_window}
    numbers = {one.written for one in growth}
    ledger.counted.add(f"{len(numbers)} growth figures from {len(windows)} projection windows.")


def texts(element: Element, above: tuple[Element, ...] = ()) -> Iterator[tuple[str, tuple[Element, ...]]]:
    """Each text of an element with the elements around it, the nearest last."""
    for child in element.children or ():
        if child.name == "#text":
            yield flat(child.data), (*above, element)
        else:
            yield from texts(child, (*above, element))


@dataclass
class Walk:
    """One page, walked from number to number."""

    main: Element
    ledger: Ledger
    notes: dict[str, Note] = field(default_factory=dict)
    places: list[tuple[dict[int, Element], Explains]] = field(default_factory=list)

    def __post_init__(self) -> None:
        explained: dict[str, Explains] = {
            "a[href^='#n']": self._number,
            ".notes li": lambda _, item: self.notes[item.attrs["id"]] in self.ledger.behind,
            ".notes p": lambda _, paragraph: words(paragraph) in {head for head, _ in self.ledger.behind},
            "a[href^='/sources#']": self._short,
            "time": self._day,
            ".chart": self._drawn,
            "#points + ul > li": self._point,
            "p.lead": lambda _, paragraph: words(paragraph) in self.ledger.counted,
            "ul.sources > li": self._source,
            "th, td": self._cell,
        }
        for selector, explains in explained.items():
            self.places.append(({id(one): one for one in self.main.query(selector)}, explains))
        paragraph = ""
        for element in self.main.query(".notes p, .notes li"):
            if element.name == "p":
                paragraph = words(element)
            else:
                self.notes[element.attrs["id"]] = (paragraph, words(element))

    def unexplained(self) -> list[str]:
        """The texts with a number that lead nowhere."""
        found = [text for text, above in texts(self.main) if digits(text) and not self._explained(text, above)]
        for element in self.main.query("*"):
            found += [text for name in UNSEEN if digits(text := (element.attrs or {}).get(name) or "")]
        heads = {words(head) for head in self.main.query("thead th")}
        labels = {cell.attrs["data-label"] for cell in self.main.query("td[data-label]")}
        return found + sorted(flat(label) for label in labels if digits(label) and flat(label) not in heads)

    def _explained(self, text: str, above: tuple[Element, ...]) -> bool:
        for places, explains in self.places:
            element = next((places[id(one)] for one in above if id(one) in places), None)
            if element is not None:
                return explains(text, element)
        return False

    def _number(self, text: str, link: Element) -> bool:
        note = self.notes.get(link.attrs["href"].removeprefix("#"))
        return note is not None and text in self.ledger.behind.get(note, {})

    def _short(self, text: str, link: Element) -> bool:
        source = self.ledger.sources.get(link.attrs["href"].removeprefix("/sources#"))
        return source is not None and text == source.short

    def _day(self, text: str, time: Element) -> bool:
        date = dt.date.fromisoformat(time.attrs["datetime"])
        return date in self.ledger.days and text == day(date)

    def _drawn(self, text: str, figure: Element) -> bool:
        """A number in a chart is one of its figures, a tick of its axis, or the period of its figures in its title."""
        chart = self.ledger.charts[figure.query("svg title")[0].attrs["id"].removesuffix("-t")]
        numbers = {one.written for one in chart.figures}
        periods = {one.period.label for one in chart.figures if one.period}
        if text in [words(one) for one in figure.query("title, desc, figcaption")]:
            return not digits(without(text, numbers | periods))
        return text in numbers | periods | {label for label, _ in chart.ticks}

    def _point(self, text: str, item: Element) -> bool:
        """A key point may name the period of a figure that stands in it."""
        return not digits(without(text, {label for link in item.query("a") for label in self._periods(link)}))

    def _cell(self, text: str, cell: Element) -> bool:
        """A row of the history is that of a figure; elsewhere a cell names the period of its row, column or number."""
        cells = cell.parent.query("th, td")
        if tuple(map(words, cells)) in self.ledger.rows:
            return True
        dated = [cell]
        if cell.name == "th":
            column, body = cells.index(cell), cell.parent.parent.parent.query("tbody tr")
            dated = [row.query("th, td")[column] for row in body] if cell.parent.parent.name == "thead" else cells
        periods = [self._periods(link) for one in dated for link in one.query("a[href^='#n']")]
        return bool(periods) and not digits(without(text, set.intersection(*periods)))

    def _periods(self, link: Element) -> set[str]:
        """The periods that the number of a link may speak of."""
        note = self.notes.get(link.attrs["href"].removeprefix("#"), ("", ""))
        return self.ledger.behind.get(note, {}).get(words(link), set()) - {""}

    def _source(self, text: str, item: Element) -> bool:
        source = self.ledger.sources[item.attrs["id"]]
        own_date = f"Its own date: {source.vintage}. " if source.vintage else ""
        line = f"{'Official. ' if source.official else ''}{own_date}Read in {source.read_on}."
        return text in {source.title, line}
