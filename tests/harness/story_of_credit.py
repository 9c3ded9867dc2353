"""Students who ask that a college be told, in each way that the audit looks at. Needs an app context."""

import datetime as dt
from dataclasses import dataclass

from provider.credits.rules import CreditState, Decision
from provider.enrollments.queries import by_reference
from provider.kernel.database import unit_of_work
from provider.refunds import actions as refunds
from provider.refunds.rules import Channel
from tests.harness import college_credit
from tests.harness.externs import active
from tests.harness.money import BURSAR, PAID

HOUR = dt.timedelta(hours=1)
PASSED_ON = dt.date(2026, 11, 19)


@dataclass(frozen=True, slots=True)
class Credit:
    """The requests by what happened to them."""

    requested: str
    asking: str
    sent: str
    decided: str
    gone: str
    sent_before: str


def tell() -> Credit:
    """Let everything happen within hours after the payment."""
    made, enrollments = {}, {}
    for name in ("requested", "asking", "sent", "decided", "gone", "sent_before"):
        email = f"credit-{name.replace('_', '-')}@example.org"
        enrollments[name] = active(email=email)
        college_credit.passed(email, on=PASSED_ON, at=PAID + HOUR)
        made[name] = college_credit.ask(email, at=PAID + 2 * HOUR)
    college_credit.ask_information(made["asking"], at=PAID + 3 * HOUR)
    for number, name in enumerate(("sent", "decided", "sent_before"), start=3):
        college_credit.verify(made[name], at=PAID + 3 * HOUR)
        college_credit.send(made[name], at=PAID + number * HOUR)
    refused = Decision(CreditState.DENIED, reason="No such program.")
    college_credit.decide(made["decided"], refused, at=PAID + 6 * HOUR)
    for name in ("gone", "sent_before"):
        give_back(enrollments[name])
    return Credit(**made)


def give_back(enrollment: str) -> None:
    """Let a student have the money back inside the window."""
    with unit_of_work():
        refunds.ask(
            enrollment=by_reference(enrollment),
            note=None,
            channel=Channel.STAFF,
            evidence="Asked by telephone.",
            actor=BURSAR,
            received_at=PAID + 7 * HOUR,
            at=PAID + 7 * HOUR,
        )
