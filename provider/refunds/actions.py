"""Everything that gives money back: requests and their decisions, exceptions, late payments, payouts, withdrawals."""

import datetime as dt

from provider.accounts.throttles import count_try
from provider.enrollments import actions as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CLASSROOM_STATES, EnrollmentState, InstallmentState
from provider.externships import ending
from provider.externships.rules import ReleaseReason
from provider.history.actions import note
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.ledger.actions import post as post_ledger
from provider.ledger.rules import Amounts, PostingKind
from provider.mail.actions import post
from provider.payments import queries as payments
from provider.payments.models import Payment
from provider.payments.rules import PaymentMethod, PaymentState, cash_account
from provider.policies import rules as policies
from provider.policies.rules import Decision, reason_problem
from provider.refunds import letters, queries
from provider.refunds.approval import approve, store
from provider.refunds.models import Payout, Refund, Withdrawal
from provider.refunds.payouts import claim, send
from provider.refunds.rules import (
    DECLINED_PER_HOUR,
    REFERENCE_PREFIX,
    WITHDRAWAL_PREFIX,
    Channel,
    RefundBasis,
    RefundState,
    Stays,
    basis_of,
    one_payment_record,
    state_of,
)

HOUR = dt.timedelta(hours=1)


class RefundRunning(DomainError):
    """The money is on its way already; a second request adds nothing."""

    code = "refund_running"

    def __init__(self, reference: str) -> None:
        super().__init__(f"This refund was asked for already: {reference} is on its way. Nothing was added.")
        self.reference = reference


class ReasonRefused(DomainError):
    """A reason that says too little to be understood years later."""

    status = 422
    code = "reason_refused"


class EvidenceMissing(DomainError):
    """A request that came by mail is entered with what shows when it came."""

    status = 422
    code = "evidence_missing"
    sentence = "Write what shows when the request reached the school, such as the mail's sender, subject and time."


class RequestInFuture(DomainError):
    """A request cannot have come later than now."""

    status = 422
    code = "request_in_future"
    sentence = "The request cannot have reached the school later than now. Check the date and the time."


class RequestBeforePurchase(DomainError):
    """Before the first payment there was nothing to give back."""

    status = 422
    code = "request_before_purchase"
    sentence = "On that day nothing had been paid yet. Check the date and the time of the request."


class NotDeclined(DomainError):
    """Only a request that was turned down can be approved as an exception."""

    code = "not_declined"
    sentence = "Only a request that was turned down can be approved as an exception."


class CannotOverride(DomainError):
    """A request that no exception can help: nothing was paid, all went back, or a bank holds the money."""

    code = "cannot_override"


class NotForReturn(DomainError):
    """The payment belongs to its enrollment, was taken back, or is on its way back already."""

    code = "not_for_return"
    sentence = "This payment is not waiting to be returned. Reload the page to see how it stands."


class GoesByItself(DomainError):
    """What goes back to a card is sent by the payment service; sent by hand as well, it would be paid twice."""

    code = "goes_by_itself"
    sentence = Stays.GOES_BY_ITSELF.sentence


class PayoutReferenceMissing(DomainError):
    """Without the bank's reference nobody can find the money."""

    status = 422
    code = "payout_reference_missing"
    sentence = "Write the reference under which the money was sent, so that it can be found."


class NotWithdrawable(DomainError):
    """Withdrawing is for students in a program or done with it."""

    code = "not_withdrawable"
    sentence = "Only an enrollment that is active or completed can be withdrawn from."


def ask(
    *,
    enrollment: Enrollment,
    note: str | None,
    channel: Channel,
    actor: Actor,
    received_at: dt.datetime,
    at: dt.datetime,
    evidence: str | None = None,
) -> Refund:
    """Decide a request for the money back, store the decision, and tell the student.

    ``received_at`` decides, however long the request waited. Inside the window it is approved here, whole and at once;
    outside it is stored as declined. Raises RefundRunning; TooMany for a burst of requests that are turned down.
    """
    enrollment = payments.hold(enrollment.id)
    _check_not_running(enrollment)
    paid = payments.of_enrollment(enrollment.id)
    decision = queries.decision(enrollment, paid, payments.refund_window(enrollment), asked_at=received_at)
    if not decision.approved:
        count_try(key=f"refund:{enrollment.reference}", limit=DECLINED_PER_HOUR, window=HOUR, at=at)
    refund = _decided(enrollment, decision, channel, actor, at)
    refund.note, refund.evidence = note, evidence
    if decision.approved:
        approve(refund, enrollment, paid, actor=actor, at=at)
    elif decision.refusal is not None:
        recipient = payments.recipient(enrollment)
        post(letters.declined(refund, enrollment, recipient=recipient, refusal=decision.refusal), at=at)
    return refund


