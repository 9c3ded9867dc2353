"""The product with a counter: each answer says how many SQL statements and commits it took.

The product itself knows nothing of it; only this application factory, which the benchmark serves, listens.
"""

import os
import sys
import threading
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import sqlalchemy as sa
from flask import Flask

from provider.app import create_app as create_product
from provider.kernel.database import db

ASKED = "BENCH_COUNT"


class Counted(threading.local):
    """What the request of this thread has sent so far."""

    statements = 0
    commits = 0


def create_app() -> Flask:
    """Build the product; count only where BENCH_COUNT asks for it."""
    app = create_product()
    if os.environ.get(ASKED):
        _count(app)
    return app


def _count(app: Flask) -> None:
    counted, inner = Counted(), app.wsgi_app
    aloud = os.environ[ASKED] == "aloud"

    def sent(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener
        if not statement.startswith("BEGIN"):
            counted.statements += 1
            if aloud:
                sys.stderr.write(f"{statement}\n")

    def committed(_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener
        counted.commits += 1

    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", sent)
        sa.event.listen(db.engine, "commit", committed)

    def outer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        counted.statements = counted.commits = 0

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:  # noqa: ANN401 - WSGI's own
            figures = [("X-Statements", str(counted.statements)), ("X-Commits", str(counted.commits))]
            return start_response(status, headers + figures, *rest)

        return inner(environ, start)

    app.wsgi_app = outer  # type: ignore[method-assign]
