"""Threads of mail: their states, who a sender is believed to be, and which way a message went."""

from collections.abc import Mapping
from enum import StrEnum

from provider.kernel.lifecycles import Lifecycle, State, Tone

THREAD_PREFIX, MESSAGE_PREFIX = "T", "TM"
LONGEST_NAME = 200
LONGEST_SUBJECT = 200
LONGEST_TEXT = 100_000  # what is shown of a message; the mail itself is kept whole
NO_SUBJECT = "(no subject)"


class Standing(State):
    """Who the writer of a message is believed to be (PRODUCT.md R24)."""

    PROVED = "proved"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    STAFF_UNPROVED = "staff_unproved"

    @property
    def label(self) -> str:
        """Return it in words."""
        return _STANDINGS[self]

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[Standing, Tone] = {_T.PROVED: "good", _T.CLAIMED: "warn", _T.STAFF_UNPROVED: "bad"}
        return tones.get(self, "neutral")


_T = Standing
_STANDINGS: Mapping[Standing, str] = {
    _T.PROVED: "Proved",
    _T.CLAIMED: "Claims to be",
    _T.UNKNOWN: "Not known to us",
    _T.STAFF_UNPROVED: "Claims to be staff",
}


class Direction(StrEnum):
    """Which way a message went."""

    IN = "in"
    OUT = "out"
    NOTE = "note"  # among staff; never leaves the house


class ThreadState(State):
    """Where a thread stands."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    QUARANTINED = "quarantined"
    SPAM = "spam"
    MERGED = "merged"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return {_S.WAITING: "Waits for us"}.get(self) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[ThreadState, Tone] = {_S.WAITING: "warn", _S.ANSWERED: "good", _S.QUARANTINED: "bad"}
        return tones.get(self, "neutral")


_S = ThreadState
LIFECYCLE: Lifecycle[ThreadState] = Lifecycle(
    {
        _S.WAITING: frozenset({_S.ANSWERED, _S.CLOSED, _S.SPAM, _S.MERGED, _S.QUARANTINED}),
        _S.ANSWERED: frozenset({_S.WAITING, _S.CLOSED, _S.SPAM, _S.MERGED, _S.QUARANTINED}),
        # Whoever writes again opens it again.
        _S.CLOSED: frozenset({_S.WAITING, _S.MERGED, _S.QUARANTINED}),
        _S.QUARANTINED: frozenset({_S.WAITING, _S.SPAM}),
        _S.SPAM: frozenset({_S.WAITING}),
    }
)
BEGINS = (_S.WAITING, _S.QUARANTINED, _S.CLOSED)


def first_state(standing: Standing, *, automatic: bool) -> ThreadState:
    """Return where a new thread begins: automatic mail waits for nobody, and who claims to be staff is held."""
    if standing is Standing.STAFF_UNPROVED:
        return ThreadState.QUARANTINED
    return ThreadState.CLOSED if automatic else ThreadState.WAITING


def state_after(state: ThreadState, standing: Standing, *, automatic: bool) -> ThreadState:
    """Return where a thread goes when another message comes in."""
    if state in {_S.SPAM, _S.MERGED, _S.QUARANTINED}:
        return state
    if standing is Standing.STAFF_UNPROVED:
        return _S.QUARANTINED
    return state if automatic else _S.WAITING