def _check_not_running(enrollment: Enrollment) -> None:
    running = queries.running(enrollment.id)
    if running is not None:
        raise RefundRunning(running.reference)


def _decided(enrollment: Enrollment, decision: Decision, channel: Channel, actor: Actor, at: dt.datetime) -> Refund:
    """Store a decision, approved or declined, with everything it rests on."""
    refund = Refund(
        reference=references.new(REFERENCE_PREFIX),
        enrollment_id=enrollment.id,
        state=RefundState.REQUESTED,
        basis=basis_of(decision),
        channel=channel,
        amount_cents=decision.amount_cents,
        asked_at=decision.asked_at,
        decided_at=at,
        purchased_at=decision.purchased_at,
        deadline_at=decision.deadline,
        decision=decision.as_record(),
        decided_by=actor.reference,
        override_reason=decision.override_reason,
        payouts=[],
    )
    store(refund, state_of(decision), enrollment, actor, at)
    return refund


def enter_mailed_request(
    *,
    enrollment: Enrollment,
    received_at: dt.datetime,
    evidence: str,
    note: str | None = None,
    actor: Actor,
    at: dt.datetime,
) -> Refund:
    """Enter a request that reached the school otherwise, decided by when it did; audited with its evidence.

    Raises EvidenceMissing, RequestInFuture, RequestBeforePurchase, and what `ask` raises.
    """
    if not evidence.strip():
        raise EvidenceMissing
    if received_at > at:
        raise RequestInFuture
    enrollment = payments.hold(enrollment.id)
    if enrollment.purchased_at is not None and received_at < enrollment.purchased_at:
        raise RequestBeforePurchase
    return ask(
        enrollment=enrollment,
        note=note,
        channel=Channel.MAIL,
        actor=actor,
        received_at=received_at,
        at=at,
        evidence=evidence,
    )


def override(*, refund: Refund, reason: str, actor: Actor, at: dt.datetime, placement_ends: bool = False) -> Refund:
    """Approve a request that came outside the window, by staff and for a written reason; a new refund, audited.

    The declined one stays as it was. ``placement_ends``: a coordinator agreed that a running placement ends with it.
    Raises ReasonRefused, NotDeclined, RefundRunning, CannotOverride, PlacementRuns.
    """
    check_reason(reason)
    enrollment = payments.hold(refund.enrollment_id)
    if refund.state is not RefundState.DECLINED:
        raise NotDeclined
    _check_not_running(enrollment)
    paid = payments.of_enrollment(enrollment.id)
    decision = queries.decision(enrollment, paid, payments.refund_window(enrollment), asked_at=refund.asked_at)
    if decision.can_be_overridden:
        decision = policies.override(decision, reason=reason)
    elif decision.refusal is not None:
        raise CannotOverride(decision.refusal.sentence)
    ending.agree(enrollment, agreed=placement_ends, actor=actor, at=at)
    approved = _decided(enrollment, decision, Channel.STAFF, actor, at)
    approved.override_reason = reason
    data = {"overridden": refund.reference, "by": approved.reference}
    note(refund, "refund.overridden", actor=actor, at=at, about=enrollment.reference, data=data)
    approve(approved, enrollment, paid, actor=actor, at=at)
    return approved


def check_reason(reason: str) -> None:
    """Refuse a reason that says too little; raises ReasonRefused."""
    problem = reason_problem(reason)
    if problem is not None:
        raise ReasonRefused(problem)


