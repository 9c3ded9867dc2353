"""How gunicorn serves the application."""

import gc
import os
from typing import TYPE_CHECKING, cast

from gunicorn.workers.base import Worker

from config import Config
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
    """Follow the school's settings; freeze what start-up made, and collect seldom.

    Walking over it was most of the slowest requests.
    """
    following.follow(cast("Flask", worker.wsgi))
    gc.set_threshold(50_000, 20, 50)
    gc.collect()
    gc.freeze()
