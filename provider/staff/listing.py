"""What every list of the back office reads from its address: filters it knows, and the key of the page."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from flask import request
from werkzeug.datastructures import MultiDict

from provider.clocks.rules import ClockState, Standing, stands
from provider.kernel.days import day_of
from provider.kernel.forms import Choices, Form, Schema
from provider.kernel.lifecycles import State
from provider.kernel.settings import settings
from provider.kernel.web import page_key, received_at

S = TypeVar("S", bound=State)
LONGEST_PLACE = 17  # digits; every number so long is a day and an id
key = page_key


def filters(schema: Schema, choices: dict[str, Choices]) -> Form:
    """Load the filters in the address; what the list does not know, such as a page's key, is no filter."""
    return loaded(schema, choices, request.args)


def loaded(schema: Schema, choices: dict[str, Choices], given: MultiDict[str, str]) -> Form:
    """Load the filters in an address or in a form that carries them."""
    known = MultiDict((name, value) for name, value in given.items(multi=True) if name in schema.fields)
    return Form(schema, choices=choices).load_form(known)


def place(name: str) -> int | None:
    """Return a place in a list of tasks from the address, or None when it is not one."""
    given = request.args.get(name, "")
    return int(given[:LONGEST_PLACE]) if given.isascii() and given.isdigit() else None


class Timed(Protocol):
    """A line of a list with the clock of its promise, if it has one."""

    @property
    def clock(self) -> ClockState | None: ...

    @property
    def due_on(self) -> dt.date | None: ...

    @property
    def overdue_on(self) -> dt.date | None: ...


def standing_of(line: Timed) -> Standing | None:
    """Say how the clock of a line stands today, while it runs."""
    if line.clock is not ClockState.RUNNING:
        return None
    return stands(due_on=line.due_on, last_on=line.overdue_on, today=day_of(received_at(), settings().SCHOOL_ZONE))


def states(kind: type[State], first: str = "All states") -> Choices:
    """Return what a filter by state offers, all of them first."""
    return [("", first), *((one.value, one.label) for one in kind)]


def state(kind: type[S], given: str) -> S | None:
    """Return the state that a filter asks for; none when it asks for all, or for what is no such state."""
    return kind(given) if given in set(kind) else None


@dataclass(frozen=True, slots=True)
class Tab(Generic[S]):
    """The state whose records a list shows, what the address keeps of it, and the status to answer with."""

    state: S
    kept: dict[str, str]
    status: int


def tab(first: S) -> Tab[S]:
    """Read which tab is chosen; no choice is the first, and so is, told by the status, what is no such state."""
    asked = request.args.get("state", "")
    found = state(type(first), asked)
    return Tab(found or first, {"state": asked} if found else {}, 422 if asked and not found else 200)


def programs(codes: Mapping[int, str]) -> Choices:
    """Return what a filter by program offers, by their codes."""
    return [("", "All programs"), *((code, code) for code in codes.values())]


def program(codes: Mapping[int, str], given: str) -> int | None:
    """Return the program that a filter asks for by its code."""
    return next((number for number, code in codes.items() if code == given), None)
