import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from provider.tuition.rules import (
    ImpossibleSchedule,
    Plan,
    PlanKind,
    Reminder,
    Row,
    check_plans,
    hold_at,
    needs_counsel,
    past_due_at,
    reminders,
    saving_cents,
    schedule,
    split,
)

ACCEPTED = dt.date(2026, 11, 21)
DATES = st.dates(dt.date(2020, 1, 1), dt.date(2090, 12, 31))
UPFRONT = Plan(PlanKind.UPFRONT, 119_900)
FOUR = Plan(PlanKind.INSTALLMENTS, 129_900, 4)


def rows(*values: tuple[str, int]) -> tuple[Row, ...]:
    return tuple(
        Row(number, dt.date.fromisoformat(due_on), cents) for number, (due_on, cents) in enumerate(values, start=1)
    )


@pytest.mark.parametrize(
    "total_cents, count, parts",
    [
        (99_999, 7, [14_286] * 4 + [14_285] * 3),
        (100, 3, [34, 33, 33]),
        (1, 1, [1]),
        (24, 24, [1] * 24),
        (25, 24, [2] + [1] * 23),
        (129_900, 4, [32_475] * 4),
    ],
)
def test_the_first_parts_carry_the_remainder_a_cent_each(total_cents: int, count: int, parts: list[int]) -> None:
    assert split(total_cents, count) == parts


@given(st.integers(1, 10_000_000), st.integers(1, 24))
def test_parts_sum_exactly_to_the_total(total_cents: int, count: int) -> None:
    assume(total_cents >= count)
    parts = split(total_cents, count)
    assert (sum(parts), len(parts)) == (total_cents, count)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] in {0, 1}
    assert parts[-1] >= 1


@given(DATES, st.integers(1, 104), st.integers(1, 24), st.integers(24, 10_000_000))
@example(dt.date(2028, 2, 29), 1, 7, 100_000)
@example(dt.date(2028, 1, 31), 104, 24, 100_000)
@example(dt.date(2026, 12, 31), 52, 13, 100_000)
@example(dt.date(2027, 2, 28), 4, 2, 100_001)
def test_rows_start_on_the_day_of_acceptance_and_end_inside_the_class(
    accepted_on: dt.date, class_weeks: int, count: int, total_cents: int
) -> None:
    assume(count <= class_weeks * 7)
    made = schedule(total_cents, count, accepted_on, class_weeks)
    dates = [row.due_on for row in made]
    last_day = accepted_on + dt.timedelta(weeks=class_weeks, days=-1)
    gaps = {(later - earlier).days for earlier, later in pairwise(dates)}
    assert [row.number for row in made] == list(range(1, count + 1))
    assert [row.amount_cents for row in made] == split(total_cents, count)
    assert dates[0] == accepted_on
    assert dates[-1] <= last_day
    assert all(gap >= 1 for gap in gaps)
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize("class_weeks", range(1, 105))
def test_every_count_fits_every_class_that_has_the_days(class_weeks: int) -> None:
    for count in range(1, 25):
        if count <= class_weeks * 7:
            assert len(schedule(100_000, count, dt.date(2028, 2, 29), class_weeks)) == count
        else:
            with pytest.raises(ImpossibleSchedule):
                schedule(100_000, count, dt.date(2028, 2, 29), class_weeks)


@pytest.mark.parametrize(
    "accepted_on, class_weeks, plan, expected",
    [
        ("2026-11-21", 16, UPFRONT, rows(("2026-11-21", 119_900))),
        (
            "2026-11-21",
            16,
            FOUR,
            rows(("2026-11-21", 32_475), ("2026-12-19", 32_475), ("2027-01-16", 32_475), ("2027-02-13", 32_475)),
        ),
        (
            "2028-01-31",
            8,
            Plan(PlanKind.INSTALLMENTS, 100, 3),
            rows(("2028-01-31", 34), ("2028-02-18", 33), ("2028-03-08", 33)),
        ),
        (
            "2028-02-01",
            4,
            Plan(PlanKind.INSTALLMENTS, 1_001, 2),
            rows(("2028-02-01", 501), ("2028-02-15", 500)),
        ),
        ("2026-12-31", 1, Plan(PlanKind.INSTALLMENTS, 10, 2), rows(("2026-12-31", 5), ("2027-01-03", 5))),
    ],
    ids=["upfront", "four in sixteen weeks", "over a leap day", "in February", "over a year"],
)
def test_a_plan_becomes_dated_rows(accepted_on: str, class_weeks: int, plan: Plan, expected: tuple[Row, ...]) -> None:
    assert plan.schedule(dt.date.fromisoformat(accepted_on), class_weeks) == expected


def test_upfront_is_one_row_whatever_count_it_carries() -> None:
    assert Plan(PlanKind.UPFRONT, 500, 3).schedule(ACCEPTED, 4) == (Row(1, ACCEPTED, 500),)


