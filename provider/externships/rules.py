"""Externships: the states of a request, an offer and a placement, when the guarantee pauses, and what near means."""

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from provider.affiliations.rules import Pattern
from provider.enrollments.rules import EnrollmentState
from provider.kernel.lifecycles import Lifecycle, State, Tone

REQUEST_PREFIX = "XR"
OFFER_PREFIX = "OF"
PLACEMENT_PREFIX = "PL"
PLAN_PREFIX = "PN"
FEWEST_MILES, MOST_MILES = 1, 250
MOST_PREFERENCES = 5
REMINDER_DAYS = (10, 20, 27)  # of missing documents (R14)
REMIND_SITE_AFTER, CALL_SITE_AFTER = dt.timedelta(days=3), dt.timedelta(days=7)  # a site that was asked for a student
LONGEST_NOTE = 500
EARLIEST_AHEAD_DAYS = 366
FEWEST_PUBLISHED = 10  # numbers of fewer people are not published
EARTH_MILES = 3958.7613
TENTHS = 10


class RequestState(State):
    """Where an externship request stands (PRODUCT.md)."""

    REQUESTED = "requested"
    DOCUMENTS = "documents"
    READY = "ready"
    OFFERED = "offered"
    PLACED = "placed"
    RUNNING = "running"
    COMPLETED = "completed"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return _REQUEST_LABELS.get(self) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        return _REQUEST_TONES.get(self, "neutral")


_R = RequestState
_REQUEST_LABELS = {
    _R.DOCUMENTS: "Documents needed",
    _R.READY: "Looking for a place",
    _R.OFFERED: "Place offered",
    _R.LAPSED: "Asleep until documents come",
}
_REQUEST_TONES: dict[RequestState, Tone] = {
    _R.DOCUMENTS: "warn",
    _R.OFFERED: "warn",
    _R.PLACED: "good",
    _R.RUNNING: "good",
    _R.COMPLETED: "good",
    _R.LAPSED: "bad",
}
REQUEST_LIFECYCLE: Lifecycle[RequestState] = Lifecycle(
    {
        _R.REQUESTED: frozenset({_R.DOCUMENTS, _R.READY, _R.WITHDRAWN}),
        _R.DOCUMENTS: frozenset({_R.READY, _R.LAPSED, _R.WITHDRAWN}),
        # Back to documents when one that the program requires expires before there is a place.
        _R.READY: frozenset({_R.OFFERED, _R.DOCUMENTS, _R.WITHDRAWN}),
        _R.OFFERED: frozenset({_R.PLACED, _R.READY, _R.WITHDRAWN}),
        _R.PLACED: frozenset({_R.RUNNING, _R.READY, _R.WITHDRAWN}),
        _R.RUNNING: frozenset({_R.COMPLETED, _R.READY, _R.WITHDRAWN}),
        _R.LAPSED: frozenset({_R.DOCUMENTS, _R.WITHDRAWN}),
    }
)
ENDED_REQUESTS = frozenset({_R.COMPLETED, _R.WITHDRAWN})
OPEN_REQUESTS = frozenset(RequestState) - ENDED_REQUESTS
PLACED_REQUESTS = frozenset({_R.PLACED, _R.RUNNING, _R.COMPLETED})
# Nothing is offered and nobody is placed: the school looks at documents, and the student may change the wishes.
UNPLACED_REQUESTS = frozenset({_R.REQUESTED, _R.DOCUMENTS, _R.READY, _R.LAPSED})


class OfferState(State):
    """Where an offer stands. It keeps its place in the opening from the moment it is sent until it is over."""

    PROPOSED = "proposed"
    SENT = "sent"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return {"sent": "Waits for the student", "accepted": "Waits for the site"}.get(self.value) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"sent": "warn", "accepted": "warn", "confirmed": "good"}
        return tones.get(self.value, "neutral")


