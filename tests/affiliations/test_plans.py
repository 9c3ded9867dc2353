"""Which index SQLite takes for the openings that end first: one in their order, so that a page costs the same."""

from typing import Any

import pytest
import sqlalchemy as sa

import provider.tables
from provider.affiliations.lists import SOONEST, OpeningFilters
from provider.affiliations.models import Opening
from provider.affiliations.rules import OpeningState
from provider.kernel.database import Model, table
from provider.kernel.paging import walk

assert provider.tables.__doc__  # every table, for their foreign keys
_O = table(Opening).c
EVERY: sa.Select[Any] = sa.select(_O.last_on, _O.id)


@pytest.mark.parametrize(
    "asked, way",
    [
        (OpeningFilters(), "SCAN opening USING COVERING INDEX ix_opening_last_on_id"),
        (
            OpeningFilters(state=OpeningState.OPEN),
            "SEARCH opening USING COVERING INDEX ix_opening_state_last_on_id (state=?)",
        ),
    ],
    ids=["all", "of one state"],
)
def test_openings_that_end_first_are_read_in_the_order_of_an_index(asked: OpeningFilters, way: str) -> None:
    assert SOONEST.ascending
    engine = sa.create_engine("sqlite://")
    Model.metadata.create_all(engine)
    branch = EVERY if asked.state is None else EVERY.where(_O.state == asked.state)
    query = sa.select(walk([branch], row=EVERY, direction=None, ascending=True))
    compiled = query.compile(engine, compile_kwargs={"render_postcompile": True})
    with engine.connect() as connection:
        bound = tuple(None for _ in compiled.positiontup or ())
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", bound).all()
    assert way in [row[3] for row in plan]
    assert not any("ORDER BY" in row[3] for row in plan)
    engine.dispose()
