"""Which tables the application wrote to, told when the transaction that did it was committed."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask

from provider.kernel.database import db

WRITING = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)')


@dataclass(slots=True)
class Written:
    """The tables written to since somebody last asked."""

    open: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    committed: set[str] = field(default_factory=set)

    def take(self) -> set[str]:
        """Return them, and begin anew."""
        found, self.committed = self.committed, set()
        return found


@contextmanager
def written(app: Flask) -> Iterator[Written]:
    """Watch what is written inside, from whatever thread; what is rolled back was never written."""
    seen = Written()

    def sent(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        if match := WRITING.match(statement.lstrip()):
            seen.open[id(connection)].add(match[1])

    def committed(connection: sa.Connection) -> None:
        seen.committed |= seen.open.pop(id(connection), set())

    def undone(connection: sa.Connection) -> None:
        seen.open.pop(id(connection), None)

    with app.app_context():
        engine = db.engine
    listeners: dict[str, Callable[..., None]] = {"before_cursor_execute": sent, "commit": committed, "rollback": undone}
    for name, listener in listeners.items():
        sa.event.listen(engine, name, listener)
    try:
        yield seen
    finally:
        for name, listener in listeners.items():
            sa.event.remove(engine, name, listener)
