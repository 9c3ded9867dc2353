"""Letting a student off one installment: decided by staff with a reason, posted to the ledger, told by a letter.

It stands above the cards because a card that is being charged may pay the installment in the same minute.
"""

import datetime as dt

import sqlalchemy as sa

from provider.cards.models import Charge
from provider.cards.rules import ChargeState
from provider.enrollments.models import Enrollment, Installment
from provider.enrollments.rules import INSTALLMENT_LIFECYCLE, OWED_STATES, InstallmentState
from provider.history.actions import move
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError, NotFound
from provider.ledger.actions import post as post_ledger
from provider.ledger.rules import Amounts, PostingKind
from provider.mail.actions import post
from provider.payments import queries as payments
from provider.payments.actions import ReasonRefused, hold_key, lift_hold
from provider.payments.rules import CLOCK_STATES
from provider.policies.rules import reason_problem
from provider.refunds import letters
from provider.tasks.actions import finish_by_key


class NotWaivable(DomainError):
    """Only what is still owed can be let go."""

    code = "not_waivable"
    sentence = "This installment is not owed any more, so there is nothing to waive. Go back to see how it stands."


class ChargeRunning(DomainError):
    """A card is being charged, perhaps for this very installment."""

    code = "charge_running"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"A card is being charged for this enrollment right now ({reference}), perhaps for this installment. "
            "Nothing was waived. Wait until the payment has come in or was declined, and try again."
        )
        self.reference = reference


def installment(enrollment: Enrollment, number: int) -> Installment:
    """Return one installment of a loaded enrollment; raises NotFound."""
    found = next((one for one in enrollment.installments if one.number == number), None)
    if found is None:
        raise NotFound
    return found


def is_waivable(enrollment: Enrollment, number: int) -> bool:
    """Say whether an installment of a loaded enrollment is owed, and the enrollment was paid for and not refunded."""
    return enrollment.state in CLOCK_STATES and installment(enrollment, number).state in OWED_STATES


def running_charge(enrollment_id: int) -> str | None:
    """Return the reference of the charge that an enrollment's card is under, or None."""
    query = sa.select(Charge.reference).where(
        Charge.enrollment_id == enrollment_id, Charge.state == ChargeState.STARTED
    )
    return db.session.scalar(query)


def waive(*, enrollment: Enrollment, number: int, reason: str, actor: Actor, at: dt.datetime) -> Installment:
    """Let a student off what is open of one installment; what was paid of it stays paid, and the others stay owed.

    Raises ReasonRefused, NotFound, NotWaivable, and ChargeRunning while a card of the enrollment is being charged.
    """
    problem = reason_problem(reason)
    if problem is not None:
        raise ReasonRefused(problem)
    enrollment = payments.hold(enrollment.id)
    let_go = installment(enrollment, number)
    if not is_waivable(enrollment, number):
        raise NotWaivable
    charge = running_charge(enrollment.id)
    if charge is not None:
        raise ChargeRunning(charge)
    waived, about = let_go.open_cents, enrollment.reference
    move(
        let_go,
        InstallmentState.WAIVED,
        INSTALLMENT_LIFECYCLE,
        actor=actor,
        at=at,
        about=about,
        data={"waived_cents": waived},
        personal={"reason": reason},
    )
    amounts = Amounts(unpaid=waived)
    post_ledger(kind=PostingKind.WAIVED, about=about, subject=let_go.reference, amounts=amounts, at=at)
    finish_by_key(key=hold_key(about, number), at=at)
    lift_hold(enrollment, at)
    owed, recipient = payments.owed(enrollment), payments.recipient(enrollment)
    post(letters.waived(let_go, enrollment, cents=waived, owed=owed, recipient=recipient), at=at)
    return let_go
