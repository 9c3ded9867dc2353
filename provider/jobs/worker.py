"""The worker: takes due jobs one by one, does them, and never stops for a job that fails."""

import datetime as dt
import itertools
import logging
import os
import secrets
import socket
import threading
import traceback
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from provider.jobs import actions, queries
from provider.jobs.actions import Lease
from provider.jobs.rules import MOST_ATTEMPTS, JobState, Later, is_given_up, wait_after
from provider.kernel import clock
from provider.kernel.database import Busy, unit_of_work
from provider.kernel.registry import JobHandler, registry
from provider.school import queries as school

log = logging.getLogger("provider.jobs")

IDLE_SECONDS = 0.5
OUTAGE_SECONDS = 5.0
VANISHED = "the worker ended in the middle of every attempt"
_ROOT = Path(__file__).parents[2]


class UnknownKind(LookupError):
    """No room handles this kind of job."""


def run_due(now: dt.datetime, *, limit: int | None = None) -> int:
    """Do what is due at an instant, jobs caused by these included; return how many were tried, failed ones too."""
    ask_periodic(now)
    done = 0
    for _ in itertools.count() if limit is None else range(limit):
        if not _one(now):
            break
        done += 1
    return done


def ask_periodic(now: dt.datetime, asked: set[str] | None = None) -> None:
    """Enqueue the jobs that fall due by the clock, once per period; ``asked`` remembers what need not be looked up."""
    asked = set() if asked is None else asked
    keys = {f"{each.kind}:{each.key(now)}": each.kind for each in registry().periodic}
    new = keys.keys() - asked
    if not new:
        return
    missing = new - queries.known_keys(new)
    if missing:
        with unit_of_work():
            for key in sorted(missing):
                actions.enqueue_once(kind=keys[key], key=key, payload={}, at=now)
    asked.clear()
    asked.update(keys)


def work(app: Flask, stop: threading.Event) -> None:
    """Do jobs as they fall due until told to stop; the present job is finished first, an outage is waited out."""
    asked: set[str] = set()
    while not stop.is_set():
        try:
            with app.app_context():
                ask_periodic(clock.now(), asked)
                while not stop.is_set() and _one(clock.now()):
                    pass
            stop.wait(IDLE_SECONDS)
        except (sa.exc.SQLAlchemyError, Busy) as error:
            log.warning("the database cannot be used, trying again in %d s: %s", OUTAGE_SECONDS, _told(error))
            asked.clear()
            stop.wait(OUTAGE_SECONDS)


def _one(now: dt.datetime) -> bool:
    """Do the job that is due the longest; False when none is."""
    if not queries.anything_due(now):
        return False
    school.refresh()
    owner = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(8)}"
    with unit_of_work():
        lease = actions.lease(owner=owner, now=now)
    if lease is None:
        return False
    _do(lease, now)
    return True


def _do(lease: Lease, now: dt.datetime) -> None:
    if lease.attempt > MOST_ATTEMPTS:
        _give_up(lease, VANISHED, now)
        return
    try:
        _handler(lease.kind)(lease.payload, now=now)
    except Later as later:
        with unit_of_work():
            actions.put_off(lease, run_at=later.at, why=later.why, waits_for=later.waits_for)
    except Exception as error:  # noqa: BLE001 - whatever one job raises, the others go on
        _failed(lease, _told(error), now)
    else:
        with unit_of_work():
            actions.end(lease, state=JobState.DONE, at=now)


def _handler(kind: str) -> JobHandler:
    handler = registry().jobs.get(kind)
    if handler is None:
        raise UnknownKind(kind)
    return handler


def _failed(lease: Lease, error: str, now: dt.datetime) -> None:
    if is_given_up(lease.attempt):
        _give_up(lease, error, now)
        return
    again = now + wait_after(lease.attempt)
    with unit_of_work():
        actions.put_back(lease, run_at=again, error=error)
    log.warning("job %s failed, attempt %d, again at %s: %s", lease.key, lease.attempt, f"{again:%H:%M:%SZ}", error)


def _give_up(lease: Lease, error: str, now: dt.datetime) -> None:
    """Leave a job to staff: its room says how, else it becomes a task, in the transaction that ends the job."""
    with unit_of_work():
        if actions.end(lease, state=JobState.FAILED, at=now, error=error):
            told = registry().failed_jobs.get(lease.kind)
            anyone = registry().any_failed_job
            if told is not None:
                told(lease.payload, error, now)
            elif anyone is not None:
                anyone(lease.kind, lease.key, now)
    log.error("job %s failed for good after %d attempts: %s", lease.key, lease.attempt, error)


def _told(error: BaseException) -> str:
    """Write an error on one line, with the place in our code; the values that a statement carried stay out."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    ours = [frame for frame in frames if frame.filename.startswith(str(_ROOT / "provider"))]
    place = f" ({Path(ours[-1].filename).relative_to(_ROOT)}:{ours[-1].lineno})" if ours else ""
    words = str(getattr(error, "orig", None) or error)
    first = (words.splitlines() or [""])[0][:300]
    return f"{type(error).__name__}: {first}{place}"
