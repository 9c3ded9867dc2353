"""Tuition and payments: installments, allocations, the purchase, receipts."""

from collections.abc import Iterator

import sqlalchemy as sa

from provider.enrollments.models import Agreement, Enrollment, Installment
from provider.enrollments.rules import OWED_STATES, EnrollmentState
from provider.oversight.checks import Finding, findings, known, total
from provider.payments.models import Allocation, Payment, Receipt, ReceiptSeries
from provider.payments.rules import PURCHASE_STATES, PaymentState, ReceiptKind
from provider.refunds.models import Withdrawal

_ENDED = (EnrollmentState.REFUNDED, EnrollmentState.CANCELED)
_PAID_ONCE = (EnrollmentState.COMPLETED, EnrollmentState.WITHDRAWN)
_WITH_RECEIPT = (*sorted(PURCHASE_STATES), PaymentState.REVERSED)


def installments_sum_to_the_agreement() -> Iterator[Finding]:
    """The installments of an enrollment sum to what its student agreed to, to the cent."""
    parts = (
        sa.select(Installment.enrollment_id, total(Installment.amount_cents).label("cents"))
        .group_by(Installment.enrollment_id)
        .subquery()
    )
    query = (
        sa.select(
            Enrollment.reference.label("subject"),
            known(Agreement.total_cents).label("agreed"),
            known(parts.c.cents).label("parts"),
        )
        .outerjoin(Agreement, Agreement.enrollment_id == Enrollment.id)
        .outerjoin(parts, parts.c.enrollment_id == Enrollment.id)
        .where(sa.or_(Agreement.enrollment_id.is_(None), known(parts.c.cents) != Agreement.total_cents))
    )
    return findings(query, "was agreed at {agreed} cents, its installments come to {parts}")


def installment_is_paid_as_allocated() -> Iterator[Finding]:
    """What is paid of an installment is what payments are allocated to it, and never more than its amount."""
    given = (
        sa.select(Allocation.installment_id, total(Allocation.cents).label("cents"))
        .where(Allocation.released_at.is_(None))
        .group_by(Allocation.installment_id)
        .subquery()
    )
    query = (
        sa.select(
            Enrollment.reference.label("subject"),
            Installment.number.label("number"),
            Installment.paid_cents.label("paid"),
            known(given.c.cents).label("given"),
        )
        .join(Installment, Installment.enrollment_id == Enrollment.id)
        .outerjoin(given, given.c.installment_id == Installment.id)
        .where(
            sa.or_(known(given.c.cents) != Installment.paid_cents, Installment.paid_cents > Installment.amount_cents)
        )
    )
    return findings(query, "has {paid} cents paid of installment {number}, allocations come to {given}")


def allocation_is_of_its_own_payment() -> Iterator[Finding]:
    """Only money that came in for the same enrollment pays an installment, and none of it twice."""
    paying = (
        sa.select(
            Payment.reference.label("subject"), Payment.amount_cents.label("amount"), Allocation.cents.label("given")
        )
        .join(Allocation, Allocation.payment_id == Payment.id)
        .join(Installment, Installment.id == Allocation.installment_id)
        .where(
            Allocation.released_at.is_(None),
            sa.or_(Installment.enrollment_id != Payment.enrollment_id, Payment.state.not_in(PURCHASE_STATES)),
        )
    )
    yield from findings(paying, "pays {given} cents of an installment that it cannot pay")
    whole = (
        sa.select(
            Payment.reference.label("subject"),
            Payment.amount_cents.label("amount"),
            total(Allocation.cents).label("given"),
        )
        .join(Allocation, Allocation.payment_id == Payment.id)
        .where(Allocation.released_at.is_(None))
        .group_by(Payment.id, Payment.reference, Payment.amount_cents)
        .having(total(Allocation.cents) > Payment.amount_cents)
    )
    yield from findings(whole, "is of {amount} cents and pays {given}")


def nothing_is_owed_after_the_end() -> Iterator[Finding]:
    """No installment is owed once an enrollment was refunded or canceled, or withdrawn from with the rest waived.

    A payment taken back after the withdrawal opens again what it had seemed to pay.
    """
    reversed_later = sa.exists().where(
        Payment.enrollment_id == Enrollment.id, Payment.reversed_at >= Withdrawal.decided_at
    )
    waived = sa.and_(Enrollment.state == EnrollmentState.WITHDRAWN, Withdrawal.waived_cents > 0, ~reversed_later)
    query = (
        sa.select(
            Enrollment.reference.label("subject"), Enrollment.state.label("state"), Installment.number.label("number")
        )
        .join(Installment, Installment.enrollment_id == Enrollment.id)
        .outerjoin(Withdrawal, Withdrawal.enrollment_id == Enrollment.id)
        .where(Installment.state.in_(OWED_STATES), sa.or_(Enrollment.state.in_(_ENDED), waived))
    )
    return findings(query, "is {state.value}, and its installment {number} is still owed")


