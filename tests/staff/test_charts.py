import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from provider.kernel.money import dollars
from provider.oversight.rules import weeks
from provider.staff.charts import FOOT, GUTTER, HEIGHT, TOP, Chart, Series, counted, money_short, rounded_up, weekly

WEEKS = weeks(dt.date(2026, 11, 25), ZoneInfo("America/New_York"), 12)
FLOOR = HEIGHT - FOOT


def drawn(*values: Sequence[int]) -> Chart:
    return weekly("k", "Title", WEEKS, [Series(f"Series {n}", one, dollars) for n, one in enumerate(values)], counted)


@pytest.mark.parametrize(
    "value, peak", [(0, 1), (1, 1), (2, 2), (3, 5), (6, 10), (10, 10), (11, 20), (99, 100), (100, 100), (101, 200)]
)
def test_the_highest_line_is_a_round_number_above_every_column(value: int, peak: int) -> None:
    assert rounded_up(value) == peak


@pytest.mark.parametrize(
    "cents, words", [(0, "$0"), (50_000, "$500"), (100_000, "$1k"), (250_000, "$2.5k"), (150_000_000, "$1.5m")]
)
def test_a_line_of_money_has_few_words(cents: int, words: str) -> None:
    assert money_short(cents) == words


def test_columns_stand_on_the_floor_inside_the_drawing_and_keep_their_proportion() -> None:
    chart = drawn([0, *range(1, 12)], [11] * 12)
    assert len(chart.columns) == 11 + 12
    for column in chart.columns:
        assert column.top + column.height == FLOOR
        assert column.top >= TOP
        assert GUTTER <= column.at < column.at + column.width <= 1
    by_color = [[one.height for one in chart.columns if one.color == color] for color in (0, 1)]
    assert by_color[0] == sorted(by_color[0])
    assert by_color[0][-1] == by_color[1][-1]


def test_the_smallest_number_can_be_seen_and_nothing_is_drawn_for_nothing() -> None:
    assert [one.height for one in drawn([1, *[0] * 10, 1_000_000]).columns] == [2, FLOOR - TOP]
    assert drawn([0] * 12).empty


def test_the_table_has_every_number_with_the_newest_week_first() -> None:
    chart = drawn(range(12), range(12, 24))
    assert chart.rows[0] == ["Week of Nov 23", "$0.11", "$0.23"]
    assert chart.rows[-1] == ["Week of Sep 7", "$0.00", "$0.12"]
    assert len(chart.rows) == 12
    assert [words for words, _, _ in chart.names] == ["Sep 21", "Oct 12", "Nov 2", "Nov 23"]
    assert "series 0 $0.11, series 1 $0.23" in chart.description
