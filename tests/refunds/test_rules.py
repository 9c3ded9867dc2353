import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest

from provider.policies.rules import (
    Anchor,
    Decision,
    PolicyVersion,
    StateFloor,
    Terms,
    Unit,
    decide,
    override,
    window,
)
from provider.refunds.rules import (
    LIFECYCLE,
    PAYOUT_LIFECYCLE,
    Channel,
    PayoutState,
    RefundBasis,
    RefundState,
    Stays,
    basis_of,
    failure_words,
    is_settled,
    posted_as,
    state_of,
    tuition_part,
    why_not_another_way,
)

R, P, B = RefundState, PayoutState, RefundBasis
BOUGHT = dt.datetime(2026, 11, 21, 15, tzinfo=dt.UTC)


def test_a_refund_goes_only_the_ways_the_school_publishes() -> None:
    assert {(old, new) for old in R for new in R if LIFECYCLE.can(old, new)} == {
        (R.REQUESTED, R.APPROVED),
        (R.REQUESTED, R.DECLINED),
        (R.APPROVED, R.SETTLED),
        (R.SETTLED, R.APPROVED),
    }


def test_a_payout_goes_only_the_ways_the_school_publishes() -> None:
    assert {(old, new) for old in P for new in P if PAYOUT_LIFECYCLE.can(old, new)} == {
        (P.DUE, P.SENDING),
        (P.SENDING, P.SENT),
        (P.SENDING, P.FAILED),
        (P.FAILED, P.SENDING),
        (P.SENT, P.FAILED),
    }


def test_each_state_has_a_label_and_a_tone() -> None:
    assert [(state.label, state.tone) for state in (*R, *P)] == [
        ("Requested", "neutral"),
        ("Approved, on its way", "warn"),
        ("Paid back", "good"),
        ("Declined", "bad"),
        ("To be sent", "warn"),
        ("On its way", "neutral"),
        ("Sent", "good"),
        ("Failed, will be sent again", "bad"),
    ]
    assert [basis.label for basis in B] == [
        "Refund policy of the school",
        "Law of the student's state",
        "Exception made by staff",
        "Payment that came too late",
        "Made at the payment service itself",
    ]
    assert [channel.label for channel in Channel] == [
        "The student’s page",
        "The link in a letter",
        "Staff",
        "Mail",
        "Payment service",
    ]


def decision(hours_later: int, *, hours_at_purchase: int = 24, floor_hours: int = 0) -> Decision:
    policy = PolicyVersion(number=1, hours=24, effective_from=BOUGHT - dt.timedelta(days=1))
    newer = PolicyVersion(number=2, hours=hours_at_purchase, effective_from=BOUGHT)
    terms = Terms(accepted_at=BOUGHT, policy=policy, state="GA", zone=ZoneInfo("America/New_York"))
    floor = StateFloor(
        state="GA",
        anchor=Anchor.PURCHASE,
        amount=floor_hours or None,
        unit=Unit.HOURS,
        citation="Standard 13",
        source="https://example.org/standard-13",
        as_of=dt.date(2026, 11, 1),
        enabled=True,
    )
    return decide(
        terms=terms,
        window=window(terms=terms, purchased_at=BOUGHT, policy_at_purchase=newer, floors=[floor]),
        asked_at=BOUGHT + dt.timedelta(hours=hours_later),
        captured_cents=129_900,
        already_refunded=False,
        disputed=False,
    )


@pytest.mark.parametrize(
    "decided, basis, state",
    [
        (decision(24), B.WINDOW, R.APPROVED),
        (decision(25), B.WINDOW, R.DECLINED),
        (decision(48, hours_at_purchase=48), B.WINDOW, R.APPROVED),
        (decision(72, floor_hours=72), B.STATE_FLOOR, R.APPROVED),
        (decision(73, floor_hours=72), B.STATE_FLOOR, R.DECLINED),
        (override(decision(25), reason="The student was in hospital."), B.OVERRIDE, R.APPROVED),
    ],
    ids=["inside", "outside", "policy at purchase", "inside the law's", "outside the law's", "exception"],
)
def test_a_decision_says_what_the_refund_rests_on(decided: Decision, basis: RefundBasis, state: RefundState) -> None:
    assert (basis_of(decided), state_of(decided)) == (basis, state)


@pytest.mark.parametrize(
    "payouts, settled",
    [
        ([], False),
        ([P.SENT], True),
        ([P.SENT, P.SENT], True),
        ([P.SENT, P.DUE], False),
        ([P.SENDING], False),
        ([P.FAILED, P.SENT], False),
    ],
    ids=["none", "one", "both", "one to go", "sending", "failed"],
)
def test_a_refund_is_settled_when_every_payout_is_sent(payouts: list[PayoutState], *, settled: bool) -> None:
    assert is_settled(payouts) == settled


