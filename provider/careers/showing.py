"""What each page of the public front shows, put together once it has to be made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from provider.careers import charts, exports, points, suits
from provider.careers.figures import Derived, Figure, Metric, Source, Statistic
from provider.careers.library import Career, Credential, Library, License
from provider.careers.notes import Line, Notes
from provider.careers.points import PAY
from provider.careers.rules import address_of, weeks_of_pay
from provider.catalog.offers import NOTHING, PlanOffer, ProgramOffer
from provider.catalog.pages import Moment
from provider.places.rules import STATE_NAMES

Values = Mapping[str, Any]
MOST_RELATED = 3
STICKS = (Metric.VENIPUNCTURES, Metric.CAPILLARY_STICKS, Metric.EKGS, Metric.ARTERIAL_WATCHED)


@dataclass(frozen=True, slots=True)
class PayBack:
    """What a plan costs, measured in weeks of the pay of a career: from one in ten above to one in ten below."""

    plan: PlanOffer
    fewest: Derived
    most: Derived


@dataclass(frozen=True, slots=True)
class Leading:
    """A program of this school with the career that it leads to, and what its plans are worth in pay."""

    offer: ProgramOffer
    career: Career
    paybacks: tuple[PayBack, ...]


# What the tables of an article hold, line by line.
GLANCE = (
    ("Median pay a year", points.PAY),
    ("Growth in jobs", points.GROWTH),
    ("Openings a year", points.OPENINGS),
)
PAY_LINES = (
    ("One in ten earns less than", (Metric.ANNUAL_WAGE, Statistic.P10)),
    ("Half earn more than (median)", points.PAY),
    ("One in ten earns more than", (Metric.ANNUAL_WAGE, Statistic.P90)),
    ("Median an hour", (Metric.HOURLY_WAGE, Statistic.MEDIAN)),
)
OUTLOOK = (
    ("Jobs at the start", (Metric.EMPLOYMENT, Statistic.COUNT)),
    ("Jobs at the end", (Metric.EMPLOYMENT_PROJECTED, Statistic.PROJECTION)),
    ("Change over the whole window", points.CHANGE),
    ("Growth over the whole window", points.GROWTH),
    ("Openings in an average year", points.OPENINGS),
)


def index(library: Library, moment: Moment) -> Values:
    """Return all careers, each with its pay, and the comparisons that were edited."""
    edited = [
        (address_of(one.careers), one, [library.careers[slug].name for slug in one.careers])
        for one in library.comparisons.values()
    ]
    every = list(library.careers.values())
    sold = {career.slug: _leading(career, moment) for career in every}
    pay, growth = (Line.of(label, [career.figure(*kind) for career in every]) for label, kind in GLANCE[:2])
    return {
        "careers": every,
        "edited": edited,
        "sold": sold,
        "offered": moment.catalog is not NOTHING,
        "pay": pay,
        "growth": growth,
        "notes": Notes(),
    }


def article(
    library: Library, careers: Sequence[Career], moment: Moment, state: str, answers: Mapping[str, str]
) -> Values:
    """Return one career, or a comparison of two to four."""
    told, edited = library.ordered(careers)
    credentials = {code: library.credentials[code] for one in told for code in one.credentials}
    leading = [lead for career in told for lead in _leading(career, moment)]
    title = library.title(told)
    return {
        "careers": told,
        "edited": edited,
        "title": title,
        "names_of": {slug: career.name for slug, career in library.careers.items()},
        "updated_on": max([career.updated_on for career in told] + ([edited.updated_on] if edited else [])),
        "points": points.key_points(library, told),
        "charts": charts.of(told),
        "address": address_of(career.slug for career in told),
        "apart_pay": points.why_apart(told, PAY),
        "apart_growth": points.why_apart(told, points.GROWTH),
        "measured": points.measured,
        "glance": _lines(told, GLANCE),
        "pay": _lines(told, PAY_LINES),
        "outlook": _lines(told, OUTLOOK),
        "industries": _industries(told),
        "credentials": credentials,
        **_counters(library, told, list(credentials.values())),
        "exams": {one.code: one.slug for one in moment.catalog.credentials},
        **_licenses(library, told, state),
        "licensed": _licensed(library, told),
        "state": state,
        "states": STATE_NAMES,
        "suits": suits.asked(library, told, answers),
        "leading": leading,
        "offered": moment.catalog is not NOTHING,
        "sample": any(lead.offer.has_sample for lead in leading),
        "related": _related(library, told),
        "training": [line for line in _training(told) if any(line.figures)],
        "untrained": not all(all(line.figures) for line in _training(told)),
        "notes": Notes(),
        "linked": exports.linked_data(told, edited, title, leading),
        "description": exports.plain(edited.intro[0] if edited else told[0].summary),
    }


def history(career: Career) -> Values:
    """Return the figures of a career that are not shown, beside the one that is, by metric."""
    grouped: dict[Metric, list[Figure]] = {}
    for figure in (*(one for one in career.figures if not one.industry), *career.history):
        grouped.setdefault(figure.metric, []).append(figure)
    groups = [
        (metric, sorted(found, key=_latest, reverse=True), _differing(metric, found))
        for metric, found in grouped.items()
        if any(figure.why for figure in found)
    ]
    return {"career": career, "groups": groups, "notes": Notes()}


def licensing(library: Library, state: str) -> Values:
    """Return what states ask, of one state or of all."""
    rows = [one for one in library.licenses if state in {"", one.state}]
    return {"rows": rows, "careers": library.careers, "state": state, "states": STATE_NAMES, "notes": Notes()}


def sources(library: Library) -> Values:
    """Return every source with the pages on which it is used and for what, the official ones first."""
    used: dict[Source, dict[tuple[str, str], list[str]]] = {}
    for source, page, what in _uses(library):
        pages = used.setdefault(source, {})
        if what not in pages.setdefault(page, []):
            pages[page].append(what)
    return {"used": dict(sorted(used.items(), key=lambda item: (not item[0].official, not item[0].url)))}


def _leading(career: Career, moment: Moment) -> list[Leading]:
    return [
        Leading(offer, career, tuple(found for plan in offer.plans if (found := _pay_back(plan, career))))
        for offer in moment.catalog.programs
        if any(credential.code in career.leads_here for credential in offer.credentials)
    ]


def _pay_back(plan: PlanOffer, career: Career) -> PayBack | None:
    low, high = (career.figure(Metric.ANNUAL_WAGE, one) for one in (Statistic.P10, Statistic.P90))
    if low is None or high is None or low.period != high.period:
        return None
    fewest, most = (
        Derived(
            f"{weeks_of_pay(plan.total_cents, figure.low)} weeks",
            (figure,),
            "The price of a plan, divided by a week of the pay that one in ten earns less or more than, rounded up",
        )
        for figure in (high, low)
    )
    return PayBack(plan, fewest, most)


def _lines(careers: Sequence[Career], kinds: Sequence[tuple[str, tuple[Metric, Statistic]]]) -> list[Line]:
    """Return the lines of a table for which at least one career has a figure."""
    lines = [Line.of(label, [career.figure(*kind) for career in careers]) for label, kind in kinds]
    return [line for line in lines if any(line.figures)]


def _industries(careers: Sequence[Career]) -> list[Line]:
    """Return the median pay in each industry that any of the careers has a figure for, the best paid first."""
    named = dict.fromkeys(one.industry for career in careers for one in career.figures_of(*PAY) if one.industry)
    lines = [Line.of(name[0].upper() + name[1:], [career.figure(*PAY, name) for career in careers]) for name in named]
    return sorted(lines, key=lambda line: max(one.low for one in line.figures if one), reverse=True)


def _counters(library: Library, careers: Sequence[Career], credentials: Sequence[Credential]) -> Values:
    """Return who asks for how many procedures on live people: credentials first, then states."""
    rows = {(one.name, STATE_NAMES[one.state]): one for career in careers for one in library.licenses_of(career.slug)}
    asking: list[tuple[str, str, Credential | License]] = [(one.code, one.body.short, one) for one in credentials]
    asking += [(name, state, one) for (name, state), one in rows.items()]
    found = [(name, who, {metric: one.figure(metric) for metric in STICKS}) for name, who, one in asking]
    counted = [metric for metric in STICKS if any(figures[metric] for _, _, figures in found)]
    table = [(name, who, [figures[metric] for metric in counted]) for name, who, figures in found]
    return {"counted": counted, "counters": [row for row in table if any(row[2])]}


def _licenses(library: Library, careers: Sequence[Career], state: str) -> Values:
    """Return what a state asks, each rule once with the careers of the page that it is for, and the others."""
    rules: dict[License, list[Career]] = {}
    for career in careers:
        for row in library.licenses_of(career.slug, state):
            rules.setdefault(row, []).append(career)
    unruled = [career for career in careers if not library.licenses_of(career.slug, state)]
    return {"rules": rules, "unruled": unruled}


def _licensed(library: Library, careers: Sequence[Career]) -> list[tuple[Career, list[str]]]:
    return [
        (career, list(dict.fromkeys(STATE_NAMES[one.state] for one in library.licenses_of(career.slug))))
        for career in careers
    ]


def _related(library: Library, careers: Sequence[Career]) -> list[tuple[str, str]]:
    """Return other comparisons with any of these careers: the edited ones first, then pairs, at most three."""
    here = frozenset(career.slug for career in careers)
    found = [one for one in library.comparisons.values() if here & set(one.careers) and set(one.careers) != here]
    pages = {address_of(one.careers): one.title for one in found}
    for pair in combinations(library.careers, 2):
        if here & set(pair) and set(pair) != here and len(pages) < MOST_RELATED:
            pages.setdefault(address_of(pair), library.title([library.careers[slug] for slug in pair]))
    return list(pages.items())


def _training(careers: Sequence[Career]) -> list[Line]:
    """Return what may be shown of the length and the cost of training."""
    return [Line.of(metric.label, [career.first(metric) for career in careers]) for metric in charts.TRAINING]


def _latest(figure: Figure) -> tuple[bool, str]:
    return figure.why is None, figure.period.base.isoformat() if figure.period else ""


def _differing(metric: Metric, found: Sequence[Figure]) -> str:
    """Say why figures of one metric differ, where the periods are the reason."""
    windows = {figure.period for figure in found if figure.period and figure.period.is_window and not figure.industry}
    numbers = {figure.written for figure in found}
    if metric is Metric.EMPLOYMENT_GROWTH and len(windows) > 1:
        return f"{len(numbers)} growth figures from {len(windows)} projection windows"
    return ""


def _uses(library: Library) -> Iterator[tuple[Source, tuple[str, str], str]]:
    """Yield each use of a source: the page (title and address), and what was read there."""
    for career in library.careers.values():
        page = (career.name, f"/careers/{career.slug}")
        for figure in career.figures:
            yield figure.source, page, figure.metric.label
        for source in career.sources():
            yield source, page, "What is said in words"
        for figure in career.history:
            yield figure.source, (f"{career.name}: figures that differ", f"{page[1]}/history"), figure.metric.label
        for code in career.credentials:
            credential = library.credentials[code]
            for source in (*credential.asks.sources, *(one.source for one in credential.figures)):
                yield source, page, f"Credential {code}"
    for row in library.licenses:
        for source in (*row.told.sources, *(one.source for one in row.figures)):
            yield source, ("Licensing by state", "/licensing"), STATE_NAMES[row.state]
