"""The states of a plan and of its rows; pure."""

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
