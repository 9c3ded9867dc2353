"""The application with a clock that a file moves, for processes that a test cannot reach into."""

import datetime as dt
import os
from pathlib import Path

from flask import Flask

import provider.app
from provider.kernel import clock

CLOCK_FILE = "TEST_CLOCK_FILE"


def create_app() -> Flask:
    """Build the application; its clock stands at the file's instant, and runs while the file is empty or missing."""
    real = clock.now
    path = Path(os.environ[CLOCK_FILE])

    def now() -> dt.datetime:
        try:
            written = path.read_text()
        except FileNotFoundError:
            return real()
        return dt.datetime.fromisoformat(written) if written else real()

    clock.now = now
    return provider.app.create_app()
