"""The optimum against a second solver of our own, which takes one shortest way after the other."""

import heapq
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.externships.planner import NOBODY, Arcs, assign, can_make_room, left, runs
from tests.harness.cohorts import whole

Wanted = list[dict[int, int]]  # of each student: places with their costs
Answer = tuple[int, int]  # how many are placed, and what it costs


def arcs_of(wanted: Wanted) -> Arcs:
    rows = [
        (row, place, price)
        for row, each in enumerate(wanted)
        for place, price in sorted(each.items(), key=lambda p: p[1])
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return Arcs(*(whole(column) for column in columns))


def ours(wanted: Wanted, free: Sequence[int], seed: int = 7) -> Answer:
    arcs = arcs_of(wanted)
    chosen = assign(arcs, whole(free), students=len(wanted), seed=seed)
    assert (left(whole(free), chosen) >= 0).all()
    assert all(place == NOBODY or place in wanted[row] for row, place in enumerate(chosen.tolist()))
    return int((chosen != NOBODY).sum()), int(arcs.costs[chosen[arcs.students] == arcs.places].sum())


class Second:
    """A second solver: one student after the other, each by the shortest way through those who could move.

    It is the recipe of DEPENDENCIES 3.8: successive shortest paths over the openings, with prices.
    """

    def __init__(self, wanted: Wanted, free: Sequence[int]) -> None:
        nowhere = len(free)
        self.costs = [{**each, nowhere: 10**6} for each in wanted]
        self.room = [*free, 10**9]
        self.inside: list[set[int]] = [set() for _ in self.room]
        self.prices = [0] * len(self.room)

    def answer(self) -> Answer:
        nowhere = len(self.room) - 1
        for student in range(len(self.costs)):
            self._move(*self._shortest(student))
        placed = [(row, place) for place, rows in enumerate(self.inside) if place != nowhere for row in rows]
        return len(placed), sum(self.costs[row][place] for row, place in placed)

    def _shortest(self, student: int) -> tuple[int, dict[int, tuple[int, int]]]:
        far = {place: cost - self.prices[place] for place, cost in self.costs[student].items()}
        came = dict.fromkeys(far, (student, NOBODY))
        queue, done = [(length, place) for place, length in far.items()], set[int]()
        heapq.heapify(queue)
        end = length = NOBODY
        while queue:
            length, end = heapq.heappop(queue)
            if end in done:
                continue
            done.add(end)
            if len(self.inside[end]) < self.room[end]:
                break
            for other, place, onward in self._onward(end, length):
                if place not in done and onward < far.get(place, 10**12):
                    far[place], came[place] = onward, (other, end)
                    heapq.heappush(queue, (onward, place))
        for place in done:
            self.prices[place] += min(0, far[place] - length)
        return end, came

    def _onward(self, end: int, length: int) -> Iterator[tuple[int, int, int]]:
        for other in self.inside[end]:
            base = length - (self.costs[other][end] - self.prices[end])
            for place, cost in self.costs[other].items():
                yield other, place, base + cost - self.prices[place]

    def _move(self, end: int, came: dict[int, tuple[int, int]]) -> None:
        while end != NOBODY:
            mover, before = came[end]
            self.inside[end].add(mover)
            if before != NOBODY:
                self.inside[before].discard(mover)
            end = before


def second(wanted: Wanted, free: Sequence[int]) -> Answer:
    return Second(wanted, free).answer()


def greedy(wanted: Wanted, free: Sequence[int]) -> Answer:
    """Give each student, as they come, the cheapest place that is left."""
    room, prices = list(free), []
    for each in wanted:
        found = [(price, place) for place, price in each.items() if room[place]]
        if found:
            price, place = min(found)
            room[place] -= 1
            prices.append(price)
    return len(prices), sum(prices)


def instance(number: int) -> tuple[Wanted, list[int]]:
    """Draw a small instance; of each four, two have about as many places as students, and one has fewer."""
    dice = np.random.default_rng(number)
    students, places = int(dice.integers(1, 16)), int(dice.integers(1, 7))
    share = (0.7, 1.0, 1.0, 1.6)[number % 4]
    free = np.bincount(dice.integers(0, places, max(1, round(students * share))), minlength=places)
    wanted = [
        {int(place): int(dice.integers(-30, 300)) for place in dice.permutation(places)[: dice.integers(0, 4)]}
        for _ in range(students)
    ]
    return wanted, free.tolist()


INSTANCES = [instance(number) for number in range(200)]


def test_the_optimum_is_that_of_a_second_solver_on_two_hundred_instances() -> None:
    assert [ours(*one) for one in INSTANCES] == [second(*one) for one in INSTANCES]


def test_greedy_is_wrong_on_many_of_these_instances() -> None:
    optimum, first_come = [second(*one) for one in INSTANCES], [greedy(*one) for one in INSTANCES]
    fewer = sum(wrong[0] < right[0] for right, wrong in zip(optimum, first_come, strict=True))
    dearer = sum(wrong[0] == right[0] and wrong[1] > right[1] for right, wrong in zip(optimum, first_come, strict=True))
    assert (fewer >= 40, dearer >= 25) == (True, True)


@settings(max_examples=150)
@given(
    st.lists(st.dictionaries(st.integers(0, 2), st.integers(-5, 9), max_size=3), min_size=1, max_size=5),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
)
def test_no_other_way_of_placing_is_better(wanted: Wanted, free: list[int]) -> None:
    ways = product(*([NOBODY, *each] for each in wanted))
    allowed = [way for way in ways if all(way.count(place) <= free[place] for place in range(3))]
    best = max(
        (len(way) - way.count(NOBODY), -sum(wanted[row][place] for row, place in enumerate(way) if place != NOBODY))
        for way in allowed
    )
    assert ours(wanted, free) == (best[0], -best[1])


def test_most_students_come_before_any_distance() -> None:
    assert ours([{0: 1, 1: 2500}, {0: 2}], [1, 1]) == (2, 2502)


def test_the_same_inputs_and_seed_give_the_same_plan_and_ties_go_by_the_seed() -> None:
    wanted: Wanted = [{0: 5, 1: 5} for _ in range(12)]
    arcs, free = arcs_of(wanted), whole([3, 3])
    plans = [[tuple(assign(arcs, free, students=12, seed=seed)) for _ in range(3)] for seed in range(6)]
    assert [len(set(same)) for same in plans] == [1] * 6
    assert len({same[0] for same in plans}) > 1


def test_nobody_to_place_and_nowhere_to_go_are_plans_too() -> None:
    assert assign(arcs_of([]), whole([1]), students=0, seed=1).tolist() == []
    assert assign(arcs_of([{}, {}]), whole([]), students=2, seed=1).tolist() == [NOBODY, NOBODY]
    assert assign(arcs_of([{}, {0: 4}]), whole([1]), students=2, seed=1).tolist() == [NOBODY, 0]


@pytest.mark.parametrize("number", range(40))
def test_room_can_be_made_exactly_where_one_more_student_could_be_placed(number: int) -> None:
    wanted, free = INSTANCES[number]
    arcs, places = arcs_of(wanted), whole(free)
    chosen = assign(arcs, places, students=len(wanted), seed=1)
    room = can_make_room(arcs, places, chosen, fixed=np.zeros(len(wanted), bool))
    placed = int((chosen != NOBODY).sum())
    assert room.tolist() == [ours([*wanted, {place: 0}], free)[0] == placed + 1 for place in range(len(free))]


def test_who_is_pinned_makes_no_room() -> None:
    arcs, free = arcs_of([{0: 1, 1: 9}]), whole([1, 1])
    chosen = whole([0])
    assert can_make_room(arcs, free, chosen, fixed=np.array([False])).tolist() == [True, True]
    assert can_make_room(arcs, free, chosen, fixed=np.array([True])).tolist() == [False, True]


def test_rows_are_cut_into_runs_of_about_one_size() -> None:
    sizes = whole([3, 3, 3, 10, 1, 1])
    assert [(run.start, run.stop) for run in runs(sizes, 6)] == [(0, 2), (2, 3), (3, 4), (4, 6)]
