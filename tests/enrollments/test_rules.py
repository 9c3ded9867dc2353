import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.enrollments.rules import (
    CLASSROOM_STATES,
    INSTALLMENT_LIFECYCLE,
    LIFECYCLE,
    OPEN_STATES,
    OWED_STATES,
    REFUNDABLE_STATES,
    UNPAID_STATES,
    EnrollmentState,
    InstallmentState,
    answers_digest,
    lapses_at,
)

E, I = EnrollmentState, InstallmentState  # noqa: E741 - as short as the table below


def test_an_enrollment_goes_only_the_ways_the_school_publishes() -> None:
    assert {(old, new) for old in E for new in E if LIFECYCLE.can(old, new)} == {
        (E.STARTED, E.AWAITING_PAYMENT),
        (E.STARTED, E.ACTIVE),
        (E.STARTED, E.CANCELED),
        (E.AWAITING_PAYMENT, E.ACTIVE),
        (E.AWAITING_PAYMENT, E.CANCELED),
        (E.ACTIVE, E.COMPLETED),
        (E.ACTIVE, E.WITHDRAWN),
        (E.ACTIVE, E.REFUNDED),
        (E.ACTIVE, E.STARTED),
        (E.ACTIVE, E.AWAITING_PAYMENT),
        (E.COMPLETED, E.WITHDRAWN),
        (E.COMPLETED, E.REFUNDED),
        (E.WITHDRAWN, E.REFUNDED),
    }


def test_an_installment_goes_only_the_ways_the_school_publishes() -> None:
    assert {(old, new) for old in I for new in I if INSTALLMENT_LIFECYCLE.can(old, new)} == {
        (I.SCHEDULED, I.PAID),
        (I.SCHEDULED, I.PAST_DUE),
        (I.SCHEDULED, I.WAIVED),
        (I.SCHEDULED, I.CANCELED),
        (I.PAST_DUE, I.PAID),
        (I.PAST_DUE, I.WAIVED),
        (I.PAST_DUE, I.CANCELED),
        (I.PAID, I.SCHEDULED),
        (I.PAID, I.PAST_DUE),
    }


def test_groups_of_states_are_what_their_names_say() -> None:
    assert {E.STARTED, E.AWAITING_PAYMENT, E.ACTIVE} == OPEN_STATES
    assert {E.STARTED, E.AWAITING_PAYMENT} == UNPAID_STATES
    assert {E.ACTIVE, E.COMPLETED} == CLASSROOM_STATES
    assert {E.ACTIVE, E.COMPLETED, E.WITHDRAWN} == REFUNDABLE_STATES
    assert {I.SCHEDULED, I.PAST_DUE} == OWED_STATES


def test_each_state_has_a_label_and_a_tone() -> None:
    assert [(state.label, state.tone) for state in E] == [
        ("Started", "warn"),
        ("Awaiting payment", "warn"),
        ("Active", "good"),
        ("Completed", "good"),
        ("Canceled", "neutral"),
        ("Withdrawn", "neutral"),
        ("Refunded", "neutral"),
    ]
    assert [(state.label, state.tone) for state in I] == [
        ("Scheduled", "neutral"),
        ("Past due", "bad"),
        ("Paid", "good"),
        ("Waived", "neutral"),
        ("Canceled", "neutral"),
    ]


def test_an_enrollment_nobody_pays_for_is_given_up_after_fourteen_days() -> None:
    accepted_at = dt.datetime(2026, 10, 25, 12, tzinfo=ZoneInfo("America/New_York"))
    assert lapses_at(accepted_at).isoformat() == "2026-11-08T16:00:00+00:00"


ANSWERS = {"plan": "upfront", "name": "Zoë", "phone": None, "prerequisites": ["adult"], "consent": True}


def test_the_same_answers_have_the_same_fingerprint_in_any_order() -> None:
    assert answers_digest(ANSWERS) == answers_digest(dict(reversed(ANSWERS.items())))
    assert answers_digest(ANSWERS) == "e2b376b634c563150e8d11430500bffee7a131471e19a5cfb57235a646f5e1a6"


@pytest.mark.parametrize(
    "changes",
    [{"name": "Zoe"}, {"phone": ""}, {"consent": False}, {"prerequisites": []}, {"extra": None}],
    ids=["name", "phone", "consent", "list", "one more"],
)
def test_other_answers_have_another_fingerprint(changes: dict[str, object]) -> None:
    assert answers_digest({**ANSWERS, **changes}) != answers_digest(ANSWERS)


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.dates()))
def test_any_answer_has_a_fingerprint_of_sixty_four_digits(answers: dict[str, object]) -> None:
    assert len(answers_digest(answers)) == 64


def test_dates_count_by_their_iso_form_and_sets_in_order() -> None:
    assert answers_digest({"born": dt.date(2000, 2, 29)}) == answers_digest({"born": "2000-02-29"})
    assert answers_digest({"met": frozenset({"b", "a"})}) == answers_digest({"met": ["a", "b"]})
    assert answers_digest({"plan": E.ACTIVE}) == answers_digest({"plan": "active"})


def test_an_answer_that_is_no_answer_is_refused() -> None:
    with pytest.raises(TypeError, match="an answer of type object"):
        answers_digest({"file": object()})
