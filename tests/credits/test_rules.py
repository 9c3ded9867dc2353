"""What keeps a request from being sent, what a college may decide, and on which day it is reminded."""

import datetime as dt

import pytest

from provider.credits.rules import (
    AT_COLLEGE,
    DECIDED,
    ENDED,
    LIFECYCLE,
    UNSENT,
    CreditState,
    Decision,
    Facts,
    Missing,
    college_key,
    granted_whole,
    mailbox_problem,
    preflight,
    reminder,
    why_no_decision,
)

S, M = CreditState, Missing
SENT_ON = dt.date(2026, 3, 2)


def test_every_state_is_unsent_at_the_college_decided_or_over() -> None:
    assert sorted([*UNSENT, *AT_COLLEGE, *DECIDED, *ENDED]) == sorted(S)


def test_only_what_was_not_sent_can_be_withdrawn() -> None:
    assert {state for state in S if LIFECYCLE.can(state, S.WITHDRAWN)} == UNSENT


def test_a_letter_goes_only_out_of_what_was_verified() -> None:
    assert {state for state in S if LIFECYCLE.can(state, S.SENT)} == {S.VERIFIED}


@pytest.mark.parametrize("outcome", sorted(DECIDED))
def test_a_college_decides_what_it_was_sent_with_or_without_a_word_of_receipt(outcome: CreditState) -> None:
    assert {state for state in S if LIFECYCLE.can(state, outcome)} == AT_COLLEGE


def test_nothing_follows_the_end_and_staff_can_close_everything_before_it() -> None:
    assert {state for state in S if not LIFECYCLE[state]} == ENDED
    assert {state for state in S if LIFECYCLE.can(state, S.CLOSED)} == set(S) - ENDED


FINE = {"enrolled": True, "passed": True, "recommended": True}


@pytest.mark.parametrize(
    "facts, told",
    [
        (Facts(**FINE), ()),
        (Facts(enrolled=False, passed=False, recommended=False, same_name=False), (M.NO_ENROLLMENT,)),
        (Facts(enrolled=True, passed=False, recommended=False, has_number=False), (M.NOT_VERIFIED,)),
        (Facts(enrolled=True, passed=False, recommended=False, reported=True), (M.BEING_CHECKED,)),
        (Facts(**FINE, reported=True), ()),
        (Facts(enrolled=True, passed=True, recommended=False, badge_claimed=False), (M.NO_RECOMMENDATION,)),
        (Facts(**FINE, same_name=False), (M.NAME_DIFFERS,)),
        (Facts(**FINE, badge_claimed=False, has_number=False), (M.BADGE_NOT_CLAIMED, M.NO_CERTIFICATE_NUMBER)),
        (Facts(**FINE, confirmed=False), (M.NOT_CONFIRMED,)),
    ],
)
def test_what_stops_everything_is_told_alone_and_what_may_fail_all_at_once(
    facts: Facts, told: tuple[Missing, ...]
) -> None:
    assert preflight(facts) == told
    assert all(one.stops for one in told) or not any(one.stops for one in told)


def test_everything_that_may_be_missing_has_a_sentence() -> None:
    assert [one for one in Missing if not one.sentence.endswith(".")] == []


@pytest.mark.parametrize(
    "decision, field",
    [
        (granted_whole(recommended=5, course="MED 110"), None),
        (Decision(S.GRANTED, 4, "MED 110"), "credits"),
        (Decision(S.GRANTED, 6, "MED 110"), "credits"),
        (Decision(S.GRANTED, 5), "course"),
        (Decision(S.PARTLY_GRANTED, 0, "Elective"), "credits"),
        (Decision(S.PARTLY_GRANTED, 1, "Elective"), None),
        (Decision(S.PARTLY_GRANTED, 4, "Elective"), None),
        (Decision(S.PARTLY_GRANTED, 5, "Elective"), "credits"),
        (Decision(S.PARTLY_GRANTED, None, "Elective"), "credits"),
        (Decision(S.PARTLY_GRANTED, 3), "course"),
        (Decision(S.DENIED, reason="No such program here."), None),
        (Decision(S.DENIED), "reason"),
        (Decision(S.DENIED, 1, reason="No such program here."), "credits"),
        (Decision(S.DENIED, None, "Elective", "No such program here."), "credits"),
    ],
)
def test_a_decision_says_all_of_what_it_grants_or_why_it_grants_nothing(decision: Decision, field: str | None) -> None:
    found = why_no_decision(decision, recommended=5)
    assert (found.field if found else None) == field


def test_of_one_credit_no_part_can_be_granted() -> None:
    assert why_no_decision(Decision(S.PARTLY_GRANTED, 1, "Elective"), recommended=1) is not None


@pytest.mark.parametrize(
    "days, reminded, due",
    [
        (0, 0, None),
        (13, 0, None),
        (14, 0, 14),
        (14, 14, None),
        (29, 14, None),
        (30, 14, 30),
        (30, 0, 30),
        (99, 30, None),
    ],
)
def test_a_registrar_is_reminded_after_14_and_30_days_and_once_for_what_was_missed(
    days: int, reminded: int, due: int | None
) -> None:
    assert reminder(SENT_ON, SENT_ON + dt.timedelta(days=days), reminded) == due


@pytest.mark.parametrize(
    "address, refused",
    [
        ("registrar@college.example", False),
        ("ada@example.com", True),
        ("ADA@EXAMPLE.COM", True),
        ("collegecredits@school.example", True),
        ("registrar@sub.school.example", False),
    ],
)
def test_neither_the_student_nor_the_school_decides_as_a_college(address: str, *, refused: bool) -> None:
    problem = mailbox_problem(address, students="ada@example.com", schools="school.example")
    assert (problem is not None) is refused


@pytest.mark.parametrize("name", ["Lakeside College", "LAKESIDE  college", "Lakeside-College."])
def test_a_college_written_in_another_way_is_the_same(name: str) -> None:
    assert college_key(name) == "lakeside college"
