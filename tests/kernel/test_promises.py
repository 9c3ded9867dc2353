import datetime as dt

import pytest

from provider.clocks.rules import Standing, stands
from provider.kernel.promises import Promise, first

MONDAY = dt.date(2026, 11, 23)
DAY = dt.timedelta(days=1)


def promise(text: str, days: int, *, dated: bool = True) -> Promise:
    on = MONDAY + days * DAY
    return Promise("label", text, "/", on, on if dated else None, on if dated else None)


def test_several_lists_become_one_with_the_oldest_clock_first() -> None:
    one = [promise("a", 0), promise("c", 2)]
    other = [promise("any day", 0, dated=False), promise("b", 1), promise("d", 3)]
    assert [each.text for each in first([one, other, []], 9)] == ["a", "any day", "b", "c", "d"]
    assert [each.text for each in first([other, one], 2)] == ["a", "any day"]


@pytest.mark.parametrize(
    "today, standing",
    [(0, Standing.IN_TIME), (1, Standing.DUE), (3, Standing.DUE), (4, Standing.OVERDUE)],
)
def test_between_its_due_day_and_its_last_day_a_promise_is_due(today: int, standing: Standing) -> None:
    assert stands(due_on=MONDAY, last_on=MONDAY + 3 * DAY, today=MONDAY + today * DAY) is standing


@pytest.mark.parametrize("today, standing", [(-1, Standing.IN_TIME), (0, Standing.DUE), (1, Standing.OVERDUE)])
def test_with_one_day_for_both_it_is_due_on_that_day(today: int, standing: Standing) -> None:
    assert stands(due_on=MONDAY, last_on=MONDAY, today=MONDAY + today * DAY) is standing


def test_without_a_date_nothing_is_due() -> None:
    assert stands(due_on=None, last_on=None, today=MONDAY) is None
