import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.programs.rules import (
    EXAM_FEE,
    Availability,
    Inclusion,
    Recommendation,
    Standing,
    StateRule,
    check_inclusions,
    credit_wording,
    percentages,
    standing_in,
)

TODAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize(
    "items, percents",
    [
        ([84, 15, 12, 12, 12, 7, 8], [56, 10, 8, 8, 8, 5, 5]),
        ([1, 1, 1], [34, 33, 33]),
        ([1, 2, 4], [14, 29, 57]),
        ([150], [100]),
        ([0, 3], [0, 100]),
        ([1] * 8, [13, 13, 13, 13, 12, 12, 12, 12]),
        ([3, 5], [37, 63]),
    ],
    ids=["CCMA", "thirds", "sevenths", "one topic", "an empty topic", "a tie goes to the earlier", "or to the larger"],
)
def test_percentages_come_from_item_counts_and_sum_to_a_hundred(items: list[int], percents: list[int]) -> None:
    assert percentages(items) == percents


@given(st.lists(st.integers(0, 500), min_size=1, max_size=40).filter(any))
def test_no_percentage_is_a_whole_percent_away_from_its_share(items: list[int]) -> None:
    percents = percentages(items)
    assert sum(percents) == 100
    assert all(
        abs(percent * sum(items) - count * 100) < sum(items) for percent, count in zip(percents, items, strict=True)
    )


@pytest.mark.parametrize("items", [[], [0, 0], [5, -1]], ids=["none", "empty", "negative"])
def test_an_exam_without_items_has_no_percentages(items: list[int]) -> None:
    with pytest.raises(ValueError, match="an exam of"):
        percentages(items)


def test_what_tuition_includes_is_one_of_three_things() -> None:
    assert [inclusion.label for inclusion in Inclusion] == ["Included", "Not included", "Not stated"]


def test_the_exam_fee_is_a_required_line() -> None:
    assert check_inclusions({EXAM_FEE: Inclusion.NOT_STATED}) == []
    assert check_inclusions({"classroom": Inclusion.INCLUDED}) == [
        "Say whether tuition includes the exam fee: included, not included or not stated."
    ]


def rule(state: str, availability: Availability, sentence: str) -> StateRule:
    return StateRule(state, availability, sentence, source="https://example.org/rule", as_of=TODAY)


CLOSED = rule("CA", Availability.CLOSED, "California asks for a program it has approved; ours is not.")
NOTICE = rule("CA", Availability.NOTICE, "California licenses phlebotomists itself.")


@pytest.mark.parametrize(
    "state, rules, availability, sentences",
    [
        ("CA", [], Availability.OPEN, ()),
        ("OR", [CLOSED, NOTICE], Availability.OPEN, ()),
        ("CA", [NOTICE], Availability.NOTICE, (NOTICE.sentence,)),
        ("CA", [NOTICE, CLOSED], Availability.CLOSED, (CLOSED.sentence, NOTICE.sentence)),
        ("CA", [rule("CA", Availability.OPEN, "")], Availability.OPEN, ()),
    ],
    ids=["no row", "another state", "a notice", "the strictest row", "an open row"],
)
def test_the_strictest_row_of_a_state_holds(
    state: str, rules: list[StateRule], availability: Availability, sentences: tuple[str, ...]
) -> None:
    assert standing_in(state, rules) == Standing(availability, sentences)


def test_residents_may_enroll_unless_the_program_is_closed_to_them() -> None:
    assert {one: Standing(one).may_enroll for one in Availability} == {
        Availability.OPEN: True,
        Availability.NOTICE: True,
        Availability.CLOSED: False,
    }
    assert [one.label for one in Availability] == ["Open", "Open, with a notice", "Closed"]


def recommendation(
    *,
    credits_: int = 5,
    valid_to: dt.date | None = None,
    confirmed_by: str | None = "R. Credit",
    confirmed_on: dt.date | None = dt.date(2026, 3, 4),
) -> Recommendation:
    return Recommendation(
        credits=credits_,
        source="https://example.org/record",
        valid_from=dt.date(2026, 1, 1),
        valid_to=valid_to,
        confirmed_by=confirmed_by,
        confirmed_on=confirmed_on,
    )


STATED = "The school states 5; ask us for the ACE record."
CONFIRMED = (
    "ACE recommends 5 semester credits (checked on March 4, 2026). "
    "Each college decides whether to accept the recommendation."
)


@pytest.mark.parametrize(
    "one, on, wording",
    [
        (recommendation(confirmed_by=None, confirmed_on=None), TODAY, STATED),
        (recommendation(confirmed_by=None), TODAY, STATED),
        (recommendation(confirmed_by=""), TODAY, STATED),
        (recommendation(confirmed_on=None), TODAY, STATED),
        (recommendation(), TODAY, CONFIRMED),
        (recommendation(), dt.date(2026, 3, 4), CONFIRMED),
        (recommendation(), dt.date(2026, 3, 3), STATED),
        (recommendation(valid_to=TODAY), TODAY, CONFIRMED),
        (recommendation(valid_to=TODAY - dt.timedelta(days=1)), TODAY, STATED),
        (recommendation(confirmed_on=dt.date(2025, 12, 1)), dt.date(2025, 12, 31), STATED),
    ],
    ids=[
        "unconfirmed",
        "by nobody",
        "by a blank",
        "without a date",
        "confirmed",
        "on its day",
        "a day early",
        "last day",
        "run out",
        "not begun",
    ],
)
def test_credit_is_only_what_the_school_states_until_somebody_saw_the_record(
    one: Recommendation, on: dt.date, wording: str
) -> None:
    assert credit_wording(one, on) == wording


def test_one_credit_is_singular() -> None:
    assert credit_wording(recommendation(credits_=1), TODAY).startswith("ACE recommends 1 semester credit (")
