"""The promises that are timed, and how a running one stands on a day."""

import datetime as dt
from enum import StrEnum


class ClockKind(StrEnum):
    """What is promised."""

    REFUND_PAYOUT = "refund_payout"
    GUARANTEE = "guarantee"
    CREDIT_SENT = "credit_sent"

    @property
    def label(self) -> str:
        """The promise in the words people read."""
        return {
            "refund_payout": "Money back within 7 to 10 business days",
            "guarantee": "A confirmed externship place",
            "credit_sent": "A credit request checked and sent",
        }[self.value]


class ClockState(StrEnum):
    """How a clock ended, or that it runs or stands still."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    STOPPED = "stopped"


class Standing(StrEnum):
    """How a running clock stands today."""

    IN_TIME = "in_time"
    DUE = "due"
    OVERDUE = "overdue"

    @property
    def label(self) -> str:
        """The standing in words."""
        return {"in_time": "in time", "due": "due", "overdue": "overdue"}[self.value]

    @property
    def tone(self) -> str:
        """How it is colored."""
        return {"in_time": "neutral", "due": "warn", "overdue": "bad"}[self.value]


def standing(*, due_on: dt.date, overdue_on: dt.date, today: dt.date) -> Standing:
    """Say how a promise stands: due after its due day has passed, overdue after the last day has passed."""
    if today > overdue_on:
        return Standing.OVERDUE
    return Standing.DUE if today > due_on else Standing.IN_TIME


def on_its_day(due_on: dt.date, *, today: dt.date) -> Standing:
    """Say how something with a single date stands: due on that day, overdue after it."""
    return standing(due_on=due_on - dt.timedelta(days=1), overdue_on=due_on, today=today)


def stands(*, due_on: dt.date | None, last_on: dt.date | None, today: dt.date) -> Standing | None:
    """Say how something with a due day and a last day stands; with one day for both it is due on that day."""
    if due_on is None or last_on is None:
        return None
    return (
        on_its_day(due_on, today=today)
        if due_on == last_on
        else standing(due_on=due_on, overdue_on=last_on, today=today)
    )


DAY = dt.timedelta(days=1)


def days_moved(paused: dt.timedelta) -> int:
    """Return by how many days a promise moves for the time its clock stood still: whole days, the rest is given."""
    return paused // DAY


def due_after(first_on: dt.date, *, days: int, paused: dt.timedelta = dt.timedelta(0)) -> dt.date:
    """Return the last day of a promise of calendar days: the first is day 0, whole days of standing still move it."""
    return first_on + dt.timedelta(days=days + days_moved(paused))


def time_run(*, started_at: dt.datetime, now: dt.datetime, paused: dt.timedelta) -> dt.timedelta:
    """Return for how long a clock has run: what passed since its start, less what it stood still."""
    return max(dt.timedelta(0), now - started_at - paused)
