"""The ledger: it balances, nobody rewrites it, and it says the same as the counters."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.rules import OWED_STATES
from provider.kernel import triggers
from provider.kernel.database import db
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.ledger.rules import Account, Side
from provider.oversight.checks import Finding, findings, known, total
from provider.payments.models import Allocation, Payment
from provider.payments.rules import PURCHASE_STATES
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import PayoutState

_DEBITS_LESS_CREDITS = sa.case((LedgerEntry.side == Side.DEBIT, LedgerEntry.cents), else_=-LedgerEntry.cents)
_HELD = tuple(sorted(PURCHASE_STATES))  # what a bank kept stands on `disputed`
Totals = sa.Select[int, int]  # enrollment_id and cents


def append_only_tables_are_guarded() -> Iterator[Finding]:
    """History, ledger and disclosures are only added to: the triggers that refuse anything else are in the database."""
    for trigger in triggers.missing(db.session.connection()):
        yield trigger, "is not in the database, so that rows could be rewritten"


def ledger_posting_balances() -> Iterator[Finding]:
    """Every posting has entries, and its debits equal its credits."""
    signed = total(_DEBITS_LESS_CREDITS)
    query = (
        sa.select(
            LedgerPosting.subject_reference.label("subject"),
            LedgerPosting.kind.label("kind"),
            signed.label("cents"),
            sa.func.count(LedgerEntry.id).label("entries"),
        )
        .outerjoin(LedgerEntry, LedgerEntry.posting_id == LedgerPosting.id)
        .group_by(LedgerPosting.id, LedgerPosting.subject_reference, LedgerPosting.kind)
        .having(sa.or_(signed != 0, sa.func.count(LedgerEntry.id) == 0))
    )
    return findings(query, "has a posting “{kind.value}” of {entries} entries that is off by {cents} cents")


def ledger_names_an_enrollment() -> Iterator[Finding]:
    """Every posting is about an enrollment that there is."""
    query = (
        sa.select(LedgerPosting.subject_reference.label("subject"), LedgerPosting.about.label("about"))
        .outerjoin(Enrollment, Enrollment.reference == LedgerPosting.about)
        .where(Enrollment.id.is_(None))
    )
    return findings(query, "is posted to {about}, which is no enrollment")


def compared(
    accounts: tuple[Account, ...], counted: Totals, sentence: str, *, credit: bool = False
) -> Iterator[Finding]:
    """Compare what accounts stand at for each enrollment with what its counters come to."""
    signed = -_DEBITS_LESS_CREDITS if credit else _DEBITS_LESS_CREDITS
    booked = (
        sa.select(LedgerPosting.about, total(signed).label("cents"))
        .join(LedgerEntry, LedgerEntry.posting_id == LedgerPosting.id)
        .where(LedgerEntry.account.in_(accounts))
        .group_by(LedgerPosting.about)
        .subquery()
    )
    counters = counted.subquery()
    query = (
        sa.select(
            Enrollment.reference.label("subject"),
            known(booked.c.cents).label("booked"),
            known(counters.c.cents).label("counted"),
        )
        .outerjoin(booked, booked.c.about == Enrollment.reference)
        .outerjoin(counters, counters.c.enrollment_id == Enrollment.id)
        .where(known(booked.c.cents) != known(counters.c.cents))
    )
    return findings(query, sentence)


def ledger_receivable_is_what_is_owed() -> Iterator[Finding]:
    """What an enrollment owes in the ledger is what is open of its installments."""
    owed = (
        sa.select(Installment.enrollment_id, total(Installment.amount_cents - Installment.paid_cents).label("cents"))
        .where(Installment.state.in_(OWED_STATES))
        .group_by(Installment.enrollment_id)
    )
    sentence = "owes {booked} cents in the ledger and {counted} cents by its installments"
    return compared((Account.RECEIVABLE,), owed, sentence)


def ledger_cash_is_what_came_in() -> Iterator[Finding]:
    """The cash of an enrollment is what was captured less what was paid out."""
    captured = sa.select(Payment.enrollment_id, Payment.amount_cents.label("cents")).where(Payment.state.in_(_HELD))
    sent = (
        sa.select(Refund.enrollment_id, (-Payout.amount_cents).label("cents"))
        .join(Payout, Payout.refund_id == Refund.id)
        .where(Payout.state == PayoutState.SENT)
    )
    moved = sa.union_all(captured, sent).subquery()
    held = sa.select(moved.c.enrollment_id, total(moved.c.cents).label("cents")).group_by(moved.c.enrollment_id)
    accounts = (Account.CASH_OFFLINE, Account.CASH_CARD, Account.DISPUTED)
    sentence = "holds {booked} cents in the ledger and {counted} cents by its payments and payouts"
    return compared(accounts, held, sentence)


def ledger_payable_is_what_must_go_out() -> Iterator[Finding]:
    """What must go back in the ledger is the payouts that were not sent yet."""
    waiting = (
        sa.select(Refund.enrollment_id, total(Payout.amount_cents).label("cents"))
        .join(Payout, Payout.refund_id == Refund.id)
        .where(Payout.state != PayoutState.SENT)
        .group_by(Refund.enrollment_id)
    )
    sentence = "must give back {booked} cents in the ledger and {counted} cents by its payouts"
    return compared((Account.REFUNDS_PAYABLE,), waiting, sentence, credit=True)


def ledger_credit_is_what_pays_nothing() -> Iterator[Finding]:
    """A student's credit in the ledger is what payments brought beyond the installments they pay."""
    paying = (
        sa.select(Allocation.payment_id, total(Allocation.cents).label("cents"))
        .where(Allocation.released_at.is_(None))
        .group_by(Allocation.payment_id)
        .subquery()
    )
    beyond = Payment.amount_cents - Payment.refunded_cents - known(paying.c.cents)
    rest = (
        sa.select(Payment.enrollment_id, total(beyond).label("cents"))
        .outerjoin(paying, paying.c.payment_id == Payment.id)
        .where(Payment.state.in_(_HELD), beyond > 0)
        .group_by(Payment.enrollment_id)
    )
    sentence = "has a credit of {booked} cents in the ledger and of {counted} cents by its payments"
    return compared((Account.STUDENT_CREDIT,), rest, sentence, credit=True)


CHECKS = (
    append_only_tables_are_guarded,
    ledger_posting_balances,
    ledger_names_an_enrollment,
    ledger_receivable_is_what_is_owed,
    ledger_cash_is_what_came_in,
    ledger_payable_is_what_must_go_out,
    ledger_credit_is_what_pays_nothing,
)
