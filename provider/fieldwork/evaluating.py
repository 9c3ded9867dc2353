"""Evaluations: what is rated and in which words, when each is asked for, and when somebody is reminded. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from provider.affiliations.rules import Period
from provider.fieldwork.rules import EvaluationKind
from provider.kernel.days import day_of

BEST = 5
NOT_SEEN = 0
OVERALL = "overall"
MORNING = 9  # the school's wall clock: nobody is written to at night
REMINDER_DAYS = (3, 7)
LATE_AFTER_DAYS = 10  # then staff call
FEWEST_RATINGS = 3  # of fewer, a mean would be somebody's own answer


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that is rated from 1 to 5."""

    key: str
    label: str
    hint: str = ""


SKILLS = (
    Point("reliability", "Reliability", "Comes on time, keeps to what was agreed"),
    Point("communication", "Communication", "With patients and with colleagues"),
    Point("privacy", "Patients’ privacy", "Keeps to themselves what is seen and heard"),
    Point("safety", "Safety and hygiene", "Hands, gloves, sharps, labels"),
    Point("technique", "Technique", "The procedures of the program"),
    Point("accuracy", "Accuracy in records", "Complete, legible, in time"),
    Point("judgment", "Judgment", "Knows when to ask"),
)
ASPECTS = (
    Point("welcome", "Being expected and shown around"),
    Point("supervision", "Time that somebody had for me"),
    Point("learning", "Practicing what I had learned"),
    Point("safety", "Feeling safe"),
    Point("respect", "Being treated with respect"),
)
POINTS: Mapping[EvaluationKind, tuple[Point, ...]] = {
    EvaluationKind.MID: SKILLS,
    EvaluationKind.FINAL: SKILLS,
    EvaluationKind.OF_SITE: ASPECTS,
}
BY_PRECEPTOR = frozenset({EvaluationKind.MID, EvaluationKind.FINAL})
SKILL_WORDS = {
    1: "Not yet",
    2: "With much help",
    3: "With some help",
    4: "On their own",
    5: "Better than expected",
}
SITE_WORDS = {1: "Poor", 2: "Fair", 3: "Good", 4: "Very good", 5: "Excellent"}


def words_of(kind: EvaluationKind) -> Mapping[int, str]:
    """Return what each rating means, from 1 to 5."""
    return SKILL_WORDS if kind in BY_PRECEPTOR else SITE_WORDS


def rated(kind: EvaluationKind, number: int) -> str:
    """Write a rating: ``4 of 5, on their own``; what was not seen says so."""
    return f"{number} of {BEST}, {words_of(kind)[number].lower()}" if number else "Not seen"


@dataclass(frozen=True, slots=True)
class Way:
    """How far a placement is: its days and its hours, with those that wait for approval."""

    period: Period
    required_minutes: int
    minutes: int

    def is_half(self, today: dt.date) -> bool:
        """Say whether half of the hours, or half of the days, are over."""
        half_on = self.period.first_on + (self.period.last_on - self.period.first_on) / 2
        return today > half_on or self._has(self.required_minutes / 2)

    def is_over(self, today: dt.date) -> bool:
        """Say whether the hours are full, or it is the last day."""
        return today >= self.period.last_on or self._has(self.required_minutes)

    def _has(self, minutes: float) -> bool:
        return self.required_minutes > 0 and self.minutes >= minutes


def to_ask(way: Way, asked: Iterable[EvaluationKind], today: dt.date) -> tuple[EvaluationKind, ...]:
    """Return what is to be asked for today: one mid-way, two at the end; one that was left out is not made up for."""
    if way.is_over(today):
        wanted: tuple[EvaluationKind, ...] = (EvaluationKind.FINAL, EvaluationKind.OF_SITE)
    else:
        wanted = (EvaluationKind.MID,) if way.is_half(today) else ()
    return tuple(kind for kind in wanted if kind not in set(asked))


def reminders_due(asked_at: dt.datetime, now: dt.datetime) -> int:
    """Return how many reminders should have been sent by now; days in which nobody ran the jobs are one reminder."""
    return sum(now >= asked_at + dt.timedelta(days=days) for days in REMINDER_DAYS)


def due_on(asked_at: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Return by when an evaluation should be there: the day before staff are told that it is late."""
    return day_of(asked_at + dt.timedelta(days=LATE_AFTER_DAYS), zone)


def is_late(asked_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether staff should call."""
    return now >= asked_at + dt.timedelta(days=LATE_AFTER_DAYS)


def writing_day(now: dt.datetime, zone: ZoneInfo) -> dt.date:
    """Return the day whose letters may leave: from nine in the morning on it is today."""
    local = now.astimezone(zone)
    return local.date() if local.hour >= MORNING else local.date() - dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mean:
    """What several people said of one thing: their mean, and how many they are."""

    label: str
    count: int
    mean: float | None

    @property
    def written(self) -> str:
        """Write it with its denominator; of too few it says only how many."""
        if self.mean is None:
            return f"{self.count} of at least {FEWEST_RATINGS} ratings"
        return f"{self.mean:.1f} of {BEST}, from {self.count} ratings"


def means(answers: Iterable[Mapping[str, object]]) -> tuple[Mean, ...]:
    """Return what students said of a site, point by point."""
    given = list(answers)
    return tuple(_mean(point, given) for point in (*ASPECTS, Point(OVERALL, "Overall")))


def _mean(point: Point, answers: Iterable[Mapping[str, object]]) -> Mean:
    numbers = [number for one in answers if isinstance(number := one.get(point.key), int) and number]
    enough = len(numbers) >= FEWEST_RATINGS
    return Mean(point.label, len(numbers), sum(numbers) / len(numbers) if enough else None)
