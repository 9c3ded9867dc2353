"""Every table and column is named in the map of people's data, in one way or another."""

from collections.abc import Iterable

import pytest
import sqlalchemy as sa

from provider.kernel.database import Model
from provider.oversight.personal_finders import Held
from provider.oversight.personal_map import HELD, OUTSIDE

TABLES = list(Model.metadata.tables.values())


def unnamed(tables: Iterable[sa.Table], held: Iterable[Held] = HELD) -> list[str]:
    """Return the tables and columns that the map does not name, or names in two ways."""
    found = []
    for table in tables:
        entries = [entry for entry in held if entry.table is table]
        if bool(entries) is (table.name in OUTSIDE):
            found.append(table.name)
        for entry in entries:
            named = [*entry.handed_out, *entry.hidden]
            found += [f"{entry.name}.{column.name}" for column in table.columns if named.count(column.name) != 1]
            found += [f"{entry.name}.{name}" for name in named if name not in table.columns]
    return found


def test_every_column_of_every_table_is_handed_out_or_left_out_for_a_reason() -> None:
    assert unnamed(TABLES) == []


def test_every_table_outside_is_there_and_every_reason_is_a_sentence() -> None:
    assert set(OUTSIDE) <= {table.name for table in TABLES}
    reasons = [*OUTSIDE.values(), *(why for held in HELD for why in held.hidden.values())]
    assert [why for why in reasons if len(why) < 10 or not why.endswith(".")] == []


def test_names_of_parts_are_unique() -> None:
    assert len({held.name for held in HELD}) == len(HELD)


@pytest.mark.parametrize("kind", ["table", "column"])
def test_a_new_table_or_column_is_missed(kind: str) -> None:
    apart = sa.MetaData()
    if kind == "table":
        assert unnamed([*TABLES, sa.Table("vaccination", apart, sa.Column("id", sa.Integer))]) == ["vaccination"]
        return
    (person,) = [held for held in HELD if held.name == "person"]

    class Grown(Held):
        @property
        def table(self) -> sa.Table:
            return grown

    grown = sa.Table("person", apart, *[sa.Column(c.name, c.type) for c in person.table.columns], sa.Column("born_on"))
    entry = Grown(person.name, person.model, person.section, person.finds, person.shown, person.filed, person.hidden)
    assert unnamed([grown], [entry]) == ["person.born_on"]
