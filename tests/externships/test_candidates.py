import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.affiliations.rules import Pattern, Period, SiteKind, covers
from provider.documents.rules import DocumentKind, DocumentState, Shown
from provider.externships.candidates import BITS, around, cheapest, in_bands, judged, tenths_between
from provider.externships.fitting import Hindrance, Place, Weights, Wish, against, cost, distance
from provider.externships.plan_columns import NEVER, PAIR, covered_from
from provider.externships.rules import Point, tenths_of_miles
from tests.harness.cohorts import places_of, students_of, whole

TODAY = dt.date(2026, 11, 20)
WEIGHTS = Weights(rank=40, kind=50, waiting=5)
KINDS = tuple(DocumentKind)[:3]

days = st.integers(-20, 60).map(lambda n: TODAY + dt.timedelta(days=n))
periods = st.tuples(days, st.integers(0, 40)).map(lambda two: Period(two[0], two[0] + dt.timedelta(days=two[1])))
points = st.builds(
    Point,
    st.floats(25, 49, allow_nan=False).map(lambda degrees: 40 + (degrees - 37) / 9),
    st.floats(-125, -67, allow_nan=False).map(lambda degrees: -90 + (degrees + 96) / 9),
)
patterns = st.builds(
    lambda mask, start, length: Pattern(mask, start, min(1440, start + length)),
    st.integers(1, 127), st.integers(0, 1380), st.integers(60, 900),
)  # fmt: skip
papers = st.builds(Shown, st.sampled_from(KINDS), st.sampled_from(DocumentState), st.none() | days)
wishes = st.builds(
    Wish,
    id=st.integers(1, 9),
    program_id=st.integers(1, 2),
    point=points | st.none(),
    miles=st.integers(1, 250),
    pattern=patterns,
    earliest_on=days,
    required_hours=st.sampled_from([0, 1, 40, 160]),
    declined_sites=st.frozensets(st.integers(1, 4), max_size=2),
    preferred=st.lists(st.integers(1, 6), max_size=5, unique=True).map(tuple),
    kind=st.none() | st.sampled_from(SiteKind),
    papers=st.lists(papers, max_size=6).map(tuple),
)
places = st.builds(
    Place,
    id=st.integers(1, 1000),
    program_id=st.integers(1, 2),
    location_id=st.integers(1, 6),
    site_id=st.integers(1, 4),
    kind=st.sampled_from(SiteKind),
    point=points,
    pattern=patterns,
    period=periods,
    free=st.integers(0, 2),
    agreements=st.lists(periods, max_size=3).map(tuple),
    papers=st.frozensets(st.sampled_from(KINDS), max_size=2),
)
boards = st.tuples(
    st.lists(wishes, min_size=1, max_size=4), st.lists(places, min_size=1, max_size=5, unique_by=lambda one: one.id)
)
APART = {Hindrance.PROGRAM, Hindrance.FULL}  # these two are told apart before pairs are judged


@settings(max_examples=400)
@given(boards)
def test_each_pair_is_judged_as_the_pure_rules_do(board: tuple[list[Wish], list[Place]]) -> None:
    asked, offered = board
    students, rows = students_of(asked, [0] * len(asked)), places_of(offered, TODAY)
    row, place = (grid.ravel() for grid in np.indices((len(asked), len(offered))))
    known = ~np.isnan(students.latitude[row])
    row, place = row[known], place[known]
    pairs = judged(students, rows, row, place, tenths_between(students, rows, row, place))
    told = [
        sum(BITS[one.why] for one in against(asked[i], offered[j], TODAY) if one.why not in APART)
        for i, j in zip(row, place, strict=True)
    ]
    assert pairs.against.tolist() == told
    assert pairs.tenths.tolist() == [distance(asked[i], offered[j]) for i, j in zip(row, place, strict=True)]


@settings(max_examples=300)
@given(boards, st.integers(1, 3), st.lists(st.integers(0, 90), min_size=4, max_size=4), st.data())
def test_the_cheapest_openings_that_fit_are_found(
    board: tuple[list[Wish], list[Place]], most: int, waited: list[int], data: st.DataObject
) -> None:
    asked, offered = board
    barred = data.draw(st.sets(st.tuples(st.integers(0, 3), st.sampled_from([one.id for one in offered]))))
    students, rows = students_of(asked, waited[: len(asked)]), in_bands(places_of(offered, TODAY))
    pairs = np.sort(whole([row * PAIR + one for row, one in barred]))
    arcs = cheapest(students, rows, most=most, weights=WEIGHTS, barred=pairs)
    expected = [
        (row, price, one)
        for row, wish in enumerate(asked)
        for price, one in sorted(
            (cost(wish, place, WEIGHTS, waited[row]), place.id)
            for place in offered
            if not against(wish, place, TODAY) and (row, place.id) not in barred
        )[:most]
    ]
    found = zip(arcs.students.tolist(), arcs.costs.tolist(), rows.ids[arcs.places].tolist(), strict=True)
    assert list(found) == expected


@given(st.lists(periods, max_size=4), periods)
def test_agreements_cover_from_a_first_day_on(agreements: list[Period], offered: Period) -> None:
    first = covered_from(agreements, offered.last_on)
    for n in range((offered.last_on - offered.first_on).days + 1):
        day = offered.first_on + dt.timedelta(days=n)
        assert (day.toordinal() >= first) == covers(agreements, Period(day, offered.last_on))
    assert first == NEVER or first <= offered.last_on.toordinal()


@pytest.mark.parametrize("miles", [1, 50, 250])
def test_the_search_finds_all_within_the_miles_and_nothing_else(miles: int) -> None:
    dice = np.random.default_rng(miles)
    pattern, period = Pattern(127, 0, 1440), Period(TODAY, TODAY + dt.timedelta(days=30))
    dots = [
        Point(float(north), float(east))
        for north, east in zip(dice.uniform(30, 36, 150), dice.uniform(-90, -83, 150), strict=True)
    ]
    asked = [Wish(n, 1, dots[n], miles, pattern, TODAY, 0) for n in range(50)]
    offered = [
        Place(n, 1, n, n, SiteKind.LAB, dots[n], pattern, period, 1, agreements=(period,)) for n in range(50, 150)
    ]
    students, rows = students_of(asked, [0] * 50), in_bands(places_of(offered, TODAY))
    found = {
        (int(students.ids[i]), int(rows.ids[j]))
        for pairs in around(students, rows, miles=students.miles)
        for i, j in zip(pairs.students, pairs.places, strict=True)
    }
    assert found == {
        (wish.id, place.id)
        for wish in asked
        for place in offered
        if wish.point and place.point and tenths_of_miles(wish.point, place.point) <= miles * 10
    }
