"""What a plan of placements could cost at least, and what first come, first served would make of the same students.

Both know only students, places and costs: nothing of the solver that is judged by them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
NOBODY = -1
MOST_ROUNDS = 5_000


@dataclass(frozen=True, slots=True)
class Instance:
    """Students and openings: an arc for each pair that fits, by student, then by cost; ``free`` places of each."""

    students: Numbers
    places: Numbers
    costs: Numbers
    free: Numbers
    count: int

    @property
    def dear(self) -> int:
        """What a student without a place counts as: more than all others together could ever save."""
        return int(np.ptp(self.costs) + 1) * (self.count + 1)

    def with_outside(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return the arcs with one more for each student, to a place outside that has room for all and is dear."""
        everybody = np.arange(self.count)
        outside, dear = np.full(self.count, len(self.free)), np.full(self.count, self.dear)
        return (
            np.concatenate((self.students, everybody)),
            np.concatenate((self.places, outside)),
            np.concatenate((self.costs, dear)),
        )

    def paid(self, chosen: Numbers) -> tuple[Numbers, Numbers]:
        """Return where each student is (outside: the last place), and what that costs; each place is one that fits."""
        paid = np.full(self.count, self.dear)
        mine = chosen[self.students] == self.places
        paid[self.students[mine]] = self.costs[mine]
        assert mine.sum() == (chosen != NOBODY).sum(), "somebody is at a place that does not fit, or twice at one"
        assert (np.bincount(chosen[chosen != NOBODY], minlength=len(self.free)) <= self.free).all(), "a place is full"
        return np.where(chosen == NOBODY, len(self.free), chosen), paid

    def total(self, chosen: Numbers) -> int:
        """Return what a plan costs, students without a place included."""
        return int(self.paid(chosen)[1].sum())

    def miles(self, chosen: Numbers) -> float:
        """Return how far who has a place goes, on average, where costs are tenths of miles."""
        mine = chosen[self.students] == self.places
        return float(self.costs[mine].mean()) / 10 if mine.any() else 0.0


def bound(instance: Instance, chosen: Numbers) -> int:
    """Return what every plan costs at least, by the duality of linear programs; an optimal plan costs exactly that.

    Whatever prices (none above zero) places have: nobody can do better than the least of cost less price, and a place
    gives back its price as often as it has room. The prices tried are the cheapest ways of moving students one by one
    from a place to another, found by relaxing until nothing changes; where a plan is not optimal they never rest, and
    the bound stays below it.
    """
    rows, places, costs = instance.with_outside()
    here, paid = instance.paid(chosen)
    sources, change = here[rows], costs - paid[rows]
    prices = np.zeros(len(instance.free) + 1, np.int64)
    for _ in range(MOST_ROUNDS):
        lower = prices.copy()
        np.minimum.at(lower, places, prices[sources] + change)
        if np.array_equal(lower, prices):
            break
        prices = lower
    best = np.full(instance.count, np.iinfo(np.int64).max)
    np.minimum.at(best, rows, costs - prices[places])
    room = np.append(instance.free, instance.count)
    return int(best.sum() + (prices * room).sum())


def first_come(instance: Instance) -> Numbers:
    """Give each student, in the order in which they asked, the cheapest place that is left."""
    room, chosen = instance.free.tolist(), [NOBODY] * instance.count
    for row, place in zip(instance.students.tolist(), instance.places.tolist(), strict=True):
        if chosen[row] == NOBODY and room[place] > 0:
            chosen[row] = place
            room[place] -= 1
    return np.array(chosen, np.int64)