def one_active_enrollment() -> Iterator[Finding]:
    """A student, by account or by address, has at most one active enrollment in a program."""
    for student in (Enrollment.person_id, Enrollment.claimed_email):
        query = (
            sa.select(sa.func.min(Enrollment.reference).label("subject"), sa.func.count().label("number"))
            .where(Enrollment.state == EnrollmentState.ACTIVE, student.is_not(None))
            .group_by(student, Enrollment.program_id)
            .having(sa.func.count() > 1)
        )
        yield from findings(query, "is one of {number} active enrollments of one student in one program")


def purchase_is_the_first_payment() -> Iterator[Finding]:
    """The purchase is the instant of the first payment that stands; later ones never move it."""
    first = (
        sa.select(Payment.enrollment_id, sa.func.min(Payment.recorded_at).label("at"))
        .where(Payment.state.in_(PURCHASE_STATES), Payment.for_return.is_(False))
        .group_by(Payment.enrollment_id)
        .subquery()
    )
    unpaid = sa.and_(first.c.at.is_(None), Enrollment.purchased_at.is_not(None), Enrollment.state.not_in(_PAID_ONCE))
    moved = sa.and_(first.c.at.is_not(None), Enrollment.purchased_at.is_distinct_from(first.c.at))
    query = (
        sa.select(
            Enrollment.reference.label("subject"),
            Enrollment.purchased_at.label("purchased_at"),
            first.c.at.label("first"),
        )
        .outerjoin(first, first.c.enrollment_id == Enrollment.id)
        .where(sa.or_(unpaid, moved))
    )
    return findings(query, "counts {purchased_at} as its purchase, its first payment is of {first}")


def receipt_numbers_have_no_gaps() -> Iterator[Finding]:
    """Each series of receipts counts 1, 2, 3 … up to the last number given out."""
    query = (
        sa.select(
            ReceiptSeries.name.label("subject"),
            ReceiptSeries.last_number.label("last"),
            sa.func.count(Receipt.id).label("papers"),
            known(sa.func.max(Receipt.number)).label("highest"),
        )
        .outerjoin(Receipt, Receipt.series == ReceiptSeries.name)
        .group_by(ReceiptSeries.name, ReceiptSeries.last_number)
        .having(
            sa.or_(
                sa.func.count(sa.distinct(Receipt.number)) != ReceiptSeries.last_number,
                sa.func.count(Receipt.id) != ReceiptSeries.last_number,
                known(sa.func.max(Receipt.number)) != ReceiptSeries.last_number,
            )
        )
    )
    return findings(query, "has given out {last} numbers, there are {papers} papers up to number {highest}")


def payment_has_its_papers() -> Iterator[Finding]:
    """Each payment has one receipt, and one credit note when and only when it was taken back."""
    papers = (
        sa.select(
            Receipt.payment_id,
            total(sa.case((Receipt.kind == ReceiptKind.RECEIPT, 1), else_=0)).label("receipts"),
            total(sa.case((Receipt.kind == ReceiptKind.CREDIT_NOTE, 1), else_=0)).label("notes"),
        )
        .group_by(Receipt.payment_id)
        .subquery()
    )
    due = sa.case((Payment.state == PaymentState.REVERSED, 1), else_=0)
    query = (
        sa.select(
            Payment.reference.label("subject"),
            Payment.state.label("state"),
            known(papers.c.receipts).label("receipts"),
            known(papers.c.notes).label("notes"),
        )
        .outerjoin(papers, papers.c.payment_id == Payment.id)
        .where(
            Payment.state.in_(_WITH_RECEIPT),
            sa.or_(known(papers.c.receipts) != 1, known(papers.c.notes) != due),
        )
    )
    return findings(query, "is {state.value} and has {receipts} receipts and {notes} credit notes")


CHECKS = (
    installments_sum_to_the_agreement,
    installment_is_paid_as_allocated,
    allocation_is_of_its_own_payment,
    nothing_is_owed_after_the_end,
    one_active_enrollment,
    purchase_is_the_first_payment,
    receipt_numbers_have_no_gaps,
    payment_has_its_papers,
)
