import datetime as dt

import pytest

from provider.kernel.stretches import EPOCH, Stretch, cut, instant, key

NOON = dt.datetime(2026, 11, 22, 17, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


def at(*minutes: int) -> list[dt.datetime]:
    return [NOON + dt.timedelta(minutes=one) for one in minutes]


def test_an_instant_in_an_address_comes_back_to_the_microsecond() -> None:
    for one in (EPOCH, NOON, NOON + MICROSECOND):
        assert instant(str(key(one))) == one


@pytest.mark.parametrize("given", ["", "-1", "1.5", "now", "١٢", "1e3"])
def test_what_is_no_instant_is_none(given: str) -> None:
    assert instant(given) is None


def test_a_number_of_any_length_is_an_instant() -> None:
    assert instant("9" * 400) == instant("9" * 17)


def test_a_list_that_fits_is_not_cut() -> None:
    assert cut(at(3, 2, 1), Stretch(3)) is None
    assert cut([], Stretch(3)) is None


def test_a_list_is_cut_between_two_instants() -> None:
    assert cut(at(3, 2, 1), Stretch(2)) == at(1)[0]
    assert cut(at(3, 2, 2), Stretch(2)) == at(2)[0]
    assert cut(at(1, 2, 2), Stretch(2, oldest_first=True)) == at(2)[0]


def test_an_instant_with_more_than_fits_is_kept_whole() -> None:
    assert cut(at(2, 2, 2), Stretch(2)) == NOON + dt.timedelta(minutes=2) - MICROSECOND
    assert cut(at(2, 2, 2), Stretch(2, oldest_first=True)) == NOON + dt.timedelta(minutes=2) + MICROSECOND