_O = OfferState
OFFER_LIFECYCLE: Lifecycle[OfferState] = Lifecycle(
    {
        _O.PROPOSED: frozenset({_O.SENT, _O.REVOKED}),
        _O.SENT: frozenset({_O.ACCEPTED, _O.DECLINED, _O.EXPIRED, _O.REVOKED}),
        # Declined by the site, which says why; the student's own request goes on.
        _O.ACCEPTED: frozenset({_O.CONFIRMED, _O.DECLINED, _O.REVOKED}),
        # When the placement that came of it is released.
        _O.CONFIRMED: frozenset({_O.REVOKED}),
    }
)
HOLDING_OFFERS = frozenset({_O.SENT, _O.ACCEPTED, _O.CONFIRMED})
OPEN_OFFERS = frozenset({_O.PROPOSED, _O.SENT, _O.ACCEPTED})


class PlacementState(State):
    """Where a placement stands."""

    PLANNED = "planned"
    RUNNING = "running"
    COMPLETED = "completed"
    RELEASED = "released"

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"running": "good", "completed": "good", "released": "bad"}
        return tones.get(self.value, "neutral")


_P = PlacementState
PLACEMENT_LIFECYCLE: Lifecycle[PlacementState] = Lifecycle(
    {
        _P.PLANNED: frozenset({_P.RUNNING, _P.RELEASED}),
        _P.RUNNING: frozenset({_P.COMPLETED, _P.RELEASED}),
    }
)


class ReleaseReason(StrEnum):
    """Why a placement, or an offer, came to nothing."""

    SITE_CLOSED = "site_closed"
    AGREEMENT_ENDED = "agreement_ended"
    SITE_ASKED = "site_asked"
    STUDENT_WITHDREW = "student_withdrew"
    REFUNDED = "refunded"
    WITHDRAWN_FROM_PROGRAM = "withdrawn_from_program"
    ENROLLMENT_CANCELED = "enrollment_canceled"
    COORDINATOR = "coordinator"
    OTHER_DATES = "other_dates"

    @property
    def sentence(self) -> str:
        """Say it plainly to whoever is told."""
        return {
            "site_closed": "The site does not take students any more.",
            "agreement_ended": "The agreement between the school and the site ends before the last day.",
            "site_asked": "The site cannot take a student on these days after all.",
            "student_withdrew": "The student withdrew the request.",
            "refunded": "The enrollment ended with a refund.",
            "withdrawn_from_program": "The student left the program.",
            "enrollment_canceled": "The enrollment was canceled.",
            "coordinator": "The school took it back.",
            "other_dates": "The site proposed other days.",
        }[self.value]


# With these the request itself ends, by whoever calls: it does not go back to be placed anew.
ENDING = frozenset(
    {
        ReleaseReason.STUDENT_WITHDREW,
        ReleaseReason.REFUNDED,
        ReleaseReason.WITHDRAWN_FROM_PROGRAM,
        ReleaseReason.ENROLLMENT_CANCELED,
    }
)
CONSENT = (
    "I agree that the school tells a site whose place I accept my name, my program and my days, and, once the site has "
    "confirmed, my e-mail address and telephone number. It never passes on my documents or anything about my health."
)


def why_not_eligible(state: EnrollmentState) -> str | None:
    """Say why nobody may ask for an externship yet (R13: program completed, exam not needed); None when they may."""
    if state is EnrollmentState.COMPLETED:
        return None
    if state is EnrollmentState.ACTIVE:
        return "You can ask as soon as you have completed the program."
    if state in {EnrollmentState.STARTED, EnrollmentState.AWAITING_PAYMENT}:
        return "You can ask once you have paid for the program and completed it."
    return "An externship belongs to a program, and this enrollment has ended."


# Why the guarantee clock stands still: the words of its pauses, kept with each.
DOCUMENTS_MISSING, OFFER_WAITS, WAS_PLACED = "documents_missing", "offer_waits", "was_placed"
PAUSE_LABELS = {
    DOCUMENTS_MISSING: "Documents missing",
    OFFER_WAITS: "An offer waited for your answer",
    WAS_PLACED: "You had a place",
}


