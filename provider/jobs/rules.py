"""How long a job is leased, and when it is tried again."""

import datetime as dt
from enum import StrEnum

LEASE = dt.timedelta(minutes=5)
LONGEST_WAIT = dt.timedelta(minutes=30)
MOST_ATTEMPTS = 12


class JobState(StrEnum):
    """The states of a job; a leased one is queued with its time set to the lease's end."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


def wait_after(attempt: int) -> dt.timedelta:
    """Return the pause after the n-th failed attempt: 10 s, doubling, 30 minutes at most."""
    return min(dt.timedelta(seconds=10 * 2 ** min(attempt - 1, 10)), LONGEST_WAIT)