@pytest.mark.parametrize("tries, name", [(0, "PO-1"), (1, "PO-1"), (2, "PO-1.2"), (11, "PO-1.11")])
def test_each_try_of_a_payout_has_a_name_of_its_own_in_the_ledger(tries: int, name: str) -> None:
    assert posted_as("PO-1", tries) == name


@pytest.mark.parametrize(
    "part, left, paying, tuition",
    [(1000, 1000, 1000, 1000), (1000, 1000, 700, 700), (300, 1000, 700, 0), (301, 1000, 700, 1), (700, 700, 1000, 700)],
    ids=["all pays", "all of one with credit", "all of the credit", "one cent more", "the rest after a part"],
)
def test_what_paid_nothing_goes_back_before_tuition(part: int, left: int, paying: int, tuition: int) -> None:
    assert tuition_part(part_cents=part, left_cents=left, paying_cents=paying) == tuition


def test_why_money_did_not_arrive_is_said_in_words() -> None:
    assert failure_words("lost_or_stolen_card") == "The card was reported as lost or stolen."
    assert {failure_words(None), failure_words("a_new_code")} == {"The bank did not say why."}


# What goes to a card, sent another way: the facts of a payout that was never asked for, at a school without a service.
NEVER_ASKED = {
    "by_card": True,
    "disputed": False,
    "given_back": False,
    "taken": False,
    "untried": True,
    "unanswered": False,
    "service_on": False,
}


@pytest.mark.parametrize(
    "state, changed, why",
    [
        (P.DUE, {}, None),
        (P.SENDING, {}, None),
        (P.FAILED, {"untried": False}, None),
        (P.FAILED, {"untried": False, "service_on": True}, None),
        (P.FAILED, {"untried": False, "unanswered": True}, Stays.UNANSWERED),
        (P.FAILED, {"untried": False, "unanswered": True, "service_on": True}, Stays.UNANSWERED),
        (P.FAILED, {"unanswered": True, "given_back": True}, Stays.GIVEN_BACK),
        (P.DUE, {"service_on": True}, Stays.GOES_BY_ITSELF),
        (P.SENDING, {"service_on": True}, Stays.GOES_BY_ITSELF),
        (P.SENDING, {"untried": False}, Stays.UNANSWERED),
        (P.SENDING, {"untried": False, "unanswered": True}, Stays.UNANSWERED),
        (P.SENDING, {"untried": False, "service_on": True}, Stays.UNANSWERED),
        (P.SENDING, {"untried": False, "taken": True}, Stays.NOBODY_ASKS),
        (P.SENDING, {"untried": False, "taken": True, "service_on": True}, Stays.UNDER_WAY),
        (P.SENT, {"untried": False, "taken": True}, Stays.SENT),
        (P.SENT, {"by_card": False, "taken": True}, Stays.SENT),
        (P.DUE, {"by_card": False}, Stays.NOT_BY_CARD),
        (P.DUE, {"disputed": True}, Stays.DISPUTED),
        (P.FAILED, {"untried": False, "disputed": True}, Stays.DISPUTED),
        (P.DUE, {"given_back": True}, Stays.GIVEN_BACK),
        (P.FAILED, {"untried": False, "given_back": True}, Stays.GIVEN_BACK),
    ],
)
def test_what_was_never_sent_or_failed_for_good_goes_another_way_and_nothing_else_does(
    state: PayoutState, changed: dict[str, bool], why: Stays | None
) -> None:
    assert why_not_another_way(state, **(NEVER_ASKED | changed)) is why


def test_of_all_that_can_be_true_of_a_payout_only_three_kinds_go_another_way() -> None:
    """Failed, with every answer known; or never asked for, due or in hand, without a service.

    By card, undisputed, and not given back by a bank.
    """
    goes = set()
    everything = itertools.product(*[(False, True)] * len(NEVER_ASKED))
    for state, facts in itertools.product(P, everything):
        known = dict(zip(NEVER_ASKED, facts, strict=True))
        if why_not_another_way(state, **known) is None:
            goes.add((state, *(known[name] for name in ("by_card", "disputed", "given_back"))))
            assert not known["unanswered"]
            assert state is P.FAILED or (known["untried"] and not known["taken"] and not known["service_on"])
    assert goes == {(state, True, False, False) for state in (P.DUE, P.SENDING, P.FAILED)}


def test_each_reason_why_money_stays_with_its_card_has_its_own_words() -> None:
    assert len({one.sentence for one in Stays}) == len(Stays)
