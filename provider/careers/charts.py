"""Charts as plain geometry: what is drawn where, in shares of the width, from the same figures as the tables."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from provider.careers.figures import Figure, Metric, Source, Statistic
from provider.careers.library import Career
from provider.careers.points import GROWTH, PAY, measured
from provider.careers.rules import drawn_together

# Where a label beside a mark begins to leave the drawing.
LEFT, RIGHT = 0.22, 0.78
ROW, BAR_ROW, GROUP, FOOT = 84, 46, 34, 26
COLORS = 4
# How much of the width bars may take, so that the number beside the longest one still fits.
BARS = 0.74
STEPS = (5_000, 10_000, 20_000, 50_000, 100_000)
MOST_TICKS = 4
TRAINING = (Metric.TRAINING_LENGTH, Metric.TRAINING_COST)


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure in a drawing: how far from the left (0 to 1) and on which side its label stands."""

    figure: Figure
    at: float

    @property
    def anchor(self) -> str:
        """Say where the label's text is fastened, so that it stays inside."""
        low = self.figure.statistic is Statistic.P10
        if self.figure.statistic is Statistic.MEDIAN:
            return "start" if self.at < LEFT / 2 else "end" if self.at > 1 - LEFT / 2 else "middle"
        if low:
            return "start" if self.at <= LEFT else "end"
        return "end" if self.at >= RIGHT else "start"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a drawing: a label, its marks from left to right, its color (0 to 3) and its top edge in pixels.

    A bar goes from ``begins`` to its mark.
    """

    label: str
    marks: tuple[Mark, ...]
    color: int
    top: int
    begins: float = 0.0


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: ranges (three marks a row) or bars (one mark a row), with headings between the rows."""

    key: str
    title: str
    description: str
    kind: str
    rows: tuple[Row, ...]
    headings: tuple[tuple[str, int], ...]
    ticks: tuple[tuple[str, float], ...]
    height: int

    @property
    def sources(self) -> list[Source]:
        """Return where its figures were read."""
        return list(dict.fromkeys(figure.source for figure in self.figures))

    @property
    def figures(self) -> list[Figure]:
        """Return everything that is drawn."""
        return [mark.figure for row in self.rows for mark in row.marks]


def of(careers: Sequence[Career]) -> list[Chart]:
    """Return the charts of a page: pay, pay by industry, growth, training where it can be shown; none is empty."""
    return [*_pay(careers), *_industries(careers), *_growth(careers), *_training(careers)]


def _grouped(careers: Sequence[Career], kind: tuple[Metric, Statistic]) -> list[list[tuple[Career, Figure]]]:
    found = {figure.key: career for career in careers if (figure := career.figure(*kind))}
    figures = [career.figure(*kind) for career in careers]
    groups = drawn_together([figure for figure in figures if figure])
    return [[(found[figure.key], figure) for figure in group] for group in groups]


def _key(name: str, number: int) -> str:
    return name if number == 0 else f"{name}-{number + 1}"


def _period(figures: Sequence[Figure]) -> str:
    return figures[0].period.label if figures[0].period else ""


def _named(career: Career) -> str:
    return measured(career)[0].upper() + measured(career)[1:]


def _titled(title: str, group: Sequence[tuple[Career, object]]) -> str:
    """Return a title that names the people, where they are one kind and no row has to."""
    return f"{_named(group[0][0])}. {title}" if len(group) == 1 else title


def _color(careers: Sequence[Career], career: Career) -> int:
    return list(careers).index(career) % COLORS


