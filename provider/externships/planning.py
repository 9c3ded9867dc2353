"""The states of a plan and of its rows, and the reasons that rows are stored with; pure."""

from enum import StrEnum

from provider.kernel.lifecycles import Lifecycle, State, Tone


class PlanState(State):
    """Where a plan stands. ``committed``: its offers were sent, as far as they still held."""

    QUEUED = "queued"
    SOLVING = "solving"
    SOLVED = "solved"
    COMMITTED = "committed"
    DROPPED = "dropped"
    FAILED = "failed"

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"solved": "warn", "committed": "good", "failed": "bad"}
        return tones.get(self.value, "neutral")


_S = PlanState
PLAN_LIFECYCLE: Lifecycle[PlanState] = Lifecycle(
    {
        _S.QUEUED: frozenset({_S.SOLVING, _S.FAILED, _S.DROPPED}),
        _S.SOLVING: frozenset({_S.SOLVED, _S.FAILED, _S.DROPPED}),
        _S.SOLVED: frozenset({_S.COMMITTED, _S.DROPPED}),
    }
)


class RowOutcome(State):
    """What became of one row of a plan: offered, or why it no longer held when it was committed."""

    WAITING = "waiting"
    OFFERED = "offered"
    REFUSED = "refused"
    LEFT_OUT = "left_out"


class Reason(StrEnum):
    """Why a row of a plan says what it says: stored as a list of one of these and what it speaks of."""

    CHEAPEST = "cheapest"  # no opening suits the student better
    AFTER = "after"  # so many that suit better went to others
    RANK = "rank"  # of the location on the student's list
    KIND = "kind"  # of the site, which the student would like
    WAITED = "waited"  # so many days
    PINNED = "pinned"
    PIN_BROKEN = "pin_broken"  # the opening, and what speaks against it; nothing when its places are taken
    ALL_TAKEN = "all_taken"  # so many openings fit
    NONE_FITS = "none_fits"  # of so many, and what speaks against how many
    NONE_AROUND = "none_around"
    NOWHERE = "nowhere"  # the ZIP code has no coordinates


class Remedy(StrEnum):
    """The one change that would place somebody: stored as a list with the opening, its distance, and what it takes."""

    DOCUMENTS = "documents"
    MILES = "miles"
    TIMES = "times"
    PLACE = "place"


class Decision(StrEnum):
    """What staff decide about a row, for the next run."""

    PIN = "pin"
    BAR = "bar"
    LEAVE_OUT = "leave_out"
    NOTHING = "nothing"
