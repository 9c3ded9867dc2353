"""Enqueuing jobs in the transaction that causes them, leasing them, and what becomes of them."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from provider.jobs import queries
from provider.jobs.models import Job
from provider.jobs.rules import LEASE, JobState
from provider.kernel.database import db, insert, insert_unless, rows_changed
from provider.kernel.registry import Payload

MOST_AT_ONCE = 10_000


def enqueue(*, kind: str, key: str, payload: Payload, at: dt.datetime, run_at: dt.datetime | None = None) -> None:
    """Ask for an effect; the key makes a second request for the same one an integrity error, not a second effect."""
    insert(Job, kind=kind, key=key, payload=dict(payload), created_at=at, run_at=run_at or at)


def enqueue_once(*, kind: str, key: str, payload: Payload, at: dt.datetime, run_at: dt.datetime | None = None) -> bool:
    """Ask for an effect unless its key was used before; say whether it is new. Two askers at once do not collide."""
    asked = insert_unless(Job).values(
        kind=kind, key=key, payload=dict(payload), state=JobState.QUEUED, attempts=0, created_at=at, run_at=run_at or at
    )
    added = db.session.execute(asked.on_conflict_do_nothing(index_elements=["key"]).returning(Job.id))
    return added.first() is not None


@dataclass(frozen=True, slots=True)
class Lease:
    """A job in one worker's hands; ``owner`` is new for every lease, so that a late worker ends nothing."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, str | int | None]
    attempt: int
    owner: str


def lease(*, owner: str, now: dt.datetime) -> Lease | None:
    """Take the job that is due the longest; no other worker gets it before the lease ends. None when none is due."""
    job = db.session.scalar(queries.due(now).limit(1).with_for_update(skip_locked=True))
    if job is None:
        return None
    job.owner, job.run_at, job.waits_for = owner, now + LEASE, None
    job.attempts += 1
    return Lease(job.id, job.kind, job.key, job.payload, job.attempts, owner)


def end(lease: Lease, *, state: JobState, at: dt.datetime, error: str | None = None) -> bool:
    """End a job as done or failed; False when the lease had run out and somebody else has taken it."""
    return _release(lease, state=state, ended_at=at, last_error=error)


def put_back(lease: Lease, *, run_at: dt.datetime, error: str) -> bool:
    """Try a failed job again at an instant; False when somebody else has taken it."""
    return _release(lease, run_at=run_at, last_error=error)


def put_off(lease: Lease, *, run_at: dt.datetime, why: str, waits_for: str | None) -> bool:
    """Let a job wait that could not be done now; its attempts count from the start, since it did not fail."""
    return _release(lease, run_at=run_at, last_error=why, waits_for=waits_for, attempts=0)


def _release(lease: Lease, **values: object) -> bool:
    mine = sa.update(Job).where(Job.id == lease.id, Job.owner == lease.owner, Job.state == JobState.QUEUED)
    return rows_changed(mine.values(owner=None, **values)) == 1


def postpone(*, kind: str, until: dt.datetime, waits_for: str, at: dt.datetime) -> int:
    """Let every due job of a kind wait for something; return how many. Leased ones are left alone."""
    due = queries.due(at).where(Job.kind == kind).with_only_columns(Job.id).with_for_update(skip_locked=True)
    return _reschedule(due, run_at=until, waits_for=waits_for)


def wake(waits_for: str, *, at: dt.datetime) -> int:
    """Make every job that waits for this due now, in the order in which they were asked for; return how many."""
    waiting = sa.select(Job.id).where(Job.waits_for == waits_for, Job.state == JobState.QUEUED).order_by(Job.id)
    return _reschedule(waiting.with_for_update(skip_locked=True), run_at=at, waits_for=None)


def _reschedule(jobs: sa.Select[int], **values: object) -> int:
    found = db.session.scalars(jobs.limit(MOST_AT_ONCE)).all()
    if found:
        db.session.execute(sa.update(Job).where(Job.id.in_(found)).values(**values))
    return len(found)


def forget_done(*, before: dt.datetime, most: int = 1000, kinds: Collection[str] = ()) -> int:
    """Remove jobs, or those of some kinds, that were done long ago, a bounded number at a time; return how many."""
    old = sa.select(Job.id).where(Job.state == JobState.DONE, Job.ended_at < before).order_by(Job.ended_at).limit(most)
    chosen = old.where(Job.kind.in_(kinds)) if kinds else old
    return rows_changed(sa.delete(Job).where(Job.id.in_(chosen.scalar_subquery())))
