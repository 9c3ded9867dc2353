import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.affiliations.rules import Pattern, Period, SiteKind, mask
from provider.documents.rules import DocumentKind, DocumentState, Shown
from provider.externships.candidates import in_bands
from provider.externships.fitting import Place, Weights, Wish, against
from provider.externships.plan_columns import Row, Sums, Wanted
from provider.externships.plan_solving import solve
from provider.externships.planning import Reason, Remedy
from provider.externships.rules import Point
from tests.externships.test_candidates import TODAY, boards
from tests.harness.cohorts import places_of, students_of

WEIGHTS = Weights(rank=40, kind=50, waiting=5)
K = DocumentKind
WORKDAYS = Pattern(mask(range(5)), 8 * 60, 16 * 60)
WEEKENDS = Pattern(mask([5, 6]), 8 * 60, 16 * 60)
WINTER = Period(dt.date(2026, 12, 7), dt.date(2026, 12, 18))
HERE, NEAR, FAR = Point(33.77, -84.30), Point(33.75, -84.39), Point(33.47, -83.07)  # FAR is 74 miles away


class Solved(NamedTuple):
    rows: list[Row]
    sums: Sums


def wish(number: int, **changed: object) -> Wish:
    plain = Wish(number, 1, HERE, 50, WORKDAYS, TODAY, 40)
    return replace(plain, **changed)  # type: ignore[arg-type]


