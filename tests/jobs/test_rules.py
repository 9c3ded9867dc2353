import datetime as dt

import pytest

from provider.jobs.rules import LONGEST_WAIT, MOST_ATTEMPTS, is_given_up, wait_after


@pytest.mark.parametrize(
    "attempt, seconds",
    [(1, 10), (2, 20), (3, 40), (8, 1280), (9, 1800), (12, 1800), (1000, 1800)],
)
def test_the_pause_doubles_up_to_half_an_hour(attempt: int, seconds: int) -> None:
    assert wait_after(attempt) == dt.timedelta(seconds=seconds)


def test_a_job_is_given_up_within_a_quarter_of_a_day() -> None:
    assert [is_given_up(attempt) for attempt in (1, MOST_ATTEMPTS - 1, MOST_ATTEMPTS, 99)] == [False, False, True, True]
    assert sum((wait_after(n) for n in range(1, MOST_ATTEMPTS)), dt.timedelta()) < 12 * LONGEST_WAIT
