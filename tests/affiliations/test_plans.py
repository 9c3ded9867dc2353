"""Which index SQLite takes for the openings that end first: one in their order, so that a page costs the same."""

from typing import Any

import sqlalchemy as sa

import provider.tables
from provider.affiliations.lists import SOONEST
from provider.affiliations.models import Opening
from provider.kernel.database import Model, table
from provider.kernel.paging import walk

assert provider.tables.__doc__  # every table, for their foreign keys
_O = table(Opening).c
EVERY: sa.Select[Any] = sa.select(_O.last_on, _O.id)


def test_openings_that_end_first_are_read_in_the_order_of_an_index() -> None:
    assert SOONEST.ascending
    engine = sa.create_engine("sqlite://")
    Model.metadata.create_all(engine)
    query = sa.select(walk([EVERY], row=EVERY, direction=None, ascending=True))
    compiled = query.compile(engine, compile_kwargs={"render_postcompile": True})
    with engine.connect() as connection:
        bound = tuple(None for _ in compiled.positiontup or ())
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", bound).all()
    assert "SCAN opening USING COVERING INDEX ix_opening_last_on_id" in [row[3] for row in plan]
    assert not any("ORDER BY" in row[3] for row in plan)
    engine.dispose()
