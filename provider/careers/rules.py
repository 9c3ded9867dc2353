"""When two figures may be compared or drawn together, which are old, and what tuition is in pay (rule R23)."""

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, Decimal

from provider.careers.figures import Figure, Measures, Statistic

WEEKS_A_YEAR = 52
FEWEST, MOST = 2, 4


class Apart(enum.StrEnum):
    """Why no difference between two figures is stated."""

    METRIC = "metric"
    STATISTIC = "statistic"
    PERIOD = "period"
    PLACE = "place"
    RANGE = "range"
    SAME = "same"
    POOLED = "pooled"
    BORROWED = "borrowed"

    @property
    def sentence(self) -> str:
        """Say it as a page says it."""
        return {
            "metric": "They measure different things.",
            "statistic": "They are different statistics, such as a mean and a median, so no difference is stated.",
            "period": "They speak of different periods, so no difference is stated.",
            "place": "They speak of different places or industries, so no difference is stated.",
            "range": "One of them is a range, so no difference is stated.",
            "same": "Both careers are counted in the same official occupation, so they share the same figures.",
            "pooled": "One of the figures pools two occupations, so no difference is stated.",
            "borrowed": "One of the careers has no official figure of its own, so no difference is stated.",
        }[self.value]


def apart(one: Figure, other: Figure) -> Apart | None:
    """Say why two figures may not be subtracted or ranked; None where they may (R23).

    They may when metric, statistic, period and place are the same, and each measures an occupation of its own.
    """
    if one.metric is not other.metric or one.occupation is None or other.occupation is None:
        return Apart.METRIC
    measured = {one.occupation.measures, other.occupation.measures}
    tests = (
        (one.statistic is not other.statistic or one.statistic is Statistic.UNSPECIFIED, Apart.STATISTIC),
        (one.period is None or one.period != other.period, Apart.PERIOD),
        ((one.place, one.industry) != (other.place, other.industry), Apart.PLACE),
        (one.low != one.high or other.low != other.high, Apart.RANGE),
        (one.occupation.code == other.occupation.code, Apart.SAME),
        (Measures.BORROWED in measured, Apart.BORROWED),
        (Measures.POOLED in measured, Apart.POOLED),
    )
    return next((why for applies, why in tests if applies), None)


class NotComparable(ValueError):
    """A difference was asked for that may not be stated."""


def difference(one: Figure, other: Figure) -> Decimal:
    """Return how much more the first is; raises NotComparable with the reason."""
    why = apart(one, other)
    if why is not None:
        raise NotComparable(why.sentence)
    return one.low - other.low


def drawn_together(figures: Sequence[Figure]) -> list[list[Figure]]:
    """Group figures into charts: those that may all be compared share one; a pooled one is drawn by itself.

    An occupation is drawn once. A borrowed figure is drawn only where no career has a figure of its own.
    """
    measured = [figure for figure in figures if figure.occupation is not None]
    groups: list[list[Figure]] = []
    for kind in (Measures.OWN, Measures.POOLED):
        for figure in _once_each(measured, kind):
            group = next((group for group in groups if all(apart(one, figure) is None for one in group)), None)
            if group is None:
                groups.append([figure])
            else:
                group.append(figure)
    return groups or [[figure] for figure in _once_each(measured, Measures.BORROWED)]


def _once_each(figures: Iterable[Figure], kind: Measures) -> list[Figure]:
    """Return the first figure of each occupation that careers are measured by in one way."""
    first: dict[str, Figure] = {}
    for figure in figures:
        if figure.occupation is not None and figure.occupation.measures is kind:
            first.setdefault(figure.occupation.code, figure)
    return list(first.values())


def superseded(figure: Figure, others: Iterable[Figure]) -> bool:
    """Say whether another figure says the same of a later period."""
    return figure.period is not None and any(
        other.period is not None
        and other.period.base > figure.period.base
        and (other.owner, other.metric, other.statistic, other.place, other.industry)
        == (figure.owner, figure.metric, figure.statistic, figure.place, figure.industry)
        for other in others
    )


def older_than(figure: Figure, months: int, today: dt.date) -> bool:
    """Say whether a figure's period ended more than a number of months ago."""
    if figure.period is None:
        return True
    base = figure.period.base
    return (today.year - base.year) * 12 + today.month - base.month > months


def weeks_of_pay(cents: int, yearly: Decimal) -> Decimal:
    """Return in how many weeks of full-time pay before taxes an amount is earned, rounded up to a tenth.

    Rounded up, because a page that sells something may err only to its own cost.
    """
    weeks = Decimal(cents) / 100 * WEEKS_A_YEAR / yearly
    return weeks.quantize(Decimal("0.1"), rounding=ROUND_CEILING)


def slugs_of(address: str) -> tuple[str, ...]:
    """Return the careers that an address ``a-vs-b`` names, in its order."""
    return tuple(address.split("-vs-"))


def address_of(slugs: Iterable[str]) -> str:
    """Return the one address of a comparison: the slugs in alphabetical order."""
    return "-vs-".join(sorted(slugs))
