"""How long a job is leased, when it is tried again, and when it is given up."""

import datetime as dt
from enum import StrEnum

LEASE = dt.timedelta(minutes=5)
FIRST_WAIT = dt.timedelta(seconds=10)
LONGEST_WAIT = dt.timedelta(minutes=30)
MOST_ATTEMPTS = 12
# Nothing waits longer than this after its time has come: by then it is done, or failed before the eyes of staff.
LONGEST_OVERDUE = LEASE + dt.timedelta(hours=72)
KEEP_DONE = dt.timedelta(days=30)


class JobState(StrEnum):
    """The states of a job; a leased one is queued with its time set to the lease's end."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


class Later(Exception):
    """Raised by a handler whose job cannot be done now, through no fault of its own: no failure, tried again ``at``.

    ``waits_for`` names what it waits for, so that ``wake`` may make it due earlier.
    """

    def __init__(self, at: dt.datetime, why: str, *, waits_for: str | None = None) -> None:
        super().__init__(why)
        self.at = at
        self.why = why
        self.waits_for = waits_for


def wait_after(attempt: int) -> dt.timedelta:
    """Return the pause after the n-th failed attempt: 10 s, doubling, 30 minutes at most."""
    doubled: int = 2 ** min(max(attempt, 1) - 1, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def is_given_up(attempt: int) -> bool:
    """Say whether a job that failed for the n-th time is left to staff."""
    return attempt >= MOST_ATTEMPTS
