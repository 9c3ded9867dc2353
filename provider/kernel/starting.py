"""Whether an application may start: rooms hand in checks, and every process asks them before it does anything."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import Flask

from provider.kernel.registry import registry


def why_not(app: Flask) -> str | None:
    """Return a sentence that says why the application must not start; None when it may.

    A database that is away, or has no tables yet, keeps nobody from starting: it cannot be asked now.
    """
    with app.app_context():
        try:
            return next(_problems(), None)
        except sa.exc.SQLAlchemyError:
            return None


def _problems() -> Iterator[str]:
    return (problem for check in registry().start_checks if (problem := check()) is not None)
