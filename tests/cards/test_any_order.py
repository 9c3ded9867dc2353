"""Whatever happens in whatever order: at each step nothing is taken twice, and in the end both books agree."""

import enum
import sys
from collections.abc import Callable
from typing import ClassVar

import hypothesis.strategies as st
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from provider.cards.rules import What
from provider.kernel.database import db
from provider.mail.actions import SEND
from provider.payments.gateway import IntentStatus, ReturnStatus
from tests.harness.cards import TimedService
from tests.harness.hooks import with_cards
from tests.harness.money import PAID
from tests.harness.money_world import World
from tests.harness.service_words import ASKS, ASKS_ALWAYS, DECLINED, FAILS_LATER, GOOD, Fault
from tests.harness.soak import repetitions

PLANS = st.sampled_from(["upfront", "installments"])
NUMBERS = st.sampled_from([GOOD, GOOD, GOOD, DECLINED, ASKS, ASKS_ALWAYS, FAILS_LATER])
SEQUENCES = repetitions(5_000)  # on each database
FAULTS = [fault for fault in Fault if fault is not Fault.HANG]


class Begins(enum.Enum):
    """How far a student is when the story begins; most of what can go wrong needs money that came in."""

    AGREED = enum.auto()
    PAID = enum.auto()
    PAID_AND_KEEPS_THE_CARD = enum.auto()


def some(there: Callable[[World], bool]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a rule be drawn only where the world has something for it."""
    return precondition(lambda machine: there(machine.world))


class Money(RuleBasedStateMachine):
    """Students, staff, banks, the line and the clock."""

    opened: Callable[[], World]
    by_check: ClassVar[list[int]] = [0]  # how many payouts went another way, all together
    ends: ClassVar[list[int]] = []  # how many payments by card each story had that came to its end
    students = Bundle("students")

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).opened()

    @initialize(target=students, lives=st.lists(st.tuples(PLANS, st.sampled_from(Begins)), min_size=1, max_size=2))
    def begin(self, lives: list[tuple[str, Begins]]) -> object:
        for plan, begins in lives:
            student = self.world.enroll(plan)
            if begins is not Begins.AGREED:
                self.world.pay(student, GOOD, None, keep=begins is Begins.PAID_AND_KEEPS_THE_CARD)
        return multiple(*self.world.students)

    @rule(student=students, number=NUMBERS, what=st.sampled_from([None, What.REST]), keep=st.booleans())
    def pays(self, student: str, number: str, what: What | None, *, keep: bool) -> None:
        self.world.pay(student, number, what, keep=keep)

    @some(World.has_cards)
    @rule(student=students)
    def pays_by_the_kept_card(self, student: str) -> None:
        self.world.pay_by_kept_card(student)

    @rule(student=students)
    def pays_by_check(self, student: str) -> None:
        self.world.pay_by_check(student)

    @some(World.is_asked_by_banks)
    @rule(agree=st.booleans())
    def answers_the_bank(self, *, agree: bool) -> None:
        self.world.confirm(agree=agree)

    @some(World.has_cards)
    @rule(student=students)
    def takes_the_card_away(self, student: str) -> None:
        self.world.remove_card(student)

    @rule(student=students)
    def asks_for_the_money_back(self, student: str) -> None:
        self.world.ask_refund(student)

    @some(World.has_money)
    @rule(student=students)
    def gets_an_exception(self, student: str) -> None:
        self.world.override(student)

    @rule(student=students, waive=st.booleans())
    def withdraws(self, student: str, *, waive: bool) -> None:
        self.world.withdraw(student, waive=waive)

    @some(World.has_money)
    @rule(student=students, whole=st.booleans())
    def is_refunded_at_the_service(self, student: str, *, whole: bool) -> None:
        self.world.refund_at_the_service(student, whole=whole)

    @some(World.has_money)
    @rule(student=students)
    def complains_to_the_bank(self, student: str) -> None:
        self.world.dispute(student)

    @some(World.has_disputes)
    @rule(won=st.booleans())
    def the_banks_decide(self, *, won: bool) -> None:
        self.world.decide_disputes(won=won)

    @rule(status=st.sampled_from(ReturnStatus))
    def the_next_return_will(self, status: ReturnStatus) -> None:
        self.world.service.return_will(status)

    @rule(status=st.sampled_from([IntentStatus.PROCESSING, IntentStatus.FAILED]))
    def the_next_charge_will(self, status: IntentStatus) -> None:
        self.world.service.charge_will(status)

    @some(World.is_processed)
    @rule(success=st.booleans())
    def charges_settle(self, *, success: bool) -> None:
        self.world.settle_charges(success=success)

    @some(World.has_returns)
    @rule(success=st.booleans())
    def returns_settle(self, *, success: bool) -> None:
        self.world.settle_returns(success=success)

    @some(World.has_returns)
    @rule()
    def failed_payouts_are_tried_again(self) -> None:
        self.world.try_failed_payouts_again()

    @some(World.has_money)
    @rule(there=st.booleans())
    def keys_are_taken_out_or_put_back(self, *, there: bool) -> None:
        self.world.put_the_keys_back() if there else self.world.take_the_keys_out()

    @some(World.has_what_may_go_another_way)
    @rule()
    def payouts_are_sent_by_check(self) -> None:
        self.world.send_payouts_another_way()
        type(self).by_check[0] += len(self.world._another_way())

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def the_line_breaks(self, faults: list[Fault]) -> None:
        self.world.service.fail_next(*faults)

    @rule(data=st.data(), copies=st.integers(1, 3))
    def word_arrives(self, data: st.DataObject, copies: int) -> None:
        self.world.deliver(
            lambda told: data.draw(st.permutations(told))[: data.draw(st.integers(0, len(told)))] * copies
        )

    @rule(hours=st.sampled_from([0.01, 0.5, 3, 23.9, 24.1, 72, 24 * 31]))
    def time_passes(self, hours: float) -> None:
        self.world.wait(hours)

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        """Look at the end; a story that broke off, or was dropped for being too long, has none."""
        if sys.exc_info()[0] is not None:
            return
        self.world.come_to_rest()
        self.world.check_at_rest()
        self.ends.append(len(self.world.service.totals()))


def test_any_order_of_payments_refunds_disputes_faults_and_word_leaves_both_books_equal(
    app: Flask, service: TimedService, start_over: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    known, found = app.extensions["settings"], app.extensions["registry"]
    of_money = [
        one for one in found.periodic if one.kind.startswith(("cards.", "refunds.", "payments.", "enrollments."))
    ]
    monkeypatch.setattr(found, "periodic", of_money)  # the nightly audit is asked for once, at rest
    monkeypatch.setitem(found.jobs, SEND, lambda _payload, *, now: None)  # noqa: ARG005 - letters stay in the outbox

    def opened() -> World:
        db.session.remove()  # a connection that is in use would outlive the database
        start_over()
        service.__init__(PAID)  # type: ignore[misc] # a new account at the service
        world = World(app, service)
        world.put_the_keys_back()
        return world

    monkeypatch.setitem(app.extensions, "settings", with_cards(known, service.secret))
    ends: list[int] = []
    by_check = [0]
    machine = type("Machine", (Money,), {"opened": staticmethod(opened), "ends": ends, "by_check": by_check})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(ends) >= SEQUENCES
    assert by_check[0] > 0
    assert sum(1 for payments in ends if payments) > len(ends) // 2  # most of them had money to lose
