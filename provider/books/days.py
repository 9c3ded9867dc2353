"""What moved on a day: in our own books, and at the payment service, each as items that can be compared.

A card payment belongs to the day on which the service charged the card, whenever we learned of it; money that came in
otherwise to the day on which it was recorded. What one side has of a day, the other may have of the day before or
after: so whatever is missing is looked up by its name, on both sides, before it is called missing.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from provider.books.comparing import Item, Stretch, Thing
from provider.cards.models import Charge, Dispute
from provider.kernel.database import db
from provider.ledger.models import LedgerEntry, LedgerPosting
from provider.ledger.rules import Account, PostingKind, Side
from provider.payments.gateway import Gateway, Intent, IntentStatus, Return, ReturnStatus, Unknown
from provider.payments.models import Payment
from provider.payments.rules import PURCHASE_STATES, PaymentMethod
from provider.refunds.models import Payout, Refund
from provider.refunds.rules import PayoutState

AHEAD = dt.timedelta(days=3)  # a charge may be begun so long before the bank lets it happen
SKEW = dt.timedelta(days=1)  # between the service's clock and the instant at which we recorded it
MOST_NAMED = 400
CARD = PaymentMethod.CARD
OTHER_WAY = "other_way"
T = TypeVar("T")

_BOOKED_IN = (
    sa.select(sa.func.sum(LedgerEntry.cents))
    .join(LedgerPosting, LedgerPosting.id == LedgerEntry.posting_id)
    .where(
        LedgerPosting.kind == PostingKind.CAPTURED,
        LedgerPosting.subject_reference == Payment.reference,
        LedgerEntry.account == Account.CASH_CARD,
        LedgerEntry.side == Side.DEBIT,
    )
    .correlate(Payment)
    .scalar_subquery()
)
# A later try of a payout stands in the ledger under its reference, a dot and the number of the try.
_POSTED_AS = sa.case(
    (Payout.tries <= 1, Payout.reference), else_=Payout.reference + "." + sa.cast(Payout.tries, sa.String)
)


def _booked_out(account: Account) -> sa.ScalarSelect[int]:
    """Return what a payout took from an account; None for nothing."""
    return (
        sa.select(sa.func.sum(LedgerEntry.cents))
        .join(LedgerPosting, LedgerPosting.id == LedgerEntry.posting_id)
        .where(
            LedgerPosting.kind == PostingKind.PAID_OUT,
            LedgerPosting.subject_reference == _POSTED_AS,
            LedgerEntry.account == account,
            LedgerEntry.side == Side.CREDIT,
        )
        .correlate(Payout)
        .scalar_subquery()
    )


_BOOKED_OUT = _booked_out(Account.CASH_CARD)
_PAYMENTS = sa.select(Payment.external_reference, sa.func.coalesce(_BOOKED_IN, 0), Payment.reference).where(
    Payment.method == CARD, Payment.state.in_(PURCHASE_STATES)
)
# On its way, a payout is not in the ledger yet, and known all the same. One of a payment by card that was sent in
# another way, or that a bank took in a dispute, is posted to another account: the service knows nothing of it.
_PAYOUTS = sa.select(
    Payout.external_reference,
    sa.case((Payout.state == PayoutState.SENT, _BOOKED_OUT), else_=Payout.amount_cents),
    Payout.reference,
).where(
    Payout.method == CARD,
    Payout.external_reference.is_not(None),
    sa.or_(Payout.state != PayoutState.SENT, _BOOKED_OUT.is_not(None)),
)
_DISPUTES = sa.select(Dispute.service_id, Dispute.amount_cents, Dispute.reference)


@dataclass(frozen=True, slots=True)
class Ours:
    """Our books of a day: the items that the service should know, and cents by kind and method."""

    items: list[Item]
    totals: dict[str, dict[str, int]]


def ours(stretch: Stretch) -> Ours:
    """Read what our books say about a day; a constant number of statements."""
    payments = _items(Thing.PAYMENT, _PAYMENTS.where(*_charged(stretch)))
    payouts = _items(Thing.PAYOUT, _PAYOUTS.where(Payout.state == PayoutState.SENT, *_sent(stretch)))
    disputes = _items(
        Thing.DISPUTE, _DISPUTES.where(Dispute.opened_at >= stretch.start, Dispute.opened_at < stretch.end)
    )
    totals = {
        "payments": _with_card(payments) | _offline(stretch),
        "payouts": _with_card(payouts) | _otherwise(stretch, payouts),
        "disputes": _with_card(disputes),
    }
    return Ours([*payments, *payouts, *disputes], totals)


def _charged(stretch: Stretch) -> tuple[sa.ColumnElement[bool], ...]:
    by_index = Payment.recorded_at >= stretch.start - SKEW
    return by_index, Payment.received_at >= stretch.start, Payment.received_at < stretch.end


def _sent(stretch: Stretch) -> tuple[sa.ColumnElement[bool], ...]:
    return Payout.sent_at >= stretch.start, Payout.sent_at < stretch.end


def _items(thing: Thing, query: sa.Select[str, int, str]) -> list[Item]:
    return [Item(thing, name, int(cents), reference) for name, cents, reference in db.session.execute(query)]


def _with_card(items: Iterable[Item]) -> dict[str, int]:
    cents = sum(item.cents for item in items)
    return {CARD.value: cents} if cents else {}


def _offline(stretch: Stretch) -> dict[str, int]:
    query = sa.select(Payment.method, sa.func.sum(Payment.amount_cents)).where(
        Payment.recorded_at >= stretch.start,
        Payment.recorded_at < stretch.end,
        Payment.method != CARD,
        Payment.state.in_(PURCHASE_STATES),
    )
    return {method.value: int(cents) for method, cents in db.session.execute(query.group_by(Payment.method))}


def _otherwise(stretch: Stretch, by_card: Iterable[Item]) -> dict[str, int]:
    """Return what was sent by other ways; of payments by card, what the service was not asked for."""
    by_bank = sa.func.coalesce(_booked_out(Account.DISPUTED), 0)
    each = sa.select(Payout.method, Payout.amount_cents, by_bank.label("by_bank")).where(*_sent(stretch)).subquery()
    sums = sa.select(each.c.method, sa.func.sum(each.c.amount_cents), sa.func.sum(each.c.by_bank))
    rows = db.session.execute(sums.group_by(each.c.method)).all()
    found = {method.value: int(cents) - int(bank) for method, cents, bank in rows}
    by_hand = found.pop(CARD.value, 0) - sum(item.cents for item in by_card) + sum(int(bank) for *_, bank in rows)
    return found | ({OTHER_WAY: by_hand} if by_hand else {})


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the service says of a day, and of what we named; the returns as it told them; cents of the day by kind."""

    items: list[Item]
    returns: list[Return]
    totals: dict[str, int]


