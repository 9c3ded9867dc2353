"""Job kinds of a test's own, taken back afterwards."""

from collections.abc import Iterator

import pytest
from flask import Flask

from provider.kernel.registry import JobHandler, Registry


@pytest.fixture
def kinds(app: Flask) -> Iterator[dict[str, JobHandler]]:
    """The job kinds that the application knows: only those that a test puts in, and nothing periodic."""
    known: Registry = app.extensions["registry"]
    jobs, periodic, failed = known.jobs, known.periodic, known.failed_jobs
    known.jobs, known.periodic, known.failed_jobs = {}, [], {}
    yield known.jobs
    known.jobs, known.periodic, known.failed_jobs = jobs, periodic, failed
