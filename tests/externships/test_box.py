"""The openings around a student, or around a cohort, are found by the index of latitude and longitude."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask

from provider.affiliations.models import Opening, SiteLocation
from provider.externships import nearby, plan_reading, queries
from provider.kernel.database import db, is_sqlite, table, unit_of_work
from tests.harness.externs import ASKED, asked
from tests.harness.sites import Supply, supply

MANY = 4_000
INDEX = "ix_site_location_latitude_longitude"
OF_OPENINGS = "ix_opening_location_id"


@pytest.fixture
def spread(app: Flask) -> Iterator[Supply]:
    """One opening near the student and thousands all over the country, at locations of the same site."""
    with app.app_context():
        made = supply()
        dice = np.random.default_rng(7)
        north, east = (25 + 24 * dice.random(MANY)).tolist(), (-124 + 57 * dice.random(MANY)).tolist()
        with unit_of_work():
            first = made.location_id + 1
            _copies(SiteLocation, made.location_id, first, latitude=north, longitude=east)
            _copies(Opening, made.opening_id, first, location_id=range(first, first + MANY))
        if not is_sqlite():  # its own housekeeping does this within a minute
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for statement in ("SET default_transaction_read_only = off", "ANALYZE"):
                    connection.exec_driver_sql(statement)
                connection.invalidate()
        yield made


def _copies(model: type[Any], of: int, first: int, **changed: Any) -> None:  # noqa: ANN401 - each column has its own type
    row = dict(db.session.execute(sa.select(table(model)).where(model.id == of)).mappings().one())
    numbers = range(first, first + MANY)
    columns = {"id": numbers, "reference": [f"X-{number:07d}" for number in numbers], **changed}
    columns |= {"name": [f"Building {number}" for number in numbers]} if "name" in row else {}
    rows = [row | dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    db.session.execute(sa.insert(table(model)), rows)


def plan_of(statement: str, bound: Any) -> list[str]:  # noqa: ANN401 - the driver's own
    """Return the lines of a database's plan that name an index or walk a table whole."""
    asking = "EXPLAIN QUERY PLAN " if is_sqlite() else "EXPLAIN "
    lines = [str(row[-1]).strip() for row in db.session.connection().exec_driver_sql(asking + statement, bound)]
    db.session.rollback()
    return lines


def sent_by(read: Any) -> tuple[str, Any]:  # noqa: ANN401 - any callable
    """Return the statement that searches the box, with what is bound to it."""
    seen: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, bound: Any, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        if "BETWEEN" in statement and "longitude" in statement:
            seen.append((statement, bound))

    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        read()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)
        db.session.rollback()
    (found,) = seen
    return found


@pytest.mark.parametrize("whose", ["a student", "a cohort"])
def test_openings_in_a_box_are_found_by_its_index(app: Flask, spread: Supply, whose: str) -> None:
    wish = queries.by_reference(asked())
    found = nearby.nearby(wish, at=ASKED)
    assert spread.opening in {one.opening.reference for one in found}
    assert len(found) < MANY / 20
    if whose == "a student":
        statement, bound = sent_by(lambda: nearby.nearby(queries.by_id(wish.id), at=ASKED))
    else:
        statement, bound = sent_by(lambda: plan_reading.read(now=ASKED))
    lines = plan_of(statement, bound)
    assert sum(INDEX in line for line in lines) in {1, 2}, lines  # twice where places without coordinates are asked for
    assert [line for line in lines if "ix_opening_program_id" in line] == []
    walked = [line for line in lines if line.startswith(("SCAN", "Seq Scan", "->  Seq Scan"))]
    assert [line for line in walked if "site_location" in line] == [], lines
    if is_sqlite() or whose == "a student":  # PostgreSQL joins a few thousand openings by hash, while that is cheaper
        assert [line for line in walked if "opening" in line] == [], lines
        assert any(OF_OPENINGS in line for line in lines), lines
