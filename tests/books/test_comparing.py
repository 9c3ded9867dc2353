import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from provider.books.comparing import (
    FINE,
    CloseState,
    Difference,
    How,
    Item,
    Stretch,
    Thing,
    compare,
    days_before,
    state_of,
    stretch_of,
)

P, R, D = Thing.PAYMENT, Thing.PAYOUT, Thing.DISPUTE
NEW_YORK = ZoneInfo("America/New_York")


def here(thing: Thing = P, name: str = "pi_1", cents: int = 100, reference: str = "PY-1") -> Item:
    return Item(thing, name, cents, reference)


def there(thing: Thing = P, name: str = "pi_1", cents: int = 100, currency: str = "usd") -> Item:
    return Item(thing, name, cents, currency=currency)


@pytest.mark.parametrize(
    "ours, theirs, found",
    [
        ([], [], []),
        ([here()], [there()], []),
        ([here(R, "re_1"), here(D, "dp_1")], [there(D, "dp_1"), there(R, "re_1")], []),
        ([], [there()], [Difference(P, How.ONLY_THERE, "pi_1", "", "", "$1.00")]),
        ([here()], [], [Difference(P, How.ONLY_HERE, "pi_1", "PY-1", "$1.00", "")]),
        ([here()], [there(cents=101)], [Difference(P, How.AMOUNTS, "pi_1", "PY-1", "$1.00", "$1.01")]),
        ([here()], [there(currency="eur")], [Difference(P, How.AMOUNTS, "pi_1", "PY-1", "$1.00", "1.00 EUR")]),
        (
            [here(), here(reference="PY-2")],
            [there()],
            [Difference(P, How.AMOUNTS, "pi_1", "PY-1 and PY-2", "$2.00", "$1.00")],
        ),
        (
            [here(P, "x", 5)],
            [there(R, "x", 5)],
            [
                Difference(P, How.ONLY_HERE, "x", "PY-1", "$0.05", ""),
                Difference(R, How.ONLY_THERE, "x", "", "", "$0.05"),
            ],
        ),
    ],
    ids=[
        "nothing",
        "same",
        "kinds in any order",
        "only there",
        "only here",
        "amount",
        "currency",
        "twice here",
        "kind",
    ],
)
def test_each_object_that_differs_is_named_with_both_sides(
    ours: list[Item], theirs: list[Item], found: list[Difference]
) -> None:
    assert compare(ours, theirs) == found
    assert state_of(found) is (CloseState.DIFFERS if found else CloseState.AGREES)
    assert [Difference.from_record(one.as_record()) for one in found] == found


@pytest.mark.parametrize(
    "difference, sentence",
    [
        (
            Difference(P, How.ONLY_THERE, "pi_1", "", "", "$1.00"),
            "Payment pi_1: the service says $1.00, nothing here is known under that name.",
        ),
        (
            Difference(R, How.ONLY_HERE, "re_1", "PO-1", "$1.00", ""),
            "Payout re_1: the service knows of no such money, here PO-1 is $1.00.",
        ),
        (
            Difference(D, How.AMOUNTS, "dp_1", "D-1", "$1.00", "$2.00"),
            "Dispute dp_1: the service says $2.00, here D-1 is $1.00.",
        ),
    ],
)
def test_a_difference_is_told_in_a_sentence(difference: Difference, sentence: str) -> None:
    assert difference.sentence == sentence


@pytest.mark.parametrize(
    "day, hours", [((2026, 11, 21), 24), ((2026, 3, 8), 23), ((2026, 11, 1), 25)], ids=["usual", "short", "long"]
)
def test_a_day_has_the_instants_of_the_schools_calendar(day: tuple[int, int, int], hours: int) -> None:
    found = stretch_of(dt.date(*day), NEW_YORK)
    assert found.end - found.start == dt.timedelta(hours=hours)
    assert (found.start.astimezone(NEW_YORK).hour, found.end.astimezone(NEW_YORK).hour) == (0, 0)


def test_a_stretch_holds_its_first_instant_and_not_the_last() -> None:
    start, end = dt.datetime(2026, 11, 21, tzinfo=dt.UTC), dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    stretch = Stretch(start, end)
    held = [start, end - dt.timedelta(microseconds=1), end, start - dt.timedelta(microseconds=1), None]
    assert [stretch.holds(one) for one in held] == [True, True, False, False, False]


def test_the_week_before_today_is_looked_after_oldest_first() -> None:
    found = days_before(dt.date(2026, 3, 3))
    assert (found[0], found[-1], len(found)) == (dt.date(2026, 2, 24), dt.date(2026, 3, 2), 7)


def test_every_state_of_a_day_has_words_and_only_two_are_fine() -> None:
    assert {state: (state.label, state.tone) for state in CloseState} == {
        CloseState.AWAITED: ("Being compared", "warn"),
        CloseState.AGREES: ("Agrees with the service", "good"),
        CloseState.DIFFERS: ("Differs from the service", "bad"),
        CloseState.UNREACHABLE: ("Service not reached", "warn"),
        CloseState.OFFLINE: ("Offline money only", "neutral"),
    }
    assert {CloseState.AGREES, CloseState.OFFLINE} == FINE
    assert {how: how.label for how in How} == {
        How.ONLY_THERE: "At the service, not here",
        How.ONLY_HERE: "Here, not at the service",
        How.AMOUNTS: "Amounts differ",
    }
