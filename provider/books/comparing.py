"""The close of a day: what stands in our books beside what the payment service says, object by object; pure."""

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from provider.kernel.days import start_of
from provider.kernel.lifecycles import State, Tone
from provider.kernel.money import dollars

DAYS_BACK = 7  # a day is compared again by itself as long as it is so near and does not agree
DOLLARS = "usd"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Instants from ``start`` on, before ``end``."""

    start: dt.datetime
    end: dt.datetime

    def holds(self, instant: dt.datetime | None) -> bool:
        """Say whether an instant lies in it."""
        return instant is not None and self.start <= instant < self.end


def stretch_of(day: dt.date, zone: ZoneInfo) -> Stretch:
    """Return the instants of a day in a zone, of 23 and 25 hours too."""
    return Stretch(start_of(day, zone), start_of(day + dt.timedelta(days=1), zone))


class CloseState(State):
    """What came of comparing a day.

    ``awaited``: somebody asked for it and no worker has done it yet. ``offline``: nobody paid by card on that day and
    none is taken, so that there is nothing to compare.
    """

    AWAITED = "awaited"
    AGREES = "agrees"
    DIFFERS = "differs"
    UNREACHABLE = "unreachable"
    OFFLINE = "offline"

    @property
    def label(self) -> str:
        """Say it as the list of days does."""
        return _LABELS[self]

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return _TONES.get(self, "neutral")


_S = CloseState
_LABELS = {
    _S.AWAITED: "Being compared",
    _S.AGREES: "Agrees with the service",
    _S.DIFFERS: "Differs from the service",
    _S.UNREACHABLE: "Service not reached",
    _S.OFFLINE: "Offline money only",
}
_TONES: dict[CloseState, Tone] = {_S.AGREES: "good", _S.DIFFERS: "bad", _S.UNREACHABLE: "warn", _S.AWAITED: "warn"}
FINE = frozenset({_S.AGREES, _S.OFFLINE})


class Thing(enum.StrEnum):
    """What is compared."""

    PAYMENT = "payment"
    PAYOUT = "payout"
    DISPUTE = "dispute"

    @property
    def label(self) -> str:
        """Name it in sentence case."""
        return self.value.capitalize()


class How(enum.StrEnum):
    """How the two sides differ about one object."""

    ONLY_THERE = "only_there"
    ONLY_HERE = "only_here"
    AMOUNTS = "amounts"

    @property
    def label(self) -> str:
        """Say it in words."""
        return {
            "only_there": "At the service, not here",
            "only_here": "Here, not at the service",
            "amounts": "Amounts differ",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Item:
    """One object as one side has it: ``id`` is the service's name for it, ``reference`` ours, where it has one."""

    thing: Thing
    id: str
    cents: int
    reference: str = ""
    currency: str = DOLLARS

    @property
    def amount(self) -> str:
        """Write the amount, with its currency where it is another one."""
        return dollars(self.cents) if self.currency == DOLLARS else f"{self.cents / 100:,.2f} {self.currency.upper()}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object about which the two sides differ, with what each says; no amount where a side does not know it."""

    thing: Thing
    how: How
    id: str
    reference: str = ""
    ours: str = ""
    theirs: str = ""

    @property
    def sentence(self) -> str:
        """Name both sides."""
        here = f"here {self.reference} is {self.ours}" if self.ours else "nothing here is known under that name"
        there = f"the service says {self.theirs}" if self.theirs else "the service knows of no such money"
        return f"{self.thing.label} {self.id}: {there}, {here}."

    def as_record(self) -> dict[str, str]:
        """Return it as it is kept."""
        return {name: str(getattr(self, name)) for name in ("thing", "how", "id", "reference", "ours", "theirs")}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Difference":
        """Return it as it was kept."""
        return cls(**{**record, "thing": Thing(record["thing"]), "how": How(record["how"])})


def compare(ours: Iterable[Item], theirs: Iterable[Item]) -> list[Difference]:
    """Return each object about which the two sides differ, in the order of kind and name.

    An object that one side has twice, counts twice there.
    """
    here, there = _summed(ours), _summed(theirs)
    found = [_difference(key, here.get(key), there.get(key)) for key in sorted({*here, *there})]
    return [one for one in found if one is not None]


_Key = tuple[Thing, str]


def _summed(items: Iterable[Item]) -> dict[_Key, Item]:
    sums: dict[_Key, Item] = {}
    for item in items:
        key = (item.thing, item.id)
        known = sums.get(key)
        if known is None:
            sums[key] = item
        else:
            named = " and ".join(one for one in (known.reference, item.reference) if one)
            sums[key] = Item(item.thing, item.id, known.cents + item.cents, named, item.currency)
    return sums


def _difference(key: _Key, here: Item | None, there: Item | None) -> Difference | None:
    thing, name = key
    if here is None and there is not None:
        return Difference(thing, How.ONLY_THERE, name, there.reference, "", there.amount)
    if there is None and here is not None:
        return Difference(thing, How.ONLY_HERE, name, here.reference, here.amount, "")
    if here is not None and there is not None and (here.cents, here.currency) != (there.cents, there.currency):
        return Difference(thing, How.AMOUNTS, name, here.reference, here.amount, there.amount)
    return None


def state_of(differences: Iterable[Difference]) -> CloseState:
    """Return what came of comparing."""
    return CloseState.DIFFERS if any(True for _ in differences) else CloseState.AGREES


def days_before(today: dt.date) -> list[dt.date]:
    """Return the days that are looked after by themselves, the oldest first; today is not over yet."""
    return [today - dt.timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
