"""When two figures may be compared or drawn together, which are old, what tuition is in pay, and how numbers look."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.careers.figures import (
    Confidence,
    Derived,
    Figure,
    Measures,
    Metric,
    Occupation,
    Period,
    Source,
    Statistic,
    Unit,
    Why,
    written,
)
from provider.careers.points import subtracted
from provider.careers.rules import (
    Apart,
    NotComparable,
    address_of,
    apart,
    difference,
    drawn_together,
    older_than,
    slugs_of,
    superseded,
    weeks_of_pay,
)

MAY = Period.parse("2024-05")
SOURCE = Source("bls", "Bureau", "BLS", "", "", Period.parse("2026-07"), copy=False, official=True)
# Occupations that every pair of one kind may be drawn from.
CODES = ("31-9092", "31-9097", "29-2010")


def occupation(code: str, measures: Measures = Measures.OWN) -> Occupation:
    return Occupation(code, f"People of {code}", measures, "", SOURCE)


ONE = Figure(
    owner="one",
    id="median",
    metric=Metric.ANNUAL_WAGE,
    statistic=Statistic.MEDIAN,
    low=Decimal(44_200),
    high=Decimal(44_200),
    period=MAY,
    place="US",
    industry="",
    occupation=occupation("31-9092"),
    source=SOURCE,
    confidence=Confidence.HIGH,
)
OTHER = replace(ONE, owner="other", low=Decimal(43_660), high=Decimal(43_660), occupation=occupation("31-9097"))


def named(owner: str, code: str, measures: Measures = Measures.OWN, value: int = 40_000) -> Figure:
    amount = Decimal(value)
    return replace(ONE, owner=owner, low=amount, high=amount, occupation=occupation(code, measures))


APART = {
    "another-metric": (replace(OTHER, metric=Metric.HOURLY_WAGE), Apart.METRIC),
    "no-occupation": (replace(OTHER, occupation=None), Apart.METRIC),
    "mean-and-median": (replace(OTHER, statistic=Statistic.MEAN), Apart.STATISTIC),
    "percentile-and-median": (replace(OTHER, statistic=Statistic.P90), Apart.STATISTIC),
    "another-year": (replace(OTHER, period=Period.parse("2023-05")), Apart.PERIOD),
    "month-and-its-year": (replace(OTHER, period=Period.parse("2024")), Apart.PERIOD),
    "month-and-when-read": (replace(OTHER, period=Period.parse("read 2024-05")), Apart.PERIOD),
    "no-period": (replace(OTHER, period=None), Apart.PERIOD),
    "a-state": (replace(OTHER, place="CA"), Apart.PLACE),
    "an-industry": (replace(OTHER, industry="hospitals"), Apart.PLACE),
    "a-range": (replace(OTHER, high=Decimal(50_000)), Apart.RANGE),
    "an-open-range": (replace(OTHER, high=None), Apart.RANGE),
    "same-occupation": (replace(OTHER, occupation=occupation("31-9092")), Apart.SAME),
    "same-occupation-borrowed": (replace(OTHER, occupation=occupation("31-9092", Measures.BORROWED)), Apart.SAME),
    "same-occupation-pooled": (replace(OTHER, occupation=occupation("31-9092", Measures.POOLED)), Apart.SAME),
    "pooled": (replace(OTHER, occupation=occupation("29-2010", Measures.POOLED)), Apart.POOLED),
    "borrowed": (replace(OTHER, occupation=occupation("31-1131", Measures.BORROWED)), Apart.BORROWED),
}
SENTENCES = {
    Apart.METRIC: "They measure different things.",
    Apart.STATISTIC: "They are different statistics, such as a mean and a median, so no difference is stated.",
    Apart.PERIOD: "They speak of different periods, so no difference is stated.",
    Apart.PLACE: "They speak of different places or industries, so no difference is stated.",
    Apart.RANGE: "One of them is a range, so no difference is stated.",
    Apart.SAME: "Both careers are counted in the same official occupation, so they share the same figures.",
    Apart.POOLED: "One of the figures pools two occupations, so no difference is stated.",
    Apart.BORROWED: "One of the careers has no official figure of its own, so no difference is stated.",
}


@pytest.mark.parametrize("other, why", APART.values(), ids=APART)
def test_what_differs_in_kind_is_never_subtracted_in_either_order(other: Figure, why: Apart) -> None:
    assert (apart(ONE, other), apart(other, ONE)) == (why, why)
    for pair in ((ONE, other), (other, ONE)):
        with pytest.raises(NotComparable) as refused:
            difference(*pair)
        assert str(refused.value) == SENTENCES[why]
        with pytest.raises(NotComparable):
            subtracted(*pair)


@pytest.mark.parametrize("other, why", APART.values(), ids=APART)
def test_what_differs_in_kind_is_never_drawn_in_one_chart(other: Figure, why: Apart) -> None:
    assert [group for group in drawn_together([ONE, other]) if len(group) > 1] == []


def test_what_neither_figure_says_is_not_taken_for_the_same() -> None:
    unsaid = [replace(one, statistic=Statistic.UNSPECIFIED) for one in (ONE, OTHER)]
    undated = [replace(one, period=None) for one in (ONE, OTHER)]
    assert (apart(*unsaid), apart(*undated)) == (Apart.STATISTIC, Apart.PERIOD)


def test_two_pooled_figures_are_not_compared_and_borrowing_is_named_before_pooling() -> None:
    pooled = named("a", "29-2010", Measures.POOLED)
    assert apart(pooled, named("b", "29-2034", Measures.POOLED)) is Apart.POOLED
    assert apart(pooled, named("b", "31-1131", Measures.BORROWED)) is Apart.BORROWED


@pytest.mark.parametrize("why", Apart)
def test_every_reason_is_a_sentence_of_the_page(why: Apart) -> None:
    assert why.sentence == SENTENCES[why]


def test_figures_of_one_kind_are_subtracted_exactly() -> None:
    assert (apart(ONE, OTHER), difference(ONE, OTHER), difference(OTHER, ONE)) == (None, Decimal(540), Decimal(-540))


@pytest.mark.parametrize(
    "metric, more, less, text, how",
    [
        (Metric.ANNUAL_WAGE, "44200", "43660", "$540", "$44,200 less $43,660"),
        (Metric.HOURLY_WAGE, "21.25", "20.99", "$0.26", "$21.25 less $20.99"),
        (Metric.EMPLOYMENT_GROWTH, "12", "6", "6 percentage points", "12% less 6%"),
        (Metric.EMPLOYMENT_GROWTH, "7", "6", "1 percentage point", "7% less 6%"),
        (Metric.EMPLOYMENT_GROWTH, "17", "6", "11 percentage points", "17% less 6%"),
        (Metric.EMPLOYMENT_GROWTH, "12.5", "2.5", "10 percentage points", "12.5% less 2.5%"),
        (Metric.EMPLOYMENT_GROWTH, "2", "-1", "3 percentage points", "2% less -1%"),
    ],
    ids=["dollars", "cents", "points", "one-point", "eleven-points", "round-points", "a-loss"],
)
def test_a_difference_says_what_it_was_worked_out_from(
    metric: Metric, more: str, less: str, text: str, how: str
) -> None:
    first, second = (
        replace(figure, metric=metric, low=Decimal(value), high=Decimal(value))
        for figure, value in ((ONE, more), (OTHER, less))
    )
    assert subtracted(first, second) == Derived(text, (first, second), how)


DRAWN = {
    "nothing": ([], []),
    "own": ([named("a", CODES[0]), named("b", CODES[1])], [["a", "b"]]),
    "own-of-one-occupation": ([named("a", CODES[0]), named("b", CODES[0])], [["a"]]),
    "two-own-of-one-occupation-after-a-third": (
        [named("a", CODES[0]), named("b", CODES[1]), named("c", CODES[1])],
        [["a", "b"]],
    ),
    "pooled-twice": ([named("a", CODES[2], Measures.POOLED), named("b", CODES[2], Measures.POOLED)], [["a"]]),
    "pooled-by-itself": (
        [named("a", CODES[2], Measures.POOLED), named("b", CODES[0]), named("c", CODES[1])],
        [["b", "c"], ["a"]],
    ),
    "pooled-alone": ([named("a", CODES[2], Measures.POOLED)], [["a"]]),
    "borrowed-beside-own": ([named("a", CODES[0], Measures.BORROWED), named("b", CODES[1])], [["b"]]),
    "borrowed-beside-pooled": (
        [named("a", CODES[0], Measures.BORROWED), named("b", CODES[2], Measures.POOLED)],
        [["b"]],
    ),
    "borrowed-only": (
        [named("a", CODES[0], Measures.BORROWED), named("b", CODES[1], Measures.BORROWED)],
        [["a"], ["b"]],
    ),
    "borrowed-from-one-occupation": (
        [named("a", CODES[0], Measures.BORROWED), named("b", CODES[0], Measures.BORROWED)],
        [["a"]],
    ),
    "no-occupation": ([replace(ONE, occupation=None)], []),
}


@pytest.mark.parametrize("figures, groups", DRAWN.values(), ids=DRAWN)
def test_only_figures_of_their_own_share_a_chart(figures: list[Figure], groups: list[list[str]]) -> None:
    assert [[one.owner for one in group] for group in drawn_together(figures)] == groups


# Each occupation stands to its careers in one way, and one career alone is counted by itself.
SEVERAL = st.permutations(
    [
        named("own-1", "31-9092", Measures.OWN, 44_200),
        named("own-2", "31-9097", Measures.OWN, 43_660),
        replace(named("own-older", "31-1121", Measures.OWN, 34_990), period=Period.parse("2023-05")),
        replace(named("own-mean", "29-2055", Measures.OWN, 62_830), statistic=Statistic.MEAN),
        replace(named("own-state", "31-1131", Measures.OWN, 45_760), place="CA"),
        named("pooled", "29-2010", Measures.POOLED, 61_890),
        named("borrowed-1", "31-9099", Measures.BORROWED, 45_480),
        named("borrowed-2", "31-9099", Measures.BORROWED, 45_480),
        replace(ONE, owner="none", occupation=None),
    ]
).flatmap(lambda figures: st.integers(0, len(figures)).map(lambda number: figures[:number]))


@given(SEVERAL)
def test_nothing_pooled_or_borrowed_is_ever_drawn_beside_another_figure(figures: list[Figure]) -> None:
    groups = drawn_together(figures)
    for group in groups:
        assert [apart(*pair) for pair in combinations(group, 2)] == [None] * (len(group) * (len(group) - 1) // 2)
    own = [one.owner for one in figures if one.occupation and one.occupation.measures is Measures.OWN]
    pooled = [one.owner for one in figures if one.occupation and one.occupation.measures is Measures.POOLED]
    drawn = [one.owner for group in groups for one in group]
    if own or pooled:
        assert sorted(drawn) == sorted(own + pooled)
    else:
        borrowed = [one for one in figures if one.occupation]
        assert drawn == [one.owner for one in borrowed[:1]]


@given(SEVERAL)
def test_whatever_may_be_compared_gives_the_same_difference_both_ways(figures: list[Figure]) -> None:
    for one, other in combinations(figures, 2):
        assert apart(one, other) is apart(other, one)
        if apart(one, other) is None:
            assert difference(one, other) == -difference(other, one) == one.low - other.low


NEWER = replace(ONE, id="median-2025", period=Period.parse("2025-05"))


@pytest.mark.parametrize(
    "other, expected",
    [
        (NEWER, True),
        (replace(NEWER, period=Period.parse("2024-06")), True),
        (replace(NEWER, period=MAY), False),
        (replace(NEWER, period=Period.parse("2024-04")), False),
        (replace(NEWER, period=Period.parse("2024")), True),
        (replace(NEWER, period=Period.parse("2023-2034")), False),
        (replace(NEWER, period=Period.parse("2024-2034")), True),
        (replace(NEWER, period=None), False),
        (replace(NEWER, owner="other"), False),
        (replace(NEWER, metric=Metric.HOURLY_WAGE), False),
        (replace(NEWER, statistic=Statistic.MEAN), False),
        (replace(NEWER, place="CA"), False),
        (replace(NEWER, industry="hospitals"), False),
    ],
    ids=[
        "newer", "a-month-newer", "same-month", "a-month-older", "its-whole-year", "window-begun-earlier",
        "window-begun-that-year", "no-period", "another-career", "another-metric", "another-statistic",
        "another-place", "another-industry",
    ],
)  # fmt: skip
def test_a_figure_is_superseded_by_the_same_of_a_later_period_only(other: Figure, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert superseded(ONE, [ONE, other]) is expected


def test_a_figure_without_a_period_is_never_superseded() -> None:
    assert superseded(replace(ONE, period=None), [NEWER]) is False


@pytest.mark.parametrize(
    "period, today, expected",
    [
        ("2024-05", "2026-05-31", False),
        ("2024-05", "2026-06-01", True),
        ("2024-05", "2024-05-01", False),
        ("2024", "2026-12-31", False),
        ("2024", "2027-01-01", True),
        ("2024-2034", "2026-12-31", False),
        ("2024-2034", "2027-01-01", True),
        ("read 2026-07", "2028-07-31", False),
        ("read 2026-07", "2028-08-01", True),
    ],
)
def test_a_figure_is_old_from_the_first_day_after_its_months(period: str, today: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    figure = replace(ONE, period=Period.parse(period))
    assert older_than(figure, 24, dt.date.fromisoformat(today)) is expected


def test_a_figure_without_a_period_is_old() -> None:
    assert older_than(replace(ONE, period=None), 10_000, dt.date(2024, 5, 1)) is True


@pytest.mark.parametrize(
    "cents, yearly, weeks",
    [
        (0, "52000", "0.0"),
        (1, "52000", "0.1"),
        (10_000, "52000", "0.1"),
        (10_001, "52000", "0.2"),
        (100_000, "52000", "1.0"),
        (100_001, "52000", "1.1"),
        (210_000, "44200", "2.5"),
        (5_200_000, "52000", "52.0"),
    ],
)
def test_weeks_of_pay_are_rounded_up_to_a_tenth(cents: int, yearly: str, weeks: str) -> None:
    assert str(weeks_of_pay(cents, Decimal(yearly))) == weeks


@given(st.integers(0, 10_000_000), st.integers(1, 1_000_000))
def test_weeks_of_pay_err_by_less_than_a_tenth_and_never_in_our_favor(cents: int, yearly: int) -> None:
    weeks = weeks_of_pay(cents, Decimal(yearly))
    assert (weeks - Decimal("0.1")) * yearly * 100 < cents * 52 <= weeks * yearly * 100


@pytest.mark.parametrize(
    "text, begins, ends, label, base",
    [
        ("2024-05", "2024-05-01", "2024-05-31", "May 2024", "2024-05-31"),
        ("2024-02", "2024-02-01", "2024-02-29", "February 2024", "2024-02-29"),
        ("2024", "2024-01-01", "2024-12-31", "2024", "2024-12-31"),
        ("2024-2034", "2024-01-01", "2034-12-31", "2024–2034", "2024-12-31"),
        ("2024-2025", "2024-01-01", "2025-12-31", "2024–2025", "2024-12-31"),
        ("read 2026-07", "2026-07-01", "2026-07-31", "in force when read in July 2026", "2026-07-31"),
    ],
)
def test_a_period_is_read_to_the_day(text: str, begins: str, ends: str, label: str, base: str) -> None:
    period = Period.parse(text)
    assert (period.begins.isoformat(), period.ends.isoformat(), period.label) == (begins, ends, label)
    assert (period.base.isoformat(), period.is_window) == (base, "–" in label)


@pytest.mark.parametrize(
    "text",
    [
        "", "May 2024", "2024-13", "2024-00", "0000", "0000-05", "24", "2024-5", "2024-05-01", "2024-2024", "2034-2024",
        "2024–2034", "read 2026", "read 2026-13", "read", "READ 2026-07", " 2024", "2024\n", "2024-05 ", "undated",
    ],
)  # fmt: skip
def test_anything_else_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Period.parse(text)


@pytest.mark.parametrize(
    "low, high, unit, text",
    [
        ("44200", "44200", Unit.DOLLARS, "$44,200"),
        ("1000000", "1000000", Unit.DOLLARS, "$1,000,000"),
        ("0", "0", Unit.DOLLARS, "$0"),
        ("2000", "10000", Unit.DOLLARS, "$2,000 to $10,000"),
        ("55000", None, Unit.DOLLARS, "$55,000 or more"),
        ("21.25", "21.25", Unit.CENTS, "$21.25"),
        ("21", "21", Unit.CENTS, "$21.00"),
        ("21.5", "23", Unit.CENTS, "$21.50 to $23.00"),
        ("12", "12", Unit.PERCENT, "12%"),
        ("12.50", "12.50", Unit.PERCENT, "12.5%"),
        ("-3", "-3", Unit.PERCENT, "-3%"),
        ("15", "25", Unit.PERCENT, "15% to 25%"),
        ("100", "100", Unit.COUNT, "100"),
        ("1441500", "1441500", Unit.COUNT, "1,441,500"),
        ("30", None, Unit.COUNT, "30 or more"),
        ("9", "24", Unit.MONTHS, "9 to 24 months"),
        ("1", "1", Unit.MONTHS, "1 month"),
        ("2", "2", Unit.MONTHS, "2 months"),
        ("0.5", "1", Unit.MONTHS, "0.5 to 1 month"),
        ("6", None, Unit.MONTHS, "6 months or more"),
        ("1", "1", Unit.HOURS, "1 hour"),
        ("180", "180", Unit.MINUTES, "180 minutes"),
    ],
)
def test_a_number_is_written_with_its_unit(low: str, high: str | None, unit: Unit, text: str) -> None:
    assert written(Decimal(low), None if high is None else Decimal(high), unit) == text


def test_a_figure_is_named_by_its_owner_and_written_in_its_metric() -> None:
    assert (ONE.key, ONE.written) == ("one.median", "$44,200")


@pytest.mark.parametrize("kind", [Metric, Statistic, Why, Confidence], ids=lambda kind: kind.__name__)
def test_every_member_has_words_of_its_own(kind: type[Metric | Statistic | Why | Confidence]) -> None:
    labels = [member.label for member in kind]
    assert (len(set(labels)), "" in labels) == (len(kind), False)


def test_every_metric_has_a_unit() -> None:
    assert {metric.unit for metric in Metric} == set(Unit)


def test_a_source_says_when_it_was_read_and_whether_in_a_copy() -> None:
    assert (SOURCE.read_on, replace(SOURCE, copy=True).read_on) == ("July 2026", "July 2026, in a stored copy")


@pytest.mark.parametrize("slugs, address", [(("b",), "b"), (("b", "a"), "a-vs-b"), (tuple("dbca"), "a-vs-b-vs-c-vs-d")])
def test_an_address_names_its_careers_in_alphabetical_order(slugs: tuple[str, ...], address: str) -> None:
    assert (address_of(slugs), slugs_of(address)) == (address, tuple(sorted(slugs)))
