"""What went back at the service against our payouts: by id, by name, by amount; in any order, and never too much."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.payments.gateway import Return, ReturnStatus
from provider.refunds.matching import Part, Plan, match
from provider.refunds.rules import PayoutState
from tests.harness.soak import repetitions

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
P, R = PayoutState, ReturnStatus
WHOLE = 1000
DUE = Part("PO-1", P.DUE, WHOLE, by_card=True)
SENDING = replace(DUE, state=P.SENDING)
SENT = replace(DUE, state=P.SENT, return_id="re_1")
FAILED = replace(DUE, state=P.FAILED, former=frozenset({"re_1"}))


def back(name: str, cents: int = WHOLE, *, status: ReturnStatus = R.SUCCEEDED, reference: str | None = None) -> Return:
    number = int(name.partition("_")[2])
    return Return(name, status, "pi_1", cents, "usd", reference, NOON + dt.timedelta(seconds=number))


def told(plan: Plan) -> tuple[list[tuple[str, str]], list[str], list[str], int, bool]:
    return (
        [(reference, one.id) for reference, one in plan.follow],
        [one.id for one in plan.outside],
        [one.id for one in plan.too_much],
        plan.covered_cents,
        plan.unclear,
    )


CASES = {
    "nothing went back": ([DUE], [], ([], [], [], 0, False)),
    "known by its id": ([SENT], [back("re_1")], ([("PO-1", "re_1")], [], [], 0, False)),
    "the answer was lost": ([SENDING], [back("re_1", reference="PO-1")], ([("PO-1", "re_1")], [], [], 0, False)),
    "the answer was lost, and it failed": (
        [SENDING],
        [back("re_1", reference="PO-1", status=R.FAILED)],
        ([("PO-1", "re_1")], [], [], 0, False),
    ),
    "an earlier try that failed": (
        [replace(SENDING, former=frozenset({"re_1"}))],
        [back("re_1", reference="PO-1", status=R.FAILED)],
        ([], [], [], 0, False),
    ),
    "the dashboard was first": ([DUE], [back("re_2")], ([("PO-1", "re_2")], [], [], 0, False)),
    "the dashboard after a failure": (
        [FAILED],
        [back("re_1", reference="PO-1", status=R.FAILED), back("re_2")],
        ([("PO-1", "re_2")], [], [], 0, False),
    ),
    "the dashboard while ours is being sent": ([SENDING], [back("re_2")], ([], [], [], WHOLE, True)),
    "a part of it there": ([DUE], [back("re_2", 400)], ([], [], [], 400, False)),
    "all of it there in parts": ([DUE], [back("re_2", 400), back("re_3", 600)], ([("PO-1", "re_3")], [], [], 0, False)),
    "a part there, the rest from us": (
        [SENT],
        [back("re_2", 400), back("re_1", 600, reference="PO-1")],
        ([("PO-1", "re_1")], [], [], 400, False),
    ),
    "without any refund of ours": ([], [back("re_2", 400)], ([], ["re_2"], [], 0, False)),
    "what failed there": ([], [back("re_2", 400, status=R.FAILED)], ([], [], [], 0, False)),
    "twice, the second too much": ([], [back("re_2", 700), back("re_3", 700)], ([], ["re_2"], ["re_3"], 0, False)),
    "on top of ours": ([SENT], [back("re_1"), back("re_2", 1)], ([("PO-1", "re_1")], [], ["re_2"], 0, False)),
    "after it went by check": (
        [Part("PO-1", P.SENT, WHOLE, by_card=False, return_id="check 7")],
        [back("re_2")],
        ([], [], ["re_2"], 0, False),
    ),
    "after the bank gave it back": ([replace(SENT, return_id="dp_1")], [back("re_2")], ([], [], ["re_2"], 0, False)),
    "in another currency": ([DUE], [replace(back("re_2"), currency="eur")], ([], [], [], 0, False)),
}


@pytest.mark.parametrize("parts, returns, plan", CASES.values(), ids=CASES)
def test_each_return_is_taken_for_what_it_is(parts: list[Part], returns: list[Return], plan: object) -> None:
    assert told(match(parts, returns, captured_cents=WHOLE)) == plan


RETURNS = st.lists(
    st.builds(
        back,
        st.integers(1, 6).map(lambda number: f"re_{number}"),
        st.sampled_from([1, 400, 600, WHOLE]),
        status=st.sampled_from(R),
        reference=st.sampled_from([None, "PO-1"]),
    ),
    max_size=5,
    unique_by=lambda one: one.id,
)


@settings(max_examples=repetitions(10_000), deadline=None)
@given(part=st.sampled_from([DUE, SENDING, SENT, FAILED]), returns=RETURNS, data=st.data())
def test_the_order_of_returns_means_nothing_and_no_more_is_counted_than_came_in(
    part: Part, returns: list[Return], data: st.DataObject
) -> None:
    plan = match([part], returns, captured_cents=WHOLE)
    shuffled = data.draw(st.permutations(returns))
    assert told(match([part], shuffled, captured_cents=WHOLE)) == told(plan)
    assert plan.outside == []  # the payout counts all of the payment already
    assert len(plan.follow) <= 1
