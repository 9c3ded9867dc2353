import datetime as dt
import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.policies.rules import (
    Anchor,
    Clause,
    ClauseCode,
    Decision,
    PolicyVersion,
    Refusal,
    StateFloor,
    Terms,
    Unit,
    decide,
    override,
    reason_problem,
    window,
)

BOUGHT = dt.datetime(2026, 11, 21, 15, tzinfo=dt.UTC)
DEADLINE = BOUGHT + dt.timedelta(hours=24)
MICROSECOND = dt.timedelta(microseconds=1)
POLICY = PolicyVersion(number=1, hours=24, effective_from=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
TERMS = Terms(accepted_at=BOUGHT - dt.timedelta(hours=1), policy=POLICY, state="GA", zone=ZoneInfo("America/New_York"))
WINDOW = window(terms=TERMS, purchased_at=BOUGHT, policy_at_purchase=POLICY)
REASON = "The student was in hospital that day."


def decided(**changes: Any) -> Decision:  # noqa: ANN401 - passes arguments on
    facts: dict[str, Any] = {
        "terms": TERMS,
        "window": WINDOW,
        "asked_at": BOUGHT + dt.timedelta(hours=1),
        "captured_cents": 129_900,
        "already_refunded": False,
        "disputed": False,
    }
    return decide(**(facts | changes))


def test_everything_comes_back_inside_the_window() -> None:
    decision = decided(asked_at=DEADLINE)
    assert (decision.approved, decision.refusal, decision.amount_cents) == (True, None, 129_900)


def test_nothing_comes_back_one_microsecond_after_it() -> None:
    decision = decided(asked_at=DEADLINE + MICROSECOND)
    assert (decision.approved, decision.refusal, decision.amount_cents) == (False, Refusal.OUTSIDE_WINDOW, 0)


def test_a_request_that_reached_us_before_the_payment_was_recorded_is_inside_the_window() -> None:
    assert decided(asked_at=BOUGHT - dt.timedelta(days=3)).approved


def test_an_instant_counts_whatever_zone_it_was_told_in() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert decided(asked_at=DEADLINE.astimezone(tokyo)).approved
    assert not decided(asked_at=(DEADLINE + MICROSECOND).astimezone(tokyo)).approved


@pytest.mark.parametrize(
    "changes, refusal",
    [
        ({"window": None, "captured_cents": 0}, Refusal.NOTHING_CAPTURED),
        ({"captured_cents": 0}, Refusal.NOTHING_CAPTURED),
        ({"already_refunded": True}, Refusal.ALREADY_REFUNDED),
        ({"already_refunded": True, "captured_cents": 0}, Refusal.ALREADY_REFUNDED),
        ({"disputed": True}, Refusal.DISPUTED),
        ({"disputed": True, "asked_at": DEADLINE + MICROSECOND}, Refusal.OUTSIDE_WINDOW),
        ({"already_refunded": True, "asked_at": DEADLINE + MICROSECOND}, Refusal.ALREADY_REFUNDED),
    ],
    ids=["never paid", "reversed", "refunded", "refunded, none left", "disputed", "disputed late", "refunded late"],
)
def test_a_request_is_turned_down_for_one_of_four_reasons(changes: dict[str, Any], refusal: Refusal) -> None:
    decision = decided(**changes)
    assert (decision.approved, decision.amount_cents, decision.refusal) == (False, 0, refusal)


def test_there_is_no_fifth_reason_and_each_has_a_plain_sentence() -> None:
    assert {refusal.value: refusal.sentence for refusal in Refusal} == {
        "outside_window": "Your request reached us after the refund window had closed, "
        "so we cannot give the money back.",
        "nothing_captured": "We have not received a payment from you, so there is nothing to give back. "
        "You can cancel the enrollment free of charge.",
        "already_refunded": "All of your money for this enrollment has already been given back, "
        "or is on its way to you.",
        "disputed": "Your bank is looking into one of your payments. Until it has decided, it holds the money, "
        "and we cannot send it back.",
    }
    assert {refusal.value: refusal.to_staff for refusal in Refusal} == {
        "outside_window": "It came after the refund window had closed.",
        "nothing_captured": "No payment of this student has come in, or none is left to give back.",
        "already_refunded": "All of the money was given back already, or is on its way.",
        "disputed": "A bank holds a payment of this student in a dispute, and has not decided yet.",
    }
    assert [refusal.label for refusal in Refusal] == [
        "After the window had closed",
        "Nothing captured",
        "Already refunded",
        "Disputed",
    ]


@given(
    offset=st.integers(-(10**12), 10**12),
    captured_cents=st.integers(0, 10**7),
    already_refunded=st.booleans(),
    disputed=st.booleans(),
)
def test_a_decision_gives_back_all_or_nothing(
    *, offset: int, captured_cents: int, already_refunded: bool, disputed: bool
) -> None:
    decision = decided(
        asked_at=DEADLINE + dt.timedelta(microseconds=offset),
        captured_cents=captured_cents,
        already_refunded=already_refunded,
        disputed=disputed,
    )
    free = offset <= 0 and captured_cents > 0 and not already_refunded and not disputed
    assert decision.approved == free == (decision.refusal is None)
    assert decision.amount_cents == (captured_cents if free else 0)


def test_captured_money_is_never_negative() -> None:
    with pytest.raises(ValueError, match="captured -1 cents"):
        decided(captured_cents=-1)


def test_a_decision_can_be_explained_years_later() -> None:
    floor = StateFloor(
        state="GA",
        anchor=Anchor.ACCEPTANCE,
        amount=72,
        unit=Unit.HOURS,
        citation="Standard 13",
        source="https://example.org/standard-13",
        as_of=dt.date(2026, 11, 1),
        enabled=True,
    )
    newer = PolicyVersion(number=2, hours=48, effective_from=BOUGHT)
    opened = window(terms=TERMS, purchased_at=BOUGHT, policy_at_purchase=newer, floors=[floor])
    record = decided(window=opened).as_record()
    assert json.loads(json.dumps(record)) == {
        "approved": True,
        "amount_cents": 129_900,
        "captured_cents": 129_900,
        "refusal": None,
        "override_reason": None,
        "clause": {
            "code": "state_floor",
            "text": "Standard 13 (GA), longer than the school's own policy: "
            "72 hours from when you accepted the agreement.",
        },
        "asked_at": "2026-11-21T16:00:00+00:00",
        "purchased_at": "2026-11-21T15:00:00+00:00",
        "deadline": "2026-11-24T14:00:00+00:00",
        "accepted_at": "2026-11-21T14:00:00+00:00",
        "state": "GA",
        "zone": "America/New_York",
        "policy_accepted": {"number": 1, "hours": 24, "effective_from": "2026-01-01T00:00:00+00:00"},
        "policy_at_purchase": {"number": 2, "hours": 48, "effective_from": "2026-11-21T15:00:00+00:00"},
        "floor": {
            "state": "GA",
            "anchor": "acceptance",
            "amount": 72,
            "unit": "hours",
            "citation": "Standard 13",
            "source": "https://example.org/standard-13",
            "as_of": "2026-11-01",
        },
    }


def test_a_decision_without_any_payment_names_the_accepted_policy_and_no_deadline() -> None:
    decision = decided(window=None, captured_cents=0)
    record = decision.as_record()
    assert (decision.deadline, decision.purchased_at, decision.policy_at_purchase) == (None, None, None)
    assert decision.policy_accepted == POLICY
    assert [record[key] for key in ("purchased_at", "deadline", "policy_at_purchase", "floor", "refusal")] == [
        None,
        None,
        None,
        None,
        "nothing_captured",
    ]
    assert decision.clause.code is ClauseCode.POLICY_ACCEPTED


def test_staff_may_give_the_money_back_outside_the_window_for_a_written_reason() -> None:
    late = decided(asked_at=DEADLINE + MICROSECOND)
    decision = override(late, reason=f"  {REASON}\n")
    assert decision == replace(late, override_reason=REASON)
    assert (decision.approved, decision.amount_cents) == (True, 129_900)
    assert decision.clause == Clause(ClauseCode.OVERRIDE, f"Approved by the school outside the window: {REASON}")
    assert decision.as_record()["refusal"] == "outside_window"
    assert decision.as_record()["override_reason"] == REASON


@pytest.mark.parametrize(
    "changes",
    [{}, {"captured_cents": 0}, {"already_refunded": True}, {"disputed": True}],
    ids=["approved", "nothing captured", "refunded", "disputed"],
)
def test_nothing_but_a_closed_window_can_be_overridden(changes: dict[str, Any]) -> None:
    decision = decided(**changes)
    assert not decision.can_be_overridden
    with pytest.raises(ValueError, match="only a request outside the window"):
        override(decision, reason=REASON)


def test_an_override_is_not_overridden_again() -> None:
    decision = override(decided(asked_at=DEADLINE + MICROSECOND), reason=REASON)
    assert not decision.can_be_overridden


TOO_SHORT = "Write the reason in at least 10 characters: it is kept with the decision and audited."


@pytest.mark.parametrize(
    "reason, problem",
    [
        ("", TOO_SHORT),
        ("   \n\t   \n    ", TOO_SHORT),
        ("sick", TOO_SHORT),
        ("a         b", TOO_SHORT),
        ("123456789", TOO_SHORT),
        ("1234567890", None),
        (REASON, None),
    ],
    ids=["empty", "blank", "short", "padded", "nine", "ten", "a sentence"],
)
def test_a_reason_has_at_least_ten_characters_that_say_something(reason: str, problem: str | None) -> None:
    assert reason_problem(reason) == problem


def test_an_override_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 10 characters"):
        override(decided(asked_at=DEADLINE + MICROSECOND), reason="sick")
