"""Lifecycles as data: which state may follow which, and what a person reads for each state."""

import enum
from collections.abc import Iterator, Mapping
from typing import Generic, Literal, TypeVar

from provider.kernel.errors import DomainError

Tone = Literal["neutral", "good", "warn", "bad"]
S = TypeVar("S", bound=enum.StrEnum)


class State(enum.StrEnum):
    """A public state: stored by value, shown by label, colored by tone. Rooms override what differs."""

    @property
    def label(self) -> str:
        """Return the state in sentence case: ``awaiting_payment`` reads "Awaiting payment"."""
        return self.value.replace("_", " ").capitalize()

    @property
    def tone(self) -> Tone:
        """Return how the state feels to the one who reads it."""
        return "neutral"


class IllegalTransition(DomainError):
    """A state was asked for that cannot follow the present one: mostly two people acting at once."""

    code = "illegal_transition"

    def __init__(self, old: enum.StrEnum, new: enum.StrEnum) -> None:
        self.old = old
        self.new = new
        then, now = (getattr(state, "label", state.value).lower() for state in (new, old))
        super().__init__(f"This is {now} by now and cannot become {then}. Reload the page to see how it stands.")


class Lifecycle(Mapping[S, frozenset[S]], Generic[S]):
    """An immutable table from each state to the states that may follow it."""

    def __init__(self, table: Mapping[S, frozenset[S]]) -> None:
        states = dict.fromkeys([*table, *(new for following in table.values() for new in sorted(following))])
        self._table: dict[S, frozenset[S]] = {state: table.get(state, frozenset()) for state in states}

    def __getitem__(self, state: S) -> frozenset[S]:
        """Return what may follow; empty for a last state."""
        return self._table[state]

    def __iter__(self) -> Iterator[S]:
        """Go through every state the table names."""
        return iter(self._table)

    def __len__(self) -> int:
        """Count the states the table names."""
        return len(self._table)

    def can(self, old: S, new: S) -> bool:
        """Say whether ``new`` may follow ``old``."""
        return new in self._table.get(old, frozenset())

    def check(self, old: S, new: S) -> None:
        """Pass when ``new`` may follow ``old``; raise IllegalTransition otherwise."""
        if not self.can(old, new):
            raise IllegalTransition(old, new)
