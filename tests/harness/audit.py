"""The audit for other tests: after a story, nothing may contradict anything."""

import datetime as dt

import time_machine
from flask import Flask

from provider.kernel import clock
from provider.oversight.audit import breaches


def found(app: Flask, at: dt.datetime | None = None) -> list[str]:
    """Return every breach as a line, as the audit would find them at an instant (now, unless told)."""
    with time_machine.travel(at or clock.now(), tick=False), app.app_context():
        return [f"{breach.invariant}: {breach.subject} {breach.sentence}" for breach in breaches()]


def assert_clean(app: Flask, at: dt.datetime | None = None) -> None:
    """Fail with the breaches by name; ``at`` is the story's own last instant, if it moved the clock."""
    broken = found(app, at)
    assert not broken, "\n".join(broken)
