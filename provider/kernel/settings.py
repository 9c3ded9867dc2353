"""The running application's settings, for code that has no business with Flask."""

from flask import current_app

from config import Config


def settings() -> Config:
    """Return the settings the application was started with."""
    found: Config = current_app.extensions["settings"]
    return found
