"""Everything that changes payments: recording one, and taking one back that was recorded in error."""

import datetime as dt
from collections.abc import Iterable

from provider.accounts.links import make_link
from provider.enrollments import actions as enrollments
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import UNPAID_STATES, EnrollmentState
from provider.files.models import File
from provider.history.actions import born, move, note
from provider.jobs.actions import enqueue
from provider.kernel import references
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.kernel.money import dollars
from provider.kernel.settings import settings
from provider.ledger.actions import post as post_ledger
from provider.ledger.rules import Amounts, PostingKind
from provider.mail.actions import post
from provider.payments import letters, queries, receipts
from provider.payments.allocations import pay, release
from provider.payments.models import Payment
from provider.payments.rules import (
    CLOCK_STATES,
    LIFECYCLE,
    LINK_DAYS,
    OFFLINE_METHODS,
    REFERENCE_PREFIX,
    REFUND_LINK,
    RETURN_JOB,
    Allocated,
    PaymentMethod,
    PaymentState,
    ReceiptKind,
    amount_problem,
    cash_account,
    purchased_at,
)
from provider.policies.rules import Window, reason_problem
from provider.tasks.actions import finish_by_key, raise_task
from provider.tasks.rules import TaskKind
from provider.tuition.rules import hold_at


class AmountRefused(DomainError):
    """An amount that is none, or larger than any tuition."""

    status = 422
    code = "amount_refused"


class ReceivedInFuture(DomainError):
    """Money cannot have come in later than now."""

    status = 422
    code = "received_in_future"
    sentence = "The payment cannot have come in later than now. Check the date and the time."


class NotOffline(DomainError):
    """Card payments report themselves; nobody types them in."""

    status = 422
    code = "not_offline"
    sentence = "A card payment records itself. Choose how else the money came in."


class ReferenceMissing(DomainError):
    """A payment without the number of its check, transfer or receipt book could be recorded twice unseen."""

    status = 422
    code = "reference_missing"
    sentence = "Write the number of the check or transfer, so that the payment is not recorded twice."


class AlreadyRecorded(DomainError):
    """The same money was recorded before: a double click, or two people at the same statement of account."""

    code = "already_recorded"

    def __init__(self, payment: Payment) -> None:
        kind, amount = payment.method.label.lower(), dollars(payment.amount_cents)
        super().__init__(
            f"This {kind} with reference “{payment.external_reference}” is recorded already: {payment.reference}, "
            f"{amount}. Nothing was added."
        )
        self.reference = payment.reference


class CardPayment(DomainError):
    """The payment service took this money; striking it from the books would keep it."""

    code = "card_payment"
    sentence = "A card payment was not typed in, so it is no error of recording. Give the money back by a refund."


class NotCaptured(DomainError):
    """Only money that counts can be taken back."""

    code = "not_captured"
    sentence = "This payment was taken back already, or never came in. Reload the page to see how it stands."


class BeingRefunded(DomainError):
    """Money that goes back, or went back, was no error of recording."""

    code = "being_refunded"
    sentence = "This payment is part of a refund, so its record stays. Settle the refund instead."


class ReasonRefused(DomainError):
    """A reason that says too little to be understood years later."""

    status = 422
    code = "reason_refused"


def record(
    *,
    enrollment: Enrollment,
    method: PaymentMethod,
    amount_cents: int,
    external_reference: str,
    received_at: dt.datetime,
    proof_file: File | None,
    proof_note: str | None,
    actor: Actor,
    at: dt.datetime,
) -> Payment:
    """Record money that came in, send its receipt, and make the enrollment active if it is the first.

    The purchase is ``at``, never the earlier ``received_at``. Money that the enrollment cannot take any more is
    recorded as well, all of it as the student's credit, and becomes a task to return it. Raises AmountRefused,
    ReceivedInFuture, NotOffline, ReferenceMissing, AlreadyRecorded.
    """
    known_as = " ".join(external_reference.split())
    _check_typed(method, amount_cents, known_as, received_at, at)
    enrollment = queries.hold(enrollment.id)
    earlier = queries.recorded(enrollment.id, method, known_as)
    if earlier is not None:
        raise AlreadyRecorded(earlier)
    payment = Payment(
        enrollment_id=enrollment.id,
        method=method,
        amount_cents=amount_cents,
        external_reference=known_as,
        received_at=received_at,
        recorded_at=at,
        recorded_by=actor.reference,
        proof_file=proof_file,
        proof_note=proof_note,
    )
    _take_in(payment, enrollment, actor, at)
    return payment


