"""The students of a season whose money goes back to cards, and the payment service that they pay at."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from provider.enrollments import queries as enrolled
from provider.kernel.database import db
from provider.payments import queries as paid
from provider.payments.gateway import ReturnStatus
from provider.refunds.rules import SETTLE
from tests.harness.card_money import by_card, intent_of, job, run_refund_jobs
from tests.harness.cards import TimedService

S = TypeVar("S")
# By state: name, address, plan, how many hours ago they enrolled, and what the service makes of their refund.
_WHO: dict[str, tuple[str, str, str, int, ReturnStatus | None]] = {
    "to_card": ("Nadia Haddad", "nadia@example.org", "upfront", 210, ReturnStatus.SUCCEEDED),
    "under_way": ("Oluwaseun Adébáyọ̀", "oluwaseun@example.org", "upfront", 12, ReturnStatus.PENDING),
    "not_taken": ("Marta Kowalczyk", "marta@example.org", "upfront", 80, ReturnStatus.FAILED),
    "given_outside": ("Tariq Aziz", "tariq@example.org", "installments", 130, None),
}
OUTSIDE_CENTS = 10_000


def students(make: Callable[..., S]) -> dict[str, S]:
    """Return who pays by card in a season."""
    return {state: make(name, email, "ccma", plan) for state, (name, email, plan, _, _) in _WHO.items()}


@dataclass(slots=True)
class Played:
    """The payment service of a season, and what comes of each refund there."""

    service: TimedService

    def hours(self, name: str) -> int:
        return self._of(name)[3]

    def asks(self, name: str) -> bool:
        return self._of(name)[4] is not None

    def pay(self, enrollment: str, at: dt.datetime) -> str:
        """Pay what is due first; returns the payment's reference."""
        self.service.at = at
        cents = paid.owed(enrolled.by_reference(enrollment))[0].open_cents
        db.session.rollback()
        return by_card(self.service, enrollment, cents, at=at)

    def give_back(self, name: str, payment: str, at: dt.datetime) -> None:
        """Send the money back, or let the school give a part of it back at the service itself."""
        self.service.at = at
        outcome = self._of(name)[4]
        if outcome is None:
            self.service.return_in_dashboard(intent_of(payment), OUTSIDE_CENTS)
            job(SETTLE, at, intent=intent_of(payment))
        else:
            self.service.return_will(outcome)
            run_refund_jobs(at)

    def _of(self, name: str) -> tuple[str, str, str, int, ReturnStatus | None]:
        return next(one for one in _WHO.values() if one[0] == name)
