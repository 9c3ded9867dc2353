"""How an invariant is written: a function that yields what breaks it, named by its own name."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from provider.kernel.database import db
from provider.kernel.registry import Breach, Invariant

Finding = tuple[str, str]  # the record's reference, and what is wrong with it
Check = Callable[[], Iterable[Finding]]
AT_A_TIME = 500


def invariant(check: Check) -> Invariant:
    """Return the check under its own name, with its docstring as the promise."""

    @wraps(check)
    def named() -> Iterator[Breach]:
        return (Breach(check.__name__, subject, sentence) for subject, sentence in check())

    return named


def rows(query: sa.Executable) -> Iterator[sa.Row[*tuple[Any, ...]]]:
    """Read a query a few rows at a time, however many there are."""
    return iter(db.session.execute(query.execution_options(yield_per=AT_A_TIME)))


def findings(query: sa.Executable, sentence: str) -> Iterator[Finding]:
    """Yield each row's ``subject`` with the sentence filled in from its columns."""
    for row in rows(query):
        values = row._asdict()
        yield values["subject"], sentence.format(**values)


def total(cents: sa.ColumnElement[int] | InstrumentedAttribute[int]) -> sa.ColumnElement[int]:
    """Return a sum that is zero where there is nothing to sum."""
    return sa.cast(sa.func.coalesce(sa.func.sum(cents), 0), sa.BigInteger)


def known(cents: sa.ColumnElement[Any] | InstrumentedAttribute[int]) -> sa.ColumnElement[int]:
    """Return zero for what an outer join did not find."""
    return sa.func.coalesce(cents, 0)
