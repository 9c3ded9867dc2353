"""What the registries call by name: the jobs that charge cards, settle charges, and have cards forgotten."""

import datetime as dt

from provider.accounts.rules import Permission
from provider.cards import charge_events, charging, disputes, events, queries, reconciling, saving, schedule
from provider.cards.by_letter import CardLink
from provider.cards.charging import CANCEL, FOLLOW, stuck_key
from provider.cards.events import EVENT, ONCE
from provider.cards.models import Charge
from provider.cards.reconciling import RECONCILE, SETTLE_CHARGE, SETTLE_DISPUTE, quarter
from provider.cards.rules import (
    ABANDONED_AFTER,
    CHANGE_CARD_LINK,
    STUCK_AFTER,
    ChargeState,
    EventState,
    charging_day,
)
from provider.cards.saving import DETACH
from provider.enrollments import queries as enrollments
from provider.jobs.rules import Later
from provider.kernel.database import unit_of_work
from provider.kernel.registry import JobHandler, Payload, Periodic, Registry, Strand
from provider.kernel.settings import settings
from provider.payments import outages
from provider.payments.gateway import Unreachable
from provider.tasks.actions import raise_task
from provider.tasks.rules import TaskKind

SCHEDULE = "cards.schedule"
TIDY = "cards.tidy"


def reaching(kind: str, work: JobHandler) -> JobHandler:
    """Let a job that calls the service wait when it cannot be reached, and with it all others of its kind.

    One attempt a minute speaks for all of them, so that an outage never holds up letters; the first answer wakes them.
    """

    def job(payload: Payload, /, *, now: dt.datetime) -> None:
        try:
            work(payload, now=now)
        except Unreachable as error:
            raise outages.wait(kind, error, now=now) from error
        outages.is_over(now=now)

    return job


def follow(payload: Payload, *, now: dt.datetime) -> None:
    """Settle a charge, whatever became of the page that started it; come back while the service has no last word."""
    reference = str(payload["charge"])
    charge = queries.charge(reference)
    age = now - charge.started_at
    if charge.state is ChargeState.STARTED and age >= STUCK_AFTER:
        _tell_stuck(charge, now)
    state = charging.follow(reference, now=now)
    if state is ChargeState.STARTED and age >= ABANDONED_AFTER and queries.charge(reference).waits_for_student:
        state = charging.give_up(reference, now=now)
    if state is ChargeState.STARTED:
        raise Later(now + _pause(age), "the payment service has not told how it ended")


def _pause(age: dt.timedelta) -> dt.timedelta:
    """Return how long to wait before asking again: often while the student waits, every half hour later."""
    if age < dt.timedelta(minutes=3):
        return dt.timedelta(seconds=20)
    return dt.timedelta(minutes=5) if age < dt.timedelta(hours=2) else dt.timedelta(minutes=30)


def _tell_stuck(charge: Charge, now: dt.datetime) -> None:
    reference, known, enrollment_id = charge.reference, charge.intent_id, charge.enrollment_id
    with unit_of_work():
        raise_task(
            kind=TaskKind.CHECK_CARD_PAYMENT,
            key=stuck_key(reference),
            about=enrollments.by_id(enrollment_id).reference,
            sentence=f"The card payment {reference} has been processing for more than a day. Look it up at the payment "
            f"service under {known or reference}.",
            at=now,
        )


def cancel(payload: Payload, *, now: dt.datetime) -> None:
    """Have the service give up a charge that failed here."""
    charging.give_up(str(payload["charge"]), now=now)


def ask_for_due(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Ask for the charges of the day."""
    schedule.ask_for_due(now=now)


def charge_due(payload: Payload, *, now: dt.datetime) -> None:
    """Charge what is due of one enrollment."""
    schedule.charge_due(str(payload["enrollment"]), now=now)


def detach(payload: Payload, *, now: dt.datetime) -> None:
    """Have the service forget a card."""
    saving.detach(str(payload["card"]), now=now)


def tidy(payload: Payload, *, now: dt.datetime) -> None:  # noqa: ARG001 - a job's signature
    """Let go of cards that nobody finished saving."""
    saving.tidy(now=now)


def apply_event(payload: Payload, *, now: dt.datetime) -> None:
    """Apply an event; what nobody here knows yet is tried again for three days."""
    service_id = str(payload["event"])
    if events.settle(service_id, now=now) is not EventState.PARKED:
        return
    if payload.get(ONCE):
        return
    again = events.next_try(events.stored(service_id).received_at, now)
    if again is not None:
        raise Later(again, "it is about something that is not known here")


def settle_charge(payload: Payload, *, now: dt.datetime) -> None:
    """Bring a charge up to how the service has it."""
    reconciling.settle_charge(str(payload["intent"]), now=now)


def settle_dispute(payload: Payload, *, now: dt.datetime) -> None:
    """Bring a dispute up to how the service has it."""
    reconciling.settle_dispute(str(payload["dispute"]), now=now)


STORY = Strand(
    "money",
    "Money",
    frozenset({"card", "charge", "charge_pause", "dispute", "payment_event"}),
    {
        "card.pending": ("Card being entered", "event"),
        "card.saved": ("Card saved", "event"),
        "card.released": ("Card no longer charged", "event"),
        "card.detached": ("Card forgotten by the payment service", "event"),
        "charge.started": ("Card payment started", "money"),
        "charge.captured": ("Card payment captured", "money"),
        "charge.failed": ("Card payment declined", "warn"),
        "charge.canceled": ("Card payment not completed", "warn"),
        "charge_pause.begun": ("Automatic payments paused", "warn"),
        "dispute.open": ("Dispute opened at the bank", "warn"),
        "dispute.won": ("Dispute decided for the school", "money"),
        "dispute.lost": ("Dispute decided for the cardholder", "warn"),
        "payment_event.tried_again": ("Payment event tried again", "event"),
        "charge_pause.released": ("Automatic payments go on", "money"),
    },
    needs=Permission.SEE_MONEY,
)


def register(registry: Registry) -> None:
    """Hand in what is called by name."""
    registry.links[CHANGE_CARD_LINK] = CardLink()
    registry.kept_card = queries.charged_by_itself
    registry.is_charged = queries.is_charged
    for kind, work in (
        (FOLLOW, follow),
        (CANCEL, cancel),
        (schedule.OF_ONE, charge_due),
        (DETACH, detach),
        (EVENT, apply_event),
        (RECONCILE, reconciling.reconcile),
        (SETTLE_CHARGE, settle_charge),
        (SETTLE_DISPUTE, settle_dispute),
    ):
        registry.jobs[kind] = reaching(kind, work)
    registry.jobs[SCHEDULE] = ask_for_due
    registry.jobs[TIDY] = tidy
    registry.periodic += [
        Periodic(SCHEDULE, lambda now: charging_day(now, settings().SCHOOL_ZONE).isoformat()),
        Periodic(TIDY, lambda now: f"{now:%Y-%m-%dT%H}"),
        Periodic(RECONCILE, quarter),
    ]
    registry.strands.append(STORY)
    registry.payment_events |= charge_events.EVENTS | disputes.EVENTS
