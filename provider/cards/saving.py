"""Saving a card, keeping it with consent for the installments, and letting go of it again."""

import datetime as dt
from dataclasses import dataclass

from provider.accounts.throttles import count_try
from provider.cards import queries
from provider.cards.models import Card, CardCustomer
from provider.cards.rules import CARD_LIFECYCLE, CARD_PREFIX, CARDS_PER_HOUR, PENDING_FOR, CardState
from provider.enrollments.models import Enrollment
from provider.enrollments.rules import CLASSROOM_STATES, UNPAID_STATES
from provider.history.actions import born, move
from provider.jobs.actions import enqueue_once
from provider.kernel import references
from provider.kernel.actors import SYSTEM, Actor
from provider.kernel.database import db, insert_unless, retrying, unit_of_work
from provider.kernel.errors import DomainError
from provider.payments import calls
from provider.payments import queries as payments
from provider.payments.gateway import SetupStatus, Unknown
from provider.payments.rules import CLOCK_STATES, CallKind
from provider.payments.service import ask

DETACH = "cards.detach"
_HOUR = dt.timedelta(hours=1)
CHARGEABLE_STATES = UNPAID_STATES | CLOCK_STATES


class NotChargeable(DomainError):
    """The enrollment takes no money: it was canceled or refunded."""

    code = "not_chargeable"
    sentence = "This enrollment has ended, so there is nothing to pay."


class CardNotSaved(DomainError):
    """The browser did not finish saving the card, or the bank would not."""

    status = 422
    code = "card_not_saved"
    sentence = "The card was not saved. Nothing was taken. Enter it again, or try another one."


class CardGone(DomainError):
    """The card was taken away meanwhile, in another tab or by its last payment."""

    code = "card_gone"
    sentence = "This card is not saved any more. Enter it again, or use another one."


@dataclass(frozen=True, slots=True)
class Begun:
    """A card that a browser may save: our reference, and the secret with which it talks to the service."""

    reference: str
    client_secret: str


def begin(*, enrollment_id: int, actor: Actor, now: dt.datetime) -> Begun:
    """Prepare the saving of a card; the browser does the rest with the service itself.

    Opens its own units of work and calls the service between them. Raises NotChargeable, TooMany, Unreachable.
    """
    customer = _customer(enrollment_id, now)
    reference = retrying(lambda: _begin(enrollment_id, customer, actor, now))
    setup = calls.through(
        kind=CallKind.SETUP,
        subject=reference,
        send=lambda gateway, key: gateway.begin_setup(key=key, customer_id=customer, reference=reference),
        find=lambda _gateway: None,
        now=now,
    )
    with unit_of_work():
        queries.card(reference).setup_id = setup.id
        calls.answered(kind=CallKind.SETUP, subject=reference, object_id=setup.id, at=now)
    return Begun(reference, setup.client_secret)


def _begin(enrollment_id: int, customer: str, actor: Actor, now: dt.datetime) -> str:
    enrollment = payments.hold(enrollment_id)
    if enrollment.state not in CHARGEABLE_STATES:
        raise NotChargeable
    count_try(key=f"cards:{enrollment.reference}", limit=CARDS_PER_HOUR, window=_HOUR, at=now)
    card = Card(
        reference=references.new(CARD_PREFIX),
        enrollment_id=enrollment.id,
        state=CardState.PENDING,
        customer_id=customer,
        created_at=now,
    )
    db.session.add(card)
    born(card, actor=actor, at=now, about=enrollment.reference)
    calls.store(kind=CallKind.SETUP, subject=card.reference, at=now)
    return card.reference


def _customer(enrollment_id: int, now: dt.datetime) -> str:
    """Return the service's name for an enrollment; it is made at the first card."""
    known = queries.customer(enrollment_id)
    if known is not None:
        return known
    subject = retrying(lambda: _ask_for_customer(enrollment_id, now))
    try:
        made = calls.through(
            kind=CallKind.CUSTOMER,
            subject=subject,
            send=lambda gateway, key: gateway.create_customer(key=key, reference=subject),
            find=lambda _gateway: None,
            now=now,
        )
    except calls.CallEnded:  # another tab asked anew in between
        return _customer(enrollment_id, now)
    with unit_of_work():
        payments.hold(enrollment_id)
        first = insert_unless(CardCustomer).values(enrollment_id=enrollment_id, customer_id=made)
        db.session.execute(first.on_conflict_do_nothing())
        calls.answered(kind=CallKind.CUSTOMER, subject=subject, object_id=made, at=now)
    return queries.customer(enrollment_id) or made


def _ask_for_customer(enrollment_id: int, now: dt.datetime) -> str:
    enrollment = payments.hold(enrollment_id)
    if enrollment.state not in CHARGEABLE_STATES:
        raise NotChargeable
    # The service may keep a failure as the answer to a key for a day; a customer too many harms nobody.
    calls.abandon(
        kind=CallKind.CUSTOMER, subject=enrollment.reference, why="No answer came; another call was made.", at=now
    )
    calls.store(kind=CallKind.CUSTOMER, subject=enrollment.reference, at=now)
    return enrollment.reference


