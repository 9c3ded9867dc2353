"""Turns a cohort into the rows of a plan: who goes where and why, the next best, and what would place the others.

Each change that it names was tried: it places that student while nobody loses a place. It works with numpy, so only
the solver's process imports it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from provider.externships import candidates
from provider.externships.candidates import BITS, Pairs, Places, Students
from provider.externships.fitting import Hindrance, Weights
from provider.externships.plan_columns import KINDS, PAIR, Question, Row, Sums, Wanted
from provider.externships.planner import NOBODY, Arcs, Numbers, assign, can_make_room, left
from provider.externships.planning import Reason, Remedy
from provider.externships.rules import MOST_MILES, TENTHS

Tell = Callable[[int], None]
_EMPTY = dict.fromkeys(("opening_id", "next_opening_id", "tenths", "cost")) | {"pinned": False}
_TIMES = BITS[Hindrance.DAYS] | BITS[Hindrance.HOURS] | BITS[Hindrance.AGREEMENT]


@dataclass(frozen=True, slots=True)
class _Board:
    students: Students
    places: Places
    weights: Weights
    barred: Numbers
    arcs: Arcs
    free: Numbers  # what pins leave
    chosen: Numbers
    pinned: NDArray[np.bool_]


def answer(question: Question, *, tell: Tell) -> tuple[list[Row], Sums]:
    """Place a cohort, and explain each row."""
    students, places = candidates.boards(question.cohort)
    return solve(students, places, question.wanted, question.weights, most=question.most, seed=question.seed, tell=tell)


def solve(
    students: Students, places: Places, wanted: Wanted, weights: Weights, *, most: int, seed: int, tell: Tell
) -> tuple[list[Row], Sums]:
    """Place students, each in one of the ``most`` cheapest openings that fit, and explain each row."""
    barred = _barred(students, wanted.barred)
    arcs = candidates.cheapest(students, places, most=most, weights=weights, barred=barred)
    tell(40)
    chosen, asked, broken = _pins(students, places, wanted.pins)
    pinned = chosen != NOBODY
    free = np.maximum(left(places.free, chosen), 0)
    open_arcs = _kept(arcs, ~asked[arcs.students])
    chosen = np.where(pinned, chosen, assign(open_arcs, free, students=len(students), seed=seed))
    tell(70)
    board = _Board(students, places, weights, barred, open_arcs, places.free, chosen, pinned)
    rows = [*_placed(board, arcs), *_unplaced(board, broken)]
    tell(90)
    return rows, Sums(
        students=len(students),
        placed=int((chosen != NOBODY).sum()),
        tenths=sum(row["tenths"] or 0 for row in rows),
        openings=np.stack((places.ids, places.free), axis=1).tolist(),
    )


def _kept(arcs: Arcs, kept: NDArray[np.bool_]) -> Arcs:
    return Arcs(arcs.students[kept], arcs.places[kept], arcs.costs[kept])


def _barred(students: Students, pairs: Collection[tuple[int, int]]) -> Numbers:
    row_of = {int(one): row for row, one in enumerate(students.ids)} if pairs else {}
    return np.array(sorted(row_of[one] * PAIR + opening for one, opening in pairs if one in row_of), np.int64)


def _pins(
    students: Students, places: Places, pins: Mapping[int, int]
) -> tuple[Numbers, NDArray[np.bool_], dict[int, tuple[int, int]]]:
    """Return the place of each pin that holds, who was pinned at all, and what is against each that does not hold.

    Pins are tried in the order of their requests; one that finds all places taken by others does not hold either.
    """
    chosen, asked = np.full(len(students), NOBODY, np.int64), np.zeros(len(students), bool)
    row_of = {int(one): row for row, one in enumerate(students.ids)} if pins else {}
    place_of = {int(one): place for place, one in enumerate(places.ids)} if pins else {}
    broken: dict[int, tuple[int, int]] = {}
    free = places.free.copy()
    for request_id, opening_id in sorted(pins.items()):
        row, place = row_of.get(request_id), place_of.get(opening_id)
        if row is None:
            continue
        asked[row] = True
        against = _against(students, places, row, place)
        if place is None or against or free[place] <= 0:
            broken[row] = opening_id, against
            continue
        chosen[row] = place
        free[place] -= 1
    return chosen, asked, broken


def _against(students: Students, places: Places, row: int, place: int | None) -> int:
    if place is None or students.programs[row] != places.programs[place] or np.isnan(students.latitude[row]):
        return 0
    rows, spots = np.array([row]), np.array([place])
    tenths = candidates.tenths_between(students, places, rows, spots)
    return int(candidates.judged(students, places, rows, spots, tenths).against[0])


def _placed(board: _Board, arcs: Arcs) -> Iterator[Row]:
    """Yield the rows of who gets a place: how far, what it costs, what speaks for it, and the next best one left."""
    students, places, chosen = board.students, board.places, board.chosen
    row = np.flatnonzero(chosen != NOBODY)
    place = chosen[row]
    tenths = candidates.tenths_between(students, places, row, place)
    worth = candidates.worth_of(students, places, row, place, board.weights)
    costs = tenths - worth - students.waited[row] * board.weights.waiting
    following, before = _others(board, arcs)
    columns = (
        students.ids[row], places.ids[place], following[row], tenths, costs, board.pinned[row],
        candidates.rank_of(students, places, row, place), candidates.of_kind(students, places, row, place),
        students.waited[row], before[row],
    )  # fmt: skip
    for request, opening, next_best, far, price, pinned, rank, kind, waited, passed in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        reasons = [[Reason.PINNED]] if pinned else [[Reason.CHEAPEST] if not passed else [Reason.AFTER, passed]]
        reasons += [[Reason.RANK, rank]] if rank else []
        reasons += [[Reason.KIND]] if kind else []
        reasons += [[Reason.WAITED, waited]] if waited else []
        yield {
            "request_id": request,
            "opening_id": opening,
            "next_opening_id": None if next_best == NOBODY else next_best,
            "tenths": far,
            "cost": price,
            "pinned": pinned,
            "reasons": reasons,
        }


def _others(board: _Board, arcs: Arcs) -> tuple[Numbers, Numbers]:
    """Return for each student the best other opening with a place left, and how many better ones went to others."""
    here = board.chosen[arcs.students] == arcs.places
    spare = (left(board.free, board.chosen) > 0)[arcs.places] & ~here
    rows, firsts = np.unique(arcs.students[spare], return_index=True)
    following = np.full(len(board.students), NOBODY, np.int64)
    following[rows] = board.places.ids[arcs.places[spare][firsts]]
    starts = np.searchsorted(arcs.students, np.arange(len(board.students)))
    before = np.zeros(len(board.students), np.int64)
    before[arcs.students[here]] = np.flatnonzero(here) - starts[arcs.students[here]]
    return following, before


def _unplaced(board: _Board, broken: Mapping[int, tuple[int, int]]) -> Iterator[Row]:
    """Yield the rows of who gets none: why not, and each single change that would place them."""
    rows = np.flatnonzero(board.chosen == NOBODY)
    if not len(rows):
        return
    found = _told(board, rows)
    for row in rows.tolist():
        reasons = found.get(row) or [[Reason.NOWHERE if np.isnan(board.students.latitude[row]) else Reason.NONE_AROUND]]
        if row in broken:
            opening, against = broken[row]
            reasons = [[Reason.PIN_BROKEN, opening, [why for why, bit in BITS.items() if against & bit]]]
        yield _EMPTY | {"request_id": int(board.students.ids[row]), "reasons": reasons}


def _told(board: _Board, rows: Numbers) -> dict[int, list[list[Any]]]:
    room = can_make_room(board.arcs, board.free, board.chosen, fixed=board.pinned)
    anywhere = np.full(len(board.students), MOST_MILES, np.int64)
    able = candidates.freed(board.students, times=True)
    found: dict[int, list[list[Any]]] = {}
    for pairs in candidates.around(board.students, board.places, miles=anywhere, rows=rows):
        allowed = candidates.held(board.barred, pairs.students, board.places.ids[pairs.places]) < 0
        mine = Pairs(*(column[allowed] for column in (pairs.students, pairs.places, pairs.tenths, pairs.against)))
        freely = candidates.judged(able, board.places, mine.students, mine.places, mine.tenths).against
        cuts = np.flatnonzero(np.diff(mine.students, prepend=-1))
        for start, stop in pairwise([*cuts.tolist(), len(mine.students)]):
            part = slice(start, stop)
            one = Pairs(mine.students[part], mine.places[part], mine.tenths[part], mine.against[part])
            found[int(mine.students[start])] = [_why(one), *_remedies(board, one, freely[part], room)]
    return found


def _why(pairs: Pairs) -> list[Any]:
    """Say why a student has no place: all that fit are taken, or what speaks against how many of those around."""
    fit = int((pairs.against == 0).sum())
    if fit:
        return [Reason.ALL_TAKEN, fit]
    counts = {why: int((pairs.against & bit > 0).sum()) for why, bit in BITS.items()}
    return [Reason.NONE_FITS, len(pairs.places), {why: number for why, number in counts.items() if number}]


def _remedies(board: _Board, pairs: Pairs, freely: Numbers, room: NDArray[np.bool_]) -> Iterator[list[Any]]:
    """Yield the single changes that place a student, the one that costs others least first."""
    makes, ids = room[pairs.places], board.places.ids[pairs.places]
    lacking = _lacking(board, pairs)
    papers = np.where((pairs.against == BITS[Hindrance.DOCUMENTS]) & makes, lacking * 10**6 + pairs.tenths, -1)
    for n in _least(papers):
        yield [Remedy.DOCUMENTS, int(ids[n]), int(pairs.tenths[n]), _kinds(board, pairs, n)]
    for n in _least(np.where((pairs.against == BITS[Hindrance.MILES]) & makes, pairs.tenths, -1)):
        yield [Remedy.MILES, int(ids[n]), int(pairs.tenths[n]), -(-int(pairs.tenths[n]) // TENTHS)]
    times = (freely == 0) & (pairs.against & _TIMES > 0) & makes
    for n in _least(np.where(times, pairs.tenths, -1)):
        yield [Remedy.TIMES, int(ids[n]), int(pairs.tenths[n])]
    for n in _least(np.where(pairs.against == 0, pairs.tenths, -1)):
        yield [Remedy.PLACE, int(ids[n]), int(pairs.tenths[n])]


def _least(values: Numbers) -> list[int]:
    """Return where the least value that is not negative stands, as a list of one; an empty one when there is none."""
    at = np.flatnonzero(values >= 0)
    return [int(at[np.argmin(values[at])])] if len(at) else []


def _lacking(board: _Board, pairs: Pairs) -> Numbers:
    lacks = np.zeros(len(pairs.places), np.int64)
    for kind in range(len(KINDS)):
        asked = board.places.papers[pairs.places] >> kind & 1
        lacks += asked * (board.students.papers[pairs.students, kind] < board.places.last[pairs.places])
    return lacks


def _kinds(board: _Board, pairs: Pairs, n: int) -> list[str]:
    row, place = pairs.students[n], pairs.places[n]
    asked, last = int(board.places.papers[place]), board.places.last[place]
    return [kind.value for kind, bit in KINDS.items() if asked >> bit & 1 and board.students.papers[row, bit] < last]
