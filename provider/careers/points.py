"""The key points of a page: sentences made from figures only, each with the difference that may be stated."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from provider.careers.figures import Derived, Figure, Measures, Metric, Statistic, Unit, Words, written
from provider.careers.library import Career, Library
from provider.careers.rules import apart, difference, drawn_together
from provider.kernel.text import listed
from provider.places.rules import STATE_NAMES

PAY = (Metric.ANNUAL_WAGE, Statistic.MEDIAN)
GROWTH = (Metric.EMPLOYMENT_GROWTH, Statistic.PROJECTION)
OPENINGS = (Metric.ANNUAL_OPENINGS, Statistic.YEARLY_AVERAGE)
CHANGE = (Metric.EMPLOYMENT_CHANGE, Statistic.PROJECTION)


def key_points(library: Library, careers: Sequence[Career]) -> list[Words]:
    """Return what the figures say in a few sentences."""
    return [
        *_pay(careers),
        *_spread(careers),
        *_growth(careers),
        *_openings(careers),
        *_sticks(library, careers),
        *_states(library, careers),
    ]


def subtracted(more: Figure, less: Figure) -> Derived:
    """Return the difference of two figures that may be compared, with how it was worked out."""
    unit = more.metric.unit
    left = difference(more, less)
    text = written(left, left, unit)
    if unit is Unit.PERCENT:
        text = f"{left.normalize():f} percentage point{'' if left == 1 else 's'}"
    return Derived(text, (more, less), f"{more.written} less {less.written}")


def why_apart(careers: Sequence[Career], kind: tuple[Metric, Statistic]) -> list[str]:
    """Say, for each pair whose figures of a kind may not be compared, why."""
    said = []
    for number, one in enumerate(careers):
        for other in careers[number + 1 :]:
            mine, theirs = one.figure(*kind), other.figure(*kind)
            why = apart(mine, theirs) if mine and theirs else None
            if why is not None:
                said.append(f"{one.name} and {_small(other.name)}: {why.sentence}")
            elif mine is None or theirs is None:
                said.append(f"{one.name} and {_small(other.name)}: there is no figure for one of them.")
    return said


def measured(career: Career) -> str:
    """Name whose figures a career's are: its own people, or those of the occupation that it is counted in."""
    return career.plural if career.occupation.measures is Measures.OWN else _small(career.occupation.name)


def _small(name: str) -> str:
    return name[0].lower() + name[1:]


def _measured_alone(career: Career) -> bool:
    return career.occupation.measures is not Measures.BORROWED


def _of(careers: Sequence[Career], kind: tuple[Metric, Statistic]) -> list[tuple[Career, Figure]]:
    return [(career, figure) for career in careers if (figure := career.figure(*kind))]


def _pay(careers: Sequence[Career]) -> Iterator[Words]:
    found = _of(careers, PAY)
    names = {figure.key: career for career, figure in found}
    for group in drawn_together([figure for career, figure in found if _measured_alone(career)]):
        ranked = sorted(group, key=lambda one: one.low, reverse=True)
        first = names[ranked[0].key]
        period = ranked[0].period.label if ranked[0].period else ""
        words: Words = (f"Half of all {measured(first)} earned more than ", ranked[0], f" a year in {period}.")
        for higher, lower in pairwise(ranked):
            words += (f" Half of all {measured(names[lower.key])} earned more than ", lower, ": ")
            words += (subtracted(higher, lower), " a year less.") if higher.low != lower.low else ("the same.",)
        yield words
    for career, figure in found:
        if career.occupation.measures is Measures.BORROWED:
            nearest = f"{_small(career.occupation.name)}, the nearest official occupation"
            none = f"There is no official pay figure for {career.plural} alone."
            yield (f"{none} Half of all {nearest}, earned more than ", figure, ".")


def _spread(careers: Sequence[Career]) -> Iterator[Words]:
    for career in careers:
        low, high = (career.figure(Metric.ANNUAL_WAGE, one) for one in (Statistic.P10, Statistic.P90))
        if low and high and career.occupation.measures is not Measures.BORROWED:
            yield (f"One in ten {measured(career)} earned less than ", low, " and one in ten more than ", high, ".")


def _growth(careers: Sequence[Career]) -> Iterator[Words]:
    found = _of(careers, GROWTH)
    names = {figure.key: career for career, figure in found}
    for group in drawn_together([figure for career, figure in found if _measured_alone(career)]):
        ranked = sorted(group, key=lambda one: one.low, reverse=True)
        window = ranked[0].period.label if ranked[0].period else ""
        who = measured(names[ranked[0].key])
        grow = "grow" if ranked[-1].low >= 0 else "change"
        words: Words = (f"In {window} the number of jobs of {who} is projected to {grow} by ", ranked[0])
        for higher, lower in pairwise(ranked):
            words += (f"; that of {measured(names[lower.key])} by ", lower)
            words += (", ", subtracted(higher, lower), " less") if higher.low != lower.low else ()
        yield (*words, ".")


def _openings(careers: Sequence[Career]) -> Iterator[Words]:
    told = set()
    for career in careers:
        openings, change = career.figure(*OPENINGS), career.figure(*CHANGE)
        if openings and change and openings.period and career.occupation.code not in told:
            told.add(career.occupation.code)
            years = openings.period.ends.year - openings.period.begins.year
            most = change.low / years < openings.low / 2
            yield (
                "About ",
                openings,
                f" openings for {measured(career)} are expected each year, while the number of jobs changes by ",
                change,
                f" over all of {openings.period.label}.",
                " Most openings take the place of people who leave." if most else "",
            )


def _sticks(library: Library, careers: Sequence[Career]) -> Iterator[Words]:
    asked = [
        (credential, sticks)
        for code in dict.fromkeys(code for career in careers for code in career.credentials)
        if (sticks := (credential := library.credentials[code]).figure(Metric.VENIPUNCTURES))
    ]
    for credential, sticks in asked:
        fingers = credential.figure(Metric.CAPILLARY_STICKS)
        words: Words = (f"The credential {credential.code} asks for ", sticks, " venipunctures")
        yield (*words, " and ", fingers, " capillary sticks on live people.") if fingers else (*words, ".")


def _states(library: Library, careers: Sequence[Career]) -> Iterator[Words]:
    asking: dict[tuple[str, ...], list[str]] = {}
    for career in careers:
        rows = [one for one in library.licenses_of(career.slug) if one.kind == "license" and not one.disputed]
        asking.setdefault(tuple(dict.fromkeys(STATE_NAMES[one.state] for one in rows)), []).append(career.plural)
    for states, people in asking.items():
        if states:
            yield (f"States that ask {listed(people)} for a license, as far as we have read: {listed(states)}.",)