@pytest.mark.parametrize(
    "total_cents, count, class_weeks, sentence",
    [
        (100_000, 8, 1, "A class of 1 week has no room for 8 installments on days of their own."),
        (100_000, 15, 2, "A class of 2 weeks has no room for 15 installments on days of their own."),
        (100_000, 0, 16, "Choose 1 to 24 installments, not 0."),
        (100_000, 25, 16, "Choose 1 to 24 installments, not 25."),
        (100_000, 4, 0, "A class takes 1 to 104 weeks, not 0."),
        (100_000, 4, 105, "A class takes 1 to 104 weeks, not 105."),
        (3, 4, 16, "$0.03 cannot be paid in 4 parts of at least one cent."),
        (0, 1, 16, "$0.00 cannot be paid in 1 part of at least one cent."),
        (-5, 1, 16, "-$0.05 cannot be paid in 1 part of at least one cent."),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(
    total_cents: int, count: int, class_weeks: int, sentence: str
) -> None:
    with pytest.raises(ImpossibleSchedule) as caught:
        schedule(total_cents, count, ACCEPTED, class_weeks)
    assert caught.value.sentence == sentence


def test_a_split_into_no_parts_is_refused() -> None:
    with pytest.raises(ImpossibleSchedule, match="0 parts"):
        split(100, 0)


DEARER = "Paying all at once ($1,299.00) must cost less than the sum of the installments ($1,299.00)."


@pytest.mark.parametrize(
    "plans, problems",
    [
        ([UPFRONT, FOUR], []),
        ([UPFRONT], []),
        ([FOUR], []),
        ([], ["Offer at least one way of paying."]),
        ([Plan(PlanKind.UPFRONT, 129_900), FOUR], [DEARER]),
        ([Plan(PlanKind.UPFRONT, 129_899), FOUR], []),
        (
            [UPFRONT, Plan(PlanKind.INSTALLMENTS, 129_900, 25)],
            ["Choose 1 to 24 installments, not 25."],
        ),
        (
            [Plan(PlanKind.UPFRONT, 129_900), FOUR, Plan(PlanKind.INSTALLMENTS, 139_900, 6)],
            [DEARER],
        ),
    ],
    ids=["good", "upfront only", "installments only", "none", "as dear", "a cent less", "impossible", "one of two"],
)
def test_plans_on_sale_are_checked(plans: list[Plan], problems: list[str]) -> None:
    assert check_plans(plans, 16) == problems


def test_the_saving_is_the_difference_and_never_below_zero() -> None:
    assert saving_cents(UPFRONT, FOUR) == 10_000
    assert saving_cents(Plan(PlanKind.UPFRONT, 140_000), FOUR) == 0


def test_more_than_four_installments_need_counsel() -> None:
    assert [count for count in range(1, 25) if needs_counsel(count)] == list(range(5, 25))


NEW_YORK, PHOENIX = ZoneInfo("America/New_York"), ZoneInfo("America/Phoenix")


@pytest.mark.parametrize(
    "due_on, zone, late_from, hold_from",
    [
        ("2026-11-21", NEW_YORK, "2026-11-22T05:00:00+00:00", "2026-12-02T05:00:00+00:00"),
        ("2027-03-13", NEW_YORK, "2027-03-14T05:00:00+00:00", "2027-03-24T04:00:00+00:00"),
        ("2027-03-14", NEW_YORK, "2027-03-15T04:00:00+00:00", "2027-03-25T04:00:00+00:00"),
        ("2026-10-31", NEW_YORK, "2026-11-01T04:00:00+00:00", "2026-11-11T05:00:00+00:00"),
        ("2026-11-01", NEW_YORK, "2026-11-02T05:00:00+00:00", "2026-11-12T05:00:00+00:00"),
        ("2028-02-28", PHOENIX, "2028-02-29T07:00:00+00:00", "2028-03-10T07:00:00+00:00"),
        ("2026-12-31", PHOENIX, "2027-01-01T07:00:00+00:00", "2027-01-11T07:00:00+00:00"),
    ],
)
def test_an_installment_is_late_when_its_day_has_ended_at_the_school(
    due_on: str, zone: ZoneInfo, late_from: str, hold_from: str
) -> None:
    day = dt.date.fromisoformat(due_on)
    assert past_due_at(day, zone).isoformat() == late_from
    assert hold_at(day, zone).isoformat() == hold_from


def test_letters_go_out_three_days_before_on_the_day_and_three_and_ten_days_after() -> None:
    assert reminders(dt.date(2027, 3, 1), ACCEPTED) == {
        Reminder.AHEAD: dt.date(2027, 2, 26),
        Reminder.TODAY: dt.date(2027, 3, 1),
        Reminder.LATE: dt.date(2027, 3, 4),
        Reminder.LAST: dt.date(2027, 3, 11),
    }


def test_no_letter_reminds_before_or_on_the_day_of_acceptance() -> None:
    assert reminders(ACCEPTED, ACCEPTED) == {
        Reminder.LATE: dt.date(2026, 11, 24),
        Reminder.LAST: dt.date(2026, 12, 1),
    }


def test_ways_of_paying_have_labels() -> None:
    assert [kind.label for kind in PlanKind] == ["All at once", "Installments"]
