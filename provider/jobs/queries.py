"""Reading the queue: what is due, what failed, what hangs."""

import datetime as dt
from collections.abc import Collection, Iterator

import sqlalchemy as sa

from provider.jobs.models import Job
from provider.jobs.rules import LONGEST_OVERDUE, JobState
from provider.kernel.database import db


def due(now: dt.datetime) -> sa.Select[Job]:
    """Return the query for jobs that are due, the longest waiting first."""
    return sa.select(Job).where(Job.state == JobState.QUEUED, Job.run_at <= now).order_by(Job.run_at, Job.id)


def anything_due(now: dt.datetime) -> bool:
    """Say whether a job is due; a read, so that an idle worker never asks for SQLite's write lock."""
    return db.session.scalar(due(now).with_only_columns(Job.id).limit(1)) is not None


def anything_waits(waits_for: str) -> bool:
    """Say whether a job waits for this; a read, so that whoever might wake it asks for no lock in vain."""
    query = sa.select(Job.id).where(Job.waits_for == waits_for, Job.state == JobState.QUEUED)
    return db.session.scalar(query.limit(1)) is not None


def known_keys(keys: Collection[str]) -> frozenset[str]:
    """Return those of the keys that were enqueued before."""
    return frozenset(db.session.scalars(sa.select(Job.key).where(Job.key.in_(keys))))


def by_key(key: str) -> Job | None:
    """Return the job of a key."""
    return db.session.scalar(sa.select(Job).where(Job.key == key))


def last_done(kind: str) -> dt.datetime | None:
    """Return when the last job of a kind that was done had been asked for."""
    query = sa.select(Job.created_at).where(Job.state == JobState.DONE, Job.kind == kind)
    return db.session.scalar(query.order_by(Job.ended_at.desc()).limit(1))


def hanging(now: dt.datetime) -> Iterator[Job]:
    """Return the jobs that have been due for longer than any job may be: no worker runs, or none can do them."""
    return iter(db.session.scalars(due(now - LONGEST_OVERDUE)))
