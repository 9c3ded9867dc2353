"""Whatever students, sites and staff do in whatever order: no place is given twice, none is kept by nobody."""

from collections.abc import Callable

import hypothesis.strategies as st
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from provider.externships.rules import RequestState
from provider.kernel.database import db
from tests.harness.placing_world import World
from tests.harness.sites import Supply
from tests.harness.soak import repetitions

AGES = st.sampled_from([0, 0, 0, 1, 2])  # mostly what is newest, sometimes an old tab


class Placing(RuleBasedStateMachine):
    """Students, coordinators, sites and the clock."""

    opened: Callable[[], World]
    students, supplies = Bundle("students"), Bundle("supplies")

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).opened()

    @initialize(target=supplies, capacities=st.lists(st.sampled_from([1, 1, 2]), min_size=1, max_size=2))
    def sites_offer(self, capacities: list[int]) -> object:
        for capacity in capacities:
            self.world.supply(capacity)
        return multiple(*self.world.supplies)

    @initialize(target=students)
    def students_ask(self) -> object:
        for _ in range(2):
            self.world.graduate()
            self.world.ask(self.world.students[-1])
        return multiple(*self.world.students)

    @rule()
    def the_program_wants_a_shot(self) -> None:
        self.world.require_a_shot()

    @rule(student=students)
    def asks(self, student: str) -> None:
        self.world.ask(student)

    @rule(made=supplies)
    def site_wants_a_shot(self, made: Supply) -> None:
        self.world.require_a_shot(made)

    @rule(student=students, days=st.sampled_from([20, 400]))
    def brings_a_shot(self, student: str, days: int) -> None:
        self.world.bring(student, days)

    @rule(student=students, made=supplies)
    def is_offered_a_place(self, student: str, made: Supply) -> None:
        self.world.send(student, made)

    @rule(age=AGES, yes=st.sampled_from([True, True, False]))
    def answers(self, age: int, *, yes: bool) -> None:
        for offer_id in self.world.offer_ids()[age : age + 1]:
            self.world.answer(offer_id, yes=yes)

    @rule(age=AGES, how=st.sampled_from(["yes", "yes", "no", "other days"]))
    def the_site_answers(self, age: int, how: str) -> None:
        for offer_id in self.world.offer_ids()[age : age + 1]:
            self.world.site_answers(offer_id, how)

    @rule(student=students, made=supplies, days=st.sampled_from([0, 21]), completes=st.booleans())
    def is_placed_at_once(self, student: str, made: Supply, days: int, *, completes: bool) -> None:
        self.world.send(student, made)
        for offer_id in self.world.offer_ids()[:1]:
            self.world.answer(offer_id, yes=True)
            self.world.site_answers(offer_id, "yes")
            self.world.wait(24 * days)
        for placement_id in self.world.placement_ids()[: int(completes)]:
            self.world.complete(placement_id)

    @rule(age=AGES)
    def an_offer_is_taken_back(self, age: int) -> None:
        for offer_id in self.world.offer_ids()[age : age + 1]:
            self.world.take_back(offer_id)

    @rule(age=AGES)
    def a_placement_is_released(self, age: int) -> None:
        for placement_id in self.world.placement_ids()[age : age + 1]:
            self.world.release(placement_id)

    @rule(age=AGES)
    def a_placement_is_completed(self, age: int) -> None:
        for placement_id in self.world.placement_ids()[age : age + 1]:
            self.world.complete(placement_id)

    @rule(made=supplies)
    def a_site_closes_or_opens(self, made: Supply) -> None:
        self.world.close_site(made)

    @rule(made=supplies, days=st.sampled_from([0, 30, 60]))
    def an_agreement_ends_or_begins(self, made: Supply, days: int) -> None:
        self.world.end_agreement(made, days)

    @rule(made=supplies, capacity=st.integers(0, 3))
    def places_change(self, made: Supply, capacity: int) -> None:
        self.world.change_capacity(made, capacity)

    @rule(student=students)
    def takes_the_request_back(self, student: str) -> None:
        self.world.withdraw_request(student)

    @rule(student=students, agreed=st.booleans())
    def is_refunded(self, student: str, *, agreed: bool) -> None:
        self.world.refund(student, agreed=agreed)

    @rule(student=students, agreed=st.booleans())
    def leaves_the_program(self, student: str, *, agreed: bool) -> None:
        self.world.leave_program(student, agreed=agreed)

    @rule(hours=st.sampled_from([0.5, 24, 24 * 6, 24 * 21, 24 * 40]))
    def time_passes(self, hours: float) -> None:
        self.world.wait(hours)

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.check_at_rest()


def test_any_order_of_asking_offering_answering_ending_and_time_keeps_every_place_counted(
    app: Flask, start_over: Callable[[], None]
) -> None:
    def opened() -> World:
        db.session.remove()  # a connection that is in use would outlive the database
        start_over()
        return World(app, reached=reached)

    reached: set[RequestState] = set()
    with app.app_context():
        run_state_machine_as_test(
            type("Machine", (Placing,), {"opened": staticmethod(opened)}),
            settings=settings(
                max_examples=repetitions(600),
                stateful_step_count=14,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert reached >= set(RequestState) - {RequestState.REQUESTED, RequestState.LAPSED}
