"""What students do with a card: type it, keep it, pay with it; the bank's part is played by the payment service."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from provider.cards import charging, pausing, queries, saving
from provider.cards.rules import choices, consent
from provider.kernel.database import db, unit_of_work
from provider.kernel.days import day_of
from provider.kernel.settings import settings
from provider.payments import queries as paid
from provider.payments.gateway import DisputeStatus, IntentStatus, ReturnStatus
from tests.demo import steps
from tests.demo.steps import Player, Step
from tests.harness.service_words import GOOD


@dataclass(frozen=True, slots=True)
class Outside:
    """A step that calls the payment service, and so opens its own units of work."""

    act: Callable[[Player, dt.datetime], None]

    def __call__(self, player: Player, at: dt.datetime) -> None:
        self.act(player, at)


def pay(
    number: str = GOOD,
    *,
    keep: bool = False,
    rest: bool = False,
    confirm: bool = True,
    bank: IntentStatus | None = None,
) -> Outside:
    """Type a card and pay what is due, or all of the rest; the bank says ``bank``, or what the card's number means."""

    def step(player: Player, at: dt.datetime) -> None:
        card = _typed(player, number, at, kept=keep)
        if bank is not None:
            player.service.charge_will(bank)
        with unit_of_work():
            enrollment = player.enrollment
            offered = choices(paid.owed(enrollment), day_of(at, settings().SCHOOL_ZONE))
            chosen = offered[-1] if rest else offered[0]
            charge = charging.start(
                enrollment_id=enrollment.id,
                card_reference=card,
                what=chosen.what,
                expected_cents=chosen.cents,
                actor=player.student.herself,
                at=at,
            ).reference
        charging.follow(charge, now=at)
        asked = queries.charge(charge)
        intent, waits = asked.intent_id, asked.waits_for_student
        if waits and confirm and intent is not None:
            player.service.authenticate(intent)
            charging.follow(charge, now=at)

    return Outside(step)


def keep(number: str = GOOD) -> Outside:
    """Let another card be charged for the installments that are to come."""

    def step(player: Player, at: dt.datetime) -> None:
        _typed(player, number, at, kept=True)

    return Outside(step)


def _typed(player: Player, number: str, at: dt.datetime, *, kept: bool) -> str:
    """Save a card as the page does, with the browser's part; return its reference."""
    enrollment = player.enrollment
    enrollment_id, owed = enrollment.id, paid.owed(enrollment)
    words = consent(owed, settings().SCHOOL_NAME) if kept else None
    db.session.rollback()
    begun = saving.begin(enrollment_id=enrollment_id, actor=player.student.herself, now=at)
    player.service.confirm_setup(begun.client_secret.partition("_secret_")[0], number)
    saving.save(card=queries.card(begun.reference), consent=words, actor=player.student.herself, now=at)
    return begun.reference


def pause(reason: str) -> Step:
    """Let staff stop the schedule for now."""

    def step(player: Player, at: dt.datetime) -> None:
        pausing.pause(enrollment=player.enrollment, reason=reason, actor=player.student.bursar, at=at)

    return step


def ask_back(bank: ReturnStatus, note: str | None = None) -> Step:
    """Ask for the money back; the bank of the card says ``bank`` to what then goes there."""
    ask = steps.ask(note)

    def step(player: Player, at: dt.datetime) -> None:
        player.service.return_will(bank)
        ask(player, at)

    return step


def dispute(reason: str = "fraudulent") -> Outside:
    """Let the student complain to the bank about the first card payment; the bank takes the money back for now."""

    def step(player: Player, _at: dt.datetime) -> None:
        charges = queries.charges(player.enrollment.id)
        intent = next(one.intent_id for one in charges if one.payment_id is not None)
        db.session.rollback()
        assert intent is not None
        player.service.open_dispute(intent, reason=reason)

    return Outside(step)


def decide(status: DisputeStatus) -> Outside:
    """Let the bank decide."""

    def step(player: Player, _at: dt.datetime) -> None:
        known_as = queries.disputes(player.enrollment.id)[0].service_id
        db.session.rollback()
        player.service.close_dispute(known_as, status)

    return Outside(step)
