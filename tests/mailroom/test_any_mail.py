"""Whatever students, staff, colleges and machines write and do in any order: no mail moves what people decide."""

from collections.abc import Callable

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
    rule,
    run_state_machine_as_test,
)

from provider.credits.rules import CreditState
from provider.kernel.database import db
from provider.mail.rules import Mailbox
from provider.mailroom.rules import MailState
from tests.harness.mail_world import SAYS, STAFF_ADDRESS, STRANGER, World
from tests.harness.soak import repetitions

AGES = st.sampled_from([0, 0, 0, 1, 2])  # mostly what is newest, sometimes an old tab
CODES = st.sampled_from(["CCMA", "CCMA", "CPT"])
STEPS = ("verify", "ask", "send", "receive", "grant", "deny", "close")
WAYS = (
    ("verify", "send"),
    ("verify", "send", "receive", "grant"),
    ("verify", "send", "grant"),
    ("verify", "send", "deny"),
)
WORDS = st.sampled_from(sorted(SAYS))


class Correspondence(RuleBasedStateMachine):
    """Students, staff, colleges, strangers, machines and the clock."""

    opened: Callable[[], World]
    students = Bundle("students")

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).opened()

    @initialize(target=students)
    def students_enroll(self) -> object:
        for _ in range(2):
            self.world.enroll()
            self.world.sits_an_exam(self.world.students[-1], "CCMA", passed=True)
            self.world.ask(self.world.students[-1], "CCMA")
        return multiple(*self.world.students)

    @rule(student=students, code=CODES, passed=st.sampled_from([True, True, False]))
    def sits_an_exam(self, student: str, code: str, *, passed: bool) -> None:
        self.world.sits_an_exam(student, code, passed=passed)

    @rule(student=students, code=CODES)
    def asks(self, student: str, code: str) -> None:
        self.world.ask(student, code)

    @rule(age=AGES, what=st.sampled_from(["change", "answer", "withdraw"]))
    def a_student_goes_on(self, age: int, what: str) -> None:
        self.world.student_does(age, what)

    @rule(age=AGES, steps=st.sampled_from(WAYS))
    def it_goes_its_way(self, age: int, steps: tuple[str, ...]) -> None:
        self.world.staff_do(age, steps)

    @rule(age=AGES, step=st.sampled_from(STEPS))
    def staff_go_on(self, age: int, step: str) -> None:
        self.world.staff_do(age, [step])

    @rule(student=students, sure=st.sampled_from([False, False, True]))
    def is_refunded(self, student: str, *, sure: bool) -> None:
        if sure:
            self.world.refund(student)

    @rule(student=students, says=WORDS, mailbox=st.sampled_from(Mailbox), proved=st.booleans())
    def a_student_writes(self, student: str, says: str, mailbox: Mailbox, *, proved: bool) -> None:
        self.world.writes(student, says, mailbox, proved=proved)

    @rule(who=st.sampled_from([STRANGER, STAFF_ADDRESS]), says=WORDS, mailbox=st.sampled_from(Mailbox))
    def somebody_else_writes(self, who: str, says: str, mailbox: Mailbox) -> None:
        self.world.writes(who, says, mailbox, proved=False)

    @rule(age=AGES, who=st.sampled_from([None, None, STRANGER]), says=WORDS, proved=st.booleans())
    def somebody_answers_a_letter(self, age: int, who: str | None, says: str, *, proved: bool) -> None:
        self.world.answers_a_letter(age, who, says, proved=proved)

    @rule(age=AGES, what=st.sampled_from(["away", "bounce", "forged bounce", "abuse", "ourselves"]))
    def a_machine_says(self, age: int, what: str) -> None:
        self.world.machine_says(age, what)

    @rule(age=AGES)
    def somebody_proves_a_mail(self, age: int) -> None:
        self.world.proves(age)

    @rule(hours=st.sampled_from([0.5, 24, 24 * 15, 24 * 31]))
    def time_passes(self, hours: float) -> None:
        self.world.wait(hours)

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.check_at_rest()


@pytest.mark.one_database("sqlite")
def test_any_order_of_exams_credit_refunds_and_mail_leaves_every_decision_to_people(
    app: Flask, start_over: Callable[[], None]
) -> None:
    def opened() -> World:
        db.session.remove()  # a connection that is in use would outlive the database
        start_over()
        return World(app, reached=reached, filed=filed)

    reached: set[CreditState] = set()
    filed: set[MailState] = set()
    with app.app_context():
        run_state_machine_as_test(
            type("Machine", (Correspondence,), {"opened": staticmethod(opened)}),
            settings=settings(
                max_examples=repetitions(260),
                stateful_step_count=30,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert reached >= set(CreditState) - {CreditState.PARTLY_GRANTED}
    assert filed == set(MailState)
