"""The one place that reads the time."""

import datetime as dt


def now() -> dt.datetime:
    """Return this instant in UTC; read at the edge and passed in, never called by a rule."""
    return dt.datetime.now(dt.UTC)
