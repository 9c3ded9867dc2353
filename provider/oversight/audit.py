"""One run over all invariants, on one view of the records that nobody's writing changes meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from provider.kernel.database import db, is_sqlite
from provider.kernel.registry import Breach, Invariant, registry


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything inside as it stood at one instant, for as long as it takes."""
    db.session.rollback()
    if not is_sqlite():
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        for timeout in ("statement_timeout", "idle_in_transaction_session_timeout"):
            db.session.execute(sa.text(f"SET LOCAL {timeout} = 0"))
    try:
        yield
    finally:
        db.session.rollback()


def invariants() -> dict[str, Invariant]:
    """Return every invariant that the rooms have handed in, by name."""
    return dict(sorted(registry().invariants.items()))


def breaches() -> Iterator[Breach]:
    """Yield everything that breaks an invariant."""
    with snapshot():
        for check in invariants().values():
            yield from check()


def promise(check: Invariant) -> str:
    """Return what an invariant promises, in a sentence."""
    return (check.__doc__ or "").partition("\n")[0]