def pause_reason(request: RequestState, offer: OfferState | None, *, documents_missing: bool) -> str | None:
    """Say why the guarantee clock stands still; None while it runs (R14).

    It pauses while it is the student's turn: documents are missing, or an offer waits for their answer. Documents that
    the school has yet to check, and a site that has yet to answer, are the school's time.
    """
    if request is _R.LAPSED or (request is _R.DOCUMENTS and documents_missing):
        return DOCUMENTS_MISSING
    if request is _R.OFFERED and offer is _O.SENT:
        return OFFER_WAITS
    return None


def lapses_at(missing_since: dt.datetime, days: int) -> dt.datetime:
    """Return from when a request lapses whose documents stay missing (R14)."""
    return missing_since + dt.timedelta(days=days)


def reminder_due(missing_since: dt.datetime, *, now: dt.datetime, reminded_days: int) -> int | None:
    """Return the last day of missing documents whose reminder is due and was not sent (10, 20 or 27), or None.

    A day that nobody ran the jobs on is not made up for one by one: the newest reminder speaks for all.
    """
    passed = [day for day in REMINDER_DAYS if now >= missing_since + dt.timedelta(days=day)]
    return passed[-1] if passed and passed[-1] > reminded_days else None


def in_common(one: Pattern, other: Pattern) -> Pattern:
    """Return the weekdays and hours that two weekly patterns share; hours of no length where they share none."""
    first, last = max(one.from_minute, other.from_minute), min(one.until_minute, other.until_minute)
    return Pattern(one.weekdays & other.weekdays, first, max(first, last))


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the map, in degrees."""

    latitude: float
    longitude: float


def tenths_of_miles(one: Point, other: Point) -> int:
    """Return how far two places are from each other as the crow flies, in tenths of a mile (haversine, rounded up)."""
    first, second = math.radians(one.latitude), math.radians(other.latitude)
    across = math.sin((second - first) / 2) ** 2
    along = math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    angle = 2 * math.asin(math.sqrt(min(1.0, across + math.cos(first) * math.cos(second) * along)))
    return math.ceil(angle * EARTH_MILES * TENTHS - 1e-6)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of degrees that has everything within some miles of a place in it, and a little more."""

    south: float
    north: float
    west: float
    east: float


def box_around(center: Point, miles: int) -> Box:
    """Return the rectangle in which to search; it crosses no date line, for which no site of ours lies far enough."""
    tall = math.degrees(miles / EARTH_MILES)
    narrow = math.cos(math.radians(min(89.0, abs(center.latitude) + tall)))
    wide = min(180.0, math.degrees(miles / EARTH_MILES / narrow)) if narrow > 0 else 180.0
    return Box(center.latitude - tall, center.latitude + tall, center.longitude - wide, center.longitude + wide)


def median(values: Iterable[int]) -> float | None:
    """Return the middle of some numbers, the mean of the two middle ones when there is no single one; None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@dataclass(frozen=True, slots=True)
class Published:
    """Numbers of the guarantee as the public page shows them; None is not shown, since too few people are behind it.

    ``timed`` and ``measured`` say of how many people the medians are.
    """

    asked: int | None
    placed: int | None
    median_days: float | None
    timed: int
    median_miles: float | None
    measured: int


def published(*, asked: int, placed: int, days: Sequence[int], tenths: Sequence[int]) -> Published:
    """Return what may be published; a number of fewer than ten people is left out, each for itself."""
    middle = median(tenths) if len(tenths) >= FEWEST_PUBLISHED else None
    return Published(
        asked=asked if asked >= FEWEST_PUBLISHED else None,
        placed=placed if placed >= FEWEST_PUBLISHED else None,
        median_days=median(days) if len(days) >= FEWEST_PUBLISHED else None,
        timed=len(days),
        median_miles=None if middle is None else round(middle / TENTHS, 1),
        measured=len(tenths),
    )
