import datetime as dt
import random

import pytest
import sqlalchemy as sa
from flask.ctx import AppContext

from provider.enrollments.queries import by_reference
from provider.enrollments.rules import OWED_STATES
from provider.kernel.actors import Actor, ActorKind
from provider.kernel.database import db, unit_of_work
from provider.kernel.errors import DomainError
from provider.ledger.actions import post
from provider.ledger.models import LedgerEntry
from provider.ledger.queries import balances, postings
from provider.ledger.rules import Account, Amounts, PostingKind
from provider.payments import queries as payments
from provider.payments.rules import PaymentState
from provider.refunds import actions as refunds
from provider.refunds import queries as refund_rows
from provider.refunds.rules import Channel, PayoutState
from tests.harness.money import BURSAR, PAID, agreed, books, record, reverse, stored, totals
from tests.harness.soak import repetitions

A = Account
STUDENT = Actor(ActorKind.STUDENT, "P-33333333")
HOUR = dt.timedelta(hours=1)


def accepted(reference: str, cents: int) -> None:
    with unit_of_work():
        amounts = Amounts(owed=cents)
        post(kind=PostingKind.ACCEPTED, about=reference, subject=reference, amounts=amounts, at=PAID)


def test_a_posting_is_stored_with_its_lines(context: AppContext) -> None:
    accepted("E-22222222", 900)
    (posting,) = postings("E-22222222")
    assert (posting.kind.value, posting.subject_reference, posting.at) == ("accepted", "E-22222222", PAID)
    assert [(line.account.value, line.side.value, line.cents) for line in posting.entries] == [
        ("receivable", "debit", 900),
        ("tuition", "credit", 900),
    ]
    assert balances("E-22222222") == {A.RECEIVABLE: 900, A.TUITION: -900}


def test_nothing_is_posted_for_nothing(context: AppContext) -> None:
    accepted("E-22222222", 0)
    assert postings("E-22222222") == []


def test_an_event_is_posted_once_for_its_subject(context: AppContext) -> None:
    accepted("E-22222222", 900)
    with pytest.raises(sa.exc.IntegrityError):
        accepted("E-22222222", 900)
    assert balances("E-22222222") == {A.RECEIVABLE: 900, A.TUITION: -900}


@pytest.mark.parametrize("table", ["ledger_posting", "ledger_entry"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"], ids=["update", "delete"])
def test_what_was_posted_stays(context: AppContext, table: str, change: str) -> None:
    accepted("E-22222222", 900)
    with pytest.raises(sa.exc.DBAPIError, match=f"{table} is append-only"), unit_of_work():
        db.session.execute(sa.text(change.format(table)))
    assert len(postings("E-22222222")) == 1


def test_a_line_of_no_cents_is_refused_by_the_table(context: AppContext) -> None:
    accepted("E-22222222", 900)
    posting = postings("E-22222222")[0].id
    with pytest.raises(sa.exc.IntegrityError), unit_of_work():
        db.session.execute(sa.insert(LedgerEntry).values(posting_id=posting, account="tuition", side="debit", cents=0))


class Story:
    """One enrollment to which anything may happen; what staff may not do is refused and changes nothing."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.reference = agreed("installments")
        self.now = PAID

    def step(self) -> None:
        self.now += self.random.choice([HOUR, 5 * HOUR])
        verb = self.random.choice(
            [self.record, self.record, self.reverse, self.ask, self.withdraw, self.send, self.late]
        )
        try:
            verb()
        except DomainError:
            db.session.rollback()

    def record(self) -> None:
        record(self.reference, self.random.choice([1, 700, 52_500, 105_000, 215_000]), at=self.now)

    def reverse(self) -> None:
        paid = payments.of_enrollment(stored(self.reference).id)
        if paid:
            reverse(self.random.choice(paid).reference, at=self.now)

    def ask(self) -> None:
        if self.random.random() < 0.2:
            with unit_of_work():
                refunds.ask(
                    enrollment=by_reference(self.reference, lock=True),
                    note=None,
                    channel=Channel.PAGE,
                    actor=STUDENT,
                    received_at=self.now,
                    at=self.now,
                )

    def withdraw(self) -> None:
        if self.random.random() < 0.2:
            with unit_of_work():
                refunds.withdraw(
                    enrollment=by_reference(self.reference, lock=True),
                    reason="Moved to another state.",
                    waive=self.random.random() < 0.5,
                    actor=BURSAR,
                    at=self.now,
                )

    def send(self) -> None:
        waiting = [one for one in refund_rows.payouts_waiting() if one.refund.enrollment.reference == self.reference]
        if waiting:
            with unit_of_work():
                payout = refund_rows.payout(waiting[0].reference)
                refunds.send_payout(payout=payout, external_reference="wire", actor=BURSAR, at=self.now)

    def late(self) -> None:
        paid = [one.reference for one in payments.of_enrollment(stored(self.reference).id) if one.for_return]
        if paid:
            with unit_of_work():
                one = payments.by_reference(paid[0])
                refunds.return_late_payment(payment=one, actor=BURSAR, at=self.now)

    def check(self) -> None:
        """Compare what the tables count with what the ledger says."""
        found = books(self.reference)
        enrollment = stored(self.reference)
        paid = payments.of_enrollment(enrollment.id)
        standing = [one for one in paid if one.state is PaymentState.CAPTURED]
        made = [part for refund in refund_rows.of_enrollment(enrollment.id) for part in refund.payouts]
        sent = sum(part.amount_cents for part in made if part.state is PayoutState.SENT)
        waiting = sum(part.amount_cents for part in made if part.state is not PayoutState.SENT)
        assert sum(found.values()) == 0
        assert found.get("cash_offline", 0) == sum(one.amount_cents for one in standing) - sent
        assert -found.get("refunds_payable", 0) == waiting
        assert sum(one.refunded_cents for one in standing) == sent + waiting
        live = [share for one in standing for share in one.allocations if share.released_at is None]
        assert sum(one.paid_cents for one in enrollment.installments) == sum(share.cents for share in live)
        credit = sum(one.amount_cents - one.refunded_cents for one in standing) - sum(
            share.cents for one in standing if not one.refunded_cents for share in one.allocations
            if share.released_at is None
        )  # fmt: skip
        assert -found.get("student_credit", 0) == credit
        owed = sum(one.open_cents for one in enrollment.installments if one.state in OWED_STATES)
        assert found.get("receivable", 0) == owed
        db.session.expunge_all()


@pytest.mark.parametrize("seed", range(repetitions(200)))
def test_after_every_step_the_ledger_says_what_the_tables_count(context: AppContext, seed: int) -> None:
    story = Story(seed)
    for _ in range(14):
        story.step()
        story.check()
    assert sum(totals().values()) == 0
