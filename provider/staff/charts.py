"""Figures by week as plain geometry: columns in shares of the width, from the same numbers as the table beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provider.kernel.money import dollars
from provider.kernel.web import MONTHS
from provider.oversight.rules import Week

HEIGHT, TOP, FOOT = 180, 14, 26
GUTTER = 0.13  # of the width, for the words beside the lines
FILLED = 0.72  # of a week's room
EVERY = 3  # every third week is named
FACTORS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Series:
    """One number a week, and how it is written."""

    label: str
    values: Sequence[int]
    written: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Column:
    """One bar: where it begins and how wide it is (0 to 1), its top edge and height in pixels, its color."""

    at: float
    width: float
    top: int
    height: int
    color: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of some weeks, and its table."""

    key: str
    title: str
    description: str
    series: Sequence[Series]
    columns: Sequence[Column]
    lines: Sequence[tuple[str, int]]
    names: Sequence[tuple[str, float, str]]
    rows: Sequence[Sequence[str]]

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to draw."""
        return not self.columns


def weekly(key: str, title: str, weeks: Sequence[Week], series: Sequence[Series], short: Callable[[int], str]) -> Chart:
    """Draw one or more numbers for each of the weeks, side by side; the present week is not over."""
    peak = rounded_up(max(value for one in series for value in one.values))
    last = ", ".join(f"{one.label.lower()} {one.written(one.values[-1])}" for one in series)
    room = (1 - GUTTER) / len(weeks)
    plot = HEIGHT - TOP - FOOT
    return Chart(
        key=key,
        title=title,
        description=f"By week since {named(weeks[0])}. This week so far: {last}. All numbers stand in the table below.",
        series=series,
        columns=[
            Column(
                at=GUTTER + room * (index + (1 - FILLED) / 2) + room * FILLED * number / len(series),
                width=room * FILLED / len(series),
                top=TOP + plot - _high(value, peak, plot),
                height=_high(value, peak, plot),
                color=number,
            )
            for number, one in enumerate(series)
            for index, value in enumerate(one.values)
            if value
        ],
        lines=[
            (short(peak * part // 2), TOP + plot - plot * part // 2) for part in ((0, 2) if peak == 1 else (0, 1, 2))
        ],
        names=_names(weeks, room),
        rows=[
            [f"Week of {named(week)}", *(one.written(one.values[index]) for one in series)]
            for index, week in reversed(list(enumerate(weeks)))
        ],
    )


def _high(value: int, peak: int, plot: int) -> int:
    """Return a bar's height; what is not zero can be seen."""
    return max(2, round(plot * value / peak))


def _names(weeks: Sequence[Week], room: float) -> list[tuple[str, float, str]]:
    last = len(weeks) - 1
    return [
        (named(week), 1.0, "end") if index == last else (named(week), GUTTER + room * (index + 0.5), "middle")
        for index, week in enumerate(weeks)
        if (last - index) % EVERY == 0
    ]


def named(week: Week) -> str:
    """Name a week by its Monday."""
    return f"{MONTHS[week.monday.month - 1]} {week.monday.day}"


def rounded_up(value: int) -> int:
    """Return the next round number, 1, 2 or 5 and zeros, so that the lines have short words."""
    power = 1
    while power * 10 < value:
        power *= 10
    return next(power * factor for factor in FACTORS if power * factor >= value)


def counted(value: int) -> str:
    """Write a count."""
    return f"{value:,}"


def money_short(cents: int) -> str:
    """Write a round amount as a line of a chart does: ``$500``, ``$12k``, ``$1.5m``."""
    for size, letter in ((100_000_000, "m"), (100_000, "k")):
        if cents >= size:
            return f"${cents / size:,.1f}".removesuffix(".0") + letter
    return dollars(cents).removesuffix(".00")
