"""The states of an exam result, when an exam may be taken again, and when a certificate is renewed (R22)."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provider.kernel.days import months_on
from provider.kernel.lifecycles import Lifecycle, State, Tone

RESULT_PREFIX = "X"
RETAKE_DAYS = 30  # after a failed attempt
FAILS_BEFORE_PAUSE = 3
RETAKE_MONTHS = 12  # after the third failed attempt, and each one after that
REMIND_BEFORE_DAYS = (90, 30, 7)  # before the day by which a certificate is renewed
MOST_RESULTS = 40  # of one person
LONGEST_NUMBER = 64
HIGHEST_SCORE = 1000
MOST_YEARS_BACK = 30
MOST_YEARS_AHEAD = 10


class ExamState(State):
    """Where a result stands."""

    REPORTED = "reported"
    VERIFIED = "verified"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """Return the state in words."""
        return {"reported": "Being checked", "rejected": "Not accepted"}.get(self.value) or super().label

    @property
    def tone(self) -> Tone:
        """Return how it feels."""
        tones: dict[str, Tone] = {"reported": "warn", "verified": "good", "rejected": "bad"}
        return tones[self.value]


_S = ExamState
LIFECYCLE: Lifecycle[ExamState] = Lifecycle({_S.REPORTED: frozenset({_S.VERIFIED, _S.REJECTED})})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that somebody took an exam, as it counts: what was rejected never was an attempt."""

    taken_on: dt.date
    passed: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a score report says of one attempt."""

    taken_on: dt.date
    passed: bool
    score: int | None
    certificate_number: str | None


def attempts(results: Iterable[tuple[ExamState, Attempt]]) -> tuple[Attempt, ...]:
    """Return the attempts that results stand for, the first one first; rejected results are none."""
    counted = (attempt for state, attempt in results if state is not _S.REJECTED)
    return tuple(sorted(counted, key=lambda one: one.taken_on))


def retake_from(taken: Sequence[Attempt]) -> dt.date | None:
    """Return the first day on which the exam may be taken again; None when nothing stands in the way.

    30 days after a failed attempt, 12 months after the third one and each one after it. A pass ends the count: nobody
    has to take the exam again, and a certificate that ran out starts anew.
    """
    fails = _fails_in_a_row(taken)
    if not fails:
        return None
    last = fails[-1].taken_on
    if len(fails) < FAILS_BEFORE_PAUSE:
        return last + dt.timedelta(days=RETAKE_DAYS)
    return months_on(last, RETAKE_MONTHS)


def _fails_in_a_row(taken: Sequence[Attempt]) -> Sequence[Attempt]:
    last_pass = max((number for number, one in enumerate(taken) if one.passed), default=-1)
    return taken[last_pass + 1 :]


def too_early(taken_on: dt.date, others: Sequence[Attempt]) -> dt.date | None:
    """Return the day from which an attempt would have been allowed when it was made before that; None otherwise.

    The issuing body decides that, not we: it makes staff look closer, and refuses nothing.
    """
    allowed = retake_from([one for one in others if one.taken_on < taken_on])
    return allowed if allowed is not None and taken_on < allowed else None


def renew_by(taken_on: dt.date, renewal_months: int | None) -> dt.date | None:
    """Return the last day on which a certificate is good without being renewed; None when its body says nothing."""
    return None if renewal_months is None else months_on(taken_on, renewal_months)


def reminder(renew_on: dt.date, today: dt.date) -> int | None:
    """Return the reminder that is due before a certificate runs out: 90, 30 or 7 days, the last that has come; or None.

    When the jobs did not run for some days, the newest reminder speaks for those that were missed.
    """
    left = (renew_on - today).days
    return min((days for days in REMIND_BEFORE_DAYS if 0 <= left <= days), default=None)


def why_not_taken(taken_on: dt.date, *, today: dt.date) -> str | None:
    """Say why an exam cannot have been taken on a day; None when it can."""
    if taken_on > today:
        return "This day has not come yet. Report a result when you have it."
    if taken_on < today - dt.timedelta(days=366 * MOST_YEARS_BACK):
        return "This day is too long ago to be meant. Check the year."
    return None


def why_not_renewed(renew_on: dt.date, *, before: dt.date, today: dt.date) -> str | None:
    """Say why a certificate cannot be renewed until a day; None when it can."""
    if renew_on <= before:
        return "A renewal moves the day on. Write the new one, as the issuing body shows it."
    if renew_on > today + dt.timedelta(days=366 * MOST_YEARS_AHEAD):
        return "This day is too far away to be meant. Check the year."
    return None


def normal_name(name: str) -> str:
    """Return a name as two lists of the same people are compared: letters only, whatever the case, in any order."""
    return " ".join(sorted("".join(c if c.isalpha() else " " for c in name.casefold()).split()))


# What an import may call a result, and what it comes to.
RESULT_WORDS: Mapping[str, bool] = {"pass": True, "passed": True, "fail": False, "failed": False}