def place(number: int, **changed: object) -> Place:
    plain = Place(
        number, 1, number, number, SiteKind.CLINIC, NEAR, WORKDAYS, WINTER, 1, agreements=(WINTER,), papers=frozenset()
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def plan(
    asked: Sequence[Wish],
    offered: Sequence[Place],
    *,
    waited: Sequence[int] = (),
    pins: Mapping[int, int] | None = None,
    barred: Collection[tuple[int, int]] = (),
    most: int = 50,
) -> Solved:
    days = [*waited, *([0] * len(asked))][: len(asked)]
    students, places = students_of(asked, days), in_bands(places_of(offered, TODAY))
    wanted = Wanted(pins or {}, barred)
    return Solved(*solve(students, places, wanted, WEIGHTS, most=most, seed=3, tell=lambda _: None))


def chosen(solved: Solved) -> dict[int, int | None]:
    return {row["request_id"]: row["opening_id"] for row in solved.rows}


def reasons(solved: Solved, request: int) -> list[list[object]]:
    return next(row["reasons"] for row in solved.rows if row["request_id"] == request)


def test_each_row_says_why_and_what_the_next_best_is() -> None:
    liked = wish(1, preferred=(3, 2), kind=SiteKind.LAB)
    offered = [place(1), place(2, kind=SiteKind.LAB), place(4, point=HERE)]
    solved = plan([liked, wish(2)], offered, waited=[9, 0])
    assert chosen(solved) == {1: 2, 2: 4}
    assert reasons(solved, 1) == [[Reason.CHEAPEST], [Reason.RANK, 2], [Reason.KIND], [Reason.WAITED, 9]]
    assert reasons(solved, 2) == [[Reason.CHEAPEST]]
    assert [row["next_opening_id"] for row in solved.rows] == [1, 1]
    assert (solved.sums.students, solved.sums.placed, sorted(solved.sums.openings)) == (2, 2, [[1, 1], [2, 1], [4, 1]])


def test_who_has_to_go_farther_is_told_how_many_nearer_ones_went_to_others() -> None:
    asked = [wish(1), wish(2, miles=5)]
    solved = plan(asked, [place(1, point=HERE), place(2, point=Point(33.9, -84.3))])
    assert chosen(solved) == {1: 2, 2: 1}
    assert reasons(solved, 1) == [[Reason.AFTER, 1]]


def test_of_two_who_live_alike_the_one_who_waited_longer_is_placed() -> None:
    for waited, winner in (([0, 3], 2), ([3, 0], 1)):
        assert chosen(plan([wish(1), wish(2)], [place(1)], waited=waited))[winner] == 1


def test_a_pin_holds_where_the_rules_let_it_and_is_told_where_they_do_not() -> None:
    asked, offered = [wish(1), wish(2)], [place(1, point=HERE), place(2)]
    assert chosen(plan(asked, offered, pins={1: 2})) == {1: 2, 2: 1}
    assert reasons(plan(asked, offered, pins={1: 2}), 1) == [[Reason.PINNED]]
    offered[1] = replace(offered[1], agreements=())
    broken = plan(asked, offered, pins={1: 2})
    assert chosen(broken) == {1: None, 2: 1}
    assert reasons(broken, 1) == [[Reason.PIN_BROKEN, 2, ["agreement"]]]
    both = plan(asked, [place(1)], pins={1: 1, 2: 1})
    assert (chosen(both), reasons(both, 2)) == ({1: 1, 2: None}, [[Reason.PIN_BROKEN, 1, []]])


def test_what_staff_excluded_is_not_chosen() -> None:
    assert chosen(plan([wish(1)], [place(1, point=HERE), place(2)], barred={(1, 1)})) == {1: 2}


MISSING = {
    "wider": (wish(2), place(2, point=FAR), [Remedy.MILES, 2, 738, 74]),
    "a document": (wish(2), place(2, papers=frozenset({K.INFLUENZA})), [Remedy.DOCUMENTS, 2, 54, ["influenza"]]),
    "other days": (wish(2), place(2, pattern=WEEKENDS, period=Period(TODAY, dt.date(2027, 3, 1)),
                                  agreements=(Period(TODAY, dt.date(2027, 3, 1)),)), [Remedy.TIMES, 2, 54]),
}  # fmt: skip


@pytest.mark.parametrize("one, spare, remedy", MISSING.values(), ids=MISSING)
def test_the_one_change_that_would_place_somebody_is_named(one: Wish, spare: Place, remedy: list[object]) -> None:
    solved = plan([wish(1), one], [place(1), spare], pins={1: 1})
    assert reasons(solved, 2) == [[Reason.ALL_TAKEN, 1], remedy, [Remedy.PLACE, 1, 54]]


def test_no_change_is_named_that_would_take_the_place_of_another() -> None:
    spare = place(2, point=FAR)
    solved = plan([wish(1, miles=100), wish(2, miles=100), wish(3)], [place(1), spare])
    assert solved.sums.placed == 2
    unplaced = next(one for one, opening in chosen(solved).items() if opening is None)
    assert [told[0] for told in reasons(solved, unplaced)] == [Reason.ALL_TAKEN, Remedy.PLACE]


def test_who_cannot_be_found_on_the_map_or_has_nothing_around_is_told_so() -> None:
    solved = plan([wish(1, point=None), wish(2, point=Point(47.0, -120.0)), wish(3, required_hours=400)], [place(1)])
    assert [row["reasons"] for row in solved.rows] == [
        [[Reason.NOWHERE]], [[Reason.NONE_AROUND]], [[Reason.NONE_FITS, 1, {"hours": 1}]],
    ]  # fmt: skip


def apply(asked: list[Wish], offered: list[Place], request: int, told: list[Any]) -> tuple[list[Wish], list[Place]]:
    """Make the change that a row names."""
    found = next(one for one in offered if one.id == told[1])
    at = next(n for n, one in enumerate(asked) if one.id == request)
    changed, places = list(asked), list(offered)
    if told[0] is Remedy.MILES:
        changed[at] = replace(asked[at], miles=told[3])
    elif told[0] is Remedy.DOCUMENTS:
        good = tuple(Shown(DocumentKind(kind), DocumentState.ACCEPTED, None) for kind in told[3])
        changed[at] = replace(asked[at], papers=asked[at].papers + good)
    elif told[0] is Remedy.TIMES:
        changed[at] = replace(asked[at], pattern=Pattern(127, 0, 1440), earliest_on=dt.date(2026, 1, 1))
    else:
        places[offered.index(found)] = replace(found, free=found.free + 1)
    return changed, places


@settings(max_examples=80, deadline=None)
@given(boards, st.integers(1, 3))
def test_every_change_that_is_named_places_one_more_and_no_row_breaks_a_rule(
    board: tuple[list[Wish], list[Place]], copies: int
) -> None:
    asked = [replace(one, id=n) for n, one in enumerate(board[0] * copies)]
    offered = board[1]
    solved = plan(asked, offered)
    by_id = {one.id: one for one in offered}
    for row in solved.rows:
        if row["opening_id"] is not None:
            assert against(asked[row["request_id"]], by_id[row["opening_id"]], TODAY) == ()
            continue
        for told in row["reasons"][1:]:
            again = plan(*apply(asked, offered, row["request_id"], told))
            assert again.sums.placed == solved.sums.placed + 1
            assert chosen(again)[row["request_id"]] is not None or told[0] is Remedy.PLACE
    taken = [row["opening_id"] for row in solved.rows if row["opening_id"] is not None]
    assert all(taken.count(one) <= by_id[one].free for one in taken)
    assert len({row["request_id"] for row in solved.rows}) == len(asked)
