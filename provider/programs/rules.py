"""Programs: percentages of an exam, what tuition includes, who may enroll from where, and how credit is worded."""

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from provider.kernel.days import counted, written

WHOLE = 100
EXAM_FEE = "exam_fee"
RECOMMENDATION_PREFIX = "AC"
MOST_CREDITS = 60
MOST_EXTERNSHIP_HOURS = 1000
ACE_SENTENCE = "The American Council on Education (ACE) recommends credit; each college decides whether to accept it."


def percentages(items: Sequence[int]) -> list[int]:
    """Return whole percents that sum to 100, by largest remainder; a tie goes to the larger topic, then the earlier.

    Item counts are what an exam's blueprint states; percents are only derived from them.
    """
    total = sum(items)
    if total <= 0 or min(items) < 0:
        raise ValueError(f"an exam of {list(items)} items")
    shares = [count * WHOLE // total for count in items]
    by_remainder = sorted(range(len(items)), key=lambda n: (-(items[n] * WHOLE % total), -items[n], n))
    for n in by_remainder[: WHOLE - sum(shares)]:
        shares[n] += 1
    return shares


class Inclusion(enum.StrEnum):
    """Whether tuition includes a thing; the page never stays silent about one."""

    INCLUDED = "included"
    NOT_INCLUDED = "not_included"
    NOT_STATED = "not_stated"

    @property
    def label(self) -> str:
        """Say it in sentence case."""
        return self.value.replace("_", " ").capitalize()


def check_inclusions(lines: Mapping[str, Inclusion]) -> list[str]:
    """Return a sentence for each thing wrong with the list of what tuition includes; the exam fee must be on it."""
    if EXAM_FEE in lines:
        return []
    return ["Say whether tuition includes the exam fee: included, not included or not stated."]


class Availability(enum.StrEnum):
    """Whether residents of a state may enroll."""

    OPEN = "open"
    NOTICE = "notice"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """Say it in sentence case."""
        return {"open": "Open", "notice": "Open, with a notice", "closed": "Closed"}[self.value]


@dataclass(frozen=True, slots=True)
class StateRule:
    """What holds for residents of one state (postal code), in words, with its source and the day it was read."""

    state: str
    availability: Availability
    sentence: str
    source: str
    as_of: dt.date


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a resident of a state may enroll, and what has to be said first."""

    availability: Availability
    sentences: tuple[str, ...] = ()

    @property
    def may_enroll(self) -> bool:
        """Say whether the form may be sent."""
        return self.availability is not Availability.CLOSED


_STRICTEST = (Availability.CLOSED, Availability.NOTICE)


def standing_in(state: str, rules: Iterable[StateRule]) -> Standing:
    """Return what holds for residents of a state: the strictest of its rows, with the sentence of each."""
    mine = [rule for rule in rules if rule.state == state and rule.availability is not Availability.OPEN]
    for availability in _STRICTEST:
        if any(rule.availability is availability for rule in mine):
            mine.sort(key=lambda rule: _STRICTEST.index(rule.availability))
            return Standing(availability, tuple(rule.sentence for rule in mine))
    return Standing(Availability.OPEN)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A dated number of semester credits for a credential; unconfirmed until someone has seen ACE's own record."""

    credits: int
    source: str
    valid_from: dt.date
    valid_to: dt.date | None = None
    confirmed_by: str | None = None
    confirmed_on: dt.date | None = None

    def holds(self, on: dt.date) -> bool:
        """Say whether it is in force on a day; its first and its last day are its own."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    def is_confirmed(self, on: dt.date) -> bool:
        """Say whether the number may be shown as ACE's on a day: confirmed, begun and not run out."""
        confirmed = self.confirmed_on is not None and bool(self.confirmed_by) and self.confirmed_on <= on
        return confirmed and self.holds(on)


Days = tuple[dt.date, dt.date | None]


def overlap(first: Days, second: Days) -> bool:
    """Say whether two stretches of days have a day in common; one without an end lasts for good."""
    return (second[1] is None or first[0] <= second[1]) and (first[1] is None or second[0] <= first[1])


def in_words(valid_from: dt.date, valid_to: dt.date | None) -> str:
    """Say from which day until which something holds."""
    if valid_to is None:
        return f"from {written(valid_from)} on"
    return f"from {written(valid_from)} to {written(valid_to)}"


def stretch(valid_from: dt.date, valid_to: dt.date | None, on: dt.date) -> str:
    """Say how something dated stands on a day: it ``begins`` later, it ``holds``, or it has ``ended``."""
    if on < valid_from:
        return "begins"
    return "holds" if valid_to is None or on <= valid_to else "ended"


def credit_wording(recommendation: Recommendation, on: dt.date) -> str:
    """Say what a page may say about credit: ACE recommends, the college decides, and nothing is promised.

    Until the number is confirmed it is only what the school states.
    """
    if not recommendation.is_confirmed(on):
        return f"The school states {recommendation.credits}; ask us for the ACE record."
    checked = f" (checked on {written(recommendation.confirmed_on)})" if recommendation.confirmed_on else ""
    number = counted(recommendation.credits, "semester credit")
    return f"ACE recommends {number}{checked}. Each college decides whether to accept the recommendation."


@dataclass(frozen=True, slots=True)
class InclusionLine:
    """One thing, whether tuition includes it, and what there is to say about it."""

    key: str
    label: str
    status: Inclusion
    note: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A place on the web that a student of the program uses: classroom, meetings, exam preparation."""

    label: str
    url: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What one version of a program says of itself; ``credentials`` are codes.

    ``externship_hours`` is how long an externship in it takes; None when the school has not said it.
    """

    summary: str
    teaching: str
    outcome: str
    credentials: tuple[str, ...]
    inclusions: tuple[InclusionLine, ...]
    prerequisites: tuple[str, ...] = ()
    state_rules: tuple[StateRule, ...] = ()
    links: tuple[Link, ...] = ()
    externship_hours: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values, to be stored."""
        values = asdict(self)
        for rule in values["state_rules"]:
            rule["as_of"] = rule["as_of"].isoformat()
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Content":
        """Read what was stored."""
        return cls(
            summary=values["summary"],
            teaching=values["teaching"],
            outcome=values["outcome"],
            credentials=tuple(values["credentials"]),
            inclusions=tuple(
                InclusionLine(**one | {"status": Inclusion(one["status"])}) for one in values["inclusions"]
            ),
            prerequisites=tuple(values["prerequisites"]),
            state_rules=tuple(_state_rule(one) for one in values["state_rules"]),
            links=tuple(Link(**one) for one in values["links"]),
            externship_hours=values.get("externship_hours"),  # versions of before say nothing of it
        )

    def problems(self) -> list[str]:
        """Return a sentence for each thing that keeps this from being published."""
        found = check_inclusions({line.key: line.status for line in self.inclusions})
        if not self.credentials:
            found.append("Name at least one credential that the program leads to.")
        found += [f"Name each thing once: {key} stands on the list twice." for key in _repeated(self.inclusions)]
        found += [
            f"Write the link “{link.label}” with https:// at its beginning."
            for link in self.links
            if not link.url.startswith("https://")
        ]
        return found


def _state_rule(values: Mapping[str, Any]) -> StateRule:
    as_of = dt.date.fromisoformat(values["as_of"])
    return StateRule(**{**values, "availability": Availability(values["availability"]), "as_of": as_of})


def _repeated(lines: Iterable[InclusionLine]) -> list[str]:
    counts = Counter(line.key for line in lines)
    return [key for key, number in counts.items() if number > 1]
