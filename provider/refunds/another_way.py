"""What does not reach its card: tried there again, or sent to the same student by check or bank transfer instead."""

import datetime as dt

from provider.enrollments.models import Enrollment
from provider.history.actions import note
from provider.kernel.actors import Actor
from provider.kernel.database import db
from provider.kernel.errors import DomainError
from provider.payments import calls
from provider.payments import queries as payments
from provider.payments.rules import CallKind, PaymentMethod, cash_account
from provider.refunds import queries
from provider.refunds.actions import PayoutReferenceMissing, check_reason
from provider.refunds.approval import ask_service
from provider.refunds.models import Payout
from provider.refunds.payouts import claim, failed_key, send
from provider.refunds.rules import OTHER_WAYS, PayoutState, Stays
from provider.tasks.actions import finish_by_key

GIVEN_UP = "It was never asked for: staff sent the money another way."


class NotFailed(DomainError):
    """Only what the service reported as failed is tried again."""

    code = "payout_not_failed"
    sentence = "This money is on its way to the card, or was sent. Reload the page to see how it stands."


class NotAnotherWay(DomainError):
    """A card's money goes back to that card, or by check or bank transfer; never to another card."""

    status = 422
    code = "not_another_way"
    sentence = "Choose a check or a bank transfer. The money may never go to another card."


class StaysWithCard(DomainError):
    """The money went, or may still go, without anybody sending it; sent from here as well, it would go back twice."""

    code = "stays_with_card"

    def __init__(self, why: Stays) -> None:
        super().__init__(why.sentence)
        self.why = why


def try_card_again(*, payout: Payout, actor: Actor, at: dt.datetime) -> Payout:
    """Ask the service once more to send a failed payout to its card.

    Raises NotFailed, and StaysWithCard while it is not known what came of an earlier try.
    """
    enrollment = _hold(payout)
    if payout.method is not PaymentMethod.CARD or payout.state is not PayoutState.FAILED:
        raise NotFailed
    if queries.why_not_another_way([payout])[payout.reference] is Stays.UNANSWERED:
        raise StaysWithCard(Stays.UNANSWERED)
    claim(payout, enrollment, actor, at)
    finish_by_key(key=failed_key(payout, payout.tries - 1), at=at)
    _give_up_untried(payout, at)
    ask_service(payout, at)
    return payout


def send_another_way(
    *, payout: Payout, method: PaymentMethod, external_reference: str, reason: str, actor: Actor, at: dt.datetime
) -> Payout:
    """Note that money which its card did not take, or which was never sent there, went by check or bank transfer.

    To the same student, and never to another card. Raises NotAnotherWay, PayoutReferenceMissing, ReasonRefused, and
    StaysWithCard as long as any of it may have gone to the card, or may go there by itself.
    """
    sent_as = " ".join(external_reference.split())
    if method not in OTHER_WAYS:
        raise NotAnotherWay
    if not sent_as:
        raise PayoutReferenceMissing
    check_reason(reason)
    enrollment = _hold(payout)
    why = queries.why_not_another_way([payout])[payout.reference]
    if why is not None:
        raise StaysWithCard(why)
    if not _give_up_untried(payout, at) and payout.state is not PayoutState.FAILED:
        raise StaysWithCard(Stays.UNANSWERED)  # a worker began to ask for it in this very moment
    if payout.state is not PayoutState.SENDING:
        claim(payout, enrollment, actor, at)
    payout.method = method
    data, personal = {"method": method.value}, {"reason": reason}
    about = enrollment.reference
    note(payout, "payout.sent_another_way", actor=actor, at=at, about=about, data=data, personal=personal)
    by_bank = queries.given_back([payout])[payout.reference]
    cash = cash_account(method)
    send(payout, enrollment, sent_as=sent_as, cash=cash, actor=actor, at=at, by_bank_cents=by_bank)
    return payout


def _give_up_untried(payout: Payout, at: dt.datetime) -> bool:
    """Take from the workers what they never asked the service for; from then on none of them does."""
    return calls.give_up_untried(kind=CallKind.GIVE_BACK, subject=payout.reference, why=GIVEN_UP, at=at)


def _hold(payout: Payout) -> Enrollment:
    """Hold the enrollment of a payout, and read how it and its payment stand then."""
    enrollment = payments.hold(payout.refund.enrollment_id)
    db.session.refresh(payout, ["state", "method", "external_reference", "tries"])
    db.session.refresh(payout.payment, ["state"])
    return enrollment