def _pay(careers: Sequence[Career]) -> list[Chart]:
    groups = [
        [(career, trio) for career, median in group if (trio := _trio(career, median))]
        for group in _grouped(careers, PAY)
    ]
    groups = [group for group in groups if group]
    every = [figure.low for group in groups for _, trio in group for figure in trio]
    if not every:
        return []
    scale = _Scale.around(every)
    return [_ranges(careers, number, group, scale) for number, group in enumerate(groups)]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Dollars from the left edge to the right one, the same for all drawings of a page, with a few round ticks."""

    low: int
    high: int
    step: int

    @classmethod
    def around(cls, values: Sequence[Decimal]) -> "_Scale":
        least, most = min(values), max(values)
        step = next((step for step in STEPS if (most - least) / step <= MOST_TICKS), STEPS[-1])
        return cls(math.floor(least / step) * step, (math.floor(most / step) + 1) * step, step)

    def at(self, value: Decimal | int) -> float:
        return float((value - self.low) / (self.high - self.low))

    @property
    def ticks(self) -> tuple[tuple[str, float], ...]:
        values = range(self.low, self.high + 1, self.step)
        return tuple((f"${value // 1000}k", self.at(value)) for value in values)


def _ranges(
    careers: Sequence[Career], number: int, group: Sequence[tuple[Career, tuple[Figure, Figure, Figure]]], scale: _Scale
) -> Chart:
    alone = len(group) == 1
    rows = tuple(
        Row(
            "" if alone else _named(career),
            tuple(Mark(one, scale.at(one.low)) for one in trio),
            _color(careers, career),
            index * ROW,
        )
        for index, (career, trio) in enumerate(group)
    )
    told = "; ".join(
        f"{_named(career)}: one in ten earns less than {low.written}, half earn more than {median.written}, one in ten "
        f"earns more than {high.written}"
        for career, (low, median, high) in group
    )
    return Chart(
        key=_key("pay", number),
        title=_titled(f"Pay a year, {_period(group[0][1])}: from one in ten below to one in ten above", group),
        description=f"{told}.",
        kind="ranges",
        rows=rows,
        headings=(),
        ticks=scale.ticks,
        height=len(rows) * ROW + FOOT,
    )


def _trio(career: Career, median: Figure) -> tuple[Figure, Figure, Figure] | None:
    """Return the 10th percentile, the median and the 90th, if all three speak of the same period."""
    low, high = (career.figure(Metric.ANNUAL_WAGE, one) for one in (Statistic.P10, Statistic.P90))
    if low is None or high is None or {low.period, high.period} != {median.period}:
        return None
    return low, median, high


def _industries(careers: Sequence[Career]) -> list[Chart]:
    charts = []
    for number, group in enumerate(_grouped(careers, PAY)):
        period = group[0][1].period
        found: dict[str, list[tuple[Career, Figure]]] = {}
        for career, _ in group:
            for figure in career.figures_of(*PAY):
                if figure.industry and figure.period == period:
                    found.setdefault(figure.industry, []).append((career, figure))
        if not found:
            continue
        best = sorted(found.items(), key=lambda item: max(figure.low for _, figure in item[1]), reverse=True)
        charts.append(
            _bars(
                careers,
                _key("industries", number),
                _titled(f"Median pay a year by industry, {_period([group[0][1]])}", group),
                [(industry[0].upper() + industry[1:], pairs) for industry, pairs in best],
            )
        )
    return charts


def _training(careers: Sequence[Career]) -> list[Chart]:
    """Return length and cost of training, each only where every career has a figure, and all of the same kind."""
    charts = []
    for metric in TRAINING:
        pairs = [(career, figure) for career in careers if (figure := career.first(metric))]
        if len(pairs) == len(careers) and len({(figure.statistic, figure.period) for _, figure in pairs}) == 1:
            title = f"{metric.label}, {_period([pairs[0][1]])}"
            charts.append(_bars(careers, metric.value.replace("_", "-"), title, [("", pairs)]))
    return charts


def _growth(careers: Sequence[Career]) -> list[Chart]:
    return [
        _bars(
            careers,
            _key("growth", number),
            _titled(f"Projected growth in the number of jobs, {_period([group[0][1]])}", group),
            [("", group)],
        )
        for number, group in enumerate(_grouped(careers, GROWTH))
    ]


def _bars(
    careers: Sequence[Career], key: str, title: str, groups: Sequence[tuple[str, Sequence[tuple[Career, Figure]]]]
) -> Chart:
    extents = {figure: _extent(figure) for _, pairs in groups for _, figure in pairs}
    low, high = min(least for least, _ in extents.values()), max(most for _, most in extents.values())
    low, high = min(low, Decimal(0)), max(high, Decimal(0))
    span = high - low or Decimal(1)
    rows: list[Row] = []
    headings: list[tuple[str, int]] = []
    top = 0
    alone = len({career.slug for _, pairs in groups for career, _ in pairs}) == 1
    for heading, pairs in groups:
        if heading and not alone:
            headings.append((heading, top))
            top += GROUP
        for career, figure in pairs:
            begins, ends = (BARS * float((edge - low) / span) for edge in extents[figure])
            label = (heading or _period([figure])) if alone else _named(career)
            rows.append(Row(label, (Mark(figure, ends),), _color(careers, career), top, begins))
            top += BAR_ROW
    told = "; ".join(
        f"{_named(career)}{f', {figure.industry}' if figure.industry else ''}: {figure.written}"
        for _, pairs in groups
        for career, figure in pairs
    )
    return Chart(
        key=key,
        title=title,
        description=f"{told}.",
        kind="bars",
        rows=tuple(rows),
        headings=tuple(headings),
        ticks=(),
        height=top + 4,
    )


def _extent(figure: Figure) -> tuple[Decimal, Decimal]:
    """Return where a bar begins and ends: from zero to a number, or from the low to the high end of a range."""
    return (Decimal(0), figure.low) if figure.low == figure.high else (figure.low, figure.high or figure.low)