def return_late_payment(*, payment: Payment, actor: Actor, at: dt.datetime, channel: Channel = Channel.STAFF) -> Refund:
    """Give back a payment that its enrollment could not take, whole and to where it came from. Raises NotForReturn."""
    enrollment = payments.hold(payment.enrollment_id)
    paid = [one for one in payments.of_enrollment(enrollment.id) if one.id == payment.id]
    left = payment.amount_cents - payment.refunded_cents
    if not payment.for_return or payment.state is not PaymentState.CAPTURED or not left:
        raise NotForReturn
    refund = Refund(
        reference=references.new(REFERENCE_PREFIX),
        enrollment_id=enrollment.id,
        state=RefundState.REQUESTED,
        basis=RefundBasis.LATE_PAYMENT,
        channel=channel,
        amount_cents=left,
        asked_at=at,
        decided_at=at,
        decision=one_payment_record(RefundBasis.LATE_PAYMENT, amount_cents=left, at=at),
        decided_by=actor.reference,
        payouts=[],
    )
    store(refund, RefundState.APPROVED, enrollment, actor, at)
    approve(refund, enrollment, paid, actor=actor, at=at)
    return refund


def send_payout(*, payout: Payout, external_reference: str, actor: Actor, at: dt.datetime) -> Payout:
    """Note that a payout was sent by hand, once; the last one settles its refund and keeps the promise's clock.

    Raises PayoutReferenceMissing, GoesByItself, and PayoutSent to the second of two who pay at once.
    """
    sent_as = " ".join(external_reference.split())
    if not sent_as:
        raise PayoutReferenceMissing
    if payout.method is PaymentMethod.CARD:
        raise GoesByItself
    enrollment = payments.hold(payout.refund.enrollment_id)
    claim(payout, enrollment, actor, at)
    send(payout, enrollment, sent_as=sent_as, cash=cash_account(payout.method), actor=actor, at=at)
    return payout


def withdraw(
    *, enrollment: Enrollment, reason: str, waive: bool, actor: Actor, at: dt.datetime, placement_ends: bool = False
) -> Withdrawal:
    """Let a student leave without a refund; ``waive`` says whether what is unpaid is forgiven or stays owed.

    The externship ends with it, a running placement only when a coordinator agreed (``placement_ends``). Raises
    ReasonRefused, NotWithdrawable, PlacementRuns.
    """
    check_reason(reason)
    enrollment = payments.hold(enrollment.id)
    if enrollment.state not in CLASSROOM_STATES:
        raise NotWithdrawable
    ending.agree(enrollment, agreed=placement_ends, actor=actor, at=at)
    withdrawal = _withdrawn(enrollment, reason, actor, at, waive=waive)
    enrollments.end(enrollment=enrollment, to=EnrollmentState.WITHDRAWN, actor=actor, at=at)
    ending.end_for(enrollment, reason=ReleaseReason.WITHDRAWN_FROM_PROGRAM, actor=actor, at=at)
    still = sum(one.open_cents for one in payments.owed(enrollment))
    letter = letters.withdrawal(
        withdrawal, enrollment, recipient=payments.recipient(enrollment), still_owed_cents=still
    )
    post(letter, at=at)
    return withdrawal


def _withdrawn(enrollment: Enrollment, reason: str, actor: Actor, at: dt.datetime, *, waive: bool) -> Withdrawal:
    waived = 0
    if waive:
        to = InstallmentState.WAIVED
        waived = enrollments.end_installments(enrollment=enrollment, to=to, actor=actor, at=at)
    withdrawal = Withdrawal(
        reference=references.new(WITHDRAWAL_PREFIX),
        enrollment_id=enrollment.id,
        reason=reason,
        waived_cents=waived,
        decided_at=at,
        decided_by=actor.reference,
    )
    db.session.add(withdrawal)
    about = enrollment.reference
    post_ledger(
        kind=PostingKind.WAIVED, about=about, subject=withdrawal.reference, amounts=Amounts(unpaid=waived), at=at
    )
    data, personal = {"waived_cents": waived}, {"reason": reason}
    note(withdrawal, "withdrawal.decided", actor=actor, at=at, about=about, data=data, personal=personal)
    return withdrawal
