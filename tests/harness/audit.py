"""The audit for other tests: after a story, nothing may contradict anything."""

import datetime as dt
from collections.abc import Iterable

import time_machine
from flask import Flask

from provider.kernel import clock
from provider.oversight.audit import breaches, snapshot
from provider.oversight.checks import Check


def found(app: Flask, at: dt.datetime | None = None) -> list[str]:
    """Return every breach as a line, as the audit would find them at an instant (now, unless told)."""
    with time_machine.travel(at or clock.now(), tick=False), app.app_context():
        return [f"{breach.invariant}: {breach.subject} {breach.sentence}" for breach in breaches()]


def told_by(checks: Iterable[Check]) -> list[str]:
    """Return what some of the audit's checks find now, as lines; needs an application context."""
    with snapshot():
        return [f"{check.__name__}: {subject} {sentence}" for check in checks for subject, sentence in check()]


def assert_clean(app: Flask, at: dt.datetime | None = None) -> None:
    """Fail with the breaches by name; ``at`` is the story's own last instant, if it moved the clock."""
    broken = found(app, at)
    assert not broken, "\n".join(broken)
