"""What a note may be; how history is searched, put into stretches, and found by a request."""

import datetime as dt
from dataclasses import dataclass

from provider.kernel.actors import ActorKind

LONGEST_NOTE = 4000
BLOCK = 5_000
SETTLED_AFTER = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)
EARLIEST, LATEST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Sought:
    """What of history is asked for; nothing given is all of it. ``begin`` is included, ``end`` is not."""

    actors: tuple[str, ...] | None = None
    actor_kind: ActorKind | None = None
    reference: str = ""
    kind: str = ""
    event: str = ""
    request_id: str = ""
    begin: dt.datetime | None = None
    end: dt.datetime | None = None


def second_of(request_id: str) -> dt.datetime | None:
    """Return the second in which a request came in, which its id begins with; None when it is no such id."""
    try:
        stamped = dt.datetime.fromtimestamp(int(request_id[:8], 16), tz=dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return stamped if len(request_id) == 16 and EARLIEST <= stamped < LATEST else None