def capture(
    *, enrollment: Enrollment, amount_cents: int, intent_id: str, charged_at: dt.datetime, actor: Actor, at: dt.datetime
) -> Payment:
    """Take in money that the payment service took from a card; the caller holds the enrollment.

    The purchase is ``at``, when the receipt goes out, and ``charged_at`` is the service's instant. Money that the
    enrollment cannot take any more, or that pays nothing because nothing is owed, is recorded for return, and a job
    sends it back by itself.
    """
    payment = Payment(
        enrollment_id=enrollment.id,
        method=PaymentMethod.CARD,
        amount_cents=amount_cents,
        external_reference=intent_id,
        received_at=charged_at,
        recorded_at=at,
    )
    _take_in(payment, enrollment, actor, at)
    return payment


def _take_in(payment: Payment, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> None:
    """Store a payment, let it pay what is owed, post it, and send its receipt."""
    first = enrollment.purchased_at is None
    payment.reference, payment.state = references.new(REFERENCE_PREFIX), PaymentState.CAPTURED
    payment.refunded_cents, payment.allocations = 0, []
    payment.for_return = not _takes(enrollment, payment.method, actor, at)
    db.session.add(payment)
    db.session.flush()
    born(payment, actor=actor, at=at, about=enrollment.reference, data={"amount_cents": payment.amount_cents})
    if payment.for_return:
        spread = Allocated((), payment.amount_cents)
        _ask_to_return(payment, enrollment, at)
    else:
        spread = pay(payment, enrollment, actor=actor, at=at)
    _post_captured(payment, enrollment, spread, at)
    lift_hold(enrollment, at)
    _send_receipt(payment, enrollment, spread, at, purchase=first and not payment.for_return)


def _check_typed(
    method: PaymentMethod, amount_cents: int, external_reference: str, received_at: dt.datetime, at: dt.datetime
) -> None:
    problem = amount_problem(amount_cents)
    if problem is not None:
        raise AmountRefused(problem)
    if method not in OFFLINE_METHODS:
        raise NotOffline
    if not external_reference:
        raise ReferenceMissing
    if received_at > at:
        raise ReceivedInFuture


def _takes(enrollment: Enrollment, method: PaymentMethod, actor: Actor, at: dt.datetime) -> bool:
    """Say whether the enrollment can take money, and make it active by its first.

    A card is charged for what is owed. When nothing is, something else has paid it meanwhile, and the card's goes back.
    """
    if enrollment.state in UNPAID_STATES:
        return enrollments.activate(enrollment=enrollment, purchased_at=at, actor=actor, at=at)
    if enrollment.state is EnrollmentState.WITHDRAWN or method is PaymentMethod.CARD:
        return enrollment.state in CLOCK_STATES and bool(queries.owed(enrollment))
    return enrollment.state in CLOCK_STATES


def _post_captured(payment: Payment, enrollment: Enrollment, spread: Allocated, at: dt.datetime) -> None:
    post_ledger(
        kind=PostingKind.CAPTURED,
        about=enrollment.reference,
        subject=payment.reference,
        amounts=Amounts(owed=spread.owed_cents, credit=spread.rest_cents),
        at=at,
        cash=cash_account(payment.method),
    )


def return_key(payment_reference: str) -> str:
    """Name the task to return a payment."""
    return f"return_payment:{payment_reference}"


def _ask_to_return(payment: Payment, enrollment: Enrollment, at: dt.datetime) -> None:
    """Have money sent back: a card's goes by itself, staff return the rest."""
    if payment.method is PaymentMethod.CARD:
        enqueue(kind=RETURN_JOB, key=return_key(payment.reference), payload={"payment": payment.reference}, at=at)
        return
    raise_task(
        kind=TaskKind.RETURN_PAYMENT,
        key=return_key(payment.reference),
        about=enrollment.reference,
        sentence=f"The payment {payment.reference} came in for {enrollment.reference}, which is "
        f"{enrollment.state.label.lower()}. Return the money.",
        at=at,
    )


def hold_key(enrollment_reference: str, number: int) -> str:
    """Name the task about an installment that is more than ten days late."""
    return f"payment_hold:{enrollment_reference}:{number}"


def lift_hold(enrollment: Enrollment, at: dt.datetime) -> None:
    """Take the flag away once nothing is so late any more."""
    if enrollment.hold_on is None:
        return
    zone = settings().SCHOOL_ZONE
    if any(at >= hold_at(one.due_on, zone) for one in queries.owed(enrollment)):
        return
    enrollment.hold_on = None
    for installment in enrollment.installments:
        finish_by_key(key=hold_key(enrollment.reference, installment.number), at=at)


def _send_receipt(
    payment: Payment, enrollment: Enrollment, spread: Allocated, at: dt.datetime, *, purchase: bool
) -> None:
    window = None if payment.for_return else queries.refund_window(enrollment)
    owed = [] if payment.for_return else queries.owed(enrollment)
    link = make_link(purpose=REFUND_LINK, subject=enrollment.reference, at=at, lasts=link_lasts(window, at))
    recipient = queries.recipient(enrollment)
    paper = receipts.receipt(payment, enrollment, spread=spread, window=window, purchase=purchase, owed=owed, at=at)
    letter = letters.receipt(
        paper,
        payment,
        enrollment,
        recipient=recipient,
        window=window,
        purchase=purchase,
        owed=owed,
        card=queries.kept_card(enrollment.id) if owed else None,
        link=link,
    )
    post(letter, at=at)


def link_lasts(window: Window | None, at: dt.datetime) -> dt.timedelta:
    """Return how long a link to the refund page opens: 30 days past the deadline, and past the letter."""
    until = at if window is None else max(window.deadline, at)
    return until - at + dt.timedelta(days=LINK_DAYS)


def reverse(*, payment: Payment, reason: str, actor: Actor, at: dt.datetime) -> Payment:
    """Take back a payment that was recorded in error: what it paid is owed again, and a credit note goes out.

    The only payment takes the purchase back with it. Raises CardPayment, NotCaptured, BeingRefunded, ReasonRefused.
    """
    problem = reason_problem(reason)
    if problem is not None:
        raise ReasonRefused(problem)
    if payment.method is PaymentMethod.CARD:
        raise CardPayment
    enrollment = queries.hold(payment.enrollment_id)
    payments = queries.of_enrollment(enrollment.id)
    if payment.state is not PaymentState.CAPTURED:
        raise NotCaptured
    if payment.refunded_cents:
        raise BeingRefunded
    payment.reversed_at, payment.reversed_reason = at, reason
    move(payment, PaymentState.REVERSED, LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
    released, waived = release(payment, enrollment, actor=actor, at=at)
    _post_reversed(payment, enrollment, released, waived, at)
    others = [one for one in payments if one.state is PaymentState.CAPTURED and not one.for_return]
    _move_purchase(enrollment, others, actor, at)
    _apply_credit(payment.reference, others, enrollment, actor, at)
    finish_by_key(key=return_key(payment.reference), at=at)
    _send_credit_note(payment, enrollment, at)
    return payment


def _post_reversed(payment: Payment, enrollment: Enrollment, released: int, waived: int, at: dt.datetime) -> None:
    """Take the money off the ledger; what the payment had paid of an installment since waived is waived as well."""
    about, subject = enrollment.reference, payment.reference
    amounts = Amounts(owed=released, credit=payment.amount_cents - released)
    cash = cash_account(payment.method)
    post_ledger(kind=PostingKind.REVERSED, about=about, subject=subject, amounts=amounts, at=at, cash=cash)
    post_ledger(kind=PostingKind.WAIVED, about=about, subject=subject, amounts=Amounts(unpaid=waived), at=at)


def _move_purchase(enrollment: Enrollment, others: Iterable[Payment], actor: Actor, at: dt.datetime) -> None:
    """Let the purchase be the first payment that stands; without any, an active enrollment waits for one again."""
    first = purchased_at((one.state, one.recorded_at) for one in others)
    if first is None and enrollment.state is EnrollmentState.ACTIVE:
        enrollments.unpay(enrollment=enrollment, actor=actor, at=at)
    elif first is not None and first != enrollment.purchased_at:
        data = {"purchased_at": first.isoformat()}
        note(enrollment, "enrollment.purchase_moved", actor=actor, at=at, about=enrollment.reference, data=data)
        enrollment.purchased_at = first


def _apply_credit(
    subject: str, others: Iterable[Payment], enrollment: Enrollment, actor: Actor, at: dt.datetime
) -> None:
    """Let what other payments brought too much pay what has opened again; one posting for each reversed payment."""
    applied = sum(pay(payment, enrollment, actor=actor, at=at).owed_cents for payment in others)
    post_ledger(
        kind=PostingKind.CREDIT_APPLIED,
        about=enrollment.reference,
        subject=subject,
        amounts=Amounts(credit=applied),
        at=at,
    )


def _send_credit_note(payment: Payment, enrollment: Enrollment, at: dt.datetime) -> None:
    original = next(paper for paper in payment.receipts if paper.kind is ReceiptKind.RECEIPT)
    recipient = queries.recipient(enrollment)
    reason = payment.reversed_reason or ""
    paper = receipts.credit_note(payment, enrollment, original=original, reason=reason, at=at)
    post(letters.credit_note(paper, payment, enrollment, recipient=recipient), at=at)
