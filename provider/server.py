"""How gunicorn serves the application."""

import gc
import os
import sys
from typing import TYPE_CHECKING, cast

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from config import Config
from provider.kernel.starting import why_not
from provider.school import following

if TYPE_CHECKING:
    from flask import Flask

_config = Config.load(os.environ)

bind = [f"127.0.0.1:{_config.PORT}"]
workers = _config.WEB_WORKERS
threads = _config.WEB_THREADS
worker_class = "gthread"
wsgi_app = "provider:create_app()"
timeout = 60
graceful_timeout = 10
keepalive = 30
max_requests = 50_000
max_requests_jitter = 5_000
limit_request_line = 4094
limit_request_field_size = 8190
accesslog = None
loglevel = "warning"


def post_worker_init(worker: Worker) -> None:
    """Refuse what must not start; follow the school's settings; freeze what start-up made, and collect seldom.

    Walking over it was most of the slowest requests.
    """
    app = cast("Flask", worker.wsgi)
    problem = why_not(app)
    if problem is not None:
        print(problem, file=sys.stderr)  # noqa: T201 - before anything is served
        sys.exit(Arbiter.WORKER_BOOT_ERROR)  # the whole server ends then, instead of trying again and again
    following.follow(app)
    gc.set_threshold(50_000, 20, 50)
    gc.collect()
    gc.freeze()
