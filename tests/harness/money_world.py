"""A school where everything about money may happen in any order, and what must be true of it all the while."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
import time_machine
from flask import Flask

from provider.cards import charging, queries, saving
from provider.cards.models import Charge
from provider.cards.rules import ChargeState, What
from provider.enrollments import queries as enrolled
from provider.enrollments.rules import EnrollmentState
from provider.jobs.models import Job
from provider.jobs.rules import JobState
from provider.jobs.worker import run_due
from provider.kernel.database import db, retrying
from provider.kernel.errors import DomainError
from provider.ledger.models import LedgerEntry
from provider.ledger.rules import Account, Side
from provider.oversight import card_money, decisions, ledger, money_in, money_out, states
from provider.payments.gateway import DisputeStatus, IntentStatus, ReturnStatus, ServiceError
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod
from provider.refunds import actions as refunds
from provider.refunds import another_way
from provider.refunds import queries as refunded
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import Channel, PayoutState, RefundState
from tests.harness import audit
from tests.harness.cards import STUDENT, TimedService, enter_card, start
from tests.harness.hooks import take_in, with_cards
from tests.harness.money import BURSAR, agreed, record, stored
from tests.harness.service_words import Sent

HOUR = dt.timedelta(hours=1)
OF_MONEY = (*ledger.CHECKS, *money_in.CHECKS, *money_out.CHECKS, *card_money.CHECKS, *decisions.CHECKS, *states.CHECKS)
REASON = "The bursar decided so after a telephone call"


@dataclass
class World:
    """The school and the payment service, on one clock; what a person or the world does may be refused, never wrong."""

    app: Flask
    service: TimedService
    students: list[str] = field(default_factory=list)
    told: list[Sent] = field(default_factory=list)
    refusals: int = 0

    @property
    def now(self) -> dt.datetime:
        """The one clock."""
        return self.service.at

    # What there is for anybody to do something with; the service has it in memory.

    def has_cards(self) -> bool:
        """Say whether the service has a card of anybody."""
        return any(method.customer_id for method in self.service._methods.values())

    def has_money(self) -> bool:
        """Say whether anybody's card was charged."""
        return bool(self.service.totals())

    def has_returns(self) -> bool:
        """Say whether money goes or went back."""
        return bool(self.service._returns)

    def has_disputes(self) -> bool:
        """Say whether a bank holds money."""
        return any(one.status is DisputeStatus.OPEN for one in self.service._disputes.values())

    def is_processed(self) -> bool:
        """Say whether a bank takes its time with a charge."""
        return any(one.status is IntentStatus.PROCESSING for one in self.service._intents.values())

    def is_asked_by_banks(self) -> bool:
        """Say whether a bank wants its customer to confirm."""
        return any(one.status is IntentStatus.NEEDS_ACTION for one in self.service._intents.values())

    @property
    def has_keys(self) -> bool:
        """Say whether the school takes cards."""
        return "payment_service" in self.app.extensions

    def has_what_may_go_another_way(self) -> bool:
        """Say whether a card may not have taken money, or nobody can be asked to send it there."""
        return self.has_returns() or (self.has_money() and not self.has_keys)

    # What people do, and the world.

    def enroll(self, plan: str) -> str:
        """A student accepts an agreement; returns its reference."""
        self.students.append(agreed(plan, at=self.now))
        return self.students[-1]

    def pay(self, student: str, number: str, what: What | None, *, keep: bool) -> None:
        """A student enters a card and pays."""
        self._tried(lambda: charging.follow(self._pay(student, number, what, keep=keep), now=self.now))

    def _pay(self, student: str, number: str, what: What | None, *, keep: bool) -> str:
        return start(self.service, student, enter_card(self.service, student, number=number, keep=keep), what)

    def pay_by_kept_card(self, student: str) -> None:
        """A student pays by the card that is kept."""
        card = queries.kept_card(stored(student).id)
        if card is not None:
            self._tried(lambda: charging.follow(start(self.service, student, card.reference), now=self.now))

    def pay_by_check(self, student: str) -> None:
        """Staff record a check for what comes next."""
        owed = [row for row in stored(student).installments if row.open_cents]
        cents = owed[0].open_cents if owed else 10_000
        self._tried(lambda: record(student, cents, at=self.now))

    def confirm(self, *, agree: bool) -> None:
        """Students answer what their banks ask."""
        for intent in list(self.service._intents.values()):
            if intent.status is IntentStatus.NEEDS_ACTION:
                self.service.authenticate(intent.id, success=agree)

    def remove_card(self, student: str) -> None:
        """A student takes the card away."""
        enrollment_id = stored(student).id
        db.session.rollback()
        self._tried(lambda: retrying(lambda: saving.remove(enrollment_id=enrollment_id, actor=STUDENT, at=self.now)))

    def ask_refund(self, student: str) -> None:
        """A student asks for the money back."""
        self._tried(
            lambda: retrying(
                lambda: refunds.ask(
                    enrollment=enrolled.by_reference(student, lock=True),
                    note=None,
                    channel=Channel.PAGE,
                    actor=STUDENT,
                    received_at=self.now,
                    at=self.now,
                )
            )
        )

    def override(self, student: str) -> None:
        """Staff approve a request that was turned down."""
        declined = [one for one in self._refunds(student) if one.state is RefundState.DECLINED]
        if declined:
            reference = declined[0].reference
            self._tried(
                lambda: retrying(
                    lambda: refunds.override(
                        refund=refunded.by_reference(reference), reason=REASON, actor=BURSAR, at=self.now
                    )
                )
            )

    def withdraw(self, student: str, *, waive: bool) -> None:
        """Staff withdraw a student."""
        self._tried(
            lambda: retrying(
                lambda: refunds.withdraw(
                    enrollment=enrolled.by_reference(student, lock=True),
                    reason=REASON,
                    waive=waive,
                    actor=BURSAR,
                    at=self.now,
                )
            )
        )

    def refund_at_the_service(self, student: str, *, whole: bool) -> None:
        """Somebody gives money back in the service's own pages."""
        other = self._another_way()
        totals = self.service.totals()
        intents = [one for one in self._captured(student) if totals[one].returned == 0 and one not in other]
        if intents:
            cents = self.service.totals()[intents[0]].captured
            self.service.return_in_dashboard(intents[0], cents if whole else cents // 3)

    def dispute(self, student: str) -> None:
        """A cardholder complains."""
        for intent in self._captured(student)[:1]:
            if not any(one.intent_id == intent for one in self.service._disputes.values()):
                self._complain(intent)

    def _complain(self, intent: str) -> None:
        if intent not in self._another_way():  # who got a check does not complain
            self.service.open_dispute(intent)

    def decide_disputes(self, *, won: bool) -> None:
        """The banks decide."""
        for one in list(self.service._disputes.values()):
            if one.status is DisputeStatus.OPEN:
                self.service.close_dispute(one.id, DisputeStatus.WON if won else DisputeStatus.LOST)

    def settle_charges(self, *, success: bool) -> None:
        """Banks answer about charges that they took their time with."""
        for one in list(self.service._intents.values()):
            if one.status is IntentStatus.PROCESSING:
                self.service.settle_charge(one.id, success=success)

    def settle_returns(self, *, success: bool) -> None:
        """Money that goes back arrives, or comes back."""
        for one in list(self.service._returns.values()):
            if one.status is ReturnStatus.PENDING:
                self.service.settle_return(one.id, ReturnStatus.SUCCEEDED if success else ReturnStatus.FAILED)

    def try_failed_payouts_again(self) -> None:
        """Staff press the button."""
        query = sa.select(Payout.reference).where(
            Payout.state == PayoutState.FAILED, Payout.method == PaymentMethod.CARD
        )
        for reference in db.session.scalars(query).all():
            self._tried(
                lambda reference=reference: retrying(  # type: ignore[misc]
                    lambda: another_way.try_card_again(payout=refunded.payout(reference), actor=BURSAR, at=self.now)
                )
            )

    def take_the_keys_out(self) -> None:
        """The school leaves the payment service, be it for good."""
        none = {"STRIPE_SECRET_KEY": "", "STRIPE_PUBLISHABLE_KEY": "", "STRIPE_WEBHOOK_SECRET": ""}
        self.app.extensions["settings"] = replace(self.app.extensions["settings"], **none)
        self.app.extensions.pop("payment_service", None)

    def put_the_keys_back(self) -> None:
        """The school takes cards again."""
        self.app.extensions["settings"] = with_cards(self.app.extensions["settings"], self.service.secret)
        self.app.extensions["payment_service"] = self.service

    def send_payouts_another_way(self) -> None:
        """The bursar sends by check what may be sent so, and looks into the service's own pages before."""
        query = sa.select(Payout.reference, Payment.external_reference).join(Payment)
        open_to_cards = query.where(Payout.state != PayoutState.SENT, Payout.method == PaymentMethod.CARD)
        for reference, intent in db.session.execute(open_to_cards).all():
            if not self._touched(intent):
                self._tried(lambda reference=reference: retrying(lambda: self._by_check(reference)))  # type: ignore[misc]

    def _by_check(self, payout: str) -> None:
        another_way.send_another_way(
            payout=refunded.payout(payout),
            method=PaymentMethod.CHECK,
            external_reference=f"check for {payout}",
            reason=REASON,
            actor=BURSAR,
            at=self.now,
        )

    def _touched(self, intent: str) -> bool:
        """Say whether the service's pages show that money of a charge went back, or that a bank holds or took it."""
        disputed = any(one.intent_id == intent for one in self.service._disputes.values())
        return bool(self.service.totals()[intent].returned) or disputed

    def deliver(self, choose: Callable[[list[Sent]], list[Sent]]) -> None:
        """Word of what happened arrives: some of it, in any order, again and again."""
        self.told += self.service.take_events()
        if not self.has_keys:
            return  # the door is closed, and the service tells it again
        take_in(choose(self.told), secret=self.service.secret, at=self.now)

    def work(self) -> None:
        """The worker does what is due."""
        run_due(self.now)

    def wait(self, hours: float) -> None:
        """Time passes, and the worker runs."""
        self.service.at += hours * HOUR
        self.work()

    def _tried(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (DomainError, ServiceError):
            self.refusals += 1
        finally:
            db.session.rollback()

    def _refunds(self, student: str) -> list[Refund]:
        return list(refunded.of_enrollment(stored(student).id))

    def _captured(self, student: str) -> list[str]:
        mine = {one.reference for one in queries.charges(stored(student).id)}
        return [one for one in self.service.totals() if self.service._intents[one].reference in mine]

    def _another_way(self) -> dict[str, int]:
        """Return what of each charge was sent back by check."""
        query = (
            sa.select(Payment.external_reference, sa.func.sum(Payout.amount_cents))
            .join(Payment)
            .where(Payout.state == PayoutState.SENT, Payout.method != PaymentMethod.CARD)
            .where(Payment.method == PaymentMethod.CARD)
            .group_by(Payment.external_reference)
        )
        return {intent: int(cents) for intent, cents in db.session.execute(query)}

    # What must be true after every step.

    def check(self) -> None:
        """Nothing is taken twice, nothing goes back that did not come in, and the books balance."""
        signed = sa.case((LedgerEntry.side == Side.DEBIT, LedgerEntry.cents), else_=-LedgerEntry.cents)
        assert db.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(signed), 0))) == 0
        twice = (
            sa.select(Charge.enrollment_id)
            .where(Charge.state == ChargeState.CAPTURED, Charge.installment_number.is_not(None))
            .group_by(Charge.enrollment_id, Charge.installment_number)
            .having(sa.func.count() > 1)
        )
        assert db.session.scalars(twice).all() == []
        other = self._another_way()
        for intent, total in self.service.totals().items():
            back = total.returned + other.get(intent, 0)
            assert back <= total.captured, f"{intent}: more went back than came in"
        db.session.rollback()

    # What must be true in the end, when nobody does anything any more.

    def come_to_rest(self) -> None:
        """Let the line work, all word arrive, and the worker do everything there is to do."""
        self.put_the_keys_back()
        self.service.plan = lambda _call: None
        self.service._faults.clear()
        for hours in (2, 26):
            self.confirm(agree=True)
            self.settle_charges(success=True)
            self.settle_returns(success=True)
            self.try_failed_payouts_again()
            self.deliver(lambda told: told)
            self.told.clear()
            self.wait(hours)
        self.deliver(lambda told: told)
        self.wait(0.1)
        db.session.rollback()

    def check_at_rest(self) -> None:
        """Our books and the service agree to the cent, nobody paid twice, and nothing is kept that must go back."""
        self.check()
        totals = self.service.totals()
        payments = {
            one.external_reference: one
            for one in db.session.scalars(sa.select(Payment).where(Payment.method == PaymentMethod.CARD))
        }
        assert {name: total.captured for name, total in totals.items()} == {
            name: one.amount_cents for name, one in payments.items()
        }
        sent = self._sent_back()
        for name, total in totals.items():
            assert sent.get(payments[name].id, 0) == total.returned, f"{name}: not what went back"
        assert self._cash() == sum(one.captured - one.returned - one.disputed for one in totals.values())
        for student in self.students:
            self._check_kept(student)
        self._check_forgotten()
        failed = db.session.scalars(sa.select(Job.last_error).where(Job.state == JobState.FAILED)).all()
        assert failed == []
        with time_machine.travel(self.now, tick=False):
            broken = audit.told_by(OF_MONEY)
        assert not broken, "\n".join(broken)

    def _sent_back(self) -> dict[int, int]:
        """Return what was sent back to cards, by payment; what a bank kept in a dispute it gave back itself."""
        query = sa.select(Payout.payment_id, sa.func.sum(Payout.amount_cents)).where(
            Payout.state == PayoutState.SENT,
            Payout.method == PaymentMethod.CARD,
            Payout.external_reference.like("re\\_%", escape="\\"),
        )
        return {payment: int(cents) for payment, cents in db.session.execute(query.group_by(Payout.payment_id))}

    def _cash(self) -> int:
        signed = sa.case((LedgerEntry.side == Side.DEBIT, LedgerEntry.cents), else_=-LedgerEntry.cents)
        query = sa.select(sa.func.coalesce(sa.func.sum(signed), 0)).where(LedgerEntry.account == Account.CASH_CARD)
        return int(db.session.scalars(query).one())

    def _check_forgotten(self) -> None:
        """The service keeps no card but the one that its student lets us charge, and that only for what is to come."""
        serving = {
            card.method_id
            for card in (queries.kept_card(stored(student).id) for student in self.students)
            if card is not None
        }
        assert {name for name, method in self.service._methods.items() if method.customer_id} == serving
        assert queries.kept_for_nothing() == []

    def _check_kept(self, student: str) -> None:
        """Nobody paid more by card than the tuition, and who got the money back, or never began, has all of it."""
        row, totals = stored(student), self.service.totals()
        other, mine = self._another_way(), self._captured(student)
        kept = sum(
            totals[one].captured - totals[one].returned - totals[one].disputed - other.get(one, 0) for one in mine
        )
        if row.state in {EnrollmentState.CANCELED, EnrollmentState.REFUNDED}:
            assert kept <= 0, f"{student} is {row.state} and {kept} cents are kept"
        assert kept <= row.agreement.total_cents, f"{student} paid twice"
