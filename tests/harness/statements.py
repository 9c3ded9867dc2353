"""Counts the SQL statements that the application sends, and the commits that make them last."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import db


@dataclass(slots=True)
class Counted:
    """The statements of a stretch of code, in order, and how many transactions were committed."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def __len__(self) -> int:
        return len(self.statements)


@contextmanager
def statements(app: Flask) -> Iterator[Counted]:
    """Count every statement sent inside, from whatever thread; opening and ending transactions do not count."""
    counted = Counted()

    def sent(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener
        if not statement.startswith("BEGIN"):
            counted.statements.append(statement)

    def committed(_connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's listener
        counted.commits += 1

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", sent)
    sa.event.listen(engine, "commit", committed)
    try:
        yield counted
    finally:
        sa.event.remove(engine, "before_cursor_execute", sent)
        sa.event.remove(engine, "commit", committed)
