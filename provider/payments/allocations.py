"""What payments pay: the rows that join them to installments, kept true while money comes in and is taken back."""

import datetime as dt

from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.rules import INSTALLMENT_LIFECYCLE, OWED_STATES, InstallmentState
from provider.history.actions import move
from provider.kernel.actors import Actor
from provider.kernel.settings import settings
from provider.payments import queries
from provider.payments.models import Allocation, Payment
from provider.payments.rules import Allocated, allocate
from provider.tuition.rules import past_due_at


def live(payment: Payment) -> list[Allocation]:
    """Return what a loaded payment pays now."""
    return [allocation for allocation in payment.allocations if allocation.released_at is None]


def rest_cents(payment: Payment) -> int:
    """Return what of a payment pays nothing: the student's credit."""
    return payment.amount_cents - payment.refunded_cents - sum(allocation.cents for allocation in live(payment))


def pay(payment: Payment, enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> Allocated:
    """Let the rest of a payment pay what is owed, oldest first; return how it was spread."""
    rest = rest_cents(payment)
    spread = allocate(rest, queries.owed(enrollment)) if rest > 0 else Allocated((), 0)
    by_number = {installment.number: installment for installment in enrollment.installments}
    for share in spread.shares:
        installment = by_number[share.number]
        _join(payment, installment, share.cents)
        installment.paid_cents += share.cents
        if installment.open_cents == 0:
            paid = InstallmentState.PAID
            move(installment, paid, INSTALLMENT_LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
    return spread


def _join(payment: Payment, installment: Installment, cents: int) -> None:
    for allocation in live(payment):
        if allocation.installment_id == installment.id:
            allocation.cents += cents
            return
    payment.allocations.append(Allocation(installment_id=installment.id, cents=cents))


def release(payment: Payment, enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> tuple[int, int]:
    """Open again what a payment paid; return these cents, and how many of them belong to installments since waived."""
    by_id = {installment.id: installment for installment in enrollment.installments}
    released = waived = 0
    for allocation in live(payment):
        allocation.released_at = at
        installment = by_id[allocation.installment_id]
        installment.paid_cents -= allocation.cents
        released += allocation.cents
        if installment.state is InstallmentState.PAID:
            opened = _opened(installment, at)
            move(installment, opened, INSTALLMENT_LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
        elif installment.state not in OWED_STATES:
            waived += allocation.cents
    return released, waived


def _opened(installment: Installment, at: dt.datetime) -> InstallmentState:
    late = at >= past_due_at(installment.due_on, settings().SCHOOL_ZONE)
    return InstallmentState.PAST_DUE if late else InstallmentState.SCHEDULED
