"""Sending what goes back to cards: the jobs that ask the payment service, outside of any transaction."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from provider.cards import queries as cards
from provider.enrollments.models import Enrollment
from provider.jobs.rules import Later
from provider.kernel.actors import SYSTEM
from provider.kernel.database import retrying
from provider.kernel.registry import Payload
from provider.ledger.rules import Account
from provider.payments import calls, outages
from provider.payments import queries as payments
from provider.payments.gateway import CURRENCY, Gateway, Refused, Return, Unreachable
from provider.payments.models import Payment
from provider.payments.rules import CallKind, PaymentMethod, PaymentState, key_serves
from provider.payments.service import ask
from provider.refunds import actions, queries
from provider.refunds.actions import NotForReturn
from provider.refunds.models import Payout
from provider.refunds.payouts import claim, fail, follow, send
from provider.refunds.rules import (
    LOST_IN_PART,
    PAY_OUT,
    REFUSED,
    SETTLE,
    WON_AFTER_ALL,
    Channel,
    PayoutState,
    failure_words,
)
from provider.refunds.settling import settle

DISPUTE_WAIT = dt.timedelta(minutes=15)
MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Errand:
    """A payout in hand: which charge its money goes back of, and what the service called the tries that failed."""

    payout: str
    payment: str
    intent_id: str
    former: frozenset[str]


def pay_out(payload: Payload, *, now: dt.datetime) -> None:
    """Bring one payout to its card, once, or learn what became of it; one that is sent or failed is left alone.

    What went back at the service meanwhile counts. While the service cannot be reached, the job comes back.
    """
    errand = retrying(lambda: _take(str(payload["payout"]), now))
    if errand is None:
        return
    try:
        cents = _left_to_send(errand, now)
        if cents:
            _send(errand, cents, now)
    except Unreachable as error:
        raise outages.wait(PAY_OUT, error, now=now) from error
    outages.is_over(now=now)


def _take(reference: str, now: dt.datetime) -> Errand | None:
    """Take a payout in hand; raises Later while its payment is disputed. One the bank gave back by itself is sent."""
    payout, enrollment = hold(reference)
    payment = payout.payment
    if payout.method is not PaymentMethod.CARD or payout.state not in {PayoutState.DUE, PayoutState.SENDING}:
        return None
    untried = payout.external_reference is None
    if untried and payment.state is PaymentState.DISPUTED:
        raise Later(now + DISPUTE_WAIT, "the bank holds the money in a dispute")
    if payout.state is PayoutState.DUE:
        claim(payout, enrollment, SYSTEM, now)
    if untried and payment.state is PaymentState.LOST and _given_back_by_the_bank(payout, enrollment, now):
        return None
    former = queries.former_returns([payout])[reference]
    return Errand(reference, payment.reference, payment.external_reference, former)


def hold(reference: str) -> tuple[Payout, Enrollment]:
    """Hold the enrollment of a payout, and read the payout with its payment as they stand now."""
    found = queries.payout(reference)
    enrollment = payments.hold(found.refund.enrollment_id)
    return next(one for one in queries.payouts_of(found.payment) if one.reference == reference), enrollment


def _given_back_by_the_bank(payout: Payout, enrollment: Enrollment, now: dt.datetime, *, looked: bool = False) -> bool:
    """Count a lost dispute as the payout: the student has the money, and it must not go twice.

    One about a part of it leaves the rest to staff, who see what the bank did. False as long as the service may have
    sent it all the same; ``looked``: it has not yet.
    """
    lost = queries.lost_dispute(payout.payment_id)
    if lost is not None and queries.given_back([payout])[payout.reference] < payout.amount_cents:
        return _leave_the_rest(payout, enrollment, now, looked=looked)
    name = lost.service_id if lost is not None else payout.payment.external_reference
    calls.answered(kind=CallKind.GIVE_BACK, subject=payout.reference, object_id=name, at=now)
    send(payout, enrollment, sent_as=name, cash=Account.DISPUTED, actor=SYSTEM, at=now)
    return True


def _leave_the_rest(payout: Payout, enrollment: Enrollment, now: dt.datetime, *, looked: bool) -> bool:
    """Leave to staff what a bank did not give back, once nothing can come any more of having asked the service."""
    kind, subject, why = CallKind.GIVE_BACK, payout.reference, failure_words(LOST_IN_PART)
    if not calls.give_up_untried(kind=kind, subject=subject, why=why, at=now):
        asked_at = calls.attempts(kind, [subject]).get(subject)
        if asked_at is not None and (not looked or key_serves(asked_at, now)):
            return False
        calls.abandon(kind=kind, subject=subject, why=why, at=now)
    fail(payout, enrollment, code=LOST_IN_PART, return_id=None, at=now)
    return True


def open_what_was_won(*, now: dt.datetime) -> None:
    """Owe again what a lost dispute had given back and a bank has decided for the school after all."""
    for reference in queries.won_after_all():
        retrying(partial(_won, reference, now))


def _won(reference: str, now: dt.datetime) -> None:
    payout, enrollment = hold(reference)
    if payout.state is PayoutState.SENT:
        fail(payout, enrollment, code=WON_AFTER_ALL, return_id=None, at=now, cash=Account.DISPUTED)


def returns_of(intent_id: str) -> list[Return]:
    """Ask the service for everything that goes or went back of a charge."""
    return ask(lambda gateway: list(gateway.returns_of(intent_id)))


def _left_to_send(errand: Errand, now: dt.datetime) -> int:
    """Look what has gone back already, apply it, and return the cents that are still to be sent; 0 for none."""
    returns = returns_of(errand.intent_id)
    return retrying(lambda: _after(errand, returns, now))


def _after(errand: Errand, returns: Sequence[Return], now: dt.datetime) -> int:
    plan = settle(payments.by_reference(errand.payment), returns, at=now, idle=errand.payout)
    payout, enrollment = hold(errand.payout)
    if payout.state is not PayoutState.SENDING or payout.external_reference is not None:
        return 0
    if payout.payment.state is PaymentState.LOST:
        _given_back_by_the_bank(payout, enrollment, now, looked=True)
        return 0
    return max(0, payout.amount_cents - plan.covered_cents)


def _send(errand: Errand, cents: int, now: dt.datetime) -> None:
    def give_back(gateway: Gateway, key: str) -> Return:
        return gateway.give_back(key=key, intent_id=errand.intent_id, amount_cents=cents, reference=errand.payout)

    def find(gateway: Gateway) -> Return | None:
        """Return what an earlier attempt brought about; the last try that failed was told before."""
        mine = (one for one in gateway.returns_of(errand.intent_id) if one.reference == errand.payout)
        return next((one for one in mine if one.id not in errand.former), None)

    try:
        returned = calls.through(kind=CallKind.GIVE_BACK, subject=errand.payout, send=give_back, find=find, now=now)
    except (Refused, calls.CallEnded):
        _after_refusal(errand, now)
    else:
        retrying(lambda: _follow(errand, returned, now))


def _follow(errand: Errand, returned: Return, now: dt.datetime) -> None:
    payout, enrollment = hold(errand.payout)
    if returned.currency == CURRENCY and payout.external_reference in {None, returned.id}:
        follow(payout, returned, enrollment, at=now)


def _after_refusal(errand: Errand, now: dt.datetime) -> None:
    """Look once more: the service refuses what has gone back already. If it has not, this try has failed.

    So it has when another worker was refused and could not look any more.
    """
    returns = returns_of(errand.intent_id)
    retrying(lambda: _fail_unless_sent(errand, returns, now))


def _fail_unless_sent(errand: Errand, returns: Sequence[Return], now: dt.datetime) -> None:
    settle(payments.by_reference(errand.payment), returns, at=now, idle=errand.payout)
    payout, enrollment = hold(errand.payout)
    if payout.state is not PayoutState.SENDING or payout.external_reference is not None:
        return
    if calls.is_open(kind=CallKind.GIVE_BACK, subject=errand.payout):
        raise Later(now + MINUTE, "another try was begun")
    fail(payout, enrollment, code=REFUSED, return_id=None, at=now)


def return_payment(payload: Payload, *, now: dt.datetime) -> None:
    """Give back a card payment that its enrollment could not take, by itself; once it is under way, nothing is left."""
    reference = str(payload["payment"])
    try:
        retrying(lambda: _give_back_late(reference, now))
    except NotForReturn:
        return


def _give_back_late(reference: str, now: dt.datetime) -> None:
    payment = payments.by_reference(reference)
    if payment.state is PaymentState.DISPUTED:
        raise Later(now + DISPUTE_WAIT, "the bank holds the money in a dispute")
    actions.return_late_payment(payment=payment, actor=SYSTEM, at=now, channel=Channel.SERVICE)


def settle_intent(payload: Payload, *, now: dt.datetime) -> None:
    """Bring our payouts of one charge to what the service says of it; a charge that is not captured here waits."""
    intent_id = str(payload["intent"])
    try:
        returns = returns_of(intent_id)
    except Unreachable as error:
        raise outages.wait(SETTLE, error, now=now) from error
    retrying(lambda: settle_returns(intent_id, returns, now))


def settle_returns(intent_id: str, returns: Sequence[Return], now: dt.datetime) -> Payment | None:
    """Apply the returns of a charge to its payment; None for a charge that we do not know.

    Raises Later when the charge is ours and its payment is not in the books yet, and while an own payout of it is being
    sent, since nobody can say then which return is which.
    """
    payment = cards.payment_of_intent(intent_id)
    if payment is None:
        if cards.charge_of_intent(intent_id) is not None:
            raise Later(now + MINUTE, "the payment itself is not in the books yet")
        return None
    if settle(payment, returns, at=now).unclear:
        raise Later(now + MINUTE, "the refund of this payment is being sent at this moment")
    return payment