def save(*, card: Card, consent: str | None, actor: Actor, now: dt.datetime) -> None:
    """Take over a card that the browser saved; with ``consent`` it is kept for the installments in place of another.

    Opens its own unit of work after asking the service. Done again, it changes nothing. Raises CardNotSaved, CardGone,
    NotChargeable, Unreachable.
    """
    if card.state is CardState.SAVED:
        return
    if card.state is not CardState.PENDING:
        raise CardGone
    if card.setup_id is None:
        raise CardNotSaved
    reference, customer, setup_id = card.reference, card.customer_id, card.setup_id
    setup = ask(lambda gateway: gateway.setup(setup_id))
    if setup.status is not SetupStatus.SUCCEEDED or setup.method_id is None:
        raise CardNotSaved
    method_id = setup.method_id
    method = ask(lambda gateway: gateway.attach(method_id, customer))
    with unit_of_work():
        card = queries.card(reference)
        enrollment = payments.hold(card.enrollment_id)
        card = queries.card(reference)  # as it is now that nobody else changes it
        if card.state is not CardState.PENDING:
            return
        if enrollment.state not in CHARGEABLE_STATES:
            raise NotChargeable
        card.method_id, card.brand, card.last4 = method.id, method.brand, method.last4
        card.exp_month, card.exp_year, card.saved_at = method.exp_month, method.exp_year, now
        if consent is not None:
            _keep(card, consent, enrollment, actor, now)
        move(card, CardState.SAVED, CARD_LIFECYCLE, actor=actor, at=now, about=enrollment.reference)


def _keep(card: Card, consent: str, enrollment: Enrollment, actor: Actor, at: dt.datetime) -> None:
    kept = queries.kept_card(enrollment.id)
    if kept is not None:
        release(kept, enrollment, actor=actor, at=at)
        db.session.flush()
    card.kept, card.consent, card.consented_at = True, consent, at


def release(card: Card, enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> None:
    """Charge a card no more, and have the service forget it; the caller holds the enrollment."""
    if card.state not in {CardState.PENDING, CardState.SAVED}:
        return
    card.released_at = at
    move(card, CardState.RELEASED, CARD_LIFECYCLE, actor=actor, at=at, about=enrollment.reference)
    enqueue_once(kind=DETACH, key=f"{DETACH}:{card.reference}", payload={"card": card.reference}, at=at)


def release_all(enrollment: Enrollment, *, actor: Actor, at: dt.datetime) -> None:
    """Let go of every card of an enrollment: it ended, or nothing is left to charge. The caller holds it.

    A card whose charge still runs is let go of when that ends.
    """
    running = queries.running(enrollment.id)
    for card in queries.saved_cards(enrollment.id):
        if running is None or running.card_id != card.id:
            release(card, enrollment, actor=actor, at=at)
        else:
            card.kept = False


def remove(*, enrollment_id: int, actor: Actor, at: dt.datetime) -> None:
    """Take away the card that the installments are charged to, because its student asked; raises CardGone."""
    enrollment = payments.hold(enrollment_id)
    card = queries.kept_card(enrollment.id)
    if card is None:
        raise CardGone
    running = queries.running(enrollment.id)
    if running is not None and running.card_id == card.id:
        card.kept = False
        return
    release(card, enrollment, actor=actor, at=at)


def detach(reference: str, *, now: dt.datetime) -> None:
    """Have the service forget a card that we let go of; also one whose saving nobody told us the end of."""
    card = queries.card(reference)
    if card.state is not CardState.RELEASED:
        return
    method_id, setup_id = card.method_id, card.setup_id
    if method_id is None and setup_id is not None:
        method_id = _method_of(setup_id)
    if method_id is not None:
        forgotten = method_id
        ask(lambda gateway: gateway.detach(forgotten))
    with unit_of_work():
        card = queries.card(reference)
        enrollment = payments.hold(card.enrollment_id)
        card = queries.card(reference)
        if card.state is CardState.RELEASED:
            card.detached_at = now
            move(card, CardState.DETACHED, CARD_LIFECYCLE, actor=SYSTEM, at=now, about=enrollment.reference)


def _method_of(setup_id: str) -> str | None:
    try:
        return ask(lambda gateway: gateway.setup(setup_id)).method_id
    except Unknown:
        return None


def tidy(*, now: dt.datetime) -> None:
    """Let go of cards that were left, and of kept ones that serve nothing any more.

    A closed tab may have saved a card at the service, or never paid with it. What was left to charge to a kept one may
    have been paid by check, waived, or ended with the enrollment; after a lost dispute nothing is charged.
    """
    for reference in (*queries.left_before(now - PENDING_FOR), *queries.kept_for_nothing()):
        with unit_of_work():
            card = queries.card(reference)
            enrollment = payments.hold(card.enrollment_id)
            card = queries.card(reference)
            running = queries.running(enrollment.id)
            if not (card.kept and _serves(enrollment)) and (running is None or running.card_id != card.id):
                release(card, enrollment, actor=SYSTEM, at=now)


def _serves(enrollment: Enrollment) -> bool:
    """Say whether a kept card of an enrollment is there for anything: an installment that will be charged to it."""
    goes_on = enrollment.state in UNPAID_STATES | CLASSROOM_STATES and bool(payments.owed(enrollment))
    return goes_on and not queries.has_lost(enrollment.id)
