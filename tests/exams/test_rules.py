import datetime as dt

import pytest

from provider.exams import rules
from provider.exams.rules import Attempt, ExamState

TODAY = dt.date(2026, 11, 22)
DAY = dt.timedelta(days=1)
S = ExamState


def fail(*days: str) -> tuple[Attempt, ...]:
    return tuple(Attempt(dt.date.fromisoformat(day), passed=False) for day in days)


def test_a_failed_exam_may_be_taken_again_after_thirty_days_and_after_the_third_failure_in_twelve_months() -> None:
    assert rules.retake_from(()) is None
    assert rules.retake_from(fail("2026-01-31")) == dt.date(2026, 3, 2)
    assert rules.retake_from(fail("2026-01-31", "2026-03-02")) == dt.date(2026, 4, 1)
    assert rules.retake_from(fail("2026-01-31", "2026-03-02", "2026-04-01")) == dt.date(2027, 4, 1)
    assert rules.retake_from(fail("2024-11-30", "2025-01-01", "2025-02-28", "2026-02-28")) == dt.date(2027, 2, 28)
    assert rules.retake_from(fail("2023-11-30", "2024-01-01", "2024-02-29")) == dt.date(2025, 2, 28)


def test_a_pass_ends_the_count_of_failures() -> None:
    passed = Attempt(dt.date(2024, 6, 1), passed=True)
    assert rules.retake_from((*fail("2024-01-01", "2024-03-01"), passed)) is None
    later = fail("2026-06-01")
    assert rules.retake_from((*fail("2024-01-01", "2024-03-01"), passed, *later)) == dt.date(2026, 7, 1)


def test_what_was_rejected_was_no_attempt_and_what_is_being_checked_is_one() -> None:
    one, two, three = fail("2026-03-01", "2026-01-01", "2026-02-01")
    assert rules.attempts([(S.REPORTED, one), (S.REJECTED, two), (S.VERIFIED, three)]) == (three, one)


def test_an_attempt_before_its_day_is_said_to_staff_with_that_day() -> None:
    before = fail("2026-01-31")
    assert rules.too_early(dt.date(2026, 3, 1), before) == dt.date(2026, 3, 2)
    assert rules.too_early(dt.date(2026, 3, 2), before) is None
    assert rules.too_early(dt.date(2026, 1, 1), before) is None
    assert rules.too_early(dt.date(2026, 1, 31), ()) is None


@pytest.mark.parametrize(
    "taken_on, months, day",
    [
        (dt.date(2026, 11, 22), 24, dt.date(2028, 11, 22)),
        (dt.date(2024, 2, 29), 24, dt.date(2026, 2, 28)),
        (dt.date(2026, 12, 31), 2, dt.date(2027, 2, 28)),
        (dt.date(2026, 12, 31), 12, dt.date(2027, 12, 31)),
        (dt.date(2026, 11, 22), None, None),
    ],
)
def test_a_certificate_is_renewed_by_the_day_that_its_body_says(
    taken_on: dt.date, months: int | None, day: dt.date | None
) -> None:
    assert rules.renew_by(taken_on, months) == day


@pytest.mark.parametrize(
    "left, due", [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7), (-1, None)]
)
def test_the_last_reminder_that_has_come_is_the_one_that_is_due(left: int, due: int | None) -> None:
    assert rules.reminder(TODAY + left * DAY, TODAY) == due


def test_a_day_that_cannot_be_meant_is_refused_with_a_sentence() -> None:
    assert rules.why_not_taken(TODAY, today=TODAY) is None
    assert rules.why_not_taken(TODAY + DAY, today=TODAY) is not None
    assert rules.why_not_taken(dt.date(1996, 1, 1), today=TODAY) is not None
    before = TODAY + 30 * DAY
    assert rules.why_not_renewed(before, before=before, today=TODAY) is not None
    assert rules.why_not_renewed(before + DAY, before=before, today=TODAY) is None
    assert rules.why_not_renewed(dt.date(2040, 1, 1), before=before, today=TODAY) is not None


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("Ana Núñez", "NÚÑEZ, Ana", True),
        ("Mary-Jane O’Neil", "Mary Jane O'Neil", True),
        ("Ana Núñez", "Ana Nunez", False),
        ("Ana Maria Núñez", "Ana Núñez", False),
    ],
)
def test_names_of_two_lists_are_the_same_whatever_their_order_case_and_signs(
    one: str, other: str, *, same: bool
) -> None:
    assert (rules.normal_name(one) == rules.normal_name(other)) is same