def theirs(gateway: Gateway, stretch: Stretch, named: Sequence[Item]) -> Theirs:
    """Ask the service for a day, and for each of our own that it does not list; it takes as long as its answers."""
    intents = [one for one in gateway.intents_between(stretch.start - AHEAD, stretch.end) if _happened(one, stretch)]
    returns = [one for one in gateway.returns_between(stretch.start, stretch.end) if _stands(one)]
    disputes = list(gateway.disputes_between(stretch.start, stretch.end))
    totals = {
        "payments": sum(one.amount_cents for one in intents),
        "payouts": sum(one.amount_cents for one in returns),
        "disputes": sum(one.amount_cents for one in disputes),
    }
    missing = _missing(Thing.PAYMENT, named, {one.id for one in intents})
    intents += [one for one in _each(missing, gateway.intent) if one.status is IntentStatus.SUCCEEDED]
    missing = _missing(Thing.PAYOUT, named, {one.id for one in returns})
    returns += [one for one in _each(missing, gateway.given_back) if _stands(one)]
    disputes += _each(_missing(Thing.DISPUTE, named, {one.id for one in disputes}), gateway.dispute)
    items = [
        *(Item(Thing.PAYMENT, one.id, one.amount_cents, currency=one.currency) for one in intents),
        *(Item(Thing.PAYOUT, one.id, one.amount_cents, currency=one.currency) for one in returns),
        *(Item(Thing.DISPUTE, one.id, one.amount_cents, currency=one.currency) for one in disputes),
    ]
    return Theirs(items, returns, totals)


def _happened(intent: Intent, stretch: Stretch) -> bool:
    return intent.status is IntentStatus.SUCCEEDED and stretch.holds(intent.charged_at)


def _stands(one: Return) -> bool:
    """Say whether money goes or went back; what failed never left."""
    return one.status is not ReturnStatus.FAILED


def _missing(thing: Thing, named: Iterable[Item], told: set[str]) -> list[str]:
    return [item.id for item in named if item.thing is thing and item.id not in told]


def _each(names: Iterable[str], look_up: Callable[[str], T]) -> Iterator[T]:
    for name in names:
        try:
            yield look_up(name)
        except Unknown:
            continue


def ours_named(told: Theirs, known: Sequence[Item]) -> list[Item]:
    """Return what our books have, on whatever day, of what the service told beyond what is known."""
    had = {(item.thing, item.id) for item in known}
    new = [one for one in told.items if (one.thing, one.id) not in had]
    names = {thing: [one.id for one in new if one.thing is thing] for thing in Thing}
    found = [
        item
        for some in _some(names[Thing.PAYMENT])
        for item in _items(
            Thing.PAYMENT, _PAYMENTS.join(Charge, Charge.payment_id == Payment.id).where(Charge.intent_id.in_(some))
        )
    ]
    found += [
        item
        for some in _some(names[Thing.DISPUTE])
        for item in _items(Thing.DISPUTE, _DISPUTES.where(Dispute.service_id.in_(some)))
    ]
    wanted = set(names[Thing.PAYOUT])
    return found + _payouts_of([one for one in told.returns if one.id in wanted])


def _some(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[first : first + MOST_NAMED] for first in range(0, len(names), MOST_NAMED))


def _payouts_of(returns: Sequence[Return]) -> list[Item]:
    """Return the payouts that returns of the service are, by its own name or, while it has not answered, by ours."""
    ids = {one.id for one in returns}
    found: dict[str, Item] = {}
    for some in _some([one.intent_id for one in returns if one.intent_id]):
        refunds = sa.select(Refund.id).join(Charge, Charge.enrollment_id == Refund.enrollment_id)
        query = _PAYOUTS.where(Payout.refund_id.in_(refunds.where(Charge.intent_id.in_(some))))
        found |= {item.reference: item for item in _items(Thing.PAYOUT, query) if item.id in ids}
    named = {one.reference: one.id for one in returns if one.reference}
    for some in _some(list(named)):
        query = sa.select(Payout.reference, Payout.amount_cents).where(
            Payout.reference.in_(some), Payout.state == PayoutState.SENDING, Payout.external_reference.is_(None)
        )
        sending = (Item(Thing.PAYOUT, named[one], cents, one) for one, cents in db.session.execute(query))
        found |= {item.reference: item for item in sending}
    return list(found.values())
