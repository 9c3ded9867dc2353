"""Enqueuing jobs in the transaction that causes them."""

import datetime as dt

from provider.jobs.models import Job
from provider.kernel.database import db
from provider.kernel.registry import Payload


def enqueue(*, kind: str, key: str, payload: Payload, at: dt.datetime, run_at: dt.datetime | None = None) -> Job:
    """Ask for an effect; the key makes a second request for the same one an integrity error, not a second effect."""
    job = Job(kind=kind, key=key, payload=dict(payload), created_at=at, run_at=run_at or at)
    db.session.add(job)
    return job
