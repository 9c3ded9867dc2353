"""Keeping up with what the school sets for itself in another process: a thread beside the web; no page waits."""

import logging
import threading

import sqlalchemy as sa
from flask import Flask

from provider.school import queries

log = logging.getLogger("provider.school")

# Every process knows a change after half a minute at most, a slow answer of the database included.
EVERY_SECONDS = 15.0
# A process that starts waits this long for the settings before it answers; a database that is away holds up nothing.
START_SECONDS = 1.0


def follow(app: Flask, *, every: float = EVERY_SECONDS) -> threading.Event:
    """Read the settings now and again and again, until the event that is returned is set."""
    stop, read_once = threading.Event(), threading.Event()

    def work() -> None:
        while not stop.is_set():
            _read(app)
            read_once.set()
            stop.wait(every)

    threading.Thread(target=work, name="school-settings", daemon=True).start()
    read_once.wait(START_SECONDS)
    return stop


def _read(app: Flask) -> None:
    """Take the settings up; as long as the database is away, or has no tables yet, those that are known stay."""
    try:
        with app.app_context():
            queries.refresh()
    except sa.exc.SQLAlchemyError as error:
        log.warning("the school's settings cannot be read, trying again: %s", getattr(error, "orig", None) or error)
